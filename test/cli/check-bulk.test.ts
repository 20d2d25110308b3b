// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor check` over many files, and over files that nobody would want to check: the run goes on, the report says what was not checked.
 * @module
 */
import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { run } from '../../src/cli/commands/check.js'
import { barLine } from '../../src/cli/commands/check-progress.js'
import { requestsAmong } from '../../src/cli/commands/check-requests.js'
import { checkAll } from '../../src/cli/commands/check-run.js'
import { threads } from '../../src/cli/commands/check-threads.js'
import type { FileResult } from '../../src/check/reports/report.js'
import type { Io, Language } from '../../src/cli/io.js'
import { recorded } from './recorded.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/', import.meta.url))
const PLAIN = readFileSync(join(FOREIGN, '12-processDelivery.bin'))
const ANSWER = readFileSync(join(EXAMPLES, 'meldebescheinigung.antwort.1001.meldedaten.xml'))
const TRUST = ['--trust', join(FOREIGN, 'pki/ca.pem')]

async function call(
  argv: readonly string[],
  { lang = 'en', terminal = false }: { lang?: Language; terminal?: boolean } = {},
  stdin?: Readable,
) {
  const { io, said } = recorded({ lang, ...(stdin ? { stdin } : {}) })
  const code = await run(argv, { ...io, err: { ...io.err, isTerminal: terminal } })
  return { code, ...said }
}

const resultsOf = (out: string): FileResult[] => (JSON.parse(out) as { results: FileResult[] }).results

