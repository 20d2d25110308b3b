// SPDX-License-Identifier: EUPL-1.2
/**
 * What the launcher keeps of the sources: made once, never stale, never broken, and done without where nothing can be kept.
 * @module
 */
import { expect } from 'chai'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { programFromSources } = createRequire(import.meta.url)('../../bin/from-sources.js') as {
  programFromSources(root: string): Promise<string | undefined>
}

describe('the program from sources', () => {
  let root: string
  const main = (): string => join(root, 'src', 'cli', 'main.ts')
  const made = async (): Promise<string> => {
    const program = await programFromSources(root)
    if (program === undefined) throw new Error('nothing was made')
    return program
  }
  const load = async (program: string) => (await import(pathToFileURL(program).href)) as { main(): string; place: string }

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
    const loaded = await load(program)
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
    expect((await load(after)).main()).to.equal('two')
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
    expect((await load(programs[0])).main()).to.equal('one')
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
})
