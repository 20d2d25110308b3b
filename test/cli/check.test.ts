// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor check` as a command: words, files, reports, exit codes (product.md, "Fixed interface of `protektor check`").
 * @module
 */
import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../src/cli/arguments.js'
import { exitCode, run } from '../../src/cli/commands/check.js'
import { run as verifyReport } from '../../src/cli/commands/verify-report.js'
import { ConfigError } from '../../src/errors.js'
import { NOTHING_YET, type FileResult } from '../../src/check/reports/report.js'
import { writePkcs12 } from '../../src/pki/keystore.js'
import { makePki } from '../../src/pki/test-pki.js'
import { needsLinux } from '../needs.js'
import { recorded } from './recorded.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/', import.meta.url))
const ENCRYPTED = join(FOREIGN, '11-processDelivery.bin')
const PLAIN = join(FOREIGN, '12-processDelivery.bin')
const ANSWER = join(EXAMPLES, 'meldebescheinigung.antwort.1001.meldedaten.xml')
const KEYS = ['addressee-cipher', 'reader-cipher'].flatMap((name) => ['--keystore', join(FOREIGN, `pki/${name}.p12`), '--pin', 'test'])
const TRUST = ['--trust', join(FOREIGN, 'pki/ca.pem')]

const verify = (argv: readonly string[]) => call(argv, undefined, verifyReport)

async function call(argv: readonly string[], stdin?: Uint8Array, command = run) {
  const { io, said } = recorded(stdin ? { stdin: Readable.from([stdin]) } : {})
  try {
    const code = await command(argv, io)
    return { code, ...said }
  } catch (error) {
    // the launcher makes 2 of it, see the last test
    if (!(error instanceof UsageError)) throw error
    return { code: 2, out: said.out, err: error.text.en }
  }
}

const resultsOf = (out: string): FileResult[] => (JSON.parse(out) as { results: FileResult[] }).results

