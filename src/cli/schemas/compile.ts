// SPDX-License-Identifier: EUPL-1.2
/**
 * Compiles schema sources with the engine that will judge with them, one after the other.
 * @module
 */
import { ProtektorError } from '../../errors.js'
import { startValidator, type SchemaSource } from '../../xml/schema.js'
import { startWorker } from '../commands/start-worker.js'
import type { Io } from '../io.js'

/** A source that the engine refuses, and its words. */
export interface NotCompiled {
  readonly source: SchemaSource
  readonly detail: string
}

async function refusalOf(source: SchemaSource): Promise<string | undefined> {
  try {
    const validator = await startValidator(source, { workers: 1, startWorker })
    await validator.close()
    return undefined
  } catch (cause) {
    if (cause instanceof ProtektorError && cause.finding === 'xoev-schema.set-broken') return cause.detail ?? cause.message
    throw cause
  }
}

/** @returns what does not compile; nothing: all is well. */
export async function compileAll(sources: readonly SchemaSource[], io: Io): Promise<NotCompiled[]> {
  const refused: NotCompiled[] = []
  for (const [index, source] of sources.entries()) {
    if (io.err.isTerminal) io.err.write(`\r${index + 1}/${sources.length}\x1b[K`)
    const detail = await refusalOf(source)
    if (detail !== undefined) refused.push({ source, detail })
  }
  if (io.err.isTerminal) io.err.write('\r\x1b[K')
  return refused
}
