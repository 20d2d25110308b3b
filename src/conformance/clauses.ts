// SPDX-License-Identifier: EUPL-1.2
/**
 * Clauses that follow from the message table: one per exchange and condition.
 *
 *   exchange × dialog           `storeDelivery.implicit`, `storeDelivery.explicit`       the right request is carried out
 *   exchange × its answer       `storeDelivery.answer-signed` …                          what an answer must look like
 *   exchange × deviation        `storeDelivery.sequence-skipped` …                       what must be seen and named
 *   message × deviation         `message.boundary` …                                     the same, before the exchange is known
 *
 * Which deviations an exchange can have is in their `fits`: the marks of its row, the state of its dialog.
 * @module
 */
import { EXCHANGES, messageType, responsesTo, type Exchange, type RequestName } from '../osci/messages.js'
import { errorsIn, IN_CLEAR, NOT_SIGNED, type Check } from './arrivals.js'
import {
  fact,
  given,
  notNamed,
  notTested,
  oneOf,
  PASSED,
  unlessNamed,
  unlessRequired,
  type Clause,
  type Party,
  type Verdict,
} from './clause.js'
import { DEVIATIONS, fits } from './deviations.js'
import type { Deviation, Where, Words } from './deviation.js'
import type { Asking, Driver, Told } from './driver.js'
import type { Profile } from './profile.js'

/** What asks: our client, or our intermediary. */
export interface Asker {
  readonly driver: Driver
  /** A right request. @throws {NotToBeHad} something that it needs could not be got from the other side. */
  asking(name: RequestName, purpose: 'right' | 'bent'): Promise<Asking>
  /** After a bent request: what it may have used up is not used again. */
  spent(told: Told): void
  readonly check: Check
}

/** A clause cannot be looked at, because what it needs did not come about. */
export class NotToBeHad extends Error {
  readonly words: Words
  constructor(de: string, en: string) {
    super(en)
    this.words = { de, en }
  }
}

const NO_DIALOG = notTested('Es kam kein Dialog zustande.', 'No dialog came about.')
const NO_FIRST = notTested('Der Auftrag davor wurde nicht beantwortet.', 'The request before it was not answered.')

/** What keeps a clause from being looked at, by exchange. */
function unclaimed(name: RequestName, profile: Profile, inDialog: boolean): Words | undefined {
  const implicit = !inDialog && EXCHANGES[name].dialog === 'either'
  return unlessNamed(name, profile) ?? (implicit && !profile.implicitDialogs ? notNamed('implicitDialogs: true') : undefined)
}

/** What is carried out only where there is somebody to whom it can go. */
function unreceived(name: RequestName, profile: Profile): Words | undefined {
  const { onward }: Exchange = EXCHANGES[name]
  return onward !== undefined && !profile.receiver ? notNamed('receiver') : undefined
}

// ---- right requests -----------------------------------------------------------------------------------------------------

type Way = 'implicit' | 'explicit' | 'alone'
const WAYS: Readonly<Record<(typeof EXCHANGES)[RequestName]['dialog'], readonly Way[]>> = {
  opens: ['alone'],
  closes: ['explicit'],
  explicit: ['explicit'],
  either: ['implicit', 'explicit'],
  none: ['alone'],
}
export const successOf = (name: RequestName, way: Way): string =>
  EXCHANGES[name].dialog === 'opens' || (way === 'explicit' && EXCHANGES[name].dialog !== 'closes') ? '0801' : '0800'

function rightClauses(name: RequestName, party: Party, profile: Profile): Clause<Asker>[] {
  return WAYS[EXCHANGES[name].dialog].map((way) => {
    const code = successOf(name, way)
    const how = { implicit: 'im impliziten Dialog', explicit: 'im expliziten Dialog', alone: 'für sich' }[way]
    const en = { implicit: 'in an implicit dialog', explicit: 'in an explicit dialog', alone: 'alone' }[way]
    return {
      id: `${name}.${way === 'alone' ? 'right' : way}`,
      party,
      exchange: name,
      text: { de: `Ein richtiger Auftrag ${how} wird ausgeführt (${code}).`, en: `A right request ${en} is carried out (${code}).` },
      reference: 'osci-1.2 §3.5, §8.2',
      ...given(unclaimed(name, profile, way === 'explicit') ?? unreceived(name, profile)),
      run: async (role) => {
        const told = await role.driver.ask(name, await role.asking(name, 'right'), { inDialog: way === 'explicit' })
        return told ? oneOf([code], told.tokens) : NO_DIALOG
      },
    }
  })
}

// ---- answers ------------------------------------------------------------------------------------------------------------

interface AnswerRow {
  readonly name: string
  /** Absent: every exchange has such answers. */
  readonly of?: (name: RequestName) => boolean
  readonly text: Words
  readonly reference: string
  /** undefined: as it should be. */
  readonly wrong: (told: Told, role: Asker, name: RequestName) => Words | undefined | Promise<Words | undefined>
}

