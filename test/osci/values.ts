// SPDX-License-Identifier: EUPL-1.2
/**
 * Generated values for every message of the table: fast-check arbitraries that follow the codecs and the row's columns.
 * @module
 */
import fc from 'fast-check'
import * as codec from '../../src/osci/codec.js'
import { bodySlots, CERTIFICATE_SETS, messageType, type CertificateRole, type MessageName } from '../../src/osci/messages.js'
import { cardRule, featureDescription, fetchRule, timeStamp } from '../../src/osci/parts.js'
import type { CertificateEntry, ControlBlock, OsciMessage } from '../../src/osci/types.js'
import { element, attr, type XmlElement } from '../../src/xml/tree.js'
import { OSCI } from '../../src/osci/names.js'

const fields = (spec: Record<string, fc.Arbitrary<unknown>>, optional: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(spec, { requiredKeys: Object.keys(spec).filter((k) => !optional.includes(k)) })

/** XML characters without CR (line ends are normalised by every parser) and without what XML cannot carry. */
const xmlText = fc
  .string({ unit: fc.constantFrom(...'aZ09 <>&"\'ßÄé漢😀\t\n', ']]>', '&amp;'), maxLength: 12 })
const word = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/)
const date = fc.constantFrom('2026-11-23T10:15:30.123Z', '2026-01-01T00:00:00+01:00', '2026-02-28T23:59:59')
const number = fc.integer({ min: 1, max: 0x7fffffff })
const octets = fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b))
const stamp = fc.oneof(
  date.map((plain) => ({ plain })),
  octets.map((token) => ({ cryptographic: { algorithm: 'urn:ietf:rfc:3161', token } })),
)
const digitsOnly = fc.stringMatching(/^[1-9][0-9]{0,30}$/)

const LEAVES = new Map<unknown, fc.Arbitrary<unknown>>([
  [codec.text, xmlText],
  [codec.integer, number],
  [codec.base64Text, word],
  [codec.base64, octets],
  [codec.dateTime, date],
  [codec.boolean, fc.boolean()],
  [codec.empty, fc.constant({})],
  [timeStamp, stamp],
  [
    fetchRule,
    fc.oneof(
      word.map((messageId) => ({ messageId })),
      date.map((receptionOfDelivery) => ({ receptionOfDelivery })),
      date.map((recentModification) => ({ recentModification })),
      fc.constant({}),
    ),
  ],
  [
    cardRule,
    fc.oneof(
      fc.array(word, { minLength: 1, maxLength: 3 }).map((messageIds) => ({ messageIds })),
      fields(
        {
          by: fc.constantFrom('ReceptionOfDelivery', 'RecentModification'),
          since: date,
          noReception: fc.boolean(),
          role: fc.constantFrom('Addressee', 'Originator'),
        },
        ['noReception', 'role'],
      ),
    ),
  ],
])

const isStruct = (c: unknown): c is codec.Struct<unknown> => typeof c === 'object' && c !== null && 'fields' in c

/** Fields whose codec is a closed function of its own: by field name. */
const BY_NAME: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  Entry: fields({ code: fc.stringMatching(/^[039][0-9]{3}$/), text: xmlText, lang: fc.constantFrom('de', 'en') }, ['lang']),
  ReceivedChunks: fc.array(number, { maxLength: 4 }),
  Type: fc.constantFrom('advanced', 'qualified', 'accredited', 'unknown'),
}
const RESULTS: Readonly<Record<string, readonly string[]>> = {
  MathResult: ['ok', 'corrupted', 'indeterminate'],
  OfflineResult: ['valid', 'invalid', 'indeterminate'],
  OnlineResult: ['ok', 'revoked'],
}

function valueOf(c: unknown, owner: string): fc.Arbitrary<unknown> {
  const leaf = LEAVES.get(c)
  if (leaf) return leaf
  if (isStruct(c)) return structValue(c, owner)
  throw new Error(`no values for a codec of ${owner}`)
}

function processCardValue(stamps: string): fc.Arbitrary<unknown> {
  const mark = (at: number, name: string) => (stamps[at] === '-' ? {} : { [name]: stamp })
  return fields(
    { recentModification: date, creation: stamp, ...mark(1, 'forwarding'), ...mark(2, 'reception'), subject: xmlText },
    ['subject', ...(stamps[1] === '?' ? ['forwarding'] : []), ...(stamps[2] === '?' ? ['reception'] : [])],
  )
}

