// SPDX-License-Identifier: EUPL-1.2
/**
 * THE TABLE: every exchange of OSCI-Transport 1.2, one row per request/response pair. Parsing, writing, schema choice, roles, client,
 * CLI and documents derive from it; nothing else knows message types ([OSCI12 §2 exchange patterns], structure tables). Not split,
 * however long: whoever asks what a message may hold reads one file.
 * @module
 */
import { base64Text, empty, many, one, opt, attr, integer, struct, text, uri, needs, exactlyOne, type Card, type Codec, type Infer } from './codec.js'
import { OSCI, OSCI2017 } from './names.js'
import { cardRule, chunkInformation, feedback, fetchRule, processCardBundle, type ChunkMarks } from './parts.js'

type Mark = '!' | '?' | '-'
/** `Response Challenge ConversationId SequenceNumber`, each `!` required, `?` optional, `-` forbidden (osci-1.2 §3.1). */
export type Control = `${Mark}${Mark}${Mark}${Mark}`

/** Elements of the two certificate headers. */
export type CertificateRole =
  | 'CipherCertificateIntermediary'
  | 'SignatureCertificateIntermediary'
  | 'CipherCertificateOriginator'
  | 'CipherCertificateOtherAuthor'
  | 'CipherCertificateAddressee'
  | 'CipherCertificateOtherReader'
  | 'SignatureCertificateOriginator'
  | 'SignatureCertificateOtherAuthor'
  | 'SignatureCertificateAddressee'

/** Order of the schema; the reference library writes Addressee before OtherAuthor at the end (trap T15: both are read). */
export const CERTIFICATE_ORDER: readonly CertificateRole[] = [
  'CipherCertificateIntermediary',
  'SignatureCertificateIntermediary',
  'CipherCertificateOriginator',
  'CipherCertificateOtherAuthor',
  'CipherCertificateAddressee',
  'CipherCertificateOtherReader',
  'SignatureCertificateOriginator',
  'SignatureCertificateOtherAuthor',
  'SignatureCertificateAddressee',
]

/** Which certificates a header of a message may carry, and how often (osci-1.2 §2). */
export type CertificateCards = Readonly<Partial<Record<CertificateRole, Card>>>
export const CERTIFICATE_SETS = {
  signer: { SignatureCertificateOriginator: '?' },
  client: { CipherCertificateOriginator: '?', SignatureCertificateOriginator: '?' },
  opening: { CipherCertificateOriginator: '1', SignatureCertificateOriginator: '?' },
  store: {
    CipherCertificateOriginator: '?',
    CipherCertificateOtherAuthor: '*',
    CipherCertificateAddressee: '1',
    CipherCertificateOtherReader: '*',
    SignatureCertificateOriginator: '?',
    SignatureCertificateOtherAuthor: '*',
  },
  delivery: {
    CipherCertificateOriginator: '?',
    CipherCertificateOtherAuthor: '*',
    CipherCertificateAddressee: '?',
    CipherCertificateOtherReader: '*',
    SignatureCertificateOriginator: '?',
    SignatureCertificateOtherAuthor: '*',
    SignatureCertificateAddressee: '?',
  },
  addresseeSigner: { SignatureCertificateAddressee: '?' },
  answeringIntermediary: { SignatureCertificateIntermediary: '?' },
  callingIntermediary: { CipherCertificateIntermediary: '?', SignatureCertificateIntermediary: '?' },
} as const satisfies Record<string, CertificateCards>
export type CertificateSet = keyof typeof CERTIFICATE_SETS

export type SignerRole = 'SignatureCertificateOriginator' | 'SignatureCertificateIntermediary' | 'SignatureCertificateAddressee'

interface Columns {
  /** Element of the answerer's or asker's certificate that makes the message signature. */
  readonly signer: SignerRole
  readonly control: Control
  /** A Challenge that must not be here is read all the same: the .NET library 2.0.1 still sends what a correction of the standard took away. */
  readonly strayChallenge?: true
  readonly timestamps?: Card
  readonly intermediary?: Card
  readonly nonIntermediary?: Card
  /** Of NonIntermediaryCertificates. */
  readonly certificates?: CertificateSet
  /** Roles among these that the reference library refuses in this message all the same (wire fact 26, trap T50): read, told by a check. */
  readonly refusedElsewhere?: readonly CertificateRole[]
  /** FeatureDescription: '1' where the schema demands it, else it is optional. */
  readonly features?: Card
  readonly content?: Card
}

