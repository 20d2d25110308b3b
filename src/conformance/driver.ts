// SPDX-License-Identifier: EUPL-1.2
/**
 * Our end of the wire, playing client or intermediary: asks rightly, or wrongly in one place, and tells what came back without taking
 * offence at it.
 *
 *   ask(name, bend) ─► dialog (kept while all goes well, given up after anything bent) ─► request, bent ─► Told
 * @module
 */
import type { OsciHttp, OsciIdentity, OsciPeer, OsciRequestParts } from '../client/osci/ports.js'
import { buildRequest, requestType, type DialogPosition } from '../client/osci/request.js'
import { sealingFor } from '../client/osci/suite.js'
import { OrderError, ProtektorError } from '../errors.js'
import { EXCHANGES, messageType, type OrderOf, type RequestName } from '../osci/messages.js'
import { openAnswer } from '../osci/stages.js'
import type { OsciEnv, OsciMessage } from '../osci/types.js'
import { sealBent, type Bend, type Hand } from './bend.js'
import { NoRun } from './no-run.js'
import { envFor, post, type Legs, type Posted } from './wire.js'

/** What came back to one request. */
export interface Told {
  readonly kind: 'answer' | 'fault' | 'http' | 'nothing' | 'unreadable'
  /** `fault 9400`, `9601`, `0801`, `http 413`, or the finding that made it unreadable. */
  readonly tokens: readonly string[]
  readonly leg: number
  readonly request: OsciMessage
  readonly challenge: string
  readonly position?: DialogPosition
  readonly answer?: OsciMessage
  readonly came?: Posted
}

/** Everything our side needs. */
export interface Station {
  readonly url: string
  readonly identity: OsciIdentity
  readonly peer: OsciPeer
  readonly hand: Hand
  readonly http: OsciHttp
  readonly legs: Legs
  readonly timeoutMs: number
}

export interface Asking {
  readonly order: object
  readonly parts?: OsciRequestParts
}

export interface How {
  readonly bend?: Bend
  /** In a dialog; default: where the exchange allows nothing else. */
  readonly inDialog?: boolean
  readonly peer?: Partial<OsciPeer>
}

interface Place {
  readonly conversationId: string
  sequenceNumber: number
  challenge: string
}

const needsDialog = (name: RequestName): boolean => ['explicit', 'closes'].includes(EXCHANGES[name].dialog)

/** So many right requests in a row get no answer in time, before nobody is asked any more: the next thousand would take hours. */
const SILENT_AFTER = 3

export class Driver {
  readonly station: Station
  /** Right requests with their answers, by exchange: answer clauses are judged by them. */
  readonly right = new Map<RequestName, Told[]>()
  #place: Place | undefined
  #features: OsciMessage['features']
  /** Right requests in a row for whose answer there was not enough time. */
  #unheard = 0

  constructor(station: Station) {
    this.station = station
  }

  /** Announced by the other side, once it has answered something. */
  get features(): OsciMessage['features'] {
    return this.#features
  }

  /** @returns undefined when the dialog that it needs is not to be had. @throws {NoRun} the other side has fallen silent. */
  async ask(name: RequestName, asking: Asking, how: How = {}): Promise<Told | undefined> {
    if (this.#unheard >= SILENT_AFTER) throw silent(this.station.url, this.#unheard)
    const inDialog = how.inDialog ?? needsDialog(name)
    if (inDialog && !this.#place && !(await this.#open())) return undefined
    const place = inDialog ? this.#place : undefined
    const told = await this.#send(name, asking, how, place && { ...place })
    if (place) this.#goOn(place, told, how.bend !== undefined || EXCHANGES[name].dialog === 'closes')
    if (how.bend === undefined) this.#remember(name, told)
    return told
  }

  /** Says nothing more in the dialog. */
  forsake(): void {
    this.#place = undefined
  }

  #goOn(place: Place, told: Told, over: boolean): void {
    const challenge = told.answer?.control.challenge
    if (over || told.kind !== 'answer' || challenge === undefined) this.#place = undefined
    else {
      place.sequenceNumber += 1
      place.challenge = challenge
    }
  }

  #remember(name: RequestName, told: Told): void {
    if (told.kind !== 'answer') return
    this.#features = told.answer?.features ?? this.#features
    this.right.set(name, [...(this.right.get(name) ?? []), told])
  }

  async #open(): Promise<boolean> {
    const told = await this.#send('initDialog', { order: {} }, {}, undefined)
    this.#remember('initDialog', told)
    const { conversationId, challenge } = told.answer?.control ?? {}
    const refused = told.tokens.some((token) => token.startsWith('9'))
    this.#place =
      refused || conversationId === undefined || challenge === undefined ? undefined : { conversationId, challenge, sequenceNumber: 0 }
    return this.#place !== undefined
  }

  async #send(name: RequestName, { order, parts = {} }: Asking, how: How, position: DialogPosition | undefined): Promise<Told> {
    const { identity, hand, http, legs, url, timeoutMs } = this.station
    const peer = { ...this.station.peer, ...how.peer }
    const sealing = sealingFor(identity, peer)
    const type = requestType(name, identity, position !== undefined)
    const built = buildRequest(type, order as OrderOf<RequestName>, parts, position, identity, peer, sealing)
    const bytes = await sealBent(built.message, sealing, how.bend ?? {}, hand)
    const maxBytes = identity.env.limits.messageBytes
    const { leg, posted, failure } = await post({ http, legs, url, timeoutMs, maxBytes }, name, bytes)
    if (posted) this.#unheard = 0
    else if (failure === 'client.timeout' && how.bend === undefined) this.#unheard += 1
    const facts = { leg, request: built.message, challenge: built.challenge, ...(position ? { position } : {}) }
    if (!posted) return { kind: 'nothing', tokens: [failure ?? 'nothing'], ...facts }
    return { ...facts, ...(await readTold(posted, identity.env)) }
  }
}

const silent = (url: string, count: number): NoRun =>
  new NoRun(
    'conformance.silent',
    `${url} beantwortet nichts mehr: ${count} richtige Aufträge nacheinander blieben bis zur Zeitgrenze (timeoutSeconds) ohne Antwort`,
    `${url} answers nothing any more: ${count} right requests in a row had no answer within the time limit (timeoutSeconds)`,
  )

/**
 * Codes of an answer or fault, whoever signed it.
 * @param env strict: what only a lax reader understands is unreadable.
 */
export async function readTold(came: Posted, env: OsciEnv): Promise<Pick<Told, 'kind' | 'tokens' | 'answer' | 'came'>> {
  try {
    const opened = await openAnswer(came.body, envFor(came, env))
    if (opened.type === 'fault') return { kind: 'fault', tokens: [`fault ${opened.osciCode ?? '?'}`], came }
    if (messageType(opened.type)?.kind !== 'response')
      throw new OrderError('osci-structure.unexpected-message', 'a request came as the answer')
    // blanks around a code are none of it (osci.xsd, NMTOKEN)
    const { feedback } = opened.order as unknown as { readonly feedback: { readonly entries: readonly { readonly code: string }[] } }
    return { kind: 'answer', tokens: feedback.entries.map(({ code }) => code.trim()), answer: opened, came }
  } catch (error) {
    if (!(error instanceof ProtektorError)) throw error
    if (came.status !== 200) return { kind: 'http', tokens: [`http ${came.status}`], came }
    return { kind: 'unreadable', tokens: [error.finding], came }
  }
}