describe('protektor check, many files', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'protektor-bulk-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('threads tell the same, in the same order, as one engine alone', async () => {
    for (let i = 0; i < 260; i++) {
      const bytes = [PLAIN, ANSWER, Buffer.from(`<a><b></a>${i}`), Buffer.from(`noise ${i}`)][i % 4] ?? ANSWER
      writeFileSync(join(folder, `${String(i).padStart(3, '0')}.bin`), bytes)
    }
    const argv = [...TRUST, '--at', '2026-11-24T09:00:00Z', '--format', 'json', folder]
    const alone = await call(['--workers', '1', ...argv])
    const together = await call(['--workers', '2', ...argv], { terminal: true })
    expect(alone.code).to.equal(1)
    expect(together.code).to.equal(1)
    expect(alone.err).to.equal('')
    expect(resultsOf(together.out)).to.deep.equal(resultsOf(alone.out))
    expect(together.err).to.match(/\[█* *\] \d+\/260 · \d/)
    // a line wider than the window is cut: wrapped, it would fill it row by row
    expect(
      together.err
        .split('\r')
        .filter((line) => line.includes('█'))
        .every((line) => line.includes('[?7l') && line.endsWith('[?7h')),
    ).to.equal(true)
  })

  it('a bar shows how much is done, how fast, and how long it will take', () => {
    expect(barLine(1200, 10_000, 2000, 'en')).to.equal('[██                      ] 1200/10000 · 600 files/s · left: 15 s')
    expect(barLine(1200, 10_000, 20_000, 'de')).to.equal('[██                      ] 1200/10000 · 60 Dateien/s · noch 2 min 27 s')
    // 119.4 s are no "1 min 60 s"
    expect(barLine(50, 1000, 6284, 'en')).to.match(/left: 2 min 0 s$/)
    expect(barLine(0, 10, 0, 'en')).to.equal('[                        ] 0/10 · 0.0 files/s')
  })

  /** Files that end their thread, and others. */
  const FRAGILE = `
    const { parentPort } = require('node:worker_threads')
    parentPort.postMessage({ kind: 'ready' })
    parentPort.on('message', (task) => {
      if (task === undefined) return parentPort.close()
      if (task.file.startsWith('bad')) process.exit(1)
      setImmediate(() => parentPort.postMessage({ kind: 'result', id: task.id, result: { verdict: 'valid' } }))
    })`

  async function runFragile(files: readonly string[]): Promise<{ readonly told: FileResult[]; readonly begun: number }> {
    let begun = 0
    const pool = threads(
      () => {
        begun += 1
        return new Worker(FRAGILE, { eval: true })
      },
      2,
      () => undefined,
    )
    const told: FileResult[] = []
    const io: Io = {
      out: { write: () => undefined, isTerminal: false },
      err: { write: () => undefined, isTerminal: false },
      lang: 'en',
      env: {},
    }
    await checkAll({ files, desk: pool, atOnce: 64, lang: 'en' }, io, async (result) => void told.push(result))
    await pool.close()
    return { told, begun }
  }

  it('a thread that ends is replaced: its files are tried again, and the one at fault is an error', async () => {
    const files = Array.from({ length: 100 }, (_, i) => (i === 30 ? 'bad' : `good-${i}`))
    const { told } = await runFragile(files)
    expect(told.map(({ file }) => file)).to.deep.equal(files)
    expect(told.filter(({ verdict }) => verdict !== 'valid').map(({ file, verdict }) => [file, verdict])).to.deep.equal([['bad', 'error']])
  })

  it('however many files end their thread, one after the other or none but such: the others are judged, and each ends two at most', async () => {
    for (const [count, isBad] of [
      [20, (i: number) => i < 6 || i === 12],
      [6, () => true],
    ] as const) {
      const files = Array.from({ length: count }, (_, i) => (isBad(i) ? `bad-${i}` : `good-${i}`))
      const { told, begun } = await runFragile(files)
      const bad = files.filter((file) => file.startsWith('bad'))
      expect(told.map(({ file }) => file)).to.deep.equal(files)
      expect(told.filter(({ verdict }) => verdict === 'error').map(({ file }) => file)).to.deep.equal(bad)
      expect(told.filter(({ verdict }) => verdict === 'valid').length).to.equal(files.length - bad.length)
      expect(begun).to.be.at.most(2 + 2 * bad.length)
      for (const { findings, layers } of told.filter(({ verdict }) => verdict === 'error'))
        expect([findings.map(({ id }) => id), layers]).to.deep.equal([['mime.check-failed'], { mime: 'error' }])
    }
  })

  it('threads that never start end the run with errors, not with waiting', async () => {
    const pool = threads(
      () => new Worker('process.exit(1)', { eval: true }),
      2,
      () => undefined,
    )
    const results = await Promise.all(['a', 'b', 'c'].map((file) => pool.check({ file })))
    expect(results.map(({ verdict }) => verdict)).to.deep.equal(['error', 'error', 'error'])
    expect((await pool.check({ file: 'd' })).verdict).to.equal('error')
    await pool.close()
  })

  describe('bad input', () => {
    /** A good file stands behind every bad one: the run must reach it. */
    const withGood = async (argv: readonly string[], ...more: readonly string[]) => {
      const good = join(folder, 'zz-good.xml')
      writeFileSync(good, ANSWER)
      const { code, out, err } = await call([...argv, '--format', 'json', folder, ...more])
      const results = resultsOf(out)
      expect(results.at(-1)?.verdict).to.equal('valid')
      return { code, err, bad: results[0] as FileResult }
    }
    const put = (name: string, bytes: Uint8Array | string): string => {
      const file = join(folder, name)
      writeFileSync(file, bytes)
      return file
    }

    it('random bytes are unchecked', async () => {
      let seed = createHash('sha256').update('noise').digest()
      const pieces = Array.from({ length: 2000 }, () => (seed = createHash('sha256').update(seed).digest()))
      put('noise.bin', Buffer.concat(pieces))
      const { code, bad } = await withGood([])
      expect(code).to.equal(3)
      expect(bad.findings.map(({ id }) => id)).to.deep.equal(['mime.unrecognised'])
    })

    it('a file of 1 GB is unchecked, and not read', async () => {
      truncateSync(put('huge.bin', ''), 1024 ** 3)
      const before = process.memoryUsage().arrayBuffers
      const { code, bad } = await withGood([])
      expect(code).to.equal(3)
      expect(bad).to.include({ verdict: 'unchecked', sha256: '' })
      expect(bad.findings.map(({ id }) => id)).to.deep.equal(['mime.message-too-large'])
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(64 * 1024 * 1024)
    })

    it('of an endless standard input no more is read than the limit', async () => {
      let given = 0
      const piece = Buffer.alloc(1024 * 1024)
      const endless = new Readable({
        read() {
          given += piece.length
          this.push(piece)
        },
      })
      const { code, out } = await call(['--format', 'json', '-'], {}, endless)
      expect(code).to.equal(3)
      expect(resultsOf(out)[0]?.layers).to.deep.equal({ mime: 'unchecked' })
      expect(given).to.be.lessThan(132 * 1024 * 1024)
    })

    it('X5 deep nesting is refused where it begins', async () => {
      put('deep.xml', '<a>'.repeat(100_000))
      const { code, bad } = await withGood([])
      expect(code).to.equal(1)
      expect(bad.findings.map(({ id }) => id)).to.deep.equal(['xml.depth'])
    })

    it('a file that cannot be read is an error', async function () {
      const file = put('closed.bin', 'x')
      chmodSync(file, 0)
      // nothing is closed to root: there a file that is gone stands in
      const closed = process.getuid?.() === 0 ? join(folder, 'gone.bin') : file
      const good = put('zz-good.xml', ANSWER)
      const { code, out } = await call(['--format', 'json', closed, good])
      expect(code).to.equal(4)
      expect(resultsOf(out).map(({ verdict }) => verdict)).to.deep.equal(['error', 'valid'])
      expect(resultsOf(out)[0]?.findings.map(({ id }) => id)).to.deep.equal(['mime.unreadable-file'])
    })

    it('a folder that cannot be read is told, and what lies beside it is checked', async () => {
      const good = put('a-good.xml', ANSWER)
      // deeper than a path can be long: closed to everybody, root too
      const dig = "for (let i = 0; i < 20; i++) { const name = 'd'.repeat(250); fs.mkdirSync(name); process.chdir(name) }"
      expect(spawnSync(process.execPath, ['-e', dig], { cwd: folder }).status).to.equal(0)
      try {
        const { code, out } = await call(['--format', 'json', folder])
        expect(code).to.equal(4)
        const [first, closed, ...more] = resultsOf(out)
        expect([first?.file, first?.verdict, more]).to.deep.equal([good, 'valid', []])
        expect(closed?.file.startsWith(join(folder, 'ddd'))).to.equal(true)
        expect([closed?.verdict, closed?.findings.map(({ id }) => id)]).to.deep.equal(['error', ['mime.unreadable-file']])
      } finally {
        spawnSync('rm', ['-rf', join(folder, 'd'.repeat(250))])
      }
    })

    it('a path through a file, a name that is too long, a pipe nobody writes to and an endless device are errors, and none is waited for', async () => {
      const file = put('a.bin', 'x')
      const pipe = join(folder, 'pipe')
      expect(spawnSync('mkfifo', [pipe]).status).to.equal(0)
      const bad = [join(file, 'below'), join(folder, 'n'.repeat(300)), pipe, '/dev/zero']
      const good = put('zz-good.xml', ANSWER)
      const { code, out } = await call(['--format', 'json', ...bad, good])
      expect(code).to.equal(4)
      expect(resultsOf(out).map(({ file: name, verdict }) => [name, verdict])).to.deep.equal([
        ...bad.map((name) => [name, 'error']),
        [good, 'valid'],
      ])
      for (const result of resultsOf(out).slice(0, -1)) expect(result.findings.map(({ id }) => id)).to.deep.equal(['mime.unreadable-file'])
      // nor where the request of an answer is looked for
      expect(await requestsAmong(bad)('00000000-0000-0000-0000-000000000000')).to.equal(undefined)
    })

    it('a schema set that does not compile makes the schema layer an error, and only where it is needed', async () => {
      const sets = mkdtempSync(join(tmpdir(), 'protektor-broken-set-'))
      const schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:broken"'
      writeFileSync(join(sets, 'broken.xsd'), `${schema}><xs:element name="a" type="nowhere"/></xs:schema>`)
      put('a.xml', '<a xmlns="urn:broken"/>')
      const { code, bad } = await withGood(['--schemas', sets])
      expect(code).to.equal(4)
      expect(bad).to.include({ verdict: 'error' })
      expect(bad.layers['xoev-schema']).to.equal('error')
      expect(bad.findings.map(({ id }) => id)).to.include('xoev-schema.set-broken')
      rmSync(sets, { recursive: true })
    })

    it('a schema file that cannot be read is told once, and the others serve', async () => {
      const sets = mkdtempSync(join(tmpdir(), 'protektor-broken-file-'))
      writeFileSync(join(sets, 'broken.xsd'), '<xs:schema')
      for (let i = 0; i < 260; i++) put(`${i}.xml`, ANSWER)
      const { code, err } = await call(['--workers', '2', '--schemas', sets, folder])
      expect(code).to.equal(0)
      expect(err.split('\n').filter((line) => line.includes('broken.xsd'))).to.have.length(1)
      rmSync(sets, { recursive: true })
    })
  })

  describe('the first ten lines say what is wrong and where', () => {
    const ten = async (argv: readonly string[], lang: Language): Promise<string> =>
      (await call(argv, { lang })).out.split('\n').slice(0, 10).join('\n')

    it('of a captured message with one changed byte', async () => {
      const file = join(folder, 'captured.bin')
      const text = PLAIN.toString('latin1')
      const at = text.indexOf('<osci:MessageId>') + '<osci:MessageId>'.length
      const changed = Buffer.from(PLAIN)
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at)
      writeFileSync(file, changed)
      expect(text.indexOf('<osci:MessageId>')).to.be.greaterThan(0)
      const german = await ten([...TRUST, file], 'de')
      expect(german).to.match(/captured\.bin: UNGÜLTIG\n/)
      expect(german).to.contain(
        'Fehler: Ein signierter Teil wurde verändert, oder sein Prüfwert anders gebildet. [message-signature.digest-mismatch, 9601]',
      )
      expect(german).to.match(/→ Zeile \d+, Spalte \d+, \/soap:Envelope/)
      const english = await ten([...TRUST, file], 'en')
      expect(english).to.match(/captured\.bin: INVALID\n/)
      expect(english).to.contain('error: A signed part was changed, or digested in another way. [message-signature.digest-mismatch, 9601]')
      expect(english).to.match(/→ line \d+, column \d+, \/soap:Envelope/)
    })

    it('of a document with elements in the wrong order', async () => {
      const file = join(folder, 'order.xml')
      const text = ANSWER.toString('utf8')
      const head = /<xp:identifikation\.nachricht>[\s\S]*?<\/xp:identifikation\.nachricht>/.exec(text)?.[0] ?? ''
      const [uuid = '', type = ''] = [
        /<xp:nachrichtenUUID>[\s\S]*?<\/xp:nachrichtenUUID>/,
        /<xp:nachrichtentyp[\s\S]*?<\/xp:nachrichtentyp>/,
      ].map((part) => part.exec(head)?.[0])
      expect(uuid && type).to.not.equal('')
      writeFileSync(file, text.replace(head, head.replace(uuid, '§').replace(type, uuid).replace('§', type)))
      const german = await ten([file], 'de')
      expect(german).to.match(/order\.xml: UNGÜLTIG\n/)
      expect(german).to.match(/Fehler: .* \[xoev-schema\.invalid/)
      expect(german).to.match(/→ Zeile \d+, Spalte \d+, \/xp:.*nachrichtentyp/)
      expect(await ten([file], 'en')).to.match(/error: [\s\S]*\[xoev-schema\.invalid[\s\S]*→ line \d+, column \d+, \/xp:.*nachrichtentyp/)
    })
  })
})
