// SPDX-License-Identifier: EUPL-1.2
/**
 * What the notes of all processes and the outcomes say together. Pure: a forged note is found like a real fault.
 * @module
 */
import type { Outcome } from '../../src/core/ports.js'
import type { PutNote, TakeNote } from './boxes.js'
import { boxOf } from './boxes.js'

/** Everything that was seen in a run. */
export interface Evidence {
  readonly puts: Iterable<PutNote>
  readonly takes: Iterable<TakeNote>
  /** Asked of the core when everything was over. */
  readonly outcomes: ReadonlyMap<string, Outcome | undefined>
}

export type FaultRule =
  /** An at-most-once mailbox gave an envelope to two takers, or twice to one. */
  | 'twice'
  /** Accepted, and the core does not say what became of it, or says that it still waits. */
  | 'no-outcome'
  /** The sender was told something else before. */
  | 'changed'
  /** The outcome cannot be what happened: `expired` and yet handed out, `delivered` and yet never confirmed … */
  | 'untrue'
  /** Somebody got an envelope that nobody put. */
  | 'never-put'

export interface Fault {
  readonly rule: FaultRule
  readonly id: string
}

export interface Verdict {
  readonly accepted: number
  /** Puts whose answer was lost with a node: the sender does not know, so anything may have become of them. */
  readonly unanswered: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Envelopes that some taker wrote down, by kind of mailbox; `again`: leased, and handed out more than once under the same id. */
  readonly handedOut: { readonly atMostOnce: number; readonly leased: number; readonly again: number }
  /** `delivered` to the socket of a taker that was killed before it wrote anything down. */
  readonly diedWithTaker: number
  /** Outcomes that senders were told during the run. */
  readonly told: number
  readonly faults: readonly Fault[]
}

interface Seen {
  received: number
  confirmed: boolean
  refused: boolean
}

const NOTHING: Seen = { received: 0, confirmed: false, refused: false }

/** Can this have happened? What a killed process did not write down may have happened; what was written down has. */
const POSSIBLE: Readonly<Record<Outcome, (seen: Seen, leases: boolean) => boolean>> = {
  waiting: () => true,
  unknown: () => true,
  delivered: (seen, leases) => !leases || seen.confirmed,
  expired: (seen) => seen.received === 0,
  // by its taker, or by a node that found its taker gone before the first byte
  refused: (seen) => seen.refused || seen.received === 0,
}

export function judge({ puts, takes, outcomes }: Evidence): Verdict {
  const seen = new Map<string, Seen>()
  for (const [kind, id] of takes) {
    const one = seen.get(id) ?? { ...NOTHING }
    seen.set(id, one)
    if (kind === 'r') one.received += 1
    if (kind === 'c') one.confirmed = true
    if (kind === 'd') one.refused = true
  }
  const counts = { waiting: 0, delivered: 0, expired: 0, refused: 0, unknown: 0 }
  const handedOut = { atMostOnce: 0, leased: 0, again: 0 }
  const faults: Fault[] = []
  const put = new Set<string>()
  let [accepted, unanswered, diedWithTaker, told] = [0, 0, 0, 0]
  for (const [kind, id, outcome] of puts) {
    if (kind === 'o') {
      told += 1
      if (outcomes.get(id) !== outcome) faults.push({ rule: 'changed', id })
      continue
    }
    put.add(id)
    const known = outcomes.get(id)
    if (kind === 'x') unanswered += 1
    else {
      accepted += 1
      if (known === undefined || known === 'waiting') faults.push({ rule: 'no-outcome', id })
    }
    if (known === undefined) continue
    counts[known] += kind === 'a' ? 1 : 0
    const leases = boxOf(id).policy.handover === 'lease-and-confirm'
    if (!POSSIBLE[known](seen.get(id) ?? NOTHING, leases)) faults.push({ rule: 'untrue', id })
    if (known === 'delivered' && !seen.has(id)) diedWithTaker += 1
  }
  for (const [id, { received }] of seen) {
    if (!put.has(id)) faults.push({ rule: 'never-put', id })
    const leases = boxOf(id).policy.handover === 'lease-and-confirm'
    handedOut[leases ? 'leased' : 'atMostOnce'] += 1
    if (received > 1 && leases) handedOut.again += 1
    if (received > 1 && !leases) faults.push({ rule: 'twice', id })
  }
  return { accepted, unanswered, outcomes: counts, handedOut, diedWithTaker, told, faults }
}
