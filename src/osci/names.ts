// SPDX-License-Identifier: EUPL-1.2
/**
 * Namespaces, prefixes and fixed strings of the OSCI 1.2 wire (docs/spec-refs.md: OSCI12, wire facts 8–14).
 * @module
 */
import { DS, OSCI128, XENC } from '../xml/names.js'

export { DS, OSCI128, XENC }

export const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
export const OSCI = 'http://www.osci.de/2002/04/osci'
export const OSCI2017 = 'http://xoev.de/transport/osci12/7'
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance'

export const PREFIX: Readonly<Record<string, string>> = {
  [SOAP]: 'soap',
  [OSCI]: 'osci',
  [OSCI2017]: 'osci2017',
  [OSCI128]: 'osci128',
  [DS]: 'ds',
  [XENC]: 'xenc',
  [XSI]: 'xsi',
}

/** Declared on every Envelope we write, and on the root of every encrypted container: no more, no fewer (wire fact 41). */
export const ENVELOPE_NAMESPACES = [DS, OSCI, SOAP, XENC, XSI].map((uri) => ({ prefix: PREFIX[uri] ?? '', uri }))

export const ACTOR_NEXT = 'http://schemas.xmlsoap.org/soap/actor/next'
export const ACTOR_NONE = 'http://www.w3.org/2001/12/soap-envelope/actor/none'

export const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
export const BASE64_TRANSFORM = 'http://www.w3.org/2000/09/xmldsig#base64'

/** The literal by which the reference library tells message types apart (wire fact 8). */
export const schemaLocation = (schemaFile: string): string => `${SOAP} ${schemaFile} ${DS} oscisig.xsd ${XENC} oscienc.xsd`
