// SPDX-License-Identifier: EUPL-1.2
/**
 * The shared parts of OSCI orders: feedback, process card, inspection, selection rules, chunks, features ([OSCI12 order.xsd, EFFI.xsd]).
 * @module
 */
import { attributeOf, elementsOf, element, attr as attribute, type XmlElement } from '../xml/tree.js'
import {
  attr,
  base64,
  base64Text,
  boolean,
  dateTime,
  integer,
  many,
  misfit,
  one,
  opt,
  optAttr,
  some,
  struct,
  text,
  word,
  type Codec,
  type Infer,
} from './codec.js'
import { OSCI, OSCI2017 } from './names.js'
import type { FeedbackEntry } from './feedback.js'

// osci:Feedback ─ Entry+ @xml:lang ─ Code, Text
const XML_NS = 'http://www.w3.org/XML/1998/namespace'
const entry = struct({ code: one('Code', text), text: one('Text', text) })
const languageEntry: Codec<FeedbackEntry> = {
  read(e) {
    const lang = attributeOf(e, 'lang', XML_NS)
    return { ...entry.read(e), ...(lang === undefined ? {} : { lang }) }
  },
  write: ({ lang, ...rest }) => ({
    ...entry.write(rest),
    attributes: lang === undefined ? [] : [{ prefix: 'xml', local: 'lang', uri: XML_NS, value: lang }],
  }),
}
export const feedback = struct({ entries: some('Entry', languageEntry) })

/** `plain`: xsd:dateTime of the intermediary's clock; `cryptographic`: a time-stamping authority's token. */
export type TimeStamp = { readonly plain: string } | { readonly cryptographic: { readonly algorithm: string; readonly token: Uint8Array } }

// Creation | Forwarding | Reception | Timestamp ─ Plain, or Cryptographic @Algorithm
export const timeStamp: Codec<TimeStamp> = {
  read(e) {
    const [only, ...more] = elementsOf(e)
    if (!only || more.length > 0 || only.uri !== OSCI) throw misfit(e, 'timestamp', `${e.local} holds Plain or Cryptographic`)
    if (only.local === 'Plain') return { plain: dateTime.read(only) }
    if (only.local !== 'Cryptographic') throw misfit(only, 'timestamp', `${e.local} holds Plain or Cryptographic`)
    return { cryptographic: { algorithm: attributeOf(only, 'Algorithm') ?? '', token: base64.read(only) } }
  },
  write: (v) => ({
    children: [
      'plain' in v
        ? element(OSCI, 'osci', 'Plain', dateTime.write(v.plain))
        : element(OSCI, 'osci', 'Cryptographic', {
            ...base64.write(v.cryptographic.token),
            attributes: [attribute('Algorithm', v.cryptographic.algorithm)],
          }),
    ],
  }),
}

/** Serial numbers are longer than any number of JavaScript: kept as digits. */
const decimal: Codec<string> = {
  read(e) {
    const digits = text.read(e).trim()
    if (!/^[+-]?\d{1,60}$/.test(digits)) throw misfit(e, 'bad-value', `${e.local} is not a whole number`)
    return digits
  },
  write: (v) => text.write(v),
}

// Inspection ─ Timestamp, X509SubjectName, X509IssuerName, X509SerialNumber, CertType, MathResult, OfflineResult, OnlineResult?
const result = <W extends string>(...words: readonly W[]) => struct({ result: attr('Result', word(...words)) })
const inspection = struct({
  timestamp: one('Timestamp', timeStamp),
  subjectName: one('X509SubjectName', text),
  issuerName: one('X509IssuerName', text),
  serialNumber: one('X509SerialNumber', decimal),
  certType: one('CertType', struct({ type: attr('Type', word('advanced', 'qualified', 'accredited', 'unknown')) })),
  mathResult: one('MathResult', result('ok', 'corrupted', 'indeterminate')),
  offlineResult: one('OfflineResult', result('valid', 'invalid', 'indeterminate')),
  onlineResult: opt(
    'OnlineResult',
    struct({
      result: attr('Result', word('ok', 'revoked')),
      ocsp: opt('OCSP', base64, { alsoReads: 'OSCP' }),
      crl: opt('CRL', dateTime),
      ldap: opt('LDAP', base64),
    }),
  ),
})