export interface MessageRow<T> extends Columns {
  /** The order element stands in the header, or is the body's content. */
  readonly at: 'header' | 'body'
  readonly uri: string
  readonly order: Codec<T>
}

type ColumnsAfterControl = Omit<Columns, 'control' | 'signer'> & { readonly signer?: SignerRole }

const row = <T>(
  at: 'header' | 'body',
  uri: string,
  signer: SignerRole,
  control: Control,
  order: Codec<T>,
  columns: ColumnsAfterControl,
): MessageRow<T> => ({ at, uri, signer, control, order, ...columns })

const NO_ADDRESSEE = ['SignatureCertificateAddressee'] as const

const ORIGINATOR = 'SignatureCertificateOriginator'
const INTERMEDIARY = 'SignatureCertificateIntermediary'

const asksInHeader = <T>(c: Control, order: Codec<T>, s: ColumnsAfterControl = {}, uri = OSCI) =>
  row('header', uri, ORIGINATOR, c, order, { certificates: 'signer', ...s })
const asksInBody = <T>(c: Control, order: Codec<T>, s: ColumnsAfterControl = {}) =>
  row('body', OSCI, ORIGINATOR, c, order, { certificates: 'signer', ...s })
const answersInHeader = <T>(c: Control, order: Codec<T>, s: ColumnsAfterControl = {}, uri = OSCI) =>
  row('header', uri, INTERMEDIARY, c, order, { intermediary: '?', ...s })
const answersInBody = <T>(c: Control, order: Codec<T>, s: ColumnsAfterControl = {}) =>
  row('body', OSCI, INTERMEDIARY, c, order, { intermediary: '?', ...s })

export interface Exchange {
  readonly de: string
  /** Who sends the request. */
  readonly asks: 'client' | 'intermediary'
  readonly dialog: 'opens' | 'closes' | 'explicit' | 'either' | 'none'
  /** Feedback codes that the answer may carry, beyond those that every answer may (docs/messages.md). */
  readonly feedback: readonly string[]
  readonly request: MessageRow<unknown>
  readonly response: MessageRow<unknown>
  /** The exchange by which an intermediary passes the delivery on to a receiver. */
  readonly onward?: 'acceptDelivery' | 'processDelivery'
  /** Another exchange whose response may come as well (osci-1.2 §10.4: what fits into one chunk comes whole). */
  readonly alsoAnsweredAs?: string
}
const exchange = <X extends Exchange>(x: X): X => x

const messageId = one('MessageId', base64Text)
const subject = opt('Subject', text)
const feedbackField = one('Feedback', feedback)
const onlyFeedback = struct({ feedback: feedbackField })
const contentReceiver = one('ContentReceiver', struct({ uri: attr('URI', uri) }))
const chunk = (marks: ChunkMarks) => one('ChunkInformation', chunkInformation(marks), { uri: OSCI2017 })
const cardQuery = {
  selectionRule: opt('SelectionRule', cardRule),
  quantity: opt('Quantity', struct({ limit: attr('Limit', integer) })),
}
const fetchEcho = one('fetchDelivery', struct({ selectionRule: opt('SelectionRule', fetchRule) }))

const CERTIFICATES = ['3701', '3702', '3703', '3704', '3705', '3706', '9704', '9705', '9706', '9707', '9708', '9709']
const FORWARDING = ['3708', '3802', '3803', '9711', '9712', '9805', '9807', '9808', '9809', '9810']

