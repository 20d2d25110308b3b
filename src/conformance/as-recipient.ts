// SPDX-License-Identifier: EUPL-1.2
/**
 * We play the passive recipient behind somebody's intermediary, and the client in front of it as well:
 *
 *   our client ── forwardDelivery, mediateDelivery ──► intermediary ── acceptDelivery, processDelivery ──► our recipient
 *                 ◄── its verdict (osci-1.2 §9.7) ──                 ◄── an answer, wrong in one place ──
 *
 * Without an intermediary to call, what comes in is answered rightly and judged.
 * @module
 */
import { ProtektorError } from '../errors.js'
import { EXCHANGES, messageType, responseTo } from '../osci/messages.js'
import type { OsciMessage } from '../osci/types.js'
import { arrivalClauses, arrivedAs, expected, type Arrived, type Check } from './arrivals.js'
import { answerDelivery, openDelivery, type Recipient } from './answerer.js'
import type { ClientRole } from './as-client.js'
import { Unbendable, type Bend } from './bend.js'
import { given, notTested, oneOf, unlessNamed, type Clause } from './clause.js'
import { successOf } from './clauses.js'
import { DEVIATIONS, fits } from './deviations.js'
import type { Words } from './deviation.js'
import { fault } from './faults.js'
import { whole, type Incoming, type Outgoing } from './listener.js'
import type { Profile } from './profile.js'
import type { Legs } from './wire.js'

/** How the next delivery is answered. */
type Conduct = { readonly bend: Bend } | { readonly instead: Outgoing }

export interface RecipientNeeds {
  readonly recipient: Recipient
  readonly legs: Legs
  readonly check: Check
  /** Absent: somebody else makes the intermediary call us. */
  readonly client?: ClientRole
}

export class RecipientRole {
  readonly needs: RecipientNeeds
  readonly arrived: Arrived[] = []
  conduct: Conduct = { bend: {} }
  /** The answer could not be made as `conduct` wants it. */
  unbendable: Unbendable | undefined

  constructor(needs: RecipientNeeds) {
    this.needs = needs
  }

  answerBy(conduct: Conduct): void {
    this.conduct = conduct
    this.unbendable = undefined
  }

  async answer(incoming: Incoming): Promise<Outgoing> {
    const { conduct } = this
    const { recipient, legs, check } = this.needs
    const opened = await openDelivery(incoming, recipient).catch(expected)
    const message = opened instanceof ProtektorError ? undefined : opened
    const outgoing = await this.#say(message, conduct)
    const answer = 'body' in outgoing ? { status: 200, answer: outgoing.body } : { failure: outgoing.kind }
    const leg = await legs.add({ name: message?.type ?? 'request', request: incoming.body, ...answer })
    this.arrived.push(await arrivedAs(leg, incoming, opened, check))
    return outgoing
  }

  async #say(message: OsciMessage | undefined, conduct: Conduct): Promise<Outgoing> {
    if ('instead' in conduct) return conduct.instead
    if (message?.type !== 'acceptDelivery' && message?.type !== 'processDelivery') return FAULT_CLIENT
    const delivery = message as unknown as OsciMessage<'acceptDelivery'> | OsciMessage<'processDelivery'>
    try {
      return whole({ body: await answerDelivery(delivery, this.needs.recipient, conduct.bend) })
    } catch (error) {
      if (!(error instanceof Unbendable)) throw error
      this.unbendable = error
      return { kind: 'closed' }
    }
  }
}

const FAULT_CLIENT = whole({ body: fault('Client', '9300') })

const NO_CLIENT: Words = {
  de: 'Ohne --url ruft niemand den Intermediär, damit er uns ruft.',
  en: 'Without --url nobody calls the intermediary, so that it calls us.',
}

const LEGS = [
  ['forwardDelivery', EXCHANGES.forwardDelivery.onward],
  ['mediateDelivery', EXCHANGES.mediateDelivery.onward],
] as const
type Sent = (typeof LEGS)[number][0]

const goesInDialog = (name: Sent, { implicitDialogs }: Profile): boolean => EXCHANGES[name].dialog === 'explicit' || !implicitDialogs

