// SPDX-License-Identifier: EUPL-1.2
/**
 * The few facts we take from a service description (WSDL with OSCI binding), which DVDV hands out as text with a service.
 *
 *   osci:operation @communicationType @subject      osci:container @name @signatureLevel @encrypted (first one: the request's)
 *
 * Only start tags with their attributes are read, no document is built: nothing here follows references, entities or imports. What
 * is missing falls to the safer side, signed and encrypted.
 * Specs: xoev §8.1.
 * @module
 */
import type { ServiceFacts } from './resolve.js'

/** DVDV's own limit is 65535 characters. */
const MAX_CHARACTERS = 128 * 1024

export type DescriptionFacts = Pick<
  ServiceFacts,
  'communicationType' | 'contentEncrypted' | 'contentSigned' | 'subject' | 'containerId' | 'delivery'
>

const START_TAG = /<(?:[A-Za-z_][\w.-]*:)?(operation|container)(\s[^<>]*)>/g
// the bound keeps a long run of letters from being read again and again
const ATTRIBUTE = /\b([A-Za-z_][\w.:-]{0,64})\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function descriptionFacts(document: string | undefined): DescriptionFacts {
  const text = without(without((document ?? '').slice(0, MAX_CHARACTERS), '<!--', '-->'), '<![CDATA[', ']]>')
  let operation: ReadonlyMap<string, string> | undefined
  let container: ReadonlyMap<string, string> | undefined
  for (const [, name, rest = ''] of text.matchAll(START_TAG)) {
    const attributes = attributesOf(rest)
    // wsdl:operation has the same local name, but none of these attributes
    if (name === 'operation' && attributes.has('communicationType')) operation ??= attributes
    if (name === 'container' && attributes.has('name')) container ??= attributes
  }
  const communication = operation?.get('communicationType') ?? 'request-response'
  const subject = operation?.get('subject')
  const containerId = container?.get('name')
  return {
    communicationType: communication.startsWith('one-way') ? 'one-way' : 'request-response',
    contentEncrypted: container?.get('encrypted') !== 'false',
    contentSigned: container?.get('signatureLevel') !== 'none',
    ...(subject ? { subject } : {}),
    ...(containerId ? { containerId } : {}),
    // the addressee fetches from its mailbox at the intermediary
    ...(communication === 'one-way-active' ? { delivery: 'store' } : {}),
  }
}

/** What stands between two marks is gone; an open mark takes the rest with it. One pass. */
function without(text: string, open: string, close: string): string {
  let kept = ''
  let from = 0
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, from)) {
    kept += text.slice(from, start)
    const end = text.indexOf(close, start + open.length)
    if (end < 0) return kept
    from = end + close.length
  }
  return kept + text.slice(from)
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [
      name,
      (double ?? single ?? '').replace(/&(amp|lt|gt|quot|apos);/g, (_whole, entity: string) => ENTITIES[entity] ?? ''),
    ]),
  )
}
