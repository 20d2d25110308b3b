// SPDX-License-Identifier: EUPL-1.2
/** Module hooks: patches sources as they are read, before anything translates them. Every edit must stand exactly once. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

let patches = new Map()

/** @param {{ patches: [url: string, edits: { find: string, replace: string }[]][] }} data */
export function initialize(data) {
  patches = new Map(data.patches)
}

export async function load(url, context, next) {
  const file = url.replace(/\?.*$/, '')
  const edits = patches.get(file)
  if (edits === undefined) return next(url, context)
  let source = readFileSync(fileURLToPath(file), 'utf8')
  for (const { find, replace } of edits) {
    if (source.split(find).length !== 2) throw new Error(`stands not exactly once in ${file}: ${find}`)
    source = source.replace(find, () => replace)
  }
  return { format: 'module', source, shortCircuit: true }
}