const differs = (field: string, expected: unknown, came: unknown): Words | undefined =>
  expected === came ? undefined : fact(`${field}: ${String(came)} (${String(expected)})`)

const BY_SOMEBODY_ELSE: Words = { de: 'von jemand anderem signiert', en: 'signed by somebody else' }

/** Place of the challenge among the marks of a control block. */
const CHALLENGE = 1
const challengeOf = ({ answer }: Told): string | undefined =>
  answer?.control.conversationId === undefined ? undefined : answer.control.challenge

const ANSWERS: readonly AnswerRow[] = [
  {
    // clients of the field do not read a body under a status from 400 on, nor follow a redirection
    name: 'answer-status', text: { de: 'Die Antwort kommt mit HTTP-Status 200.', en: 'The answer comes with HTTP status 200.' }, reference: 'osci-1.2 §7.7',
    wrong: ({ came }) => differs('HTTP', 200, came?.status),
  },
  {
    name: 'answer-type', text: { de: 'Die Antwort ist die zu diesem Auftrag.', en: 'The answer is the one to this request.' }, reference: 'osci-1.2 §1.2',
    wrong: ({ answer }, _role, name) => (answer && responsesTo(name).includes(answer.type) ? undefined : fact(String(answer?.type))),
  },
  {
    name: 'answer-form', text: { de: 'Die Antwort besteht die Prüfung in allen Schichten.', en: 'The answer passes the check in all layers.' }, reference: 'osci-1.2 §2, §7.5',
    wrong: async ({ came }, { check }) => {
      const errors = came ? errorsIn(await check(came)) : []
      return errors.length === 0 ? undefined : fact(errors.join(', '))
    },
  },
  {
    name: 'answer-response', text: { de: 'Response der Antwort ist die Challenge des Auftrags.', en: 'Response of the answer is the challenge of the request.' }, reference: 'osci-1.2 §3.2',
    wrong: ({ answer, challenge }) => differs('Response', challenge, answer?.control.response),
  },
  {
    name: 'answer-dialog', text: { de: 'Die Antwort nennt ConversationId und SequenceNumber des Auftrags.', en: 'The answer names ConversationId and SequenceNumber of the request.' }, reference: 'osci-1.2 §3.3, §3.4',
    wrong: ({ answer, position }) => {
      const control = answer?.control
      const conversation = position && control ? differs('ConversationId', position.conversationId, control.conversationId) : undefined
      return conversation ?? (control?.sequenceNumber === undefined ? undefined : differs('SequenceNumber', position?.sequenceNumber ?? 0, control.sequenceNumber))
    },
  },
  {
    name: 'answer-control', text: { de: 'Der Steuerblock der Antwort hat, was er haben muss, und nichts sonst.', en: 'The control block of the answer has what it must have, and nothing else.' }, reference: 'osci-1.2 §3.1',
    wrong: ({ answer }) => {
      const marks = messageType(answer?.type ?? '')?.control ?? ''
      const fields = ['response', 'challenge', 'conversationId', 'sequenceNumber'] as const
      const off = fields.filter((field, at) => (answer?.control[field] === undefined ? marks[at] === '!' : marks[at] === '-'))
      return off.length === 0 ? undefined : fact(off.join(', '))
    },
  },
  {
    // outside a dialog nobody answers it (osci-1.2 §3.1)
    name: 'answer-fresh', text: { de: 'Jede Antwort eines Dialogs hat eine Challenge, die es noch nicht gab.', en: 'Each answer of a dialog has a challenge that was not there before.' }, reference: 'osci-1.2 §3.2',
    of: (name) => responsesTo(name).some((type) => messageType(type)?.control[CHALLENGE] !== '-'),
    wrong: (told, { driver: { right } }, name) => {
      const all = [...right.values()].flat().filter((one) => challengeOf(one) !== undefined)
      if (all.length < 2 || !all.some((one) => right.get(name)?.includes(one))) throw new NotToBeHad('Es kamen keine zwei Antworten mit Challenge, diese dabei.', 'No two answers with a challenge came, this one among them.')
      return all.some((one) => one.leg < told.leg && challengeOf(one) === challengeOf(told)) ? { de: 'dieselbe Challenge noch einmal', en: 'the same challenge again' } : undefined
    },
  },
  {
    name: 'answer-signed', text: { de: 'Die Antwort ist vom Partner signiert.', en: 'The answer is signed by the party.' }, reference: 'osci-1.2 §9.1',
    wrong: async ({ answer }, { driver: { station: { peer, identity } } }) => {
      const signer = answer?.evidence.signature?.signer
      if (!signer) return NOT_SIGNED
      return (await peer.recognises?.(signer, identity.env.now())) === false ? BY_SOMEBODY_ELSE : undefined
    },
  },
  {
    name: 'answer-encrypted', text: { de: 'Die Antwort ist verschlüsselt, wenn es der Auftrag war.', en: 'The answer is encrypted when the request was.' }, reference: 'osci-1.2 §1.6',
    wrong: ({ answer }, { driver: { station: { peer } } }) => (peer.cipherCertificate && !answer?.evidence.transport ? IN_CLEAR : undefined),
  },
  {
    name: 'answer-codes', text: { de: 'Die Antwort nennt nur Kennzahlen, die zu diesem Auftrag gehören.', en: 'The answer names only codes that belong to this exchange.' }, reference: 'osci-1.2 §8.6',
    wrong: ({ tokens }, _role, name) => {
      const strange = tokens.filter((code) => !EXCHANGES[name].feedback.includes(code as never) && !ALWAYS.includes(code))
      return strange.length === 0 ? undefined : fact(strange.join(', '))
    },
  },
] // prettier-ignore

