// SPDX-License-Identifier: EUPL-1.2
/**
 * THE TABLE of faults that the proxy can do to an exchange that passes it:
 *
 *   deviation × direction     `request.ciphertext`, `answer.wrong-challenge` …      one message, wrong in one place
 *   traffic                   `answer.late`, `request.replayed`, `answer.http-500` …   bodies that are right, and handled wrongly
 *
 * Each row says who must see it, and by what name.
 * @module
 */
import { messageType, responseTo, type RequestName } from '../osci/messages.js'
import { sealFault } from '../osci/fault.js'
import { bendPassing, depthOf, Unbendable, type Depth, type Hand } from './bend.js'
import { DEVIATIONS, fits } from './deviations.js'
import type { Deviation, Where, Words } from './deviation.js'
import { whole, type Outgoing } from './listener.js'
import type { Body, Posted } from './wire.js'

/** An exchange on its way. */
export interface Passing {
  readonly request: Body
  /** What is known of it without a key, or with the keys at hand. */
  readonly where: Where | undefined
  /** Sends it on. @throws what keeps it from arriving */
  readonly forward: (request: Body) => Promise<Posted>
  /** Aborted when the asker waits no longer. */
  readonly gone: AbortSignal
  readonly hand: Hand
  /** Exchanges that passed before, the latest last. */
  readonly earlier: readonly { readonly name: RequestName | undefined; readonly answer: Posted }[]
  /** Largest body that the other side takes. */
  readonly maxBytes: number
}

export interface Fault {
  /** `request.…` or `answer.…`, stable. */
  readonly name: string
  readonly layer: Deviation['layer']
  readonly direction: 'request' | 'answer'
  readonly text: Words
  /** What the proxy must be able to do for it. */
  readonly depth: Depth
  readonly fits: (where: Where) => boolean
  /** Never done where nobody knows which exchange it is. */
  readonly onlyKnown?: true
  /** Of a request: how the supplier answers, any one of these, and what we ourselves find. */
  readonly codes?: readonly string[]
  readonly finding?: string
  /** Of an answer: what the asker finds, and its code where OSCI has one. */
  readonly seen?: { readonly finding: string; readonly code?: string }
  /** Of an answer: a regular one that says no. */
  readonly refusal?: true
  /** Of an answer of a passive recipient: what the intermediary tells its client. */
  readonly onward?: string
  readonly act: (passing: Passing) => Promise<Outgoing>
}

const always = (): boolean => true

function ofRequest(deviation: Deviation): Fault[] {
  const { request, bend } = deviation
  if (!request) return []
  return [
    {
      name: `request.${deviation.name}`,
      layer: deviation.layer,
      direction: 'request',
      text: deviation.text,
      depth: depthOf(bend),
      fits: (where) => fits(deviation, where),
      codes: request,
      finding: deviation.finding,
      act: async ({ request, hand, forward }) => whole(await forward(await bendPassing(request, bend, hand))),
    },
  ]
}

/** Where an answer stands is known from its request. */
const answering = (where: Where): Where => ({ ...where, type: messageType(responseTo(where.type.exchange)) ?? where.type })

function ofAnswer(deviation: Deviation): Fault[] {
  const { answer, bend } = deviation
  if (!answer) return []
  return [
    {
      name: `answer.${deviation.name}`,
      layer: deviation.layer,
      direction: 'answer',
      text: deviation.text,
      depth: depthOf(bend),
      fits: (where) => fits(deviation, answering(where)),
      seen: { finding: answer.finding, ...(answer.code === undefined ? {} : { code: answer.code }) },
      onward: answer.onward,
      ...(deviation.refusal ? { refusal: true } : {}),
      act: async ({ request, hand, forward }) => {
        const posted = await forward(request)
        return whole({ ...posted, ...(await bendPassing(posted, bend, hand)) })
      },
    },
  ]
}

type TrafficRow = readonly [
  name: string,
  de: string,
  en: string,
  expected: Pick<Fault, 'codes' | 'seen' | 'onward' | 'onlyKnown'> & { readonly layer?: Fault['layer']; readonly fits?: Fault['fits'] },
  act: Fault['act'],
]

