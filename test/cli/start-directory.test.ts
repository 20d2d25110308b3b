// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor start` and the directory it is given: nobody's files are removed or written over, and a damaged demo is told with what helps.
 * @module
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../src/cli/arguments.js'
import { run } from '../../src/cli/commands/start.js'

describe('directory of protektor start', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-start-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function start(...more: readonly string[]) {
    let said = ''
    const err = { isTerminal: false, write: (text: string) => ((said += text), true) }
    const io = { out: { isTerminal: false, write: () => true }, err, lang: 'en' as const, env: {} }
    const argv = ['--once', '--port', '0', '--admin-port', '0', '--directory', folder, ...more]
    const code = await run(argv, io).catch((error: unknown) => {
      if (error instanceof UsageError) return error.text.en
      throw error
    })
    return { code, said }
  }

  it('--fresh removes a demo only, and no directory of somebody else', async () => {
    await writeFile(join(folder, 'thesis.txt'), 'three years')
    expect((await start('--fresh')).code).to.match(/holds no demo: --fresh does not remove it/)
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).to.equal('three years')
  })

  it('writes over no configuration but its own', async () => {
    await writeFile(join(folder, 'gateway.yaml'), 'core: { memory: {} }\n')
    for (const more of [[], ['--fresh']]) expect((await start(...more)).code).to.match(/gateway\.yaml is not the demo's/)
    expect(await readFile(join(folder, 'gateway.yaml'), 'utf8')).to.equal('core: { memory: {} }\n')
  })

  it('tells of a damaged demo in a line, and of --fresh', async () => {
    await writeFile(join(folder, 'gateway.yaml'), "# Demo of Protektor: throwaway keys, nobody's registers.\n")
    await mkdir(join(folder, 'keys'))
    await writeFile(join(folder, 'keys', 'portal-1.private.json'), '{')
    await writeFile(join(folder, 'keys', 'pin'), 'pin\n')
    const { code, said } = await start()
    expect(code).to.equal(4)
    expect(said).to.match(/^protektor: .*the directory of the demo cannot be used; --fresh makes it anew.*\n$/)
  })
})