/** Every OSCI 1.2 exchange. This table is the protocol; everything else reads it. */
export const EXCHANGES = {
  getMessageId: exchange({
    de: 'MessageId-Anforderungsauftrag', asks: 'client', dialog: 'either', feedback: ['0800', '0801'],
    request: asksInBody('?!?!', empty, { nonIntermediary: '?', certificates: 'client' }),
    response: answersInBody('!?!!', struct({ feedback: feedbackField, messageId: opt('MessageId', base64Text) })),
  }),
  initDialog: exchange({
    de: 'Dialoginitialisierungsauftrag', asks: 'client', dialog: 'opens', feedback: ['0801'],
    request: asksInBody('-!--', empty, { nonIntermediary: '1', certificates: 'opening' }),
    response: answersInBody('!!!-', onlyFeedback),
  }),
  exitDialog: exchange({
    de: 'Dialogendeauftrag', asks: 'client', dialog: 'closes', feedback: ['0800', '9802'],
    request: asksInBody('!!!!', empty, { nonIntermediary: '?' }),
    response: answersInBody('!-!!', onlyFeedback),
  }),
  storeDelivery: exchange({
    de: 'Zustellungsauftrag', asks: 'client', dialog: 'either', feedback: ['0800', '0801', ...CERTIFICATES, '9801'],
    request: asksInHeader('?!?!', struct({ messageId, subject }), { timestamps: '2', nonIntermediary: '1', certificates: 'store', content: '1' }),
    response: answersInHeader('!?!!', struct({ feedback: feedbackField, processCardBundle: opt('ProcessCardBundle', processCardBundle('!--')) })),
  }),
  fetchDelivery: exchange({
    de: 'Zustellungsabholauftrag', asks: 'client', dialog: 'explicit', feedback: ['0801', '3800', '9802', '9803'],
    request: asksInHeader('!!!!', struct({ selectionRule: opt('SelectionRule', fetchRule) }), { nonIntermediary: '?' }),
    response: answersInHeader(
      '!!!!',
      struct({ feedback: feedbackField, fetchDelivery: fetchEcho, processCardBundle: opt('ProcessCardBundle', processCardBundle('!!?')) }),
      { nonIntermediary: '?', certificates: 'delivery', refusedElsewhere: NO_ADDRESSEE, content: '?' },
    ),
  }),
  fetchProcessCard: exchange({
    de: 'Laufzettelabholauftrag', asks: 'client', dialog: 'explicit', feedback: ['0801', '3801', '9802', '9804'],
    request: asksInBody('!!!!', struct(cardQuery), { nonIntermediary: '?' }),
    response: answersInBody(
      '!!!!',
      struct({
        feedback: feedbackField,
        fetchProcessCard: one('fetchProcessCard', struct(cardQuery)),
        processCardBundles: many('ProcessCardBundle', processCardBundle('!??')),
      }),
    ),
  }),
  forwardDelivery: exchange({
    de: 'Weiterleitungsauftrag', asks: 'client', dialog: 'either', onward: 'acceptDelivery', feedback: ['0800', '0801', ...CERTIFICATES, ...FORWARDING, '9801'],
    request: asksInHeader('?!?!', struct({ contentReceiver, messageId, subject }), {
      timestamps: '2', nonIntermediary: '?', certificates: 'delivery', content: '1',
    }),
    response: answersInHeader('!???', struct({ feedback: feedbackField, processCardBundle: opt('ProcessCardBundle', processCardBundle('!??')) })),
  }),
  acceptDelivery: exchange({
    de: 'Annahmeauftrag', asks: 'intermediary', dialog: 'none', feedback: ['0800', '9805', '9809', '9810'],
    request: asksInHeader('-!--', struct({ processCardBundle: one('ProcessCardBundle', processCardBundle('!!-')) }), {
      signer: INTERMEDIARY, intermediary: '?', nonIntermediary: '?', certificates: 'delivery', refusedElsewhere: NO_ADDRESSEE, content: '1',
    }),
    response: answersInHeader('!---', onlyFeedback, {
      strayChallenge: true, signer: 'SignatureCertificateAddressee', intermediary: '0', nonIntermediary: '?', certificates: 'addresseeSigner',
    }),
  }),
  mediateDelivery: exchange({
    de: 'Abwicklungsauftrag', asks: 'client', dialog: 'explicit', onward: 'processDelivery',
    feedback: ['0801', ...CERTIFICATES, ...FORWARDING, '9800', '9801', '9802', '9806'],
    request: asksInHeader('!!!!', struct({ contentReceiver, messageId: opt('MessageId', base64Text), subject }, needs('subject', 'messageId')), {
      timestamps: '0..2', nonIntermediary: '?', certificates: 'delivery', content: '1',
    }),
    response: answersInHeader(
      '!!!!',
      struct({
        feedback: feedbackField,
        requestProcessCardBundle: opt('RequestProcessCardBundle', processCardBundle('!!!')),
        replyProcessCardBundle: opt('ReplyProcessCardBundle', processCardBundle('!!-')),
      }, needs('replyProcessCardBundle', 'requestProcessCardBundle')),
      { nonIntermediary: '?', certificates: 'delivery', refusedElsewhere: NO_ADDRESSEE, content: '?' },
    ),
  }),
  processDelivery: exchange({
    de: 'Bearbeitungsauftrag', asks: 'intermediary', dialog: 'none', feedback: ['0800', '9800', '9805', '9809', '9810'],
    request: asksInHeader(
      '-!--',
      struct({
        messageIdResponse: opt('MessageIdResponse', base64Text),
        processCardBundle: opt('ProcessCardBundle', processCardBundle('!!-')),
      }),
      { signer: INTERMEDIARY, intermediary: '?', nonIntermediary: '?', certificates: 'delivery', refusedElsewhere: NO_ADDRESSEE, content: '1' },
    ),
    response: answersInHeader('!---', struct({ feedback: feedbackField, messageId: opt('MessageId', base64Text), subject }, needs('subject', 'messageId')), {
      signer: ORIGINATOR, intermediary: '0', timestamps: '0..2', nonIntermediary: '?', certificates: 'delivery', content: '?',
    }),
  }),
  partialStoreDelivery: exchange({
    de: 'Paketierter Zustellungsauftrag', asks: 'client', dialog: 'either',
    feedback: ['0800', '0801', ...CERTIFICATES, '3950', '3951', '3952', '9801', '9900', '9901', '9902', '9903', '9904', '9905', '9950'],
    request: asksInHeader(
      '?!?!',
      struct({
        messageId,
        subject,
        chunkInformation: opt('ChunkInformation', chunkInformation('!!-!!'), { uri: OSCI2017 }),
        infoOnly: opt('InfoOnly', empty, { uri: OSCI2017 }),
      }, exactlyOne('chunkInformation', 'infoOnly')),
      { timestamps: '1', nonIntermediary: '1', certificates: 'store', features: '1', content: '1' },
      OSCI2017,
    ),
    response: answersInHeader(
      '!?!!',
      struct({
        insideFeedback: opt('InsideFeedback', feedback, { uri: OSCI2017 }),
        feedback: feedbackField,
        processCardBundle: opt('ProcessCardBundle', processCardBundle('!--'), { alsoReads: 'procard' }),
        chunkInformation: chunk('?-!?-'),
      }),
      { features: '1' },
      OSCI2017,
    ),
  }),
  partialFetchDelivery: exchange({
    de: 'Paketierter Zustellungsabholauftrag', asks: 'client', dialog: 'explicit',
    feedback: ['0801', '3800', '9802', '9803', '9901', '9902', '9903', '9905'], alsoAnsweredAs: 'fetchDelivery',
    request: asksInHeader(
      '!!!!',
      struct({ selectionRule: opt('SelectionRule', fetchRule), chunkInformation: chunk('!!!--') }),
      { nonIntermediary: '?', features: '1' },
      OSCI2017,
    ),
    response: answersInHeader(
      '!!!!',
      struct({
        feedback: feedbackField,
        fetchDelivery: fetchEcho,
        chunkInformation: chunk('!--??'),
        messageId: opt('MessageId', base64Text),
      }),
      { nonIntermediary: '?', certificates: 'delivery', features: '1', content: '?' },
      OSCI2017,
    ),
  }),
} as const satisfies Record<string, Exchange>

