// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs clauses one after another: what one of them throws is its own verdict, never the end of the run.
 * @module
 */
import { OsciCallError } from '../client/osci/ports.js'
import { Unbendable } from './bend.js'
import { notTested, type Clause, type ClauseResult, type Verdict } from './clause.js'
import { NotToBeHad } from './clauses.js'
import type { Legs } from './wire.js'

async function judge<R>({ notTested: why, run }: Clause<R>, role: R): Promise<Verdict> {
  if (why) return { outcome: 'not-tested', why }
  try {
    return await run(role)
  } catch (error) {
    if (error instanceof NotToBeHad) return { outcome: 'not-tested', why: error.words }
    if (error instanceof Unbendable) return notTested(`nicht herzustellen: ${error.words.de}`, `cannot be made: ${error.words.en}`)
    // only what never left us throws; what came back, or did not, is in the verdict
    if (error instanceof OsciCallError) return notTested(error.message, error.message)
    throw error
  }
}

/**
 * @param told after each clause.
 * @throws what is no verdict: our own failure.
 */
export async function runClauses<R>(
  clauses: readonly Clause<R>[],
  role: R,
  legs: Legs,
  told: (result: ClauseResult) => Promise<void>,
): Promise<void> {
  for (const clause of clauses) {
    const verdict = await judge(clause, role)
    const own = legs.take()
    const { id, party, exchange, text, reference } = clause
    await told({ id, party, exchange, text, reference, outcome: verdict.outcome, why: verdict.why ?? null, legs: verdict.legs ?? own })
  }
}
