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
 * @throws what is no verdict: our own failure, {NoRun}. Where the other side has fallen silent, the rest has been told as not tested.
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
  const tell = ({ id, party, exchange, text, reference }: Clause<R>, { outcome, why, legs: shown }: Verdict): Promise<void> => {
    const own = legs.take()
    return told({ id, party, exchange, text, reference, outcome, why: why ?? null, legs: shown ?? own })
  }
  for (const [at, clause] of clauses.entries()) {
    goOn()
    try {
      await tell(clause, await judge(clause, role).finally(goOn))
    } catch (error) {
      if (!(error instanceof NoRun) || error.finding !== 'conformance.silent') throw error
      for (const rest of clauses.slice(at)) await tell(rest, { outcome: 'not-tested', why: rest.notTested ?? error.words })
      throw error
    }
  }
}
