// SPDX-License-Identifier: EUPL-1.2
/**
 * `start` and `serve` as processes of their own, through the launcher.
 * @module
 */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the launcher; when stderr or stdout matches `signalAt`, does `first`, then sends SIGTERM. */
const launch = (
  args: readonly string[],
  cwd: string,
  signalAt?: RegExp,
  first: (out: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<Ended> => runNode([LAUNCHER, ...args], cwd, signalAt, first)

function runNode(args: readonly string[], cwd: string, signalAt?: RegExp, first?: (out: string) => Promise<unknown>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    let sent = false
    const look = (): void => {
      if (sent || !signalAt?.test(out + err)) return
      sent = true
      void (async () => first?.(out))().finally(() => child.kill('SIGTERM'))
    }
    child.stdout.on('data', (d: Buffer) => ((out += d.toString()), look()))
    child.stderr.on('data', (d: Buffer) => ((err += d.toString()), look()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

describe('commands', function () {
  this.timeout(120_000)
  let cwd = ''
  before(async () => (cwd = await mkdtemp(join(tmpdir(), 'protektor-e2e-'))))
  after(() => rm(cwd, { recursive: true, force: true }))

  const PORTS = ['--port', '0', '--admin-port', '0']

  const hopsOf = (out: string, ride: number): string[] => {
    const text = out.split(/^\d\. /m)[ride] ?? ''
    return text.match(/^ {1,2}\d+\. +\d+ ms .*$/gm) ?? []
  }

  it('start --once rides: every hop, the decrypted answer, exit code 0; an empty REDIS_URL is none', async () => {
    const isSet = process.env['REDIS_URL'] !== undefined
    if (!isSet) process.env['REDIS_URL'] = ''
    const { code, out, err } = await launch(['start', '--once', '--lang', 'en', ...PORTS], cwd)
    if (!isSet) delete process.env['REDIS_URL']
    expect(code, err).to.equal(0)
    expect(err).to.equal('')
    expect(hopsOf(out, 1).length).to.equal(9)
    expect(out).to.match(/operator page: http:\/\/127\.0\.0\.1:\d+\/operator\/\n/)
    expect(out).to.contain('0800').and.to.contain('meldebescheinigung.antwort.1001').and.to.contain('familienname')
    expect((await stat(join(cwd, '.protektor', 'demo'))).mode & 0o777).to.equal(0o700)
    expect((await stat(join(cwd, '.protektor', 'demo', 'keys', 'pin'))).mode & 0o777).to.equal(0o600)
    expect((await readFile(join(cwd, '.protektor', 'demo', 'ride', 'request.osci'))).length).to.be.greaterThan(5000)
  })

  it('the second ride goes through our intermediary, with both process cards; the third leaves as an envelope', async () => {
    const { code, out } = await launch(['start', '--once', '--lang', 'en', ...PORTS], cwd)
    expect(code).to.equal(0)
    const second = hopsOf(out, 2)
    expect(second.length).to.equal(14)
    expect(second[0]).to.contain('initDialog')
    expect(second[13]).to.contain('process cards fetched')
    const stamps = String.raw`Creation \d\d:\d\d:\d\d\.\d+  Forwarding \d\d:\d\d:\d\d\.\d+  Reception \d\d:\d\d:\d\d\.\d+`
    expect(out).to.match(new RegExp(`^  request +p\\S+  ${stamps}$`, 'm'))
    expect(out).to.match(new RegExp(`^  reply +p\\S+  ${stamps}$`, 'm'))
    const third = hopsOf(out, 3)
    expect(third.length).to.equal(10)
    expect(third[0]).to.contain('ags:99002000')
    expect(third[8]).to.contain('notice')
    expect(out).to.contain('accepted 0800').and.to.contain('Ida, Nachbar, Grenzweg 4')
  })

  it('a demo directory that an older version made gets the keys that it lacks, and keeps its own', async () => {
    const keys = join(cwd, '.protektor', 'demo', 'keys')
    for (const name of await readdir(keys)) if (/^(ca-2|office|neighbour|register-2)/.test(name)) await rm(join(keys, name))
    await rm(join(cwd, '.protektor', 'demo', 'directory.yaml'))
    const before = await readFile(join(keys, 'town-cipher.p12'))
    const { code, out } = await launch(['start', '--once', '--lang', 'de', ...PORTS], cwd)
    expect(code).to.equal(0)
    expect(out).to.contain('Schlüssel aus').and.to.contain('Laufzettel').and.to.contain('Nachbarstadt')
    expect((await readFile(join(keys, 'town-cipher.p12'))).equals(before)).to.equal(true)
    expect((await stat(join(keys, 'neighbour-reader.p12'))).mode & 0o777).to.equal(0o600)
  })

  it('what start says to try next works: the OSCI client stores, lists, fetches and sees its card', async () => {
    const sources = join(fileURLToPath(new URL('../../', import.meta.url)), 'examples', 'osci-client.ts')
    let client: Promise<Ended> | undefined
    const { code } = await launch(['start', '--lang', 'en', ...PORTS], cwd, /protektor serve --config/, (out) => {
      const url = /gateway and core run on (\S+),/.exec(out)?.[1] ?? ''
      client = runNode(['--import', createRequire(import.meta.url).resolve('tsx'), sources, url, join(cwd, '.protektor', 'demo')], cwd)
      return client
    })
    expect(code).to.equal(0)
    const ended = await client
    expect(ended?.code, ended?.err).to.equal(0)
    expect(ended?.out)
      .to.match(/^storeDelivery p\S+ 0800$/m)
      .and.to.contain('<greeting>')
      .and.to.contain('"reception"')
  })

  it('what start says to try next works: send --ask gets an answer from the register, take and answer work at its desk', async () => {
    const ended: Ended[] = []
    const { code } = await launch(['start', '--lang', 'en', ...PORTS], cwd, /protektor serve --config/, async (out) => {
      const words = (command: string) => new RegExp(`npx protektor (${command} [^#\\n]*)`).exec(out)?.[1]?.trim().split(' ') ?? []
      ended.push(await launch(words('send'), cwd))
      const toDesk = words('send').map((word) => (word === 'ags:99001000' ? 'ags:99001000.desk' : word))
      const asking = launch([...toDesk, '--ttl', '60'], cwd)
      ended.push(await launch([...words('take'), '--out', 'inbox'], cwd))
      const folder = join('inbox', (await readdir(join(cwd, 'inbox')))[0] ?? '')
      await writeFile(join(cwd, 'answer.xml'), '<answer/>')
      ended.push(await launch(['answer', folder, '--result', 'answer.xml', ...words('take').slice(3, 5)], cwd), await asking)
    })
    expect(code).to.equal(0)
    expect(
      ended.map((one) => one.code),
      JSON.stringify(ended),
    ).to.deep.equal([0, 0, 0, 0])
    expect(ended[0]?.out).to.contain('meldebescheinigung.antwort.1001')
    expect(ended[3]?.out).to.equal('<answer/>')
  })

  it('start again takes the keys that are there, speaks German, and keeps serving until SIGTERM', async () => {
    const { code, out } = await launch(['start', '--lang', 'de', ...PORTS], cwd, /protektor serve --config/)
    expect(code).to.equal(0)
    expect(out).to.contain('Schlüssel aus').and.to.contain('Läuft weiter').and.to.contain('curl -s --data-binary')
  })

  it('serve takes the configuration that start wrote, and drains on SIGTERM with 0', async () => {
    const { code, err } = await launch(
      ['serve', '--config', join(cwd, '.protektor', 'demo', 'gateway.yaml'), '--lang', 'en'],
      cwd,
      /^admin: /m,
    )
    expect(code).to.equal(0)
    expect(err).to.match(/^public: http:\/\/127\.0\.0\.1:\d+$/m)
    for (const line of [
      '/osci/recipient (passiveRecipient, terminating)',
      '/osci/recipient/nachbarstadt (passiveRecipient, terminating)',
      '/osci/intermediary (intermediary, blind)',
    ])
      expect(err).to.contain(line)
    expect(err).to.not.contain('WARNING')
  })

  it('serve ends with 2 for what is wrong in the configuration: all of it, with line', async () => {
    const file = join(cwd, 'bad.yaml')
    await writeFile(file, 'listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }\nnobodyKnowsThis: 1\nkeyrings: { a: 5 }\n')
    const { code, err } = await launch(['serve', '--config', file, '--lang', 'en'], cwd)
    expect(code).to.equal(2)
    expect(err).to.contain('nobodyKnowsThis').and.to.contain(':2').and.to.contain('keyrings')
    expect((await launch(['serve'], cwd)).code).to.equal(2)
    expect((await launch(['start', '--port', 'x'], cwd)).code).to.equal(2)
  })

  it('serve refuses its own RSA keys below 3000 bit', async () => {
    const { openDemo } = await import('../../src/cli/compose/demo-kit.js')
    const directory = join(cwd, 'small')
    const demo = await openDemo(directory, { publicPort: 0, adminPort: 0, key: 'rsa-2048' })
    const { code, err } = await launch(['serve', '--config', demo.configFile, '--lang', 'en'], cwd)
    expect(code).to.equal(2)
    expect(err).to.contain('keyrings.town.cipher').and.to.contain('2048')
    await writeFile(
      demo.configFile,
      (await readFile(demo.configFile, 'utf8')).replace('dataDirectory', 'allowSmallOwnKeys: true\ndataDirectory'),
    )
    const loud = await launch(['serve', '--config', demo.configFile, '--lang', 'en'], cwd, /^admin: /m)
    expect(loud.code).to.equal(0)
    expect(loud.err).to.contain('WARNING')
  })
})
