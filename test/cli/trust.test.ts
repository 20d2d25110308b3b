// SPDX-License-Identifier: EUPL-1.2
/**
 * From the sections `trust` and `timestamping` to a trust store and a time-stamping authority.
 * @module
 */
import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { randomBytes, type X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTrust, type OpenedTrust, type TrustConfig, type TrustWorld } from '../../src/cli/compose/trust.js'
import { ConfigError } from '../../src/errors.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { issueCertificate, issueCrl } from '../../src/pki/test-pki.js'
import { needsCommand } from '../needs.js'
import { until } from '../until.js'
import { openAuthority, type OpensslAuthority } from '../pki/openssl-authority.js'

const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2030-01-01T00:00:00Z') }
const at = new Date('2027-06-01T12:00:00Z')
const world: TrustWorld = {
  clock: { now: () => new Date() },
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  onReload: () => expect.fail('nothing changes here'),
  onProblem: () => expect.fail('nothing changes here'),
}

describe('trust and time stamping of the configuration', () => {
  let directory: string
  let root: KeyPair
  let sub: KeyPair
  let below: X509Certificate
  const opened: OpenedTrust[] = []
  const file = (name: string) => join(directory, name)

  const config = (trust: Partial<TrustConfig['trust']>, timestamping: Partial<TrustConfig['timestamping']> = {}): TrustConfig => ({
    file: 'gateway.yaml',
    lineOf: (key) => (key.startsWith('trust.roots') ? 7 : undefined),
    trust: { roots: [], intermediates: [], crls: [], ...trust },
    timestamping: { certificates: [], timeoutSeconds: 5, ...timestamping },
  })

  async function open(one: TrustConfig, more: Partial<TrustWorld> = {}): Promise<OpenedTrust> {
    const trust = await openTrust(one, { ...world, ...more })
    opened.push(trust)
    return trust
  }

  async function problemsOf(one: TrustConfig) {
    try {
      await open(one)
    } catch (error) {
      if (error instanceof ConfigError) return error.problems
      throw error
    }
    return []
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'protektor-trust-'))
    root = await issueCertificate({ commonName: 'Root', usage: 'ca', key: 'rsa-2048', ...dates })
    sub = await issueCertificate({ commonName: 'Sub', usage: 'ca', key: 'ec-p256', ...dates }, root)
    below = (await issueCertificate({ commonName: 'Leaf', usage: 'both', key: 'ec-p256', serial: 9n, ...dates }, sub)).certificate
    const crl = Buffer.from(issueCrl(sub, [9n], at, dates.notAfter))
    const pem = `-----BEGIN X509 CRL-----\n${crl.toString('base64')}\n-----END X509 CRL-----\n`
    const files = {
      'root.pem': root.certificate.toString(),
      'root.der': root.certificate.raw,
      'sub.pem': sub.certificate.toString(),
      'sub.crl': crl,
      'sub.crl.pem': pem + pem,
      'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      empty: '',
      'half.crl.pem': pem + pem.replace(/\nM\w/, '\nAA'),
    }
    for (const [name, content] of Object.entries(files)) await writeFile(file(name), content)
  })
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())))
  after(() => rm(directory, { recursive: true, force: true }))

  it('knows nobody where nothing is configured, and stamps nothing', async () => {
    const trust = await open(config({}))
    expect((await trust.trust.check(below, 'cipher', at)).verdict).to.equal('unknown')
    expect(trust).not.to.have.property('timeStamper')
  })

  it('loads the machinery of paths only when it is needed: no static import leads there', () => {
    const seen = new Set<string>()
    const visit = (path: URL): void => {
      if (seen.has(path.href)) return
      seen.add(path.href)
      const text = readFileSync(path, 'utf8')
      for (const [, names = '', from = ''] of text.matchAll(/^(?:import|export) ([^'"]*?)from '([^']+)'/gms))
        if (!names.startsWith('type ') && from.startsWith('.')) visit(new URL(from.replace(/\.js$/, '.ts'), path))
    }
    visit(new URL('../../src/cli/compose/trust.ts', import.meta.url))
    const names = [...seen].map((href) => href.split('/src/')[1])
    expect(names).to.include.members(['pki/pinned.ts', 'pki/keystore.ts', 'gateway/adapters/time-stamper.ts'])
    expect(names).not.to.include.members(['pki/path.ts'])
    expect(names).not.to.include.members(['pki/timestamp.ts'])
  })

  it('builds paths from PEM and DER files, with revocation lists in either form', async () => {
    const named = { roots: [file('root.pem')], intermediates: [file('sub.pem')] }
    const verdict = async (trust: Partial<TrustConfig['trust']>) =>
      (await (await open(config(trust))).trust.check(below, 'cipher', at)).verdict
    expect(await verdict(named)).to.equal('valid')
    expect(await verdict({ ...named, roots: [file('root.der')] })).to.equal('valid')
    expect(await verdict({ ...named, intermediates: [] })).to.equal('unknown')
    expect(await verdict({ ...named, crls: [file('sub.crl')] })).to.equal('revoked')
    expect(await verdict({ ...named, crls: [file('sub.crl.pem')] })).to.equal('revoked')
  })

  it('tells every broken file at once, with key, file and line', async () => {
    const problems = await problemsOf(
      config(
        {
          roots: [file('root.pem'), file('broken.pem'), file('sub.crl')],
          intermediates: [file('empty')],
          crls: [file('root.pem'), file('half.crl.pem'), file('missing'), file('empty')],
        },
        { url: 'http://127.0.0.1:1/', certificates: [file('broken.pem')] },
      ),
    )
    expect(problems.map(({ key }) => key)).to.deep.equal([
      'timestamping.certificates[0]',
      'trust.crls[0]',
      'trust.crls[1]',
      'trust.crls[2]',
      'trust.crls[3]',
      'trust.intermediates[0]',
      'trust.roots[1]',
      'trust.roots[2]',
    ])
    const broken = problems.find(({ key }) => key === 'trust.roots[1]')
    expect(broken).to.include({ file: 'gateway.yaml', line: 7 })
    expect(broken?.message.de).to.contain('broken.pem')
    expect(broken?.message.en).to.contain('broken.pem')
  })

  it('takes a new revocation list from the same file; one that cannot be read is said once, and the old one goes on', async () => {
    const list = file('changing.crl')
    await writeFile(list, issueCrl(sub, [], at, dates.notAfter))
    let taken = 0
    const problems: string[][] = []
    const { trust } = await open(config({ roots: [file('root.pem')], intermediates: [file('sub.pem')], crls: [list] }), {
      pollMs: 20,
      settleMs: 5,
      onReload: () => (taken += 1),
      onProblem: (found) => problems.push(found.map(({ key }) => key)),
    })
    const verdict = async () => (await trust.check(below, 'cipher', at)).verdict
    expect(await verdict()).to.equal('valid')
    await writeFile(list, issueCrl(sub, [9n], at, dates.notAfter))
    await until(() => taken === 1)
    expect(await verdict()).to.equal('revoked')
    await writeFile(list, (await readFile(file('sub.crl.pem'), 'utf8')).slice(0, -60))
    await until(() => problems.length > 0)
    // several more looks
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(problems).to.deep.equal([['trust.crls[0]']])
    expect(await verdict()).to.equal('revoked')
    await writeFile(list, issueCrl(sub, [8n], at, dates.notAfter))
    await until(() => taken === 2)
    expect(await verdict()).to.equal('valid')
  })

  it('G10 lets no older revocation list replace the one it holds, says so, and takes the others and the next newer one', async () => {
    const day = (n: number) => new Date(at.getTime() + n * 86_400_000)
    const [changing, other] = [file('renewed.crl'), file('other.crl')]
    await writeFile(changing, issueCrl(sub, [9n], day(-1), dates.notAfter))
    await writeFile(other, issueCrl(root, [], day(-9), dates.notAfter))
    let taken = 0
    const problems: string[][] = []
    const { trust } = await open(config({ roots: [file('root.pem')], intermediates: [file('sub.pem')], crls: [changing, other] }), {
      pollMs: 20,
      settleMs: 5,
      clock: { now: () => at },
      onReload: () => (taken += 1),
      onProblem: (found) => problems.push(found.map(({ key }) => key)),
    })
    const verdict = async (of = below) => (await trust.check(of, 'cipher', at)).verdict
    expect(await verdict()).to.equal('revoked')
    await writeFile(changing, issueCrl(sub, [], day(-2), dates.notAfter))
    await until(() => problems.length === 1)
    expect([problems, taken, await verdict()]).to.deep.equal([[['trust.crls[0]']], 0, 'revoked'])
    // a newer one of somebody else is taken, beside the older one
    await writeFile(other, issueCrl(root, [77n], day(-3), dates.notAfter))
    await until(() => taken === 1)
    expect([problems.length, await verdict()]).to.deep.equal([2, 'revoked'])
    await writeFile(changing, issueCrl(sub, [], at, dates.notAfter))
    await until(() => taken === 2)
    expect(await verdict()).to.equal('valid')
    // one of the future, and one that nobody here made, hold nothing up
    for (const [n, list] of [
      issueCrl(sub, [], day(9), dates.notAfter),
      issueCrl({ ...root, certificate: sub.certificate }, [], at, dates.notAfter),
    ].entries()) {
      await writeFile(changing, list)
      await until(() => taken === 3 + 2 * n)
      await writeFile(changing, issueCrl(sub, [9n], day(-1), dates.notAfter))
      await until(() => taken === 4 + 2 * n)
      expect(await verdict()).to.equal('revoked')
    }
    expect(problems.length).to.equal(2)
  })

  it('takes the new revocation list of one file while another file is wrong, and says at each that it is', async () => {
    const [changing, wrong] = [file('taken.crl'), file('wrong.crl')]
    await writeFile(changing, issueCrl(sub, [], at, dates.notAfter))
    await writeFile(wrong, issueCrl(root, [], at, dates.notAfter))
    let taken = 0
    const problems: string[][] = []
    const { trust } = await open(config({ roots: [file('root.pem')], intermediates: [file('sub.pem')], crls: [wrong, changing] }), {
      pollMs: 20,
      settleMs: 5,
      onReload: () => (taken += 1),
      onProblem: (found) => problems.push(found.map(({ key }) => key)),
    })
    await writeFile(wrong, 'no list')
    await until(() => problems.length === 1)
    await writeFile(changing, issueCrl(sub, [9n], at, dates.notAfter))
    await until(() => taken === 1)
    expect((await trust.check(below, 'cipher', at)).verdict).to.equal('revoked')
    expect(problems).to.deep.equal([['trust.crls[0]'], ['trust.crls[0]']])
  })

  it('reads a revocation list again that the system did not hand out, though its file does not change, and says so once', async function () {
    needsCommand(this, 'prlimit', '--version')
    const list = file('withheld.crl')
    await writeFile(list, issueCrl(sub, [], at, dates.notAfter))
    let taken = 0
    let problems = 0
    const { trust } = await open(config({ roots: [file('root.pem')], intermediates: [file('sub.pem')], crls: [list] }), {
      pollMs: 20,
      settleMs: 5,
      onReload: () => (taken += 1),
      onProblem: () => (problems += 1),
    })
    await writeFile(list, issueCrl(sub, [9n], at, dates.notAfter))
    // from here on no file can be opened, for half a second; many looks
    const of = `prlimit --pid ${process.pid} --nofile`
    execFileSync('sh', ['-c', `soft=$(${of} --output SOFT --noheadings); ${of}=3: ; (sleep 0.5; ${of}=$soft:) >/dev/null 2>&1 &`])
    await until(() => taken === 1)
    expect((await trust.check(below, 'cipher', at)).verdict).to.equal('revoked')
    expect(problems).to.equal(1)
  })

  it('demands a certificate of the authority that is to be asked', async () => {
    const problems = await problemsOf(config({}, { url: 'http://127.0.0.1:1/' }))
    expect(problems.map(({ key }) => key)).to.deep.equal(['timestamping.certificates'])
  })

  describe('with an authority', () => {
    let authority: OpensslAuthority
    let server: Server
    before(async () => {
      authority = await openAuthority()
      server = createServer((request, response) => {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          void authority
            .reply(Buffer.concat(parts), 'brainpool')
            .then((bytes) => response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(bytes))
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    })
    after(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await authority.close()
    })

    it('stamps under the certificates of the section', async () => {
      await writeFile(file('tsa.pem'), authority.certificates.root.toString())
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const { timeStamper } = await open(config({}, { url, certificates: [file('tsa.pem')] }))
      const sha256 = randomBytes(32)
      const stamp = await timeStamper?.stamp(sha256)
      if (stamp === undefined || !('cryptographic' in stamp)) throw new TypeError('a cryptographic stamp is expected')
      expect(await authority.accepts(stamp.cryptographic.token, sha256)).to.equal(true)
    })
  })
})
