// SPDX-License-Identifier: EUPL-1.2
/**
 * Namespace URIs that the XML room itself reads and writes.
 *
 * `OSCI128` holds nothing but `IvLength` (corrigendum 6, order_zusatz.xsd).
 * @module
 */

export const XML = 'http://www.w3.org/XML/1998/namespace'
export const DS = 'http://www.w3.org/2000/09/xmldsig#'
export const XENC = 'http://www.w3.org/2001/04/xmlenc#'
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#'
export const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
export const OSCI128 = 'http://xoev.de/transport/osci12/8'

/** `RetrievalMethod Type` of a certificate element. */
export const X509_DATA = DS + 'X509Data'

/** What may follow `#`: an NCName of the characters that Ids on the wire are made of, at most 256 [threat model G2, X8]. */
export function isNcName(name: string): boolean {
  return name.length <= 256 && /^[\p{L}_][\p{L}\p{N}\p{M}._·-]*$/u.test(name)
}
