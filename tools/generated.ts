// SPDX-License-Identifier: EUPL-1.2
/**
 * Generated files, held to their source: written by the tool, compared with `--check`. Docs and fixtures share it.
 * @module
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

/** A set of files with one source. */
export interface Generator {
  /** For messages of the tool. */
  readonly name: string
  /** Source file without which nothing can be made; relative to the project. */
  readonly source: string
  /** Folders that hold nothing but this generator's files; whatever else lies there counts as left over. */
  readonly owns?: readonly string[]
  /** Path relative to the project → content. Must give the same bytes every time. */
  make(): Promise<ReadonlyMap<string, string | Uint8Array>>
}

export interface Difference {
  readonly path: string
  readonly why: 'missing' | 'differs' | 'left over' | 'source missing' | 'cannot be made'
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined)
}

/** What a generator would change. */
export async function compare(generator: Generator): Promise<Difference[]> {
  if (!(await readIfThere(join(ROOT, generator.source)))) return [{ path: generator.source, why: 'source missing' }]
  const wanted = await generator.make()
  const differences: Difference[] = []
  for (const [path, content] of wanted) {
    const found = await readIfThere(join(ROOT, path))
    if (!found) differences.push({ path, why: 'missing' })
    else if (!found.equals(Buffer.from(content))) differences.push({ path, why: 'differs' })
  }
  for (const folder of generator.owns ?? []) {
    for (const path of await filesUnder(folder)) if (!wanted.has(path)) differences.push({ path, why: 'left over' })
  }
  return differences
}

async function write(generator: Generator): Promise<Difference[]> {
  const differences = await compare(generator)
  const wanted = differences.some((one) => one.why === 'missing' || one.why === 'differs')
    ? await generator.make()
    : new Map<string, string>()
  for (const { path, why } of differences) {
    const content = wanted.get(path)
    if ((why !== 'missing' && why !== 'differs') || content === undefined) continue
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), content)
    console.log(`wrote ${path}`)
  }
  // Deleting is left to a person: a file nobody makes any more may be evidence.
  return differences.filter(({ why }) => why === 'left over' || why === 'source missing')
}

/**
 * Runs a tool's generators: writes, or with `--check` only compares.
 * @returns the exit code: 1 when something differs, is left over or cannot be made.
 */
export async function runGenerators(title: string, generators: readonly Generator[], argv: readonly string[]): Promise<number> {
  const checking = argv.includes('--check')
  let open = 0
  for (const generator of generators) {
    const differences = await (checking ? compare(generator) : write(generator)).catch((error: unknown): Difference[] => {
      console.error(error)
      return [{ path: generator.source, why: 'cannot be made' }]
    })
    for (const { path, why } of differences) console.error(`${title}: ${generator.name}: ${why}: ${path}`)
    open += differences.length
  }
  if (open === 0) console.log(`${title}: ${String(generators.length)} up to date`)
  else if (checking) console.error(`${title}: run "npm run ${title}" and look at the difference`)
  return open === 0 ? 0 : 1
}
