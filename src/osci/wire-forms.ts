// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms on the wire that are read although the official schemas of state 10 refuse them: older spellings, and what the reference
 * library writes. One entry per place; check makes warnings of them. Specs: wire facts §15; traps T15, T16, T17, T25, T46.
 * @module
 */
import { attributeOf, childOf, elementsOf, isElement, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { DS, OSCI, OSCI2017, SOAP, XENC } from './names.js'

const XML = 'http://www.w3.org/XML/1998/namespace'

export const WIRE_FORM_IDS = [
  'osci-structure.state8-oscp',
  'osci-structure.state8-procard',
  'osci-structure.state8-chunk-message-timeout',
  'osci-structure.several-encrypted-keys',
  'osci-structure.missing-feature-description',
  'osci-structure.certificate-order',
  'osci-structure.key-as-management-data',
  'osci-structure.several-languages',
] as const
export type WireFormId = (typeof WIRE_FORM_IDS)[number]

export interface WireForm {
  readonly id: WireFormId
  readonly element: XmlElement
}

/** Chunk messages in whose header state 10 demands the feature description. */
const NEED_FEATURES = ['partialStoreDelivery', 'responseToPartialStoreDelivery', 'partialFetchDelivery']

function formOf(e: XmlElement): WireFormId | undefined {
  if (e.uri === OSCI) {
    if (e.local === 'OSCP') return 'osci-structure.state8-oscp'
    if (e.local === 'procard') return 'osci-structure.state8-procard'
    if (
      (attributeOf(e, 'lang', XML)
        ?.trim()
        .split(/[ \t\r\n]+/).length ?? 0) > 1
    )
      return 'osci-structure.several-languages'
    if (e.local === 'NonIntermediaryCertificates') {
      const roles = elementsOf(e).map((c) => c.local)
      const addressee = roles.indexOf('SignatureCertificateAddressee')
      if (addressee >= 0 && roles.lastIndexOf('SignatureCertificateOtherAuthor') > addressee) return 'osci-structure.certificate-order'
    }
  } else if (e.uri === OSCI2017) {
    if (e.local === 'FeatureDescription' && attributeOf(e, 'ChunkMessageTimeOut') !== undefined)
      return 'osci-structure.state8-chunk-message-timeout'
  } else if (e.uri === DS && e.local === 'KeyInfo') {
    if (childOf(e, DS, 'MgmtData')) return 'osci-structure.key-as-management-data'
    // usual for content; a shell is for one reader, and its own layer says so
    const isOfShell = e.parent?.parent !== undefined && isElement(e.parent.parent, SOAP, 'Body')
    if (!isOfShell && elementsOf(e).filter((c) => isElement(c, XENC, 'EncryptedKey')).length > 1)
      return 'osci-structure.several-encrypted-keys'
  }
  return undefined
}

/** All such forms of a document, in document order. */
export function wireForms(document: XmlDocument): readonly WireForm[] {
  const found: WireForm[] = []
  const header = childOf(document.root, SOAP, 'Header')
  if (header && !childOf(header, OSCI2017, 'FeatureDescription')) {
    if (elementsOf(header).some((b) => b.uri === OSCI2017 && NEED_FEATURES.includes(b.local)))
      found.push({ id: 'osci-structure.missing-feature-description', element: header })
  }
  const open: XmlElement[] = [document.root]
  for (let e = open.pop(); e; e = open.pop()) {
    const id = formOf(e)
    if (id !== undefined) found.push({ id, element: e })
    for (let i = e.children.length - 1; i >= 0; i--) {
      const c = e.children[i]
      if (c?.kind === 'element') open.push(c)
    }
  }
  return found
}

/** Feature descriptions with both spellings of the time-out: an error that XSD 1.0 cannot express. */
export function twiceSpelledTimeouts(document: XmlDocument): readonly XmlElement[] {
  const header = childOf(document.root, SOAP, 'Header')
  return (header ? elementsOf(header) : []).filter(
    (e) =>
      isElement(e, OSCI2017, 'FeatureDescription') &&
      attributeOf(e, 'ChunkMessageTimeOut') !== undefined &&
      attributeOf(e, 'ChunkMessageTimeout') !== undefined,
  )
}