/** Which time stamps a process card carries here: `Creation Forwarding Reception`, each `!` required, `?` optional, `-` forbidden. */
export type Stamps = `!${'!' | '?' | '-'}${'!' | '?' | '-'}`

const stamp = (mark: string | undefined, name: string) => (mark === '!' ? one(name, timeStamp) : opt(name, timeStamp))

const card = struct({
  recentModification: attr('RecentModification', dateTime),
  creation: one('Creation', timeStamp),
  forwarding: stamp('?', 'Forwarding'),
  reception: stamp('?', 'Reception'),
  subject: opt('Subject', text),
})
export type ProcessCard = Infer<typeof card>

/** The card with the stamps that a message allows (osci-1.2 §6.4). */
const processCard = (stamps: Stamps): Codec<ProcessCard> => ({
  read(e) {
    const value = card.read(e)
    for (const [at, stampName] of (['creation', 'forwarding', 'reception'] as const).entries()) {
      const mark = stamps[at]
      if (mark === '!' && value[stampName] === undefined) throw misfit(e, 'process-card', `the process card lacks ${stampName}`)
      if (mark === '-' && value[stampName] !== undefined)
        throw misfit(e, 'process-card', `the process card must not have ${stampName} here`)
    }
    return value
  },
  write: (value) => card.write(value),
})

export const processCardBundle = (stamps: Stamps) =>
  struct({
    messageId: one('MessageId', base64Text),
    processCard: one('ProcessCard', processCard(stamps)),
    inspectionReport: one('InspectionReport', struct({ inspections: many('Inspection', inspection) })),
  })
export type ProcessCardBundle = Infer<ReturnType<typeof processCardBundle>>
export type Inspection = Infer<typeof inspection>

/** Selection of a fetch: one of the three, or an empty rule. */
export interface FetchRule {
  readonly messageId?: string
  readonly receptionOfDelivery?: string
  readonly recentModification?: string
}

// SelectionRule (fetchDelivery, partialFetchDelivery) ─ ReceptionOfDelivery | MessageId | RecentModification | nothing
export const fetchRule: Codec<FetchRule> = {
  read(e) {
    const [only, ...more] = elementsOf(e)
    if (more[0]) throw misfit(more[0], 'selection-rule', 'a selection rule holds one criterion')
    if (!only) return {}
    if (only.uri === OSCI && only.attributes.length === 0) {
      if (only.local === 'MessageId') return { messageId: base64Text.read(only) }
      if (only.local === 'ReceptionOfDelivery') return { receptionOfDelivery: dateTime.read(only) }
      if (only.local === 'RecentModification') return { recentModification: dateTime.read(only) }
    }
    throw misfit(only, 'selection-rule', `${only.local} is no criterion of a fetch`)
  },
  write: (v) => ({
    children: [
      ...(v.messageId === undefined ? [] : [element(OSCI, 'osci', 'MessageId', base64Text.write(v.messageId))]),
      ...(v.receptionOfDelivery === undefined ? [] : [element(OSCI, 'osci', 'ReceptionOfDelivery', dateTime.write(v.receptionOfDelivery))]),
      ...(v.recentModification === undefined ? [] : [element(OSCI, 'osci', 'RecentModification', dateTime.write(v.recentModification))]),
    ],
  }),
}

const dateCriterion = struct({
  noReception: optAttr('NoReception', boolean),
  role: optAttr('Role', word('Addressee', 'Originator')),
})

/** A date criterion of a process card selection. */
export interface CardCriterion extends Infer<typeof dateCriterion> {
  readonly by: 'ReceptionOfDelivery' | 'RecentModification'
  readonly since: string
}
export type CardRule = { readonly messageIds: readonly string[] } | CardCriterion

