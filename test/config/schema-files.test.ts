// SPDX-License-Identifier: EUPL-1.2
/**
 * Reading a schema directory from disk.
 * @module
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readSchemaContents, readSchemaDirectory } from '../../src/config/schema-files.js'

describe('schema directory', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-schemas-'))
    await mkdir(join(folder, 'a', 'b'), { recursive: true })
    await mkdir(join(folder, '.git'))
    await writeFile(join(folder, 'catalog.xml'), '<c/>')
    await writeFile(join(folder, 'a', 'b', 'deep.XSD'), '<s/>')
    await writeFile(join(folder, 'a', 'readme.md'), 'x')
    await writeFile(join(folder, '.git', 'hidden.xsd'), '<s/>')
    await symlink(join(folder, 'a', 'b', 'deep.XSD'), join(folder, 'linked.xsd'))
    await symlink(folder, join(folder, 'a', 'circle'))
    await symlink(join(folder, 'nowhere.xsd'), join(folder, 'dangling.xsd'))
  })
  after(() => rm(folder, { recursive: true }))

  it('is read with all its folders, without what is no schema and without circles', async () => {
    const files = await readSchemaDirectory(folder)
    expect([...files.keys()].sort()).to.deep.equal(['a/b/deep.XSD', 'catalog.xml', 'linked.xsd'])
    expect(new TextDecoder().decode(files.get('catalog.xml'))).to.equal('<c/>')
  })

  it('tells what it passes over, archives by name', async () => {
    await writeFile(join(folder, 'a', 'more.zip'), 'PK')
    const { files, passedOver, archives } = await readSchemaContents(folder)
    expect([files.size, archives]).to.deep.equal([3, ['a/more.zip']])
    // the archive, the readme, and the link to a folder
    expect(passedOver).to.equal(3)
  })

  it('fails with the system’s word when it is not there', async () => {
    let code: unknown
    await readSchemaDirectory(join(folder, 'none')).catch((cause: unknown) => (code = (cause as NodeJS.ErrnoException).code))
    expect(code).to.equal('ENOENT')
  })
})
