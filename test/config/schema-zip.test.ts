// SPDX-License-Identifier: EUPL-1.2
/**
 * Schema packages as zip files: what belongs in, and what is refused as a whole.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { SchemaPackageError } from '../../src/config/schema-problem.js'
import { readSchemaZip } from '../../src/config/schema-zip.js'
import { plainZip, zipOf, type ZipEntry } from './zip-maker.js'

const honest: ZipEntry = { name: 'a/a.xsd', content: '<a/>' }

describe('schema package as a zip file', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'protektor-zip-'))))
  after(() => rmSync(folder, { recursive: true }))

  const read = async (bytes: Uint8Array) => {
    const file = join(folder, 'package.zip')
    writeFileSync(file, bytes)
    return readSchemaZip(file)
  }
  const refusalOf = async (bytes: Uint8Array): Promise<string> => {
    try {
      await read(bytes)
    } catch (error) {
      if (error instanceof SchemaPackageError) return error.text.en
      throw error
    }
    return 'was read'
  }

  it('yields what may belong to a set, and counts the rest', async () => {
    const { files, passedOver, archives } = await read(
      plainZip({
        'Übersicht/a.xsd': '<ä/>',
        'b.XML': '<b/>',
        'c.pdf': '%PDF',
        '__MACOSX/a.xsd': 'x',
        '.git/d.xsd': 'x',
        'inner.zip': 'PK',
        'f/': '',
      }),
    )
    expect([...files.keys()]).to.deep.equal(['Übersicht/a.xsd', 'b.XML'])
    expect(new TextDecoder().decode(files.get('Übersicht/a.xsd'))).to.equal('<ä/>')
    expect(passedOver).to.equal(4)
    expect(archives).to.deep.equal(['inner.zip'])
  })

  it('reads names as file systems do: ./a//b.xsd is a/b.xsd', async () => {
    const { files } = await read(plainZip({ './': '', './a//b.xsd': '<b/>', 'a/./c.xsd': '<c/>' }))
    expect([...files.keys()]).to.deep.equal(['a/b.xsd', 'a/c.xsd'])
    expect(await refusalOf(zipOf([honest, { name: 'a//a.xsd', content: 'x' }]))).to.match(/a\/a\.xsd stands twice/)
  })

  const REFUSED: Readonly<Record<string, { readonly bytes: () => Uint8Array; readonly says: RegExp }>> = {
    'no zip file': { bytes: () => Buffer.from('<xs:schema/>'), says: /cannot be read as a zip archive/ },
    'an empty file': { bytes: () => Buffer.alloc(0), says: /cannot be read as a zip archive/ },
    'an archive that ends early': { bytes: () => plainZip({ 'a.xsd': '<a/>' }).subarray(0, -30), says: /cannot be read as a zip archive/ },
    'a name that leads out': { bytes: () => zipOf([honest, { name: '../b.xsd', content: 'x' }]), says: /relative path.*\.\.\/b\.xsd/ },
    'a name that leads out with backslashes': { bytes: () => zipOf([{ name: 'a\\..\\..\\b.xsd', content: 'x' }]), says: /relative path/ },
    'an absolute name': { bytes: () => zipOf([{ name: '/etc/b.xsd', content: 'x' }]), says: /absolute path/ },
    'a drive': { bytes: () => zipOf([{ name: 'C:\\b.xsd', content: 'x' }]), says: /absolute path/ },
    'a link': { bytes: () => zipOf([honest, { name: 'b.xsd', content: '/etc/passwd', mode: 0o120777 }]), says: /b\.xsd is a link/ },
    'a repeated name': { bytes: () => zipOf([honest, honest]), says: /a\/a\.xsd stands twice/ },
    'a name with control characters': { bytes: () => zipOf([{ name: 'a\0.xsd', content: 'x' }]), says: /no file system takes/ },
    'a name without end': { bytes: () => zipOf([{ name: `${'ä'.repeat(128)}.xsd`, content: 'x' }]), says: /no file system takes/ },
    'a file that is a folder, too': {
      bytes: () =>
        zipOf([
          { name: 'a.xsd/b/c.xsd', content: 'x' },
          { name: 'a.xsd', content: 'x' },
        ]),
      says: /a\.xsd is a file and a folder/,
    },
    'an encrypted entry': { bytes: () => zipOf([{ ...honest, encrypted: true }]), says: /encrypted/ },
    'a wrong checksum': { bytes: () => zipOf([{ ...honest, crc: 1 }]), says: /a\/a\.xsd: checksum/ },
    'a single bomb': { bytes: () => zipOf([{ ...honest, announcedBytes: 65 * 1024 * 1024 }]), says: /too large when unpacked \(a\/a\.xsd/ },
    'many that add up to a bomb': {
      bytes: () => zipOf([1, 2, 3, 4, 5].map((n) => ({ name: `${n}.xsd`, content: '<a/>', announcedBytes: 60 * 1024 * 1024 }))),
      says: /too large when unpacked/,
    },
    'a bomb that announces little': {
      bytes: () => zipOf([{ ...honest, content: Buffer.alloc(8 * 1024 * 1024), announcedBytes: 10 }]),
      says: /too many bytes/,
    },
    'an entry that holds less than announced': { bytes: () => zipOf([{ ...honest, announcedBytes: 100 }]), says: /not enough bytes/ },
    'more entries than anybody reads': {
      bytes: () => zipOf([honest], 20_001),
      says: /more than 20000 entries/,
    },
  }
  for (const [what, { bytes, says }] of Object.entries(REFUSED))
    it(`refuses ${what}`, async () => {
      expect(await refusalOf(bytes())).to.match(says)
    })
})
