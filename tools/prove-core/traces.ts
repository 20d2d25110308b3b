// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads what the processes of a run wrote down, line by line, and holds the events of the nodes against the state machine.
 * @module
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { checkTrace, type TraceEntry, type TraceFault } from '../../src/core/trace.js'
import { BOXES, boxOf } from './boxes.js'

const CHUNK_BYTES = 1 << 20

/** Lines of a file. What a killed process could not finish is no line: it ends without a line feed. */
export function* lines(path: string): Generator<string> {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = ''
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      const parts = (rest + chunk.toString('latin1', 0, count)).split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
  } finally {
    closeSync(file)
  }
}

function* entries(path: string): Generator<TraceEntry> {
  for (const line of lines(path)) yield JSON.parse(line) as TraceEntry
}

const lifeMs = (id: string): number => boxOf(id).policy.ttlSeconds * 1000
const handover = (mailbox: string) => BOXES.find(({ address }) => address === mailbox)?.policy.handover ?? 'at-most-once'

/** An embedded core, one trace for each of its lives, in order; every life but the last was ended by a kill. */
export function checkLives(paths: readonly string[]): readonly TraceFault[] {
  return paths.flatMap((path, life) => checkTrace(entries(path), { handover, lifeMs, ended: life === paths.length - 1 }))
}

/**
 * Nodes that share a store: their events have no common order, so only what needs none is looked at: that no envelope of an at-most-once
 * mailbox was claimed twice, at whatever node, and none at or after its deadline.
 */
export function checkClaims(paths: readonly string[]): readonly TraceFault[] {
  const claimed = new Set<string>()
  const faults: TraceFault[] = []
  for (const path of paths) {
    let index = -1
    for (const entry of entries(path)) {
      index += 1
      if (entry.kind !== 'claimed') continue
      const fault = { id: entry.id, index, event: entry.kind }
      if (entry.dwellMs >= lifeMs(entry.id)) faults.push({ rule: 'late', ...fault })
      if (handover(entry.mailbox) === 'at-most-once' && claimed.has(entry.id)) faults.push({ rule: 'impossible', ...fault })
      claimed.add(entry.id)
    }
  }
  return faults
}
