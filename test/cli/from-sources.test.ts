// SPDX-License-Identifier: EUPL-1.2
/**
 * What the launcher keeps of the sources: made once, never stale, never broken, and done without where nothing can be kept.
 * @module
 */
import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { needsLinux } from '../needs.js'

const require = createRequire(import.meta.url)
const { programFromSources } = require('../../bin/from-sources.js') as {
  programFromSources(root: string, now?: () => number): Promise<string | undefined>
}
const { load } = require('../../bin/whole-program.js') as {
  load(file: string, command?: string): { main(): string; place: string }
}

describe('the program from sources', () => {
  let root: string
  const main = (): string => join(root, 'src', 'cli', 'main.ts')
  const made = async (): Promise<string> => {
    const program = await programFromSources(root)
    if (program === undefined) throw new Error('nothing was made')
    return program
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'protektor-sources-'))
    mkdirSync(dirname(main()), { recursive: true })
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(root, 'src', 'answer.ts'), 'export const answer: string = "one"\n')
    writeFileSync(
      main(),
      'import { answer } from "../answer.js"\nexport const place = import.meta.url\nexport const main = (): string => answer\n',
    )
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('is made once, and finds its place as the source does', async () => {
    const program = await made()
    const loaded = load(program)
    expect(loaded.main()).to.equal('one')
    expect(loaded.place).to.equal(pathToFileURL(main()).href)
    writeFileSync(join(dirname(program), 'mark'), '')
    expect(await made()).to.equal(program)
    expect(existsSync(join(dirname(program), 'mark'))).to.equal(true)
  })

  it('is another one after any change of a source', async () => {
    const before = await made()
    writeFileSync(join(root, 'src', 'answer.ts'), 'export const answer: string = "two"\n')
    const after = await made()
    expect(after).to.not.equal(before)
    expect(load(after).main()).to.equal('two')
  })

  it('is found without reading the sources as long as none of them looks different, and not a moment after a change', async () => {
    const program = await made()
    const seen = join(dirname(dirname(program)), 'seen.json')
    expect(existsSync(seen)).to.equal(false)
    const later = (): number => Date.now() + 60_000
    expect(await programFromSources(root, later)).to.equal(program)
    // whoever read the sources would not find what is noted here
    cpSync(dirname(program), join(dirname(dirname(program)), '0'.repeat(32)), { recursive: true })
    writeFileSync(seen, JSON.stringify({ ...(JSON.parse(readFileSync(seen, 'utf8')) as object), name: '0'.repeat(32) }))
    expect(await made()).to.equal(join(dirname(dirname(program)), '0'.repeat(32), 'main.cjs'))
    writeFileSync(join(root, 'src', 'answer.ts'), 'export const answer: string = "two"\n')
    expect(load(await made()).main()).to.equal('two')
  })

  it('is made again when what is kept was damaged', async () => {
    const program = await made()
    const text = readFileSync(program, 'utf8')
    writeFileSync(program, text.slice(0, 40))
    expect(await made()).to.equal(program)
    expect(readFileSync(program, 'utf8')).to.equal(text)
  })

  it('is the same for starts at the same time', async () => {
    const programs = await Promise.all([made(), made(), made()])
    expect(new Set(programs).size).to.equal(1)
    expect(load(programs[0]).main()).to.equal('one')
  })

  it('keeps few older ones', async () => {
    for (let i = 0; i < 8; i++) {
      writeFileSync(join(root, 'src', 'answer.ts'), `export const answer: string = "${i}"\n`)
      await made()
    }
    expect(readdirSync(join(root, 'node_modules', '.cache', 'protektor'))).to.have.length(5)
  })

  it('is undefined where nothing can be kept, or where the sources do not translate', async () => {
    writeFileSync(join(root, 'src', 'answer.ts'), 'export const answer: string = = "one"\n')
    expect(await programFromSources(root)).to.equal(undefined)
    rmSync(join(root, 'node_modules'), { recursive: true })
    writeFileSync(join(root, 'node_modules'), 'no folder')
    expect(await programFromSources(root)).to.equal(undefined)
  })

  describe('with the code that V8 made of it', () => {
    /** Runs the program in a process of its own. @returns what it printed: its answer, and whether code was taken over. */
    const run = (program: string, command: string, exitCode = 0): string => {
      const script = `
        const vm = require('node:vm'); const taken = []
        vm.Script = class extends vm.Script { constructor(text, how) { super(text, how); taken.push(how.cachedData !== undefined && !this.cachedDataRejected) } }
        const { main } = require(${JSON.stringify(require.resolve('../../bin/whole-program.js'))}).load(${JSON.stringify(program)}, ${JSON.stringify(command)})
        console.log(main(), taken.join()); process.exitCode = ${exitCode}`
      return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout.trim()
    }
    const codes = (program: string): string[] => readdirSync(dirname(program)).filter((name) => name.endsWith('.code'))

    it('takes it over from the second run on, by command', async () => {
      const program = await made()
      expect(run(program, 'serve')).to.equal('one false')
      expect(codes(program)).to.deep.equal(['main-serve.code'])
      expect(run(program, 'serve')).to.equal('one true')
      expect(run(program, '../check')).to.equal('one false')
      expect(codes(program)).to.deep.equal(['main-none.code', 'main-serve.code'])
    })

    it('keeps nothing of a run that failed', async () => {
      const program = await made()
      expect(run(program, 'serve', 2)).to.equal('one false')
      expect(codes(program)).to.deep.equal([])
    })

    it('takes nothing that was damaged, or made of another program', async () => {
      const program = await made()
      run(program, 'serve')
      const file = join(dirname(program), 'main-serve.code')
      const code = readFileSync(file)
      for (const damaged of [code.subarray(0, 100), Buffer.from(code).fill(0, code.length - 50), Buffer.alloc(0)]) {
        writeFileSync(file, damaged)
        expect(run(program, 'serve')).to.equal('one false')
        expect(run(program, 'serve')).to.equal('one true')
      }
      writeFileSync(program, readFileSync(program, 'utf8').replaceAll('"one"', '"two"'))
      expect(run(program, 'serve')).to.equal('two false')
    })

    it('runs without where nothing can be kept', async () => {
      const program = await made()
      mkdirSync(join(dirname(program), 'main-serve.code'))
      expect(run(program, 'serve')).to.equal('one false')
      expect(readdirSync(dirname(program)).filter((name) => /code\.\d+$/.test(name))).to.deep.equal([])
    })
  })

  it('leaves no process of the translator behind', function () {
    needsLinux(this)
    // in a process of its own: the one of the tests has a translator for itself
    const script = `
      const { readFileSync } = require('node:fs')
      const { programFromSources } = require(${JSON.stringify(require.resolve('../../bin/from-sources.js'))})
      const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim()
      programFromSources(${JSON.stringify(root)}).then(async (program) => {
        // it is told to end, and takes a moment
        for (let i = 0; i < 1000 && children() !== ''; i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
        console.log(JSON.stringify([program !== undefined, children()]))
      })`
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    expect(JSON.parse(stdout)).to.deep.equal([true, ''])
  })
})