// SelectionRule (fetchProcessCard) ─ MessageId+ | (ReceptionOfDelivery | RecentModification) @NoReception @Role
export const cardRule: Codec<CardRule> = {
  read(e) {
    const kids = elementsOf(e)
    const [first] = kids
    if (!first) throw misfit(e, 'selection-rule', 'the selection rule of fetchProcessCard is empty')
    if (kids.every((k) => k.uri === OSCI && k.local === 'MessageId')) return { messageIds: kids.map((k) => base64Text.read(k)) }
    if (kids.length > 1 || first.uri !== OSCI || (first.local !== 'ReceptionOfDelivery' && first.local !== 'RecentModification'))
      throw misfit(first, 'selection-rule', `${first.local} is no criterion of fetchProcessCard`)
    const attributesOnly: XmlElement = { ...first, children: [] }
    return { by: first.local, since: dateTime.read(first), ...dateCriterion.read(attributesOnly) }
  },
  write: (v) => {
    if ('messageIds' in v) return { children: v.messageIds.map((id) => element(OSCI, 'osci', 'MessageId', base64Text.write(id))) }
    const { by, since, ...marks } = v
    return { children: [element(OSCI, 'osci', by, { ...dateCriterion.write(marks), children: [since] })] }
  },
}

/** Chunk numbers already there; `-1`, empty and missing all mean none (osci-1.2 §10.1). */
const receivedChunks: Codec<readonly number[]> = {
  read: (e) =>
    text
      .read(e)
      .split(/[ \t\r\n]/)
      .filter((n) => n !== '' && n !== '-1')
      .map((n) => integer.read({ ...e, children: [{ kind: 'text', value: n, cdata: false }] })),
  write: (v) => ({ children: [v.length === 0 ? '-1' : v.join(' ')] }),
}

/**
 * `ChunkNumber ChunkSize ReceivedChunks TotalChunkNumbers TotalMessageSize`, each `!` required, `?` optional, `-` forbidden (osci-1.2 §10.1).
 * A ChunkNumber that may be missing is 0 then: the library leaves out what is 0, as in its answer to InfoOnly (wire fact 57).
 */
export type ChunkMarks = `${'!' | '?'}${'!' | '-'}${'!' | '-'}${'!' | '?' | '-'}${'!' | '?' | '-'}`

// osci2017:ChunkInformation @ChunkNumber @ChunkSize (KB) @ReceivedChunks @TotalChunkNumbers @TotalMessageSize (KB)
export const chunkInformation = (marks: ChunkMarks) => {
  const names = ['chunkNumber', 'chunkSizeKilobytes', 'receivedChunks', 'totalChunkNumbers', 'totalMessageSizeKilobytes']
  const whole = struct(
    {
      chunkNumber: attr('ChunkNumber', integer),
      chunkSizeKilobytes: optAttr('ChunkSize', integer),
      receivedChunks: optAttr('ReceivedChunks', receivedChunks),
      totalChunkNumbers: optAttr('TotalChunkNumbers', integer),
      totalMessageSizeKilobytes: optAttr('TotalMessageSize', integer),
    },
    (value) => {
      const wrong = names.find((name, at) => (value[name] === undefined ? marks[at] === '!' : marks[at] === '-'))
      return wrong === undefined ? undefined : `${wrong} is ${value[wrong] === undefined ? 'missing' : 'not allowed'} here`
    },
  )
  if (marks[0] === '!') return whole
  const numbered = (e: XmlElement): XmlElement =>
    attributeOf(e, 'ChunkNumber') === undefined ? { ...e, attributes: [...e.attributes, attribute('ChunkNumber', '0')] } : e
  return { ...whole, read: (e: XmlElement) => whole.read(numbered(e)) }
}
export type ChunkInformation = Infer<ReturnType<typeof chunkInformation>>

// osci2017:FeatureDescription @… ─ SupportedFeatures ─ Feature+ @Key @Version
export const featureDescription = struct({
  chunkMessageTimeoutSeconds: optAttr('ChunkMessageTimeout', integer, { alsoReads: 'ChunkMessageTimeOut' }),
  maxChunkSizeKilobytes: optAttr('MaxChunkSize', integer),
  maxMessageSizeKilobytes: optAttr('MaxMessageSize', integer),
  minChunkSizeKilobytes: optAttr('MinChunkSize', integer),
  supportedFeatures: one(
    'SupportedFeatures',
    struct({
      features: some('Feature', struct({ key: attr('Key', text), version: attr('Version', text) }), { uri: OSCI2017 }),
    }),
    { uri: OSCI2017 },
  ),
})
export type FeatureDescription = Infer<typeof featureDescription>
