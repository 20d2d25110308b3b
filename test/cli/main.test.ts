// SPDX-License-Identifier: EUPL-1.2
/**
 * The command line as a whole: help, language, version, wrong calls; and the committed launcher.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { languageOf, parseCommand, parseGlobal, UsageError } from '../../src/cli/arguments.js'
import { causeOf } from '../../src/cli/cause.js'
import { COMMANDS, main, renderHelp, report } from '../../src/cli/main.js'
import { renderProblems } from '../../src/cli/texts.js'
import { packageVersion } from '../../src/cli/version.js'
import { SchemaPackageError } from '../../src/config/schema-problem.js'
import { ProtektorError } from '../../src/errors.js'
import { needsLinux } from '../needs.js'

const launcher = join(dirname(fileURLToPath(import.meta.url)), '../../bin/protektor.js')
const FIXTURES = join(dirname(launcher), '../fixtures')
const run = promisify(execFile)

async function call(argv: readonly string[], env: Record<string, string> = {}) {
  let out = ''
  let err = ''
  const code = await main(argv, {
    out: { write: (text) => void (out += text), isTerminal: false },
    err: { write: (text) => void (err += text), isTerminal: false },
    env,
  })
  return { code, out, err }
}

describe('cli', () => {
  it('lists every command in both languages on -h and ends with 0', async () => {
    for (const [lang, word] of [
      ['de', 'Befehle'],
      ['en', 'Commands'],
    ] as const) {
      const { code, out } = await call(['--lang', lang, '-h'])
      expect(code).to.equal(0)
      expect(out).to.equal(renderHelp(lang)).and.to.contain(word)
      for (const [name, row] of Object.entries(COMMANDS)) expect(out).to.contain(name).and.to.contain(row.what[lang])
    }
  })

  it('ends with 2 without a command, for an unknown command and for an unknown option', async () => {
    expect((await call([])).code).to.equal(2)
    const unknown = await call(['chekc', '--lang=de'])
    expect(unknown.code).to.equal(2)
    expect(unknown.out).to.equal('')
    expect(unknown.err).to.contain('unbekannter Befehl: chekc')
    expect((await call(['constructor'])).code).to.equal(2)
    expect((await call(['--fast', 'check'])).code).to.equal(2)
    expect((await call(['--lang', 'fr', '-h'])).code).to.equal(2)
  })

  it('bench runs the measurements of the source tree: a word that none has ends with 2, and names those that there are', async () => {
    const ended: unknown = await run(process.execPath, [launcher, 'bench', 'no-such-measurement']).catch((error: unknown) => error)
    expect(ended).to.include({ code: 2 })
    expect((ended as { stderr: string }).stderr)
      .to.contain('benchOpenAnswer2048')
      .and.to.contain('benchXsdDemo')
  })

  it('says what went wrong in the language of the run, and without a trace where the system says no', async () => {
    const told = async (...argv: string[]): Promise<unknown> =>
      run(process.execPath, [launcher, ...argv], { env: { PATH: process.env['PATH'] } }).catch((error: unknown) => error)
    const store = join(FIXTURES, 'foreign/osci-bibliothek-2.4.1/pki/reader-cipher.p12')
    const locked = ['check', '--keystore', store, '--pin', 'wrong', join(FIXTURES, 'valid/fault.9400.mime')]
    expect(await told(...locked, '--lang', 'de'))
      .to.have.property('stderr')
      .that.contains('nicht brauchbar (Die PIN öffnet den Schlüsselspeicher nicht.)')
    expect(await told(...locked))
      .to.have.property('stderr')
      .that.contains('cannot be used (The PIN does not open the keystore.)')
    let said = ''
    const output = { write: (text: string) => void (said += text), isTerminal: false }
    const refused: unknown = await readFile(join(launcher, 'x')).catch((error: unknown) => error)
    expect(await report(refused, { out: output, err: output, lang: 'de', env: {} })).to.equal(4)
    expect(said).to.match(/^protektor: gescheitert: [^\n]*ENOTDIR[^\n]*\n$/)
  }).timeout(30_000)

  it('finds the other language of an error in the tables of findings', () => {
    const error = new ProtektorError('keystore.no-key', 'There is none.')
    expect(causeOf(error)).to.deep.equal({
      de: 'Der Schlüsselspeicher enthält keinen privaten Schlüssel mit Zertifikat.',
      en: 'There is none.',
    })
    expect(causeOf(new SchemaPackageError('hier', 'here'))).to.deep.equal({ de: 'hier', en: 'here' })
  })

  it('prints the version of the package', async () => {
    expect((await call(['--version'])).out).to.equal(`protektor ${await packageVersion()}\n`)
    expect(await packageVersion()).to.match(/^\d+\.\d+\.\d+$/)
  })

  it('takes the language from --lang, else from LC_ALL, LC_MESSAGES, LANG', () => {
    expect(languageOf({ LANG: 'de_DE.UTF-8' })).to.equal('de')
    expect(languageOf({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).to.equal('en')
    expect(languageOf({ LANG: 'den_CA' })).to.equal('en')
    expect(parseGlobal(['check', '--lang', 'de', 'a.xml'], {})).to.deep.include({ command: 'check', lang: 'de', rest: ['a.xml'] })
    expect(parseGlobal(['check', '--', '--lang', 'de'], {})).to.deep.include({ lang: 'en', rest: ['--', '--lang', 'de'] })
  })

  it('leaves -h behind a command to the command', () => {
    expect(parseGlobal(['check', '-h'], {})).to.deep.include({ command: 'check', help: false, rest: ['-h'] })
  })

  it('reads options strictly', () => {
    expect(parseCommand(['--config', 'a.yaml'], { config: { type: 'string' } }, false).values.config).to.equal('a.yaml')
    expect(() => parseCommand(['--confg', 'a.yaml'], { config: { type: 'string' } }, false)).to.throw(UsageError)
    expect(() => parseCommand(['--config'], { config: { type: 'string' } }, false)).to.throw(UsageError)
  })

  it('says what is wrong with arguments in both languages', () => {
    const options = { at: { type: 'string' }, json: { type: 'boolean', short: 'j' } } as const
    for (const [argv, de, en] of [
      [['--fast=1'], 'unbekannte Option: --fast', 'unknown option: --fast'],
      [['-x'], 'unbekannte Option: -x', 'unknown option: -x'],
      [['--at'], '--at verlangt einen Wert', '--at wants a value'],
      [['--json=yes'], '--json nimmt keinen Wert', '--json takes no value'],
      [["what's that"], "überzähliges Argument: what's that", "unexpected argument: what's that"],
      [
        ['--at', '-5'],
        '--at verlangt einen Wert; beginnt er mit einem Strich: --at=-…',
        '--at wants a value; where it begins with a dash: --at=-…',
      ],
    ] as const)
      expect(() => parseCommand(argv, options, false), argv.join(' '))
        .to.throw(UsageError)
        .that.has.deep.property('text', { de, en })
  })

  it('shows a configuration problem with file, line, key and example', () => {
    const text = renderProblems([{ key: 'a.b', file: '/x.yaml', line: 3, message: { de: 'fehlt', en: 'is missing' }, example: '1' }], 'de')
    expect(text).to.contain('/x.yaml:3').and.to.contain('a.b').and.to.contain('fehlt').and.to.contain('Beispiel: 1')
  })

  it('starts through the committed launcher, without a build', async () => {
    const { stdout } = await run(process.execPath, [launcher, '--lang', 'en', '--help'], { env: { PATH: process.env['PATH'] } })
    expect(stdout).to.equal(renderHelp('en'))
    const wrong: unknown = await run(process.execPath, [launcher, 'nonsense']).catch((error: unknown) => error)
    expect(wrong).to.include({ code: 2 })
  })

  it('sets the thread pool to the number of cores before anything uses it, and leaves a given size alone', async () => {
    const probe = `process.argv.splice(1, 0, 'probe'); require(${JSON.stringify(launcher)}); console.error('pool=' + process.env.UV_THREADPOOL_SIZE)`
    const env = { PATH: process.env['PATH'] }
    const unset = await run(process.execPath, ['-e', probe, '--', '--version'], { env })
    expect(Number(/pool=(\d+)/.exec(unset.stderr)?.[1])).to.be.greaterThan(0)
    const given = await run(process.execPath, ['-e', probe, '--', '--version'], { env: { ...env, UV_THREADPOOL_SIZE: '7' } })
    expect(given.stderr).to.contain('pool=7')
  })

  describe('a stream that nobody reads any more', () => {
    /** The program with one of its streams closed before it can have written; what it said on the other. */
    const closed = async (stream: 'stdout' | 'stderr', argv: readonly string[]): Promise<readonly [number | null, string]> => {
      const child = spawn(process.execPath, [launcher, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      child[stream].destroy()
      child[stream === 'stdout' ? 'stderr' : 'stdout'].on('data', (text) => (said += String(text)))
      const [code] = (await once(child, 'close')) as [number | null]
      return [code, said]
    }

    it('ends the program as SIGPIPE would, without a word, whatever was found', async () => {
      expect(await closed('stdout', ['check', join(dirname(launcher), '../fixtures/evil')])).to.deep.equal([141, ''])
      expect(await closed('stdout', ['-h'])).to.deep.equal([141, ''])
      expect(await closed('stderr', ['chekc'])).to.deep.equal([141, ''])
    })

    it('is told from one that cannot be written, which is a failure', async function () {
      needsLinux(this)
      const full = openSync('/dev/full', 'w')
      const child = spawn(process.execPath, [launcher, '-h'], { stdio: ['ignore', full, 'pipe'] })
      closeSync(full)
      let said = ''
      child.stderr?.on('data', (text) => (said += String(text)))
      const [code] = (await once(child, 'close')) as [number | null]
      expect(code).to.equal(4)
      expect(said).to.match(/^protektor: ENOSPC.*\n$/)
    })
  })
})