/** Codes that any answer may name (osci-1.2 §8.6). */
const ALWAYS = ['3500', '3501', '3700', '3707', '9600', '9601', '9602', '9603', '9700', '9701', '9710', '9811']

function answerClauses(name: RequestName, party: Party, profile: Profile): Clause<Asker>[] {
  return ANSWERS.filter(({ of }) => of?.(name) !== false).map((row) => ({
    id: `${name}.${row.name}`,
    party,
    exchange: name,
    text: row.text,
    reference: row.reference,
    ...given(unclaimed(name, profile, true)),
    run: async (role) => {
      const right = role.driver.right.get(name) ?? []
      if (right.length === 0) return notTested('Kein Auftrag dieser Art wurde beantwortet.', 'No request of this kind was answered.')
      const legs = right.map(({ leg }) => leg)
      for (const told of right) {
        const wrong = await row.wrong(told, role, name)
        if (wrong !== undefined) return { outcome: 'failed', why: wrong, legs: [told.leg] }
      }
      return { ...PASSED, legs }
    },
  }))
}

// ---- deviations ---------------------------------------------------------------------------------------------------------

/** Of the ways in which a request can come, the first in which the deviation can be made. */
function whereFor(deviation: Deviation, name: RequestName, base: Pick<Where, 'signed' | 'encrypted'>): Where | undefined {
  const type = messageType(name)
  if (!type || !deviation.request) return undefined
  const ways = WAYS[EXCHANGES[name].dialog].map((way): Where => ({ ...base, type, inDialog: way === 'explicit' }))
  return ways.find((where) => fits(deviation, where))
}

async function probe(name: RequestName, { inDialog }: Where, role: Asker): Promise<void> {
  try {
    await role.driver.ask(name, await role.asking(name, 'right'), { inDialog })
  } catch (error) {
    // it was answered, or not, on the way there
    if (!(error instanceof NotToBeHad)) throw error
  }
}

async function runBent(deviation: Deviation, name: RequestName, where: Where, role: Asker): Promise<Verdict> {
  const { driver } = role
  // a number can be repeated only when there was one before
  if (deviation.second && (await driver.ask('getMessageId', { order: {} }, { inDialog: true }))?.kind !== 'answer') return NO_FIRST
  const told = await driver.ask(name, await role.asking(name, 'bent'), { bend: deviation.bend, inDialog: where.inDialog })
  if (!told) return NO_DIALOG
  role.spent(told)
  // whoever answers nothing to what is wrong may have fallen silent: a right request tells the two apart
  if (told.tokens.includes('client.timeout')) await probe(name, where, role)
  return oneOf(deviation.request ?? [], told.tokens)
}

/**
 * What a party that is asked must see.
 * @param base how we ask.
 */
export function deviationClauses(
  names: readonly RequestName[],
  party: Party,
  profile: Profile,
  base: Pick<Where, 'signed' | 'encrypted'>,
): readonly Clause<Asker>[] {
  const clauses: Clause<Asker>[] = []
  for (const deviation of DEVIATIONS) {
    const tried = names.flatMap((name) => {
      const where = whereFor(deviation, name, base)
      return where ? [{ name, where }] : []
    })
    for (const { name, where } of deviation.scope === 'message' ? tried.slice(0, 1) : tried) {
      const exchange = deviation.scope === 'message' ? 'message' : name
      clauses.push({
        id: `${exchange}.${deviation.name}`,
        party,
        exchange,
        text: {
          de: `${deviation.text.de} Das wird erkannt (${(deviation.request ?? []).join(', ')}).`,
          en: `${deviation.text.en} That is seen (${(deviation.request ?? []).join(', ')}).`,
        },
        reference: deviation.reference,
        ...given(
          unclaimed(name, profile, where.inDialog) ??
            unlessRequired(deviation.policy, profile) ??
            (deviation.executes ? unreceived(name, profile) : undefined),
        ),
        run: (role) => runBent(deviation, name, where, role),
      })
    }
  }
  return clauses
}

/** What a party that is asked does rightly: to be looked at before anything wrong is sent, which might stay with it. */
export const positiveClauses = (names: readonly RequestName[], party: Party, profile: Profile): readonly Clause<Asker>[] => [
  ...names.flatMap((name) => rightClauses(name, party, profile)),
  ...names.flatMap((name) => answerClauses(name, party, profile)),
]