/** One delivery through the intermediary, answered so. @returns the codes that our client was told. @throws {Unbendable} */
async function through(role: RecipientRole, name: Sent, conduct: Conduct): Promise<readonly string[] | undefined> {
  const { client } = role.needs
  if (!client) return undefined
  role.answerBy(conduct)
  const before = role.arrived.length
  try {
    const told = await client.driver.ask(name, await client.asking(name, 'right'), { inDialog: goesInDialog(name, client.profile) })
    if (role.unbendable) throw role.unbendable
    return role.arrived.length === before ? undefined : told?.tokens
  } finally {
    role.conduct = { bend: {} }
  }
}

const NOT_REACHED = notTested('Die Zustellung kam nicht bei uns an.', 'The delivery did not reach us.')

interface Said {
  readonly name: string
  readonly text: Words
  readonly codes: readonly string[]
  readonly reference: string
  readonly conduct: Conduct
}

const right = (code: string): Said => ({
  name: 'right',
  text: { de: 'Der Empfänger nimmt an.', en: 'The recipient accepts.' },
  codes: [code],
  reference: 'osci-1.2 §9.7',
  conduct: { bend: {} },
})

const REST: readonly Said[] = [
  { name: 'fault-client', text: { de: 'Der Empfänger antwortet mit SOAP-Fault Client.', en: 'The recipient answers with a SOAP fault Client.' }, codes: ['9805'], reference: 'osci-1.2 §9.7', conduct: { instead: FAULT_CLIENT } },
  { name: 'fault-server', text: { de: 'Der Empfänger antwortet mit SOAP-Fault Server.', en: 'The recipient answers with a SOAP fault Server.' }, codes: ['9808'], reference: 'osci-1.2 §9.7', conduct: { instead: whole({ body: fault('Server', '9000') }) } },
  { name: 'closed', text: { de: 'Der Empfänger schließt die Verbindung.', en: 'The recipient closes the connection.' }, codes: ['9810', '9809'], reference: 'osci-1.2 §9.7', conduct: { instead: { kind: 'closed' } } },
  { name: 'http-500', text: { de: 'Der Empfänger antwortet HTTP 500 mit einer Seite.', en: 'The recipient answers HTTP 500 with a page.' }, codes: ['9810', '9808', '9809'], reference: 'osci-1.2 §9.7', conduct: { instead: whole({ status: 500, contentType: 'text/html', body: new TextEncoder().encode('<html></html>') }) } },
] // prettier-ignore

function saidClauses(profile: Profile, withClient: boolean): Clause<RecipientRole>[] {
  return LEGS.flatMap(([name, arrives]) => {
    const type = messageType(responseTo(arrives))
    if (!type) throw new TypeError(arrives)
    const encrypted = profile.certificates.cipher !== undefined
    const deviations = DEVIATIONS.flatMap(({ name: deviation, text, reference, bend, answer, ...rest }): Said[] => {
      const fit =
        answer && fits({ name: deviation, text, reference, bend, answer, ...rest }, { type, inDialog: false, signed: true, encrypted })
      return fit ? [{ name: deviation, text, codes: [answer.onward], reference, conduct: { bend } }] : []
    })
    const accepted = right(successOf(name, goesInDialog(name, profile) ? 'explicit' : 'implicit'))
    return [accepted, ...REST, ...deviations].map(({ name: said, text, codes, reference, conduct }): Clause<RecipientRole> => ({
      id: `${name}.recipient-${said}`,
      party: 'intermediary',
      exchange: name,
      text: {
        de: `${text.de} Der Intermediär sagt es seinem Client (${codes.join(', ')}).`,
        en: `${text.en} The intermediary tells its client (${codes.join(', ')}).`,
      },
      reference: `osci-1.2 §9.7; ${reference}`,
      ...given(withClient ? unlessNamed(name, profile) : NO_CLIENT),
      run: async (role) => {
        const codes_ = await through(role, name, conduct)
        return codes_ ? oneOf(codes, codes_) : NOT_REACHED
      },
    }))
  })
}

/** Who claims to pass deliveries on claims what arrives then. */
const withOnward = (profile: Profile): Profile => ({
  ...profile,
  exchanges: [...profile.exchanges, ...LEGS.flatMap(([name, arrives]) => (profile.exchanges.includes(name) ? [arrives] : []))],
})

/** @param withClient whether we can make the intermediary call us. */
export const recipientClauses = (profile: Profile, withClient: boolean): readonly Clause<RecipientRole>[] => [
  ...saidClauses(profile, withClient),
  ...arrivalClauses<RecipientRole>(
    LEGS.map(([, arrives]) => arrives),
    'intermediary',
    withOnward(profile),
    ({ arrived }) => arrived,
  ),
]
