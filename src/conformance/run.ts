// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs clauses one after another: what one of them throws is its own verdict, never the end of the run.
 * @module
 */
import { OsciCallError } from '../client/osci/ports.js'
import { Unbendable } from './bend.js'
import { notTested, type Clause, type ClauseResult, type Verdict } from './clause.js'
import { NotToBeHad } from './clauses.js'
import { NoRun } from './no-run.js'
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
 * @param signal ends the run; the clause that it meets is not told: a call that we broke off says nothing about the other side.
 * @throws what is no verdict: our own failure, {NoRun}.
 */
export async function runClauses<R>(
  clauses: readonly Clause<R>[],
  role: R,
  legs: Legs,
  told: (result: ClauseResult) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const goOn = (): void => {
    if (signal?.aborted === true) throw new NoRun('conformance.interrupted', 'der Lauf wurde abgebrochen', 'the run was broken off')
  }
  for (const clause of clauses) {
    goOn()
    const verdict = await judge(clause, role).finally(goOn)
    const own = legs.take()
    const { id, party, exchange, text, reference } = clause
    await told({ id, party, exchange, text, reference, outcome: verdict.outcome, why: verdict.why ?? null, legs: verdict.legs ?? own })
  }
}