const page = new TextEncoder().encode('<html><body>Fehler</body></html>')
const lost = { seen: { finding: 'client.connection' }, onward: '9810' }
export const fault = (side: 'Client' | 'Server', osciCode: string): Uint8Array =>
  sealFault({ type: 'fault', side, text: 'Nein.', osciCode })
const inDialog = ({ inDialog: it }: Where): boolean => it
const alone =
  (name: RequestName) =>
  ({ inDialog: it, type }: Where): boolean =>
    !it && type.name === name
/** What a repetition means depends on the exchange, and which it is can only be seen inside. */
const only = (fits: Fault['fits']) => ({ fits, onlyKnown: true as const })
const twice: Fault['act'] = async ({ request, forward }) => {
  await forward(request)
  return whole(await forward(request))
}
const padded = <B extends Body>(it: B, bytes: number): B => ({ ...it, body: Buffer.concat([it.body, Buffer.alloc(bytes)]) })
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const http =
  (status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): Fault['act'] =>
  async ({ request, forward }) => {
    await forward(request)
    return { ...whole({ status, body }), headers }
  }

/** Something that answered another request of the same kind: unlike what is due in nothing but its control block. */
const earlierAnswer = ({ earlier, where }: Passing, same: boolean): Posted => {
  const found = [...earlier].reverse().find(({ name }) => name !== undefined && (name === where?.type.exchange) === same)
  if (!found) throw new Unbendable('davor kam nichts dergleichen vorbei', 'nothing of the kind has passed before')
  return found.answer
}

