// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester against ourselves, in every role and by its own command line: no clause fails.
 * @module
 */
import { expect } from 'chai'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../src/cli/commands/conformance.js'
import type { Io } from '../../src/cli/io.js'
import { report as complain } from '../../src/cli/main.js'
import type { ClauseResult } from '../../src/conformance/clause.js'
import { freePort } from '../gateway/way-out/support.js'
import { openConformanceHouse, PIN, type ConformanceHouse, type KeyName } from './house.js'

interface Report {
  readonly results: readonly (ClauseResult & { readonly files: readonly string[] })[]
  readonly sum: Readonly<Record<ClauseResult['outcome'], number>>
}

async function call(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const io: Io = {
    out: { write: (text) => void (out += text), isTerminal: false },
    err: { write: (text) => void (err += text), isTerminal: false },
    lang: 'en',
    env: {},
  }
  const code = await run(argv, io).catch((error: unknown) => complain(error, io))
  return { code, out, err }
}

describe('conformance of ourselves', function () {
  this.timeout(120_000)
  let house: ConformanceHouse
  let port: number
  let out: string
  before(async () => {
    port = await freePort()
    house = await openConformanceHouse(`http://127.0.0.1:${port}/`)
    out = await mkdtemp(join(tmpdir(), 'protektor-conformance-out-'))
    const write = (name: string, text: string) => writeFile(join(house.directory, name), text)
    const im = '{ cipher: im-cipher.pem, signature: [ im-signature.pem ] }'
    await write('im.yaml', `name: Our intermediary\ncertificates: ${im}\nreceiver: { uri: '${house.recipient}', cipher: town-cipher.pem }\nalgorithms: { signature: [ rsa-sha256, sha512-rsa-MGF1 ], digest: [ sha512 ], cipher: [ aes128-gcm ], ivBytes: [ 12, 16 ] }\n`)
    await write('im-listener.yaml', `name: Our intermediary\ncertificates: ${im}\nreceiver: { uri: 'http://127.0.0.1:${port}/', cipher: town-cipher.pem, signature: town-signature.pem }\n`)
    await write('town.yaml', 'name: Our recipient\ncertificates: { cipher: town-cipher.pem, signature: [ town-signature.pem ] }\n')
    await write('broken.yaml', 'name: x\ncertificates: { signature: [ a.pem ] }\nexchange: [ storeDelivery ]\n')
  }) // prettier-ignore
  after(async () => {
    await house.close()
    await rm(out, { recursive: true, force: true })
  })

  const keystores = (...names: readonly KeyName[]): string[] =>
    names.flatMap((name) => ['--keystore', join(house.directory, `${name}.p12`), '--pin', PIN])
  const profile = (name: string): string[] => ['--profile', join(house.directory, `${name}.yaml`)]

  async function report(folder: string, ...argv: readonly string[]): Promise<Report & { code: number }> {
    const { code, err } = await call(...argv, '--out', join(out, folder), '--format', 'json', '--format', 'html')
    expect([0, 1], err).to.include(code)
    return { code, ...(JSON.parse(await readFile(join(out, folder, 'report.json'), 'utf8')) as Report) }
  }

  const failedIn = ({ results }: Report): string[] =>
    results.filter(({ outcome }) => outcome === 'failed').map(({ id, why }) => `${id}: ${why?.en ?? ''}`)
  const untested = ({ results }: Report): string[] =>
    results.filter(({ outcome }) => outcome === 'not-tested').map(({ id, why }) => `${id}: ${why?.en ?? ''}`)

  it('our intermediary keeps every clause, and every clause is looked at', async () => {
    const found = await report('im', '--as', 'client', '--url', house.intermediary, ...profile('im'), ...keystores('user-cipher', 'user-signature', 'user-expired'))
    expect(failedIn(found)).to.deep.equal([])
    expect(found.code).to.equal(0)
    expect(found.results.length).to.be.greaterThan(400)
    expect(untested(found)).to.deep.equal([])
    const [first] = found.results.filter(({ files }) => files.length > 0)
    expect((await stat(join(out, 'im', first?.files[0] ?? ''))).size).to.be.greaterThan(1000)
    expect((await readdir(join(out, 'im', 'bytes'))).length).to.be.greaterThan(800)
    const page = await readFile(join(out, 'im', 'report.html'), 'utf8')
    expect(page).to.contain('storeDelivery.implicit').and.to.contain(`href="${first?.files[0] ?? ''}"`)
  }) // prettier-ignore

  it('our passive recipient keeps every clause', async () => {
    const found = await report('town', '--as', 'intermediary', '--url', house.recipient, ...profile('town'), ...keystores('im-cipher', 'im-signature', 'im-expired'))
    expect(failedIn(found)).to.deep.equal([])
    expect(untested(found)).to.deep.equal([])
    expect(found.results.length).to.be.greaterThan(80)
  }) // prettier-ignore

  it('our intermediary says of every recipient what it did', async () => {
    const found = await report('recipient', '--as', 'recipient', '--listen', `127.0.0.1:${port}`, '--url', house.intermediary, ...profile('im-listener'), ...keystores('user-cipher', 'user-signature', 'town-cipher', 'town-signature'))
    expect(failedIn(found)).to.deep.equal([])
    expect(untested(found)).to.deep.equal([])
    expect(found.results.length).to.be.greaterThan(60)
  }) // prettier-ignore

  it('names clauses and faults without calling anybody', async () => {
    const listed = await call('--as', 'client', ...profile('im'), '--list', '--only', 'mediateDelivery.sequence-*')
    expect(listed.code).to.equal(0)
    expect(listed.out.match(/^mediateDelivery\.\S+$/gm)).to.deep.equal(['mediateDelivery.sequence-repeated', 'mediateDelivery.sequence-skipped', 'mediateDelivery.sequence-missing'])
    const faults = await call('--faults')
    expect(faults.out.match(/^(request|answer)\.\S+$/gm)?.length).to.be.greaterThan(40)
  }) // prettier-ignore

  it('does not test what the profile does not claim', async () => {
    await writeFile(join(house.directory, 'small.yaml'), 'name: small\ncertificates: { cipher: im-cipher.pem, signature: [ im-signature.pem ] }\nexchanges: [ getMessageId ]\nsigned: optional\n')
    const found = await report('small', '--as', 'client', '--url', house.intermediary, ...profile('small'), ...keystores('user-cipher', 'user-signature'), '--only', 'storeDelivery.*', '--only', 'getMessageId.unsigned')
    expect(found.sum).to.deep.equal({ failed: 0, passed: 0, 'not-tested': found.results.length })
  }) // prettier-ignore

  it('finds what is broken: another signer than the profile says, exit code 1', async () => {
    await writeFile(join(house.directory, 'other.yaml'), 'name: other\ncertificates: { cipher: im-cipher.pem, signature: [ town-signature.pem ] }\n')
    const found = await report('other', '--as', 'client', '--url', house.intermediary, ...profile('other'), ...keystores('user-cipher', 'user-signature'), '--only', 'getMessageId.implicit', '--only', 'getMessageId.answer-signed')
    expect(found.code).to.equal(1)
    expect(failedIn(found)).to.deep.equal(['getMessageId.answer-signed: signed by somebody else'])
  }) // prettier-ignore

  for (const [what, argv, says] of [
    ['no role', ['--profile', 'x.yaml'], '--as wants a role'],
    ['no profile', ['--as', 'client'], '--profile is missing'],
    ['no such fault', ['--as', 'proxy', '--profile', 'im', '--fault', 'nothing.*'], 'no fault has this name'],
    ['no address', ['--as', 'client', '--profile', 'im'], '--as client wants --url'],
    ['a wrong address', ['--as', 'client', '--profile', 'im', '--url', 'ftp://x/'], 'http or https'],
    ['no such clause', ['--as', 'client', '--profile', 'im', '--url', 'http://127.0.0.1:9/', '--only', 'x'], 'no clause has this name'],
    ['an unknown key in the profile', ['--as', 'client', '--profile', 'broken'], 'exchange'],
  ] as const)
    it(`ends with 2 for ${what}`, async () => {
      const words = argv.map((word) => (word === 'im' || word === 'broken' ? join(house.directory, `${word}.yaml`) : word))
      const { code, err } = await call(...words)
      expect(code, err).to.equal(2)
      expect(err).to.contain(says)
    })
})
