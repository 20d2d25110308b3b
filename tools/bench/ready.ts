// SPDX-License-Identifier: EUPL-1.2
/**
 * From the start of `protektor serve` to the first 200 of `/readyz`, with the demo's configuration (own keys of RSA-3072 in PKCS#12).
 * Measured as it is installed (compiled, as the package ships it) and as it runs from a working copy (sources,
 * translated at the first start, which is not counted, and kept).
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDemo } from '../../src/cli/compose/demo-kit.js'
import type { BenchResult } from './main.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STARTS = 5
const POLL_MS = 5
const MAX_MS = 15_000
const GOAL_MS = 1000

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const isReady = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1000) }).then(
    async (reply) => {
      await reply.arrayBuffer()
      return reply.status === 200
    },
    () => false,
  )

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(late)
}

/** Milliseconds of one start. @throws {Error} it ended, or was not ready in time. */
async function start(launcher: string, configFile: string, adminPort: number): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, [launcher, 'serve', '--config', configFile], { stdio: 'ignore' })
  try {
    while (performance.now() - began < MAX_MS) {
      if (await isReady(`http://127.0.0.1:${adminPort}/readyz`)) return performance.now() - began
      if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`)
      await pause(POLL_MS)
    }
    throw new Error('serve was not ready in time')
  } finally {
    await end(child)
  }
}

/** How long an empty Node takes on this machine: what no program can be faster than. */
function emptyStart(): number {
  const began = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - began
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function ready(name: string, launcher: string): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const [publicPort, adminPort] = await Promise.all([freePort(), freePort()])
    const { configFile } = await openDemo(directory, { publicPort, adminPort })
    // the first start makes the gateway's own key and fills caches
    await start(launcher, configFile, adminPort)
    const ours: number[] = []
    const empty: number[] = []
    for (let round = 0; round < STARTS; round++) {
      ours.push(await start(launcher, configFile, adminPort))
      empty.push(emptyStart())
    }
    const took = median(ours)
    return {
      name: `serve ready, ${name}, ms (reference: an empty Node)`,
      ours: `${took.toFixed(0)} (${Math.min(...ours).toFixed(0)} to ${Math.max(...ours).toFixed(0)})`,
      reference: median(empty).toFixed(0),
      ratio: took / median(empty),
      goal: `≤ ${GOAL_MS} ms`,
      ok: took <= GOAL_MS,
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The package as it is shipped, compiled into a folder of its own: a `dist/` in the working copy would change what everybody runs. */
function compiled(): string {
  const folder = join(ROOT, 'node_modules', '.cache', 'protektor-bench')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const run = spawnSync(
    process.execPath,
    [compiler, '-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', join(folder, 'dist')],
    {
      encoding: 'utf8',
    },
  )
  if (!existsSync(join(folder, 'dist', 'src', 'cli', 'main.js'))) throw new Error(`the build failed: ${run.stdout.slice(0, 500)}`)
  const bundle = ['--import', import.meta.resolve('tsx'), join(ROOT, 'tools', 'bundle.ts'), join(folder, 'dist')]
  const bundled = spawnSync(process.execPath, bundle, { encoding: 'utf8' })
  if (bundled.status !== 0) throw new Error(`the bundle failed: ${bundled.stderr.slice(0, 500)}`)
  for (const name of ['bin', 'schemas', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  return join(folder, 'bin', 'protektor.js')
}

export const benchReadyInstalled = (): Promise<BenchResult> => ready('as installed', compiled())

/** Undefined verdict where a `dist/` lies about: the launcher would take it. */
export async function benchReadySources(): Promise<BenchResult> {
  const name = 'from sources'
  if (existsSync(join(ROOT, 'dist')))
    return { name: `serve ready, ${name} (there is a dist/)`, ours: '–', reference: undefined, ratio: undefined, goal: `≤ ${GOAL_MS} ms` }
  return ready(name, join(ROOT, 'bin', 'protektor.js'))
}
