// SPDX-License-Identifier: EUPL-1.2
/**
 * One process per `dataDirectory`: a second one leaves everything as it is, a killed one stands in nobody's way.
 */
import { expect } from 'chai'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../src/cli/arguments.js'
import { run as startDemo } from '../../src/cli/commands/start.js'
import { claimDataDirectory } from '../../src/cli/compose/data-directory.js'
import { DEMO_DATA, DEMO_MARK } from '../../src/cli/compose/demo-directory.js'
import { ConfigError } from '../../src/errors.js'
import { until } from '../until.js'
import { recorded } from './recorded.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

describe('data directory', function () {
  this.timeout(60_000)
  let folder: string
  let children: ChildProcess[]
  const said = new Map<ChildProcess, string>()

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-data-'))
    const listen = "listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }"
    await writeFile(join(folder, 'gateway.yaml'), `${DEMO_MARK}\n${listen}\ndataDirectory: ./${DEMO_DATA}\n`)
    children = []
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  const serve = (lang: string): ChildProcess => {
    const child = spawn(process.execPath, [LAUNCHER, 'serve', '--lang', lang, '--config', join(folder, 'gateway.yaml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.push(child)
    said.set(child, '')
    child.stderr?.on('data', (text: Buffer) => said.set(child, said.get(child) + text.toString()))
    return child
  }
  const up = (child: ChildProcess) => until(() => /^admin: /m.test(said.get(child) ?? ''), 'it is up')
  const data = (name: string): string => readFileSync(join(folder, 'data', name), 'utf8')

  it('is refused to a second process, which touches nothing; free again when the first was killed', async () => {
    const first = serve('en')
    await up(first)
    const before = [data('PROCESS'), data('outcomes/RUN')]

    const second = serve('de')
    expect(await once(second, 'close')).to.deep.equal([2, null])
    expect(said.get(second)).to.contain('dataDirectory').and.to.contain(`der Prozess ${first.pid} arbeitet damit`)
    const demo = await startDemo(['--fresh', '--port', '0', '--admin-port', '0', '--directory', folder], recorded().io).catch(
      (error: unknown) => error,
    )
    expect(demo).to.be.instanceOf(UsageError)
    expect(String(demo)).to.contain(`a demo runs with ${folder} already (process ${first.pid})`)
    expect([data('PROCESS'), data('outcomes/RUN')]).to.deep.equal(before)

    first.kill('SIGKILL')
    await once(first, 'close')
    const third = serve('en')
    await up(third)
    third.kill('SIGTERM')
    expect(await once(third, 'close')).to.deep.equal([0, null])
    expect(() => data('PROCESS')).to.throw('ENOENT')
  })

  it('is given back, and the process ends, also where a store in it cannot be written to its end', async () => {
    const child = serve('en')
    await up(child)
    // as a disk that has become read-only
    await rm(join(folder, 'data', 'outcomes', 'RUN'))
    await mkdir(join(folder, 'data', 'outcomes', 'RUN'))
    child.kill('SIGTERM')
    expect(await once(child, 'close')).to.deep.equal([4, null])
    expect(said.get(child)).to.contain('outcomes/RUN')
    expect(() => data('PROCESS')).to.throw('ENOENT')
  })

  it('is named, and the configuration is wrong, where nothing can be kept in it', async () => {
    const file = join(folder, 'gateway.yaml')
    const withDirectory = join(folder, 'marked')
    await mkdir(join(withDirectory, 'PROCESS'), { recursive: true })
    // what the system says of /proc, where folders are and nothing can be made, used to keep Node busy for ever
    for (const [path, code] of [
      [file, 'EEXIST'],
      [join(file, 'below'), 'EEXIST'],
      ['/proc/data/of', 'ENOENT'],
      [withDirectory, 'EISDIR'],
    ] as const) {
      const refused: unknown = await claimDataDirectory(path).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key, file: named, message }) => [key, named, message.en])).to.deep.equal([
        ['dataDirectory', path, `the directory cannot be used (${code})`],
      ])
    }
  })

  it('counts a mark of another start, and one that is none, for nothing', async () => {
    await (
      await claimDataDirectory(folder)
    )()
    for (const mark of [`${process.ppid} 1 another-run`, '', 'nothing']) {
      await writeFile(join(folder, 'PROCESS'), mark)
      const release = await claimDataDirectory(folder)
      expect(readFileSync(join(folder, 'PROCESS'), 'utf8')).to.match(new RegExp(`^${process.pid} \\d+ `))
      await release()
    }
  })
})