const TRAFFIC: readonly TrafficRow[] = [
  ['request.replayed', 'Der Auftrag kommt zweimal; die zweite Antwort geht zurück.', 'The request comes twice; the second answer goes back.',
    { codes: ['fault 9400'], ...only(inDialog) }, twice],
  ['request.stored-twice', 'Die Zustellung kommt zweimal; die zweite Antwort geht zurück.', 'The delivery comes twice; the second answer goes back.',
    { codes: ['9801'], ...only(alone('storeDelivery')) }, twice],
  ['request.accepted-twice', 'Der Annahmeauftrag kommt zweimal; die zweite Antwort geht zurück.', 'The acceptDelivery comes twice; the second answer goes back.',
    { codes: ['0800'], ...only(alone('acceptDelivery')) }, twice],
  // the content of an answer may be gone; that nothing is processed a second time is then said by 9810
  ['request.processed-twice', 'Der Bearbeitungsauftrag kommt zweimal; die zweite Antwort geht zurück.', 'The processDelivery comes twice; the second answer goes back.',
    { codes: ['0800', '9810'], ...only(alone('processDelivery')) }, twice],
  ['request.oversized', 'Der Auftrag ist größer als erlaubt.', 'The request is larger than allowed.',
    { codes: ['http 413', 'fault 9100'], layer: 'mime' }, async ({ request, forward, maxBytes }) => whole(await forward(padded(request, maxBytes)))],
  ['request.empty', 'Der Auftrag kommt ohne Inhalt an.', 'The request arrives without a body.',
    { codes: ['fault 9100', 'http 400'], layer: 'mime' }, async ({ request, forward }) => whole(await forward({ ...request, body: new Uint8Array(0) }))],
  ['answer.dropped-request', 'Der Auftrag geht verloren; die Verbindung endet.', 'The request is lost; the connection ends.',
    lost, async () => Promise.resolve({ kind: 'closed' })],
  ['answer.dropped', 'Die Antwort geht verloren; die Verbindung endet.', 'The answer is lost; the connection ends.',
    lost, async ({ request, forward }) => { await forward(request); return { kind: 'closed' } }],
  ['answer.late', 'Die Antwort kommt nicht, solange die Gegenseite wartet.', 'The answer does not come while the other side waits.',
    { seen: { finding: 'client.timeout' }, onward: '9810' }, async ({ request, forward, gone }) => {
      await forward(request).catch((error: unknown) => { if (!gone.aborted) throw error })
      await aborted(gone)
      return { kind: 'closed' }
    }],
  ['answer.broken-off', 'Die Antwort bricht in der Mitte ab.', 'The answer breaks off in the middle.',
    { seen: { finding: 'client.answer-broken-off' }, onward: '9810' }, async ({ request, forward }) => ({ kind: 'broken-off', ...(await forward(request)) })],
  ['answer.oversized', 'Die Antwort ist größer als erlaubt.', 'The answer is larger than allowed.',
    { seen: { finding: 'client.answer-too-large' }, onward: '9810' },
    async ({ request, forward, maxBytes }) => whole(padded(await forward(request), maxBytes))],
  ['answer.empty', 'Die Antwort hat keinen Inhalt.', 'The answer has no body.',
    { seen: { finding: 'mime.header-malformed', code: '9100' }, onward: '9810', layer: 'mime' }, http(200, {}, new Uint8Array(0))],
  ['answer.http-500', 'Statt der Antwort kommt HTTP 500 mit einer Seite.', 'Instead of the answer HTTP 500 comes with a page.',
    { seen: { finding: 'client.http-status' }, onward: '9810' }, http(500, { 'Content-Type': 'text/html' }, page)],
  ['answer.http-503', 'Statt der Antwort kommt HTTP 503.', 'Instead of the answer HTTP 503 comes.',
    { seen: { finding: 'client.http-status' }, onward: '9810' }, http(503, { 'Retry-After': '5' }, new Uint8Array(0))],
  ['answer.http-redirect', 'Statt der Antwort kommt eine Weiterleitung.', 'Instead of the answer a redirection comes.',
    { seen: { finding: 'client.http-status' }, onward: '9810' }, http(302, { Location: 'http://127.0.0.1:9/' }, new Uint8Array(0))],
  ['answer.web-page', 'Statt der Antwort kommt eine Webseite.', 'Instead of the answer a web page comes.',
    { seen: { finding: 'osci-structure.frame', code: '9100' }, onward: '9810', layer: 'osci-structure' }, http(200, { 'Content-Type': 'text/html' }, page)],
  ['answer.replayed', 'Es kommt die Antwort auf einen früheren Auftrag derselben Art.', 'The answer to an earlier request of the same kind comes.',
    { seen: { finding: 'client.answer-response', code: '9400' }, onward: '9810', layer: 'control-block' },
    async (passing) => { const before = earlierAnswer(passing, true); await passing.forward(passing.request); return whole(before) }],
  ['answer.of-another-exchange', 'Es kommt die Antwort auf einen früheren Auftrag anderer Art.', 'The answer to an earlier request of another kind comes.',
    { seen: { finding: 'client.answer-type', code: '9300' }, onward: '9810', layer: 'osci-structure' },
    async (passing) => { const before = earlierAnswer(passing, false); await passing.forward(passing.request); return whole(before) }],
  ['answer.request-echoed', 'Der Auftrag kommt als Antwort zurück.', 'The request comes back as the answer.',
    { seen: { finding: 'transport-encryption.not-our-key', code: '9200' }, onward: '9810', layer: 'transport-encryption', fits: ({ encrypted }) => encrypted },
    async ({ request, forward }) => { await forward(request); return whole(request) }],
  ['answer.fault-client', 'Statt der Antwort kommt ein SOAP-Fault Client 9300.', 'Instead of the answer a SOAP fault Client 9300 comes.',
    { seen: { finding: 'client.fault', code: '9300' }, onward: '9805', layer: 'osci-structure' }, http(200, {}, fault('Client', '9300'))],
  ['answer.fault-server', 'Statt der Antwort kommt ein SOAP-Fault Server 9000.', 'Instead of the answer a SOAP fault Server 9000 comes.',
    { seen: { finding: 'client.fault', code: '9000' }, onward: '9808', layer: 'osci-structure' }, http(200, {}, fault('Server', '9000'))],
] // prettier-ignore

export const FAULTS: readonly Fault[] = [
  ...DEVIATIONS.flatMap(ofRequest),
  ...DEVIATIONS.flatMap(ofAnswer),
  ...TRAFFIC.map(([name, de, en, { layer = 'http', fits: fit = always, ...expected }, act]): Fault => ({
    name,
    layer,
    direction: name.startsWith('request.') ? 'request' : 'answer',
    text: { de, en },
    depth: 'wire',
    fits: fit,
    ...expected,
    act,
  })),
]
