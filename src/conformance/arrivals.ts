// SPDX-License-Identifier: EUPL-1.2
/**
 * What a request must be like that somebody else sends: to our recipient, or through our proxy.
 * @module
 */
import type { CheckResult } from '../check/types.js'
import { ProtektorError } from '../errors.js'
import type { MessageName, RequestName } from '../osci/messages.js'
import type { ControlBlock, OsciMessage } from '../osci/types.js'
import { fact, notTested, PASSED, type Clause, type Party, type Verdict } from './clause.js'
import type { Words } from './deviation.js'
import type { Profile } from './profile.js'

/** What is known of a request that reached us. Facts only: a run may see thousands, and their bytes lie in the legs. */
export interface Arrived {
  readonly leg: number
  /** Absent: our keys do not reach so far, or `problem` kept it closed. */
  readonly name?: MessageName
  readonly control?: ControlBlock
  readonly signed: boolean
  readonly encrypted: boolean
  /** The finding that kept it closed. */
  readonly problem?: string
  /** Findings of severity error. */
  readonly form: readonly string[]
}

export type Check = (bytes: Uint8Array) => Promise<CheckResult>

/** Errors about the message itself; whom to trust, and how strong keys must be, is for its reader to say. */
export const errorsIn = ({ findings }: CheckResult): readonly string[] =>
  findings
    .filter(({ severity, layer }) => severity === 'error' && layer !== 'certificates' && layer !== 'policy')
    .map(({ id, detail }) => (detail === null ? id : `${id} (${detail})`))

/** @param opened the message, or what kept it closed. */
export async function arrivedAs(leg: number, bytes: Uint8Array, opened: OsciMessage | Error, check: Check): Promise<Arrived> {
  const form = errorsIn(await check(bytes))
  if (opened instanceof Error) {
    const problem = opened instanceof ProtektorError ? opened.finding : opened.message
    return { leg, signed: false, encrypted: false, problem, form }
  }
  const { type, control, evidence } = opened
  return { leg, name: type, control, signed: evidence.signature !== undefined, encrypted: evidence.transport !== undefined, form }
}

export const NOT_SIGNED: Words = { de: 'nicht signiert', en: 'not signed' }
export const IN_CLEAR: Words = { de: 'im Klartext', en: 'in clear' }

const MAX_SHOWN = 3

interface ArrivalRow {
  readonly name: string
  readonly text: Words
  readonly reference: string
  /** undefined: as it should be. */
  readonly wrong: (one: Arrived, all: readonly Arrived[], profile: Profile) => Words | undefined
}

const ARRIVALS: readonly ArrivalRow[] = [
  {
    name: 'request-readable', text: { de: 'Der Auftrag ist lesbar, und seine Signatur stimmt.', en: 'The request can be read, and its signature is right.' }, reference: 'osci-1.2 §9.7',
    wrong: ({ problem }) => (problem === undefined ? undefined : fact(problem)),
  },
  {
    name: 'request-form', text: { de: 'Der Auftrag besteht die Prüfung in allen Schichten.', en: 'The request passes the check in all layers.' }, reference: 'osci-1.2 §2',
    wrong: ({ form }) => (form.length === 0 ? undefined : fact(form.join(', '))),
  },
  {
    name: 'request-signed', text: { de: 'Der Auftrag ist signiert.', en: 'The request is signed.' }, reference: 'osci-1.2 §9.7',
    wrong: ({ signed }, _all, profile) => (profile.signed === 'required' && !signed ? NOT_SIGNED : undefined),
  },
  {
    name: 'request-encrypted', text: { de: 'Der Auftrag ist verschlüsselt, und das Zertifikat für die Antwort liegt bei.', en: 'The request is encrypted, and brings the certificate for the answer.' }, reference: 'osci-1.2 §9.7, §5.3',
    wrong: ({ encrypted }, _all, profile) => (profile.encrypted === 'required' && !encrypted ? IN_CLEAR : undefined),
  },
  {
    name: 'request-fresh', text: { de: 'Jeder Auftrag hat eine Challenge, die es noch nicht gab.', en: 'Each request has a challenge that was not there before.' }, reference: 'osci-1.2 §3.2',
    wrong: ({ leg, control }, all) =>
      all.some((one) => one.leg < leg && one.control?.challenge === control?.challenge) ? { de: 'dieselbe Challenge noch einmal', en: 'the same challenge again' } : undefined,
  },
] // prettier-ignore

/** @param of where the role keeps what arrived. */
export function arrivalClauses<R>(
  names: readonly RequestName[],
  party: Party,
  profile: Profile,
  of: (role: R) => readonly Arrived[],
): readonly Clause<R>[] {
  const judge = (exchange: RequestName, { name, wrong }: ArrivalRow, all: readonly Arrived[]): Verdict => {
    // what could not be read may have been any of them
    const those = all.filter((one) => one.name === exchange || (one.problem !== undefined && name === 'request-readable'))
    if (those.length === 0) return notTested('Kein Auftrag dieser Art kam an.', 'No request of this kind arrived.')
    for (const one of those) {
      const why = wrong(one, all, profile)
      if (why !== undefined) return { outcome: 'failed', why, legs: [one.leg] }
    }
    return { ...PASSED, legs: those.slice(0, MAX_SHOWN).map(({ leg }) => leg) }
  }
  return names.flatMap((exchange) =>
    ARRIVALS.map((row): Clause<R> => ({
      id: `${exchange}.${row.name}`,
      party,
      exchange,
      text: row.text,
      reference: row.reference,
      run: (role) => Promise.resolve(judge(exchange, row, of(role))),
    })),
  )
}