/** Which stamps the card of a field carries, per message (osci-1.2 §6.4). */
const STAMPS: Readonly<Record<string, string>> = {
  'responseToStoreDelivery/ProcessCardBundle': '!--',
  'responseToPartialStoreDelivery/ProcessCardBundle': '!--',
  'responseToFetchDelivery/ProcessCardBundle': '!!?',
  'acceptDelivery/ProcessCardBundle': '!!-',
  'processDelivery/ProcessCardBundle': '!!-',
  'responseToForwardDelivery/ProcessCardBundle': '!??',
  'responseToFetchProcessCard/ProcessCardBundle': '!??',
  'responseToMediateDelivery/RequestProcessCardBundle': '!!!',
  'responseToMediateDelivery/ReplyProcessCardBundle': '!!-',
}

function structValue(c: codec.Struct<unknown>, owner: string): fc.Arbitrary<unknown> {
  const spec: Record<string, fc.Arbitrary<unknown>> = {}
  const optional: string[] = []
  for (const [key, f] of Object.entries(c.fields)) {
    const path = `${owner}/${f.name}`
    const last = owner.split('/').at(-1) ?? ''
    const stamps = STAMPS[owner]
    const single =
      f.name === 'ProcessCard' && stamps !== undefined
        ? processCardValue(stamps)
        : f.name === 'Result' && RESULTS[last]
          ? fc.constantFrom(...(RESULTS[last] ?? []))
          : (BY_NAME[f.name] ?? valueOf(f.codec, path))
    const [min, max] = codec.boundsOf(f.card)
    spec[key] = max > 1 ? fc.array(single, { minLength: min, maxLength: 2 }) : single
    if (min === 0 && max === 1) optional.push(key)
  }
  return fields(spec, optional)
}

function controlValue(marks: string): fc.Arbitrary<ControlBlock> {
  const all: Record<string, fc.Arbitrary<unknown>> = { response: xmlText, challenge: xmlText, conversationId: digitsOnly, sequenceNumber: number }
  const names = Object.keys(all).filter((_, at) => marks[at] !== '-')
  const optional = Object.keys(all).filter((_, at) => marks[at] === '?')
  return fields(Object.fromEntries(names.map((n) => [n, all[n] ?? xmlText])), optional) as fc.Arbitrary<ControlBlock>
}

export interface Material {
  readonly certificate: (role: CertificateRole) => CertificateEntry
}

/** A package of one container with one Base64Content. */
const content: fc.Arbitrary<XmlElement> = octets.map((bytes) =>
  element(OSCI, 'osci', 'ContentPackage', {
    children: [
      element(OSCI, 'osci', 'ContentContainer', {
        attributes: [attr('Id', 'container0')],
        children: [
          element(OSCI, 'osci', 'Content', {
            children: [element(OSCI, 'osci', 'Base64Content', { attributes: [attr('Id', 'content0')], children: [bytes.toString('base64')] })],
          }),
        ],
      }),
    ],
  }),
)

/** Any message of one name, with the certificates that its signer needs. */
export function messageValue(name: MessageName, material: Material): fc.Arbitrary<OsciMessage> {
  const type = messageType(name)
  if (!type) throw new Error(name)
  const [min, max] = codec.boundsOf(type.timestamps ?? '0')
  const wishes = (['creation', 'reception'] as const).slice(0, max).map((service) => ({ service, quality: 'plain' as const }))
  const hasContent = bodySlots(type).some((s) => s.name === 'ContentPackage')
  const intermediary = type.signer === 'SignatureCertificateIntermediary' && type.intermediary !== undefined && type.intermediary !== '0'
  const roles = CERTIFICATE_SETS[type.certificates ?? 'delivery'].filter((r) => r.startsWith('Signature') || r.includes('Originator'))
  const spec: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.constant(name),
    control: controlValue(type.control),
    order: valueOf(type.order, name),
    custom: fc.constant([]),
    attachments: fc.constant([]),
    evidence: fc.constant({}),
    remarks: fc.constant([]),
    ...(type.kind === 'request' ? { languages: fc.constantFrom(['de'], ['de', 'en-GB']) } : {}),
    ...(min > 0 ? { timestamps: fc.constant(wishes) } : {}),
    ...(intermediary ? { intermediaryCertificates: fc.constant([material.certificate('SignatureCertificateIntermediary')]) } : {}),
    ...(type.nonIntermediary && type.nonIntermediary !== '0' ? { certificates: fc.constant(roles.map((r) => material.certificate(r))) } : {}),
    ...(type.features === '1' ? { features: valueOf(featureDescription, 'FeatureDescription') } : {}),
    ...(hasContent ? { content } : {}),
  }
  return fc.record(spec, { requiredKeys: Object.keys(spec) as never }) as unknown as fc.Arbitrary<OsciMessage>
}
