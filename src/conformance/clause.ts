// SPDX-License-Identifier: EUPL-1.2
/**
 * A clause: one sentence about one party that a run finds kept, broken, or not looked at.
 * @module
 */
import type { RequestName } from '../osci/messages.js'
import type { Words } from './deviation.js'
import type { Profile } from './profile.js'

/** Who must keep a clause. */
export type Party = 'client' | 'intermediary' | 'recipient'

export type Outcome = 'passed' | 'failed' | 'not-tested'

export interface Verdict {
  readonly outcome: Outcome
  /** What was seen instead, or why nothing was looked at. */
  readonly why?: Words
  /** Numbers of the legs that show it, when they are not those of the clause's own run. */
  readonly legs?: readonly number[]
}

/** @typeParam R what plays against the party. */
export interface Clause<R> {
  /** `<exchange>.<condition>`, stable. */
  readonly id: string
  readonly party: Party
  /** `message`: holds for whatever comes. */
  readonly exchange: RequestName | 'message'
  readonly text: Words
  readonly reference: string
  /** Set: the profile does not claim it, or what it needs was not given. */
  readonly notTested?: Words
  readonly run: (role: R) => Promise<Verdict>
}

export interface ClauseResult extends Omit<Clause<never>, 'run' | 'notTested'> {
  readonly outcome: Outcome
  readonly why: Words | null
  readonly legs: readonly number[]
}

export const PASSED: Verdict = { outcome: 'passed' }
export const failed = (de: string, en: string): Verdict => ({ outcome: 'failed', why: { de, en } })
/** What was seen, in words that need no translation: fields, codes, findings. */
export const fact = (text: string): Words => ({ de: text, en: text })

export const notTested = (de: string, en: string): Verdict => ({ outcome: 'not-tested', why: { de, en } })

const list = (tokens: readonly string[]): string => (tokens.length === 0 ? '–' : tokens.join(', '))

/** Passed when one of the expected codes came, and not success and refusal in one (osci-1.2 §8.1). */
export function oneOf(expected: readonly string[], came: readonly string[]): Verdict {
  const isContradictory = came.some((token) => token.startsWith('0')) && !came.every((token) => /^[03]/.test(token))
  return !isContradictory && came.some((token) => expected.includes(token))
    ? PASSED
    : failed(`erwartet: ${list(expected)}; es kam: ${list(came)}`, `expected: ${list(expected)}; came: ${list(came)}`)
}

export const notNamed = (what: string): Words => ({ de: `Das Profil nennt ${what} nicht.`, en: `The profile does not name ${what}.` })

export const unlessNamed = (name: RequestName, { exchanges }: Profile): Words | undefined =>
  exchanges.includes(name) ? undefined : notNamed(name)

/** @param policy what the clause demands, if anything that a profile can leave open. */
export const unlessRequired = (policy: 'signed' | 'encrypted' | undefined, profile: Profile): Words | undefined =>
  policy === undefined || profile[policy] === 'required' ? undefined : notNamed(`${policy}: required`)

/** The field of a clause. */
export const given = (words: Words | undefined): { readonly notTested?: Words } => (words ? { notTested: words } : {})

/** `*` stands for anything: `storeDelivery.*`, `*.unsigned`. */
export function matches(glob: string, id: string): boolean {
  const pattern = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')
  return new RegExp(`^${pattern}$`).test(id)
}

/** The clauses whose id fits one of the globs; all without globs. */
export const chosen = <R>(clauses: readonly Clause<R>[], globs: readonly string[]): readonly Clause<R>[] =>
  globs.length === 0 ? clauses : clauses.filter(({ id }) => globs.some((glob) => matches(glob, id)))
