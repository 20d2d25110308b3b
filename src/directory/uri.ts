// SPDX-License-Identifier: EUPL-1.2
/**
 * One form for the address of an OSCI party: two texts with the same form lead the connector to the same place, and nothing else
 * is compared. What the connector's parser (WHATWG URL) would silently mend is refused, since another parser would mend it
 * otherwise.
 * Specs: osci-in-the-field §3, lesson 28; threat model X4 (no free outbound calls).
 * @module
 */

const MAX_URI_LENGTH = 2048

/** `http:host`, `http:///host` and `http:\\host` are mended by the parser; only the plain form is let through. */
const PLAIN_START = /^https?:\/\/[^/?#]+/i

/** Blanks, controls and line breaks are cut out by the parser; a backslash becomes a slash. */
const MENDED = /[\p{Cc}\p{Z}\\]/u

/**
 * @returns scheme and host in lower case, default port and fragment dropped, path with its dot segments walked; query and
 *   percent-encoding as they stand. Undefined: not http(s), user information, or a text that the parser would mend.
 */
export function partyUri(text: string): string | undefined {
  if (text.length > MAX_URI_LENGTH || MENDED.test(text)) return undefined
  const start = PLAIN_START.exec(text)?.[0]
  // an empty user name is dropped by the parser without a trace
  if (start === undefined || start.includes('@')) return undefined
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return undefined
  }
  if (url.username !== '' || url.password !== '' || url.hostname === '') return undefined
  url.hash = ''
  return url.href
}
