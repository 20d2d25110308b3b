// SPDX-License-Identifier: EUPL-1.2
/**
 * What a request must be like that somebody else sends: to our recipient, or through our proxy.
 * @module
 */
import type { CheckResult } from '../check/types.js'
import { ProtektorError } from '../errors.js'
import { EXCHANGES, messageType, type CertificateRole, type MessageName, type RequestName } from '../osci/messages.js'
import type { ControlBlock, OsciMessage } from '../osci/types.js'
import { fact, given, notTested, PASSED, unlessNamed, unlessRequired, type Clause, type Party, type Verdict } from './clause.js'
import type { Words } from './deviation.js'
import type { Profile } from './profile.js'
import type { Body } from './wire.js'

/** What is known of a request that reached us. Facts only: a run may see thousands, and their bytes lie in the legs. */
export interface Arrived {
  readonly leg: number
  /** Absent: our keys do not reach so far, or `problem` kept it closed. */
  readonly name?: MessageName
  readonly control?: ControlBlock
  readonly signed: boolean
  readonly encrypted: boolean
  /** The certificate for an encrypted answer is known: it lies beside, or lay beside the request that opened the dialog. */
  readonly answerable: boolean
  /** The finding that kept it closed. */
  readonly problem?: string
  /** Findings of severity error. */
  readonly form: readonly string[]
}

export type Check = (body: Body) => Promise<CheckResult>

/** Errors about the message itself; whom to trust, and how strong keys must be, is for its reader to say. */
export const errorsIn = ({ findings }: CheckResult): readonly string[] =>
  findings
    .filter(({ severity, layer }) => severity === 'error' && layer !== 'certificates' && layer !== 'policy')
    .map(({ id, detail }) => (detail === null ? id : `${id} (${detail})`))

const ANSWER_KEY: Readonly<Record<(typeof EXCHANGES)[RequestName]['asks'], CertificateRole>> = {
  client: 'CipherCertificateOriginator',
  intermediary: 'CipherCertificateIntermediary',
}

function isAnswerable({ type, control, certificates = [], intermediaryCertificates = [] }: OsciMessage): boolean {
  const exchange = messageType(type)?.exchange
  const wanted = exchange && ANSWER_KEY[EXCHANGES[exchange].asks]
  return control.conversationId !== undefined || [...certificates, ...intermediaryCertificates].some(({ role }) => role === wanted)
}

/** What keeps a message closed is a fact about it; anything else is our own failure. */
export function expected(error: unknown): ProtektorError {
  if (error instanceof ProtektorError) return error
  throw error
}

/** @param opened the message, or what kept it closed. */
export async function arrivedAs(leg: number, body: Body, opened: OsciMessage | ProtektorError, check: Check): Promise<Arrived> {
  const form = errorsIn(await check(body))
  if (opened instanceof ProtektorError) return { leg, signed: false, encrypted: false, answerable: false, problem: opened.finding, form }
  const { type, control, evidence } = opened
  const facts = { signed: evidence.signature !== undefined, encrypted: evidence.transport !== undefined, answerable: isAnswerable(opened) }
  return { leg, name: type, control, ...facts, form }
}

export const NOT_SIGNED: Words = { de: 'nicht signiert', en: 'not signed' }
export const IN_CLEAR: Words = { de: 'im Klartext', en: 'in clear' }
const NO_ANSWER_KEY: Words = { de: 'das Zertifikat für die Antwort fehlt', en: 'the certificate for the answer is missing' }

const MAX_SHOWN = 3

interface ArrivalRow {
  readonly name: string
  readonly text: Words
  readonly reference: string
  /** What the profile may leave open. */
  readonly policy?: 'signed' | 'encrypted'
  /** undefined: as it should be. */
  readonly wrong: (one: Arrived, all: readonly Arrived[]) => Words | undefined
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
    name: 'request-signed', text: { de: 'Der Auftrag ist signiert.', en: 'The request is signed.' }, reference: 'osci-1.2 §9.7', policy: 'signed',
    wrong: ({ signed }) => (signed ? undefined : NOT_SIGNED),
  },
  {
    name: 'request-encrypted', text: { de: 'Der Auftrag ist verschlüsselt, und das Zertifikat für die Antwort liegt bei.', en: 'The request is encrypted, and brings the certificate for the answer.' }, reference: 'osci-1.2 §9.7, §5.3', policy: 'encrypted',
    wrong: ({ encrypted, answerable }) => (!encrypted ? IN_CLEAR : answerable ? undefined : NO_ANSWER_KEY),
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
      const why = wrong(one, all)
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
      ...given(unlessNamed(exchange, profile) ?? unlessRequired(row.policy, profile)),
      run: (role) => Promise.resolve(judge(exchange, row, of(role))),
    })),
  )
}
