// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor serve` where nobody reads what it says, or where that finds no room: it serves, and ends in order when it is asked to.
 */
import { expect } from 'chai'
import { spawn, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lineOutput } from '../../src/gateway/adapters/line-output.js'
import { freePort } from '../free-port.js'
import { until } from '../until.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))
/** A disk without room, as Linux has it. */
const full = (): number => openSync('/dev/full', 'w')

describe('serve, and who reads what it says', function () {
  this.timeout(60_000)
  let folder: string
  let child: ChildProcess | undefined
  let url: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-streams-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    await writeFile(join(folder, 'gateway.yaml'), `listen: { public: '127.0.0.1:${port}', admin: '127.0.0.1:0' }\n`)
  })
  afterEach(async () => {
    child?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  const start = async (stdout: number | 'pipe', stderr: number | 'pipe'): Promise<ChildProcess> => {
    const started = spawn(process.execPath, [LAUNCHER, 'serve', '--config', join(folder, 'gateway.yaml')], {
      stdio: ['ignore', stdout, stderr],
    })
    child = started
    await until(async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true, 'it is up')
    return started
  }
  /** Each call is a line of the log. */
  const checkOnce = async (): Promise<number> => {
    const form = new FormData()
    form.append('file', new Blob(['<a/>']), 'a.xml')
    return (await fetch(`${url}/v1/check`, { method: 'POST', body: form })).status
  }
  const endOf = (one: ChildProcess): Promise<number | string | null> => {
    const ended = new Promise<number | string | null>((resolve) => one.once('exit', (code, signal) => resolve(code ?? signal)))
    one.kill('SIGTERM')
    return ended
  }

  it('a full disk under the log costs lines, neither calls nor the end in order', async () => {
    const serving = await start(full(), full())
    for (let call = 0; call < 3; call++) expect(await checkOnce()).to.equal(200)
    expect(await endOf(serving)).to.equal(0)
  })

  it('readers that have gone cost lines, neither calls nor the end in order', async () => {
    const serving = await start('pipe', 'pipe')
    serving.stdout?.destroy()
    serving.stderr?.destroy()
    for (let call = 0; call < 3; call++) expect(await checkOnce()).to.equal(200)
    expect(await endOf(serving)).to.equal(0)
  })

  it('of lines that wait only so many are kept; the loss is told with the first that is written again', async () => {
    const reader = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    child = reader
    const pipe = (reader.stdin as unknown as { readonly _handle: { readonly fd: number } })._handle.fd
    let lost = 0
    let read = ''
    reader.stdout.on('data', (text: Buffer) => (read += text.toString()))
    const output = lineOutput(pipe, (bytes) => (lost += bytes), 100)
    for (let line = 0; line < 20; line++) output.write(`line ${line}\n`)
    await until(() => lost > 0, 'the loss is told')
    output.write('later\n')
    await until(() => read.endsWith('later\n'), 'lines are written again')
    expect(read.length - 'later\n'.length + lost).to.equal(Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join('').length)
    expect(read).to.match(/^line 0\nline 1\n/)
  })
})
