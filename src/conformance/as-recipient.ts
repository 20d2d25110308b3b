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
import { messageType, type RequestName } from '../osci/messages.js'
import { sealFault } from '../osci/fault.js'
import type { OsciMessage } from '../osci/types.js'
import { arrivalClauses, arrivedAs, type Arrived, type Check } from './arrivals.js'
import { answerDelivery, openDelivery, type Recipient } from './answerer.js'
import type { ClientRole } from './as-client.js'
import type { Bend } from './bend.js'
import { notTested, oneOf, type Clause } from './clause.js'
import { DEVIATIONS, fits } from './deviations.js'
import type { Words } from './deviation.js'
import type { Incoming, Outgoing } from './listener.js'
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

  constructor(needs: RecipientNeeds) {
    this.needs = needs
  }

  async answer({ body }: Incoming): Promise<Outgoing> {
    const { conduct } = this
    const { recipient, legs, check } = this.needs
    const opened = await openDelivery(body, recipient).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    )
    const message = opened instanceof Error ? undefined : opened
    const outgoing = await this.#say(message, conduct)
    const answer = 'body' in outgoing ? { status: 200, answer: outgoing.body } : { failure: outgoing.kind }
    const leg = await legs.add({ name: message?.type ?? 'request', request: body, ...answer })
    this.arrived.push(await arrivedAs(leg, body, opened, check))
    return outgoing
  }

  async #say(message: OsciMessage | undefined, conduct: Conduct): Promise<Outgoing> {
    if ('instead' in conduct) return conduct.instead
    if (message?.type !== 'acceptDelivery' && message?.type !== 'processDelivery') return FAULT('Client', '9300')
    const delivery = message as unknown as OsciMessage<'acceptDelivery'> | OsciMessage<'processDelivery'>
    return { kind: 'whole', status: 200, body: await answerDelivery(delivery, this.needs.recipient, conduct.bend) }
  }
}

const FAULT = (side: 'Client' | 'Server', osciCode: string): Outgoing => ({
  kind: 'whole',
  status: 200,
  body: sealFault({ type: 'fault', side, text: 'Nein.', osciCode }),
})

const NO_CLIENT: Words = {
  de: 'Ohne --url ruft niemand den Intermediär, damit er uns ruft.',
  en: 'Without --url nobody calls the intermediary, so that it calls us.',
}

const LEGS = [
  ['forwardDelivery', 'acceptDelivery'],
  ['mediateDelivery', 'processDelivery'],
] as const satisfies readonly (readonly [RequestName, RequestName])[]

/** One delivery through the intermediary, answered so. @returns the codes that our client was told. */
async function through(
  role: RecipientRole,
  name: 'forwardDelivery' | 'mediateDelivery',
  conduct: Conduct,
): Promise<readonly string[] | undefined> {
  const { client } = role.needs
  if (!client) return undefined
  role.conduct = conduct
  const before = role.arrived.length
  try {
    const told = await client.driver.ask(name, await client.asking(name, 'right'), { inDialog: name === 'mediateDelivery' })
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

const REST: readonly Said[] = [
  { name: 'right', text: { de: 'Der Empfänger nimmt an.', en: 'The recipient accepts.' }, codes: ['0800', '0801'], reference: 'osci-1.2 §9.7', conduct: { bend: {} } },
  { name: 'fault-client', text: { de: 'Der Empfänger antwortet mit SOAP-Fault Client.', en: 'The recipient answers with a SOAP fault Client.' }, codes: ['9805'], reference: 'osci-1.2 §9.7', conduct: { instead: FAULT('Client', '9300') } },
  { name: 'fault-server', text: { de: 'Der Empfänger antwortet mit SOAP-Fault Server.', en: 'The recipient answers with a SOAP fault Server.' }, codes: ['9808'], reference: 'osci-1.2 §9.7', conduct: { instead: FAULT('Server', '9000') } },
  { name: 'closed', text: { de: 'Der Empfänger schließt die Verbindung.', en: 'The recipient closes the connection.' }, codes: ['9810', '9809'], reference: 'osci-1.2 §9.7', conduct: { instead: { kind: 'closed' } } },
  { name: 'http-500', text: { de: 'Der Empfänger antwortet HTTP 500 mit einer Seite.', en: 'The recipient answers HTTP 500 with a page.' }, codes: ['9810', '9808', '9809'], reference: 'osci-1.2 §9.7', conduct: { instead: { kind: 'whole', status: 500, body: new TextEncoder().encode('<html></html>') } } },
] // prettier-ignore

function saidClauses(profile: Profile, withClient: boolean): Clause<RecipientRole>[] {
  return LEGS.flatMap(([name, arrives]) => {
    const type = messageType(`responseTo${arrives.charAt(0).toUpperCase()}${arrives.slice(1)}`)
    if (!type) throw new TypeError(arrives)
    const encrypted = profile.certificates.cipher !== undefined
    const deviations = DEVIATIONS.flatMap(({ name: deviation, text, reference, bend, answer, ...rest }): Said[] => {
      const fit =
        answer && fits({ name: deviation, text, reference, bend, answer, ...rest }, { type, inDialog: false, signed: true, encrypted })
      return fit ? [{ name: deviation, text, codes: [answer.onward], reference, conduct: { bend } }] : []
    })
    return [...REST, ...deviations].map(({ name: said, text, codes, reference, conduct }): Clause<RecipientRole> => ({
      id: `${name}.recipient-${said}`,
      party: 'intermediary',
      exchange: name,
      text: {
        de: `${text.de} Der Intermediär sagt es seinem Client (${codes.join(', ')}).`,
        en: `${text.en} The intermediary tells its client (${codes.join(', ')}).`,
      },
      reference: `osci-1.2 §9.7; ${reference}`,
      ...(withClient ? (profile.exchanges.includes(name) ? {} : { notTested: UNCLAIMED }) : { notTested: NO_CLIENT }),
      run: async (role) => {
        const codes_ = await through(role, name, conduct)
        return codes_ ? oneOf(codes, codes_) : NOT_REACHED
      },
    }))
  })
}

const UNCLAIMED: Words = { de: 'Das Profil nennt diesen Auftrag nicht.', en: 'The profile does not name this exchange.' }

/** @param withClient whether we can make the intermediary call us. */
export const recipientClauses = (profile: Profile, withClient: boolean): readonly Clause<RecipientRole>[] => [
  ...saidClauses(profile, withClient),
  ...arrivalClauses<RecipientRole>(
    LEGS.map(([, arrives]) => arrives),
    'intermediary',
    profile,
    ({ arrived }) => arrived,
  ),
]
