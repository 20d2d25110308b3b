// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs every measurement of this folder: `npm run bench [-- NAME…]`. A measurement is an exported function whose name begins with
 * `bench`; it measures ours and a reference in one run, so that the ratio holds on any machine.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/** What a measurement returns. `ours` and `reference` carry their unit, or the name does; `ratio` is what the goal speaks of. */
export interface BenchResult {
  readonly name: string
  readonly ours: string | number
  /** undefined: nothing to compare with on this machine. */
  readonly reference: string | number | undefined
  readonly ratio: number | undefined
  /** e.g. `≥ 0.40`, `≤ 1.5`; a number means "at most". */
  readonly goal: string | number
  /** undefined: judged by `goal` where that is a number. */
  readonly ok?: boolean | undefined
}

type Bench = () => Promise<BenchResult | readonly BenchResult[]>

const here = new URL('./', import.meta.url)

async function collect(): Promise<(readonly [string, Bench])[]> {
  const files = (await readdir(here)).filter((name) => name.endsWith('.ts') && name !== 'main.ts').sort()
  const modules = await Promise.all(files.map(async (name) => (await import(new URL(name, here).href)) as Record<string, unknown>))
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) =>
      /^bench[A-Z]/.test(name) && typeof value === 'function' ? [[name, value as Bench] as const] : [],
    ),
  )
}

function verdict(result: BenchResult): 'ok' | 'MISSED' | 'not measured' {
  const { ratio, goal } = result
  const ok = result.ok ?? (typeof goal === 'number' && ratio !== undefined ? ratio <= goal : undefined)
  return ok === undefined ? 'not measured' : ok ? 'ok' : 'MISSED'
}

const shown = (value: string | number | undefined): string => (typeof value === 'number' ? value.toFixed(2) : (value ?? '–'))

function print(results: readonly BenchResult[]): void {
  const head = ['measurement', 'ours', 'reference', 'ratio', 'goal', '']
  const rows = results.map((one) => {
    const goal = typeof one.goal === 'number' ? `≤ ${one.goal.toFixed(2)}` : one.goal
    return [one.name, shown(one.ours), shown(one.reference), shown(one.ratio), goal, verdict(one)]
  })
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of [head, ...rows])
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

async function measure(wanted: readonly string[]): Promise<number> {
  const results: BenchResult[] = []
  const known = await collect()
  const chosen = known.filter(([name]) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word.toLowerCase())))
  if (chosen.length === 0) {
    console.error(`no measurement has such a name; there are:\n${known.map(([name]) => `  ${name}`).join('\n')}`)
    return 2
  }
  for (const [name, bench] of chosen) {
    if (process.stderr.isTTY) process.stderr.write(`${name} …\n`)
    const measured = await bench()
    results.push(...(Array.isArray(measured) ? (measured as readonly BenchResult[]) : [measured as BenchResult]))
  }
  print(results)
  return results.some((one) => verdict(one) === 'MISSED') ? 1 : 0
}

/**
 * Once more in a process whose thread pool, where private keys work, is as large as `bin/protektor.js` makes it. It is too late for that
 * here: the first module was read through the pool.
 */
function measureAsLaunched(): number {
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism()) }
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env })
  return status ?? 1
}

process.exitCode = process.env.UV_THREADPOOL_SIZE ? await measure(process.argv.slice(2)) : measureAsLaunched()