// ---- derived types and look-ups -------------------------------------------------------------------------------------
type Table = typeof EXCHANGES
export type RequestName = keyof Table
export type ResponseTo<N extends RequestName> = `responseTo${Capitalize<N>}`
export type ResponseName = ResponseTo<RequestName>
export type MessageName = RequestName | ResponseName
type RowOf<N extends MessageName> = N extends RequestName
  ? Table[N]['request']
  : N extends `responseTo${infer R}`
    ? Uncapitalize<R> extends RequestName
      ? Table[Uncapitalize<R>]['response']
      : never
    : never
export type OrderOf<N extends MessageName> = Infer<RowOf<N>['order']>

/** A row together with what follows from its place in the table. */
export interface MessageType extends MessageRow<unknown> {
  readonly name: MessageName
  readonly kind: 'request' | 'response'
  readonly exchange: RequestName
  readonly signatureElement: 'ClientSignature' | 'SupplierSignature'
  /** e.g. `soapStoreDelivery.xsd`. */
  readonly schemaFile: string
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** `responseToStoreDelivery` for `storeDelivery`. */
export const responseTo = <N extends RequestName>(name: N): ResponseTo<N> => `responseTo${capital(name)}` as ResponseTo<N>

/** Every response that may answer a request. */
export function responsesTo(name: RequestName): readonly string[] {
  const { alsoAnsweredAs }: Exchange = EXCHANGES[name]
  return [responseTo(name), ...(alsoAnsweredAs === undefined ? [] : [`responseTo${capital(alsoAnsweredAs)}`])]
}

export const REQUEST_NAMES = Object.keys(EXCHANGES) as readonly RequestName[]

const TYPES: ReadonlyMap<string, MessageType> = new Map(
  REQUEST_NAMES.flatMap((name) =>
    (['request', 'response'] as const).map((kind): [string, MessageType] => {
      const full = kind === 'request' ? name : responseTo(name)
      return [
        full,
        {
          ...EXCHANGES[name][kind],
          name: full,
          kind,
          exchange: name,
          signatureElement: kind === 'request' ? 'ClientSignature' : 'SupplierSignature',
          schemaFile: `soap${capital(full)}.xsd`,
        },
      ]
    }),
  ),
)

/** All 24 messages, requests and responses in table order. */
export const MESSAGE_TYPES: readonly MessageType[] = [...TYPES.values()]

/** The row of an order element, or undefined for a name that OSCI does not know. */
export const messageType = (name: string): MessageType | undefined => TYPES.get(name)

/** The sets of the two certificate headers of a message. */
export const certificateSets = (type: MessageType): { readonly intermediary: CertificateCards; readonly others: CertificateCards } => ({
  intermediary: CERTIFICATE_SETS[type.kind === 'request' ? 'callingIntermediary' : 'answeringIntermediary'],
  others: CERTIFICATE_SETS[type.certificates ?? 'delivery'],
})

export interface Slot {
  readonly uri: string
  readonly name: string
  readonly card: Card
}

/** The one header order that all 24 envelopes share; a row only states how often. Custom blocks follow. */
export function headerSlots(type: MessageType): readonly Slot[] {
  const slots: Slot[] = [
    { uri: OSCI, name: 'ControlBlock', card: '1' },
    { uri: OSCI, name: type.signatureElement, card: '?' },
    { uri: OSCI, name: 'DesiredLanguages', card: type.kind === 'request' ? '1' : '0' },
    { uri: OSCI, name: 'QualityOfTimestamp', card: type.timestamps ?? '0' },
    { uri: type.uri, name: type.name, card: type.at === 'header' ? '1' : '0' },
    { uri: OSCI, name: 'IntermediaryCertificates', card: type.intermediary ?? '0' },
    { uri: OSCI, name: 'NonIntermediaryCertificates', card: type.nonIntermediary ?? '0' },
    // absent in a chunk message is a warning, not an error (trap T46)
    { uri: OSCI2017, name: 'FeatureDescription', card: '?' },
  ]
  return slots.filter((slot) => slot.card !== '0')
}

export function bodySlots(type: MessageType): readonly Slot[] {
  const slots: Slot[] = [
    { uri: type.uri, name: type.name, card: type.at === 'body' ? '1' : '0' },
    { uri: OSCI, name: 'ContentPackage', card: type.content ?? '0' },
  ]
  return slots.filter((slot) => slot.card !== '0')
}

