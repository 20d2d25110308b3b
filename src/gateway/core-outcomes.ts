// SPDX-License-Identifier: EUPL-1.2
/**
 * Outcome records as the outside sees them: settled ones signed by the core, each naming the record before it, so that a gap shows.
 * Specs: product.md, "The core" (outcome); docs/envelope.md §8.
 * @module
 */
import { CompactSign } from 'jose'
import { outcomePayload } from '../core/chain.js'
import type { OutcomeJournal, OutcomeRecord } from '../core/ports.js'
import type { SigningKey } from '../envelope/keys.js'

export const OUTCOME_TYPE = 'protektor-outcome+jws'

export type SignOutcome = (record: OutcomeRecord) => Promise<string>

/** Signs the very bytes that the chain is made of. @param record settled */
export function outcomeSigner(key: SigningKey): SignOutcome {
  return (record) =>
    new CompactSign(outcomePayload(record)).setProtectedHeader({ typ: OUTCOME_TYPE, alg: key.alg, kid: key.kid }).sign(key.privateKey)
}

/** The body of an answer. What still waits is not signed: it says nothing that lasts. */
export async function outcomeBody(record: OutcomeRecord, sign: SignOutcome | undefined): Promise<object> {
  const { sender: _sender, link, ...shown } = record
  if (record.outcome === 'waiting') return shown
  return { ...shown, ...link, ...(sign === undefined ? {} : { jws: await sign(record) }) }
}

/** What an auditor reads: one JSON object a line, `seq` and the record as JWS, in order. */
export interface OutcomeShelf {
  /** Records with `seq` above `afterSeq`, at most `limit`. */
  lines(afterSeq: number, limit: number): Promise<string>
}

export function outcomeShelf(journal: OutcomeJournal, sign: SignOutcome): OutcomeShelf {
  return {
    async lines(afterSeq, limit) {
      const lines: string[] = []
      for (const record of journal.since(afterSeq, limit))
        lines.push(JSON.stringify({ seq: record.link?.seq, jws: await sign(record) }) + '\n')
      return lines.join('')
    },
  }
}
