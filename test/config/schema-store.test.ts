// SPDX-License-Identifier: EUPL-1.2
/**
 * The schema store on disk: whole or not at all, and never read when it is no longer what was added.
 * @module
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { sumOfFiles } from '../../src/config/schema-files.js'
import { SchemaPackageError } from '../../src/config/schema-problem.js'
import { isStore, mayBeStore, readSchemaSets, readStore, writeManifest, writeSet, type SetManifest } from '../../src/config/schema-store.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const FILES = new Map([
  ['a.xsd', bytes('<a/>')],
  ['b/c.xsd', bytes('<c/>')],
])
const SUM = sumOfFiles(FILES)
const MANIFEST: SetManifest = {
  format: 1,
  sha256: SUM,
  packages: ['muster.zip'],
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: '1',
  validFrom: '2026-01-01',
  standards: [
    { namespace: 'urn:part', entry: 'b/c.xsd', roots: ['c'], imported: true, content: SUM },
    { namespace: 'urn:a', standard: 'XMuster', version: '1.0', entry: 'a.xsd', roots: ['a'], imported: false, content: SUM },
  ],
  codeLists: [],
  files: [],
}

describe('schema store', () => {
  let folder: string
  let store: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'protektor-store-'))
    store = join(folder, 'store')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const refusalOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work
    } catch (error) {
      if (error instanceof SchemaPackageError) return error.text.en
      throw error
    }
    return 'went through'
  }

  it('gives back what was put in, with what is known of it', async () => {
    await writeSet(store, MANIFEST, FILES)
    const [set, ...others] = await readSchemaSets(store)
    expect(others).to.deep.equal([])
    expect([...(set?.files ?? [])].map(([path, content]) => [path, new TextDecoder().decode(content)])).to.deep.equal([
      ['a.xsd', '<a/>'],
      ['b/c.xsd', '<c/>'],
    ])
    expect([set?.name, set?.version, set?.sha256, set?.validFrom, set?.validUntil]).to.deep.equal([
      'XMuster',
      '1.0',
      SUM,
      '2026-01-01',
      undefined,
    ])
    expect([...(set?.namespaces ?? [])]).to.deep.equal(['urn:part', 'urn:a'])
    // everybody may read, nobody else may write
    expect(statSync(join(store, 'sets', SUM)).mode & 0o777).to.equal(0o755)
  })

  it('a directory that is no store is one set', async () => {
    mkdirSync(join(folder, 'plain'))
    writeFileSync(join(folder, 'plain', 'a.xsd'), '<a/>')
    const [set] = await readSchemaSets(join(folder, 'plain'))
    expect([set?.name, set?.version, set?.files.size, set?.namespaces]).to.deep.equal(['plain', null, 1, undefined])
  })

  it('a set that cannot be written whole is not there', async () => {
    const impossible = new Map([...FILES, ['a.xsd/b.xsd', bytes('<b/>')]])
    let code: unknown
    await writeSet(store, MANIFEST, impossible).catch((cause: unknown) => (code = (cause as NodeJS.ErrnoException).code))
    expect(code).to.be.oneOf(['ENOTDIR', 'EEXIST'])
    expect(readdirSync(store)).to.deep.equal(['schemas-store.json', 'sets'])
    expect(readdirSync(join(store, 'sets'))).to.deep.equal([])
  })

  it('what an interrupted add left is told and not read', async () => {
    await writeSet(store, MANIFEST, FILES)
    mkdirSync(join(store, '.adding-x'))
    const { sets, remains } = await readStore(store)
    expect(sets.length).to.equal(1)
    expect(remains).to.deep.equal([join(store, '.adding-x')])
  })

  it('a set that was changed judges nothing, and adding it again mends it', async () => {
    await writeSet(store, MANIFEST, FILES)
    const changed = join(store, 'sets', SUM, 'files', 'a.xsd')
    chmodSync(changed, 0o644)
    writeFileSync(changed, '<a><any/></a>')
    expect(await refusalOf(readSchemaSets(store))).to.match(/is no longer what was added.*schemas verify/)
    await writeSet(store, MANIFEST, FILES)
    expect(await refusalOf(readSchemaSets(store))).to.equal('went through')
  })

  it('a set whose description is damaged judges nothing, the others can be looked at', async () => {
    await writeSet(store, MANIFEST, FILES)
    const other = new Map([['x.xsd', bytes('<x/>')]])
    await writeSet(store, { ...MANIFEST, sha256: sumOfFiles(other) }, other)
    for (const [content, says] of [
      ['{', /damaged.*JSON/s],
      ['{}', /damaged.*format/s],
    ] as const) {
      writeFileSync(join(store, 'sets', SUM, 'set.json'), content)
      expect(await refusalOf(readSchemaSets(store))).to.match(says)
      const { sets, damaged } = await readStore(store)
      expect([sets.length, damaged.length]).to.deep.equal([1, 1])
    }
  })

  it('a set whose files cannot be read is damaged, with the cause; the others can be looked at', async () => {
    await writeSet(store, MANIFEST, FILES)
    const other = new Map([['x.xsd', bytes('<x/>')]])
    await writeSet(store, { ...MANIFEST, sha256: sumOfFiles(other) }, other)
    rmSync(join(store, 'sets', SUM, 'files'), { recursive: true })
    writeFileSync(join(store, 'sets', SUM, 'files'), 'no folder')
    const { sets, damaged } = await readStore(store)
    expect(sets.length).to.equal(1)
    expect(
      damaged.map(({ text, cause }) => [/files: cannot be read \(ENOTDIR/.test(text.en), (cause as NodeJS.ErrnoException).code]),
    ).to.deep.equal([[true, 'ENOTDIR']])
    expect(await refusalOf(readSchemaSets(store))).to.match(/cannot be read/)
    // adding it again mends it
    await writeSet(store, MANIFEST, FILES)
    expect((await readStore(store)).damaged).to.deep.equal([])
  })

  it('new dates replace the old ones in one step', async () => {
    await writeSet(store, MANIFEST, FILES)
    await writeManifest(join(store, 'sets', SUM), { ...MANIFEST, validUntil: '2026-06-30' })
    expect(JSON.parse(readFileSync(join(store, 'sets', SUM, 'set.json'), 'utf8'))).to.include({ validUntil: '2026-06-30' })
    expect(readdirSync(join(store, 'sets', SUM)).sort()).to.deep.equal(['files', 'set.json'])
  })

  it('takes no directory that belongs to somebody else', async () => {
    mkdirSync(store)
    writeFileSync(join(store, 'letter.txt'), 'x')
    expect(await refusalOf(mayBeStore(store))).to.match(/no schema store and not empty/)
    expect(await refusalOf(writeSet(store, MANIFEST, FILES))).to.match(/no schema store and not empty/)
    expect(await refusalOf(readStore(store))).to.match(/is no schema store/)
    expect(await isStore(store)).to.equal(false)
    expect(readdirSync(store)).to.deep.equal(['letter.txt'])
  })
})