describe('protektor check', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'protektor-check-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('prints one JSON object with the fixed fields and ends with 0 when all is valid', async () => {
    const { code, out, err } = await call([...KEYS, ...TRUST, '--format', 'json', ENCRYPTED, PLAIN])
    expect(err).to.equal('')
    expect(code).to.equal(0)
    const report = JSON.parse(out) as { tool: string; version: string; results: FileResult[] }
    expect(report.tool).to.equal('protektor')
    expect(report.version).to.match(/^\d+\.\d+\.\d+/)
    expect(report.results.map((r) => [r.file, r.verdict])).to.deep.equal([
      [ENCRYPTED, 'valid'],
      [PLAIN, 'valid'],
    ])
    expect(report.results[0]).to.include.all.keys(
      'file', 'sha256', 'verdict', 'kind', 'messageType', 'transportEncrypted', 'signed', 'messageId', 'feedback', 'messageSignature', 'contents', 'findings',
    ) // prettier-ignore
    expect(report.results[0]?.contents[0]).to.include.all.keys(
      'id',
      'kind',
      'encrypted',
      'bytes',
      'sha256',
      'signedBy',
      'signatureVerdict',
      'xoev',
    )
    expect(report.results[0]?.findings[0]).to.include.all.keys(
      'id',
      'layer',
      'severity',
      'rule',
      'reference',
      'xpath',
      'line',
      'column',
      'message',
    )
    expect(report.results[0]?.findings[0]?.message).to.include.all.keys('de', 'en')
  })

  it('ends with 3 when a key is missing, 1 when something is invalid, 4 when a file cannot be read; the run goes on', async () => {
    expect((await call([...TRUST, ENCRYPTED])).code).to.equal(3)
    const bad = join(folder, 'bad.xml')
    writeFileSync(bad, '<a><b></a>')
    expect((await call([...TRUST, ENCRYPTED, bad])).code).to.equal(1)
    const all = await call([...TRUST, '--format', 'json', ENCRYPTED, join(folder, 'nowhere.bin'), bad, ANSWER])
    expect(all.code).to.equal(4)
    expect(resultsOf(all.out).map((r) => r.verdict)).to.deep.equal(['unchecked', 'error', 'invalid', 'valid'])
    expect(resultsOf(all.out)[1]?.findings[0]?.id).to.equal('mime.unreadable-file')
  })

  it('exit code 4 comes before 1 before 3', () => {
    const sum = { valid: 1, invalid: 1, unchecked: 1, error: 1 }
    expect(exitCode(sum)).to.equal(4)
    expect(exitCode({ ...sum, error: 0 })).to.equal(1)
    expect(exitCode({ ...sum, error: 0, invalid: 0 })).to.equal(3)
    expect(exitCode({ ...NOTHING_YET, valid: 1 })).to.equal(0)
    expect(exitCode(NOTHING_YET)).to.equal(0)
  })

  it('a folder with expected.yaml is a regression suite: only differences fail, and are named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'protektor-suite-'))
    mkdirSync(join(folder, 'below'))
    writeFileSync(join(folder, 'bad.xml'), '<a><b></a>')
    writeFileSync(join(folder, 'below', 'noise.bin'), 'what is this')
    const suite = (text: string) => writeFileSync(join(folder, 'expected.yaml'), `files:\n${text}`)
    suite('  bad.xml: { verdict: invalid, findings: [ xml.not-well-formed ] }\n  below/noise.bin: { verdict: unchecked }\n')
    const good = await call([folder])
    expect(good).to.include({ code: 0, err: '' })
    // a path in another spelling is the same path
    suite('  ./bad.xml: { verdict: invalid, findings: [ xml.not-well-formed ] }\n  below//noise.bin: { verdict: unchecked }\n')
    expect(await call([folder])).to.include({ code: 0, err: '' })
    suite('  bad.xml: { verdict: valid, findings: [ xml.doctype ] }\n  gone.bin: { verdict: valid }\n')
    const differs = await call([folder])
    expect(differs.code).to.equal(1)
    expect(differs.err.split('\n').filter(Boolean).sort()).to.deep.equal(
      [
        `≠ ${join(folder, 'bad.xml')}: expected finding is missing xml.doctype`,
        `≠ ${join(folder, 'bad.xml')}: finding was not expected xml.not-well-formed`,
        `≠ ${join(folder, 'bad.xml')}: verdict invalid, expected valid`,
        `≠ ${join(folder, 'below', 'noise.bin')}: file does not stand in expected.yaml`,
        `≠ ${join(folder, 'gone.bin')}: expected file is missing`,
      ].sort(),
    )
    rmSync(folder, { recursive: true })
  })

  it('every form of report has the differences of a suite', async () => {
    writeFileSync(join(folder, 'bad.xml'), '<a><b></a>')
    copyFileSync(ANSWER, join(folder, 'good.xml'))
    const suite = (good: string) =>
      writeFileSync(
        join(folder, 'expected.yaml'),
        `files:\n  bad.xml: { verdict: invalid, findings: [ xml.not-well-formed ] }\n  good.xml: { verdict: ${good} }\n`,
      )
    suite('valid')
    const green = await call(['--format', 'junit', folder])
    expect(green.code).to.equal(0)
    expect(green.out).to.not.contain('<failure')
    expect(JSON.parse((await call(['--format', 'json', folder])).out)).to.deep.include({ suites: { files: 2, differing: 0, missing: [] } })
    suite('invalid')
    const red = await call(['--format', 'junit', folder])
    expect([red.code, red.out.match(/<failure/g)?.length]).to.deep.equal([1, 1])
    const json = await call(['--format', 'json', folder])
    expect(JSON.parse(json.out)).to.deep.include({ suites: { files: 2, differing: 1, missing: [] } })
    expect(resultsOf(json.out).map(({ differences }) => differences)).to.deep.equal([
      [],
      [{ kind: 'verdict', expected: 'invalid', found: 'valid' }],
    ])
  })

  it('what is wrong with an expected.yaml is told with its line, in the language of the run', async () => {
    const file = join(folder, 'expected.yaml')
    for (const [text, line, key, german] of [
      ['  bad.xml: { verdict: invalid, finding: [] }', 2, 'files["bad.xml"].finding', 'unbekannter Schlüssel; gemeint ist wohl findings'],
      ['  bad.xml: { verdict: perfect }', 2, 'files["bad.xml"].verdict', 'ungültiger Wert; erwartet: valid | invalid | unchecked | error'],
      ['  bad.xml: {}', 2, 'files["bad.xml"].verdict', 'fehlt; erwartet: valid | invalid | unchecked | error'],
      ['  ../up.bin: { verdict: valid }', 2, 'files["../up.bin"]', 'ungültiger Name; erwartet: Pfade'],
      [
        '  bad.xml: { verdict: invalid, findings: [ xml.nonsense ] }',
        2,
        'files["bad.xml"].findings[0]',
        'unbekannte Befund-Kennung xml.nonsense',
      ],
      ['  bad.xml: { verdict: invalid }\n  ./bad.xml: { verdict: valid }', 3, 'files["./bad.xml"]', 'bad.xml steht schon da'],
      ['  bad.xml: &as { verdict: invalid }\n  more.xml: *as', 3, '(file)', 'Verweise (&, *) sind nicht erlaubt'],
      ['  bad.xml: [', 3, '(file)', 'kein gültiges YAML'],
    ] as const) {
      writeFileSync(file, `files:\n${text}\n`)
      const error: unknown = await call([folder]).catch((cause: unknown) => cause)
      expect(error, text).to.be.instanceOf(ConfigError)
      const [problem] = (error as ConfigError).problems
      expect(problem, text).to.include({ file, line, key })
      expect(problem?.message.de, text).to.contain(german)
    }
  })

  it('--sign signs the report, verify-report finds every changed byte and every other signer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'protektor-signed-'))
    const key = ['--sign', join(FOREIGN, 'pki/addressee-sign.p12'), '--pin', 'test']
    expect((await call([...key, '--format', 'html', '--out', folder, ANSWER])).code).to.equal(0)
    const report = join(folder, 'report.html')
    expect((await verify([...TRUST, report])).out).to.match(/valid \(signed by .*, \d{4}-/)
    expect(await verify([...TRUST, report])).to.include({ code: 0 })
    expect(await verify([report])).to.include({ code: 3 })
    const read = async (...argv: string[]): Promise<Record<string, unknown>[]> =>
      JSON.parse((await verify(['--json', ...TRUST, ...argv])).out) as Record<string, unknown>[]
    const [first, second] = await read(report, report + '.none')
    expect(first).to.include({ file: report, verdict: 'valid' })
    expect(first?.signer).to.match(/^CN=/)
    expect(first?.signedAt).to.match(/^\d{4}-/)
    expect(second).to.include({ verdict: 'error', signer: null, signedAt: null })
    const bytes = readFileSync(report)
    const changed = Buffer.from(bytes)
    changed.writeUInt8((changed[100] ?? 0) ^ 1, 100)
    writeFileSync(report, changed)
    expect(await verify([...TRUST, report])).to.include({ code: 1 })
    writeFileSync(report, bytes)
    const jws = readFileSync(report + '.jws', 'utf8')
    for (const other of ['', 'a.b.c', jws.slice(0, -4), jws.replace('.', '.A')]) {
      writeFileSync(report + '.jws', other)
      expect(await verify([...TRUST, report]), other.slice(0, 10)).to.include({ code: 1 })
    }
    rmSync(report + '.jws')
    const unsigned = await verify([...TRUST, report])
    expect(unsigned.code).to.equal(1)
    expect(unsigned.out).to.contain('not signed').and.contain('report.html.jws')
    rmSync(folder, { recursive: true })
  })

  it('verify-report ends with 4 where it cannot read, and calls nothing invalid for it', async () => {
    const nowhere = await verify([...TRUST, join(folder, 'nowhere.html')])
    expect(nowhere.code).to.equal(4)
    expect(nowhere.out).to.match(/nowhere\.html: cannot be read: ENOENT/)
    const report = join(folder, 'report.json')
    writeFileSync(report, '{}')
    mkdirSync(report + '.jws')
    expect(await verify([report])).to.include({ code: 4 })
  })

  it('a certificate that is not meant for signing, or not valid now, is warned of; verify-report says why nobody vouches for it', async () => {
    const [notBefore, notAfter] = [new Date('2020-01-01T00:00:00Z'), new Date('2090-01-01T00:00:00Z')]
    const past = { notBefore, notAfter: new Date('2021-01-01T00:00:00Z') }
    const pki = await makePki({
      notBefore,
      notAfter,
      leaves: { cipher: { usage: 'cipher' }, past: { usage: 'signature', ...past }, good: { usage: 'signature' } },
    })
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, pki.ca.certificate.toString())
    for (const [name, warning, anchors, reasons] of [
      ['cipher', /--sign: .*not meant for this use/, ca, ['not meant for this use']],
      ['past', /--sign: .*has expired/, ca, ['has expired']],
      ['past', /--sign: .*has expired/, join(FOREIGN, 'pki/ca.pem'), ['no path from the certificate', 'has expired']],
      ['good', /^$/, join(FOREIGN, 'pki/ca.pem'), ['no path from the certificate']],
    ] as const) {
      const store = join(folder, `${name}.p12`)
      const pair = pki.leaves.get(name)
      if (!pair) throw new Error(name)
      writeFileSync(store, writePkcs12(pair, 'test', new Uint8Array(16)))
      const signed = await call(['--sign', store, '--pin', 'test', '--format', 'json', '--out', folder, ANSWER])
      expect(signed.code, name).to.equal(0)
      expect(signed.err, name).to.match(warning)
      const { code, out } = await verify(['--trust', anchors, join(folder, 'report.json')])
      expect(code, name).to.equal(1)
      for (const reason of reasons) expect(out, name).to.contain(reason)
      const unasked = await verify([join(folder, 'report.json')])
      expect(unasked.code, name).to.equal(3)
      expect(unasked.out.includes('has expired'), name).to.equal(name === 'past')
    }
  })

  it('searches directories recursively, in order, without following links to folders', async () => {
    mkdirSync(join(folder, 'b', 'deep'), { recursive: true })
    copyFileSync(ANSWER, join(folder, 'b', 'deep', 'two.xml'))
    copyFileSync(ANSWER, join(folder, 'a.xml'))
    writeFileSync(join(folder, '.hidden'), 'x')
    symlinkSync(folder, join(folder, 'b', 'circle'))
    const { code, out } = await call(['--format', 'json', folder])
    expect(code).to.equal(0)
    expect(resultsOf(out).map((r) => r.file)).to.deep.equal([join(folder, 'a.xml'), join(folder, 'b/deep/two.xml')])
  })

  it('a link in a folder that leads nowhere is told as a file that cannot be read', async () => {
    symlinkSync('nowhere', join(folder, 'dangling.xml'))
    const { code, out } = await call(['--format', 'json', folder])
    expect(code).to.equal(4)
    expect(resultsOf(out).map((r) => [r.file, r.findings[0]?.id])).to.deep.equal([[join(folder, 'dangling.xml'), 'mime.unreadable-file']])
  })

  it('no file at all is unchecked, not success, and says so', async () => {
    writeFileSync(join(folder, '.hidden'), 'x')
    for (const [lang, sum, words] of [
      ['de', '0 Dateien', 'nichts geprüft'],
      ['en', '0 files', 'nothing was checked'],
    ] as const) {
      const { code, out, err } = await call(['--lang', lang, folder])
      expect([code, out]).to.deep.equal([3, `${sum}\n`])
      expect(err).to.contain(words)
    }
  })

  it('a suite that names files which are not there differs, also when it holds none', async () => {
    writeFileSync(join(folder, 'expected.yaml'), 'files:\n  gone.xml: { verdict: valid, findings: [] }\n')
    expect(await call([folder])).to.include({ code: 1 })
  })

  it('reads files in folders whatever bytes their names are, and shows what is no UTF-8 as U+FFFD', async function () {
    // other systems let no such name be
    needsLinux(this)
    const latin1 = Buffer.concat([Buffer.from(folder), Buffer.from('/stra\u00dfe', 'latin1')])
    mkdirSync(latin1)
    for (const name of [Buffer.from('/K\u00f6ln.xml', 'latin1'), Buffer.from('/Köln 😀.xml')])
      copyFileSync(ANSWER, Buffer.concat([latin1, name]))
    for (const workers of ['1', '2']) {
      const { code, out } = await call(['--format', 'json', '--workers', workers, folder])
      expect(code).to.equal(0)
      expect(resultsOf(out).map((r) => r.file)).to.deep.equal(
        ['Köln 😀.xml', 'K\ufffdln.xml'].map((name) => join(folder, 'stra\ufffde', name)),
      )
    }
  })

  it('keeps the order of the files, also when large ones must wait to be alone', async () => {
    const large = join(folder, 'large.xml')
    writeFileSync(large, `<a xmlns="urn:x">${'x'.repeat(17 * 1024 * 1024)}</a>`)
    const { code, out } = await call(['--format', 'json', ANSWER, large, ANSWER, large, ANSWER])
    expect(code).to.equal(3)
    expect(resultsOf(out).map((r) => [r.file, r.verdict])).to.deep.equal(
      [ANSWER, large, ANSWER, large, ANSWER].map((file) => [file, file === large ? 'unchecked' : 'valid']),
    )
  })

  it('reads standard input as -', async () => {
    const { code, out } = await call([...KEYS, ...TRUST, '--format', 'json', '-'], readFileSync(ENCRYPTED))
    expect(code).to.equal(0)
    expect(resultsOf(out)[0]).to.include({ file: '-', messageType: 'processDelivery' })
  })

  it('reports in the language asked for, with place and reference', async () => {
    const bad = join(folder, 'bad.xml')
    writeFileSync(bad, readFileSync(ANSWER, 'utf8').replace('</xp:bescheinigung>', '<xp:zuviel/></xp:bescheinigung>'))
    const german = await call(['--lang', 'de', bad])
    expect(german.code).to.equal(1)
    expect(german.out)
      .to.contain('UNGÜLTIG')
      .and.to.contain('[xoev-schema.invalid]')
      .and.to.match(/Zeile \d+, Spalte \d+, \/xp:.*xp:zuviel/)
    const english = await call(['--lang', 'en', bad])
    expect(english.out)
      .to.contain('INVALID')
      .and.to.match(/line \d+, column \d+/)
      .and.to.contain('1 file: 1 INVALID')
  })

  it('control characters of a message never reach the terminal', async () => {
    const nasty = join(folder, 'nasty.xml')
    writeFileSync(nasty, '<a xmlns="urn:x">\u0085\u009b31m</a>'.replace('<a ', '<a\u009b '))
    const { out } = await call([nasty])
    // eslint-disable-next-line no-control-regex -- finding them is the point
    expect(out.replace(/\n/g, '')).to.not.match(/[\u0000-\u001f\u007f-\u009f]/)
  })

  it('--out writes the report into a file', async () => {
    const out = join(folder, 'new', 'report')
    const said = await call(['--format', 'json', '--out', out, ANSWER])
    expect(said.code).to.equal(0)
    expect(resultsOf(readFileSync(join(out, 'report.json'), 'utf8'))).to.have.length(1)
    expect(said.out).to.contain(join(out, 'report.json')).and.to.contain('1 file: 1 valid')
  })

  it('--pin-file gives the PIN without showing it to others', async () => {
    const pin = join(folder, 'pin')
    writeFileSync(pin, 'test\n')
    const stores = ['addressee-cipher', 'reader-cipher'].flatMap((name) => [
      '--keystore',
      join(FOREIGN, `pki/${name}.p12`),
      '--pin-file',
      pin,
    ])
    expect((await call([...stores, ...TRUST, ENCRYPTED])).code).to.equal(0)
  })

  it('--at judges certificates at that moment', async () => {
    const { code, out } = await call([...KEYS, ...TRUST, '--at', '2060-01-01T00:00:00+01:00', '--format', 'json', PLAIN])
    expect(code).to.equal(0)
    expect(resultsOf(out)[0]?.findings.map((f) => f.id)).to.include('certificates.expired')
  })

  for (const [what, argv, word] of [
    ['no file', [], /missing/],
    ['an unknown option', ['--fast', PLAIN], /--fast/],
    ['a keystore without PIN', ['--keystore', 'a.p12', PLAIN], /--pin/],
    ['two keystores and one PIN', ['--keystore', 'a.p12', '--keystore', 'b.p12', '--pin', 'x', PLAIN], /a\.p12/],
    ['a PIN without keystore', ['--pin', 'x', PLAIN], /--pin/],
    ['a keystore that is not there', ['--keystore', 'nowhere.p12', '--pin', 'x', PLAIN], /nowhere\.p12/],
    ['a trust file without certificate', ['--trust', PLAIN, PLAIN], /cannot be used \(no certificate in it, or no whole revocation list\)/],
    ['a schema directory that is not there', ['--schemas', 'nowhere', PLAIN], /nowhere/],
    ['a time without zone', ['--at', '2026-11-24T12:00:00', PLAIN], /zone/],
    ['a time that is none', ['--at', '2026-13-44T99:00:00Z', PLAIN], /--at/],
    ['a day that no calendar has', ['--at', '2026-02-30T00:00:00Z', PLAIN], /--at/],
    ['a leap day of a common year', ['--at', '2027-02-29T12:00:00+01:00', PLAIN], /--at/],
    ['a signature without folder', ['--sign', join(FOREIGN, 'pki/addressee-sign.p12'), '--pin', 'test', PLAIN], /--out/],
    ['an unknown format', ['--format', 'pdf', PLAIN], /pdf/],
    ['a folder for the report that is a file', ['--out', PLAIN, PLAIN], /nothing can be kept in/],
    ['a folder for the report below a file', ['--out', join(PLAIN, 'x'), PLAIN], /nothing can be kept in/],
    ['a folder for the report without name', ['--out', '', PLAIN], /nothing can be kept in/],
  ] as const)
    it(`a wrong call ends with 2: ${what}`, async () => {
      const { code, out, err } = await call(argv)
      expect(code).to.equal(2)
      expect(out).to.equal('')
      expect(err).to.match(word)
    })

  it('a keystore that does not open is told and ends with 2; what needs no key is checked all the same', async () => {
    for (const [store, pin] of [
      [join(FOREIGN, 'pki/reader-cipher.p12'), 'wrong'],
      [PLAIN, 'test'],
    ] as const) {
      const { code, out, err } = await call([...TRUST, '--keystore', store, '--pin', pin, '--format', 'json', ENCRYPTED, PLAIN])
      expect(code).to.equal(2)
      expect(err).to.contain(store)
      expect(resultsOf(out).map((r) => [r.verdict, r.layers['transport-encryption']])).to.deep.equal([
        ['unchecked', 'unchecked'],
        ['valid', undefined],
      ])
    }
  })

  it('a PIN is never repeated in a complaint', async () => {
    const { err } = await call(['--keystore', join(FOREIGN, 'pki/reader-cipher.p12'), '--pin', 'geheim-4711', PLAIN])
    expect(err).to.not.contain('geheim-4711')
  })

  it('-h explains options and exit codes', async () => {
    const { code, out } = await call(['-h'])
    expect(code).to.equal(0)
    for (const option of ['--keystore', '--pin-file', '--trust', '--schemas', '--format', '--out', '--lang', '--at'])
      expect(out).to.contain(option)
  })

  it('the launcher ends with the same codes', () => {
    const launcher = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))
    const codeOf = (...argv: string[]) => spawnSync(process.execPath, [launcher, 'check', ...argv], { encoding: 'utf8' })
    expect(codeOf('--lang', 'de', ANSWER)).to.include({ status: 0, stderr: '' })
    const wrong = codeOf('--lang', 'de', '--format', 'pdf', ANSWER)
    expect(wrong.status).to.equal(2)
    expect(wrong.stderr).to.contain('kennt pdf nicht')
  })
})
