// SPDX-License-Identifier: EUPL-1.2
/**
 * Processes of a measurement: `serve` as it is started anywhere, the Java peer, our own ends. Each is ended by its own id.
 * @module
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PEER = fileURLToPath(new URL('../../../../shared/peer/', import.meta.url))
/** Exit code of the peer's scripts where something that they need is missing. */
const ABSENT = 3
const READY_MS = 30_000
const END_MS = 10_000
/** Of Linux, on every machine that Node runs on. */
const TICKS_PER_SECOND = 100

export interface Running {
  readonly child: ChildProcess
  end(): Promise<void>
}

export function running(child: ChildProcess): Running {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    child,
    async end() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await ended
      clearTimeout(late)
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** `protektor serve`, ready. `PROTEKTOR_BENCH_NODE`: more options for its Node, e.g. `--cpu-prof`. */
export async function serve(configFile: string, adminPort: number): Promise<Running> {
  const options = (process.env['PROTEKTOR_BENCH_NODE'] ?? '').split(' ').filter(Boolean)
  const launcher = join(ROOT, 'bin', 'protektor.js')
  const gateway = running(spawn(process.execPath, [...options, launcher, 'serve', '--config', configFile], { stdio: 'ignore' }))
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline && gateway.child.exitCode === null) {
    const reply = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined)
    if (reply?.status === 200) return gateway
    await pause(50)
  }
  await gateway.end()
  throw new Error(`serve was not ready: exit code ${gateway.child.exitCode ?? '–'}`)
}

/** One of our ends as a process of its own, translated beforehand as `serve` from sources is. Speaks over IPC. */
export async function end(name: 'client' | 'register', args: readonly string[]): Promise<Running> {
  const outdir = join(ROOT, 'node_modules', '.cache', 'protektor-bench-ends')
  mkdirSync(outdir, { recursive: true })
  await build({
    absWorkingDir: ROOT,
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  await stop()
  return running(fork(join(outdir, `${name}.mjs`), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }))
}

/** The child's next message; its end is an error. */
export function said<T>({ child }: Running, withinMs = READY_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      settle()
    }
    const onMessage = (message: unknown): void => done(() => resolve(message as T))
    const onExit = (): void => done(() => reject(new Error('a process of the measurement ended early')))
    const timer = setTimeout(() => done(() => reject(new Error('a process of the measurement says nothing'))), withinMs)
    child.on('message', onMessage).on('exit', onExit)
  })
}

/** A command of the peer. @returns its last line of JSON, or why there is none. */
export async function peerSays<T>(script: 'run.sh' | 'pki.sh', args: readonly string[], withinMs: number): Promise<T | string> {
  if (!existsSync(join(PEER, script))) return 'peer absent'
  const one = running(spawn(join(PEER, script), args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  let out = ''
  let problem = ''
  one.child.stdout?.on('data', (piece: Buffer) => (out = (out + piece.toString('utf8')).slice(-10_000)))
  one.child.stderr?.on('data', (piece: Buffer) => (problem = (problem + piece.toString('utf8')).slice(0, 300)))
  const late = setTimeout(() => one.child.kill('SIGKILL'), withinMs)
  const code = await new Promise<number | null>((resolve) => one.child.once('close', resolve))
  clearTimeout(late)
  if (code === ABSENT) return problem.trim()
  if (code !== 0) return `peer failed: ${problem.trim()}`
  const line = out.trim().split('\n').at(-1) ?? ''
  return (line.startsWith('{') ? JSON.parse(line) : {}) as T
}

/** A server of the peer, once it has printed its address. */
export async function peerServer(kind: 'intermediary' | 'passive', pki: string): Promise<Running & { readonly url: string }> {
  const server = running(spawn(join(PEER, 'run.sh'), [kind, '0', '--pki', pki, '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] }))
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    server.child.stdout?.on('data', (piece: Buffer) => {
      text = (text + piece.toString('utf8')).slice(0, 4096)
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
      if (found) resolve(found[0])
    })
    server.child.once('close', () => reject(new Error(`the peer's ${kind} ended`)))
  })
  return { ...server, url }
}

/** Milliseconds of processor time that a process has used, all its threads, user and system; NaN where there is no /proc. */
export function processorMs({ child }: Running): number {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
    // the name may hold blanks and brackets: fields are counted after it, the first one is state (3)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  } catch {
    return Number.NaN
  }
}
