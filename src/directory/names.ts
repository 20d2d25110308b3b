// SPDX-License-Identifier: EUPL-1.2
/**
 * Keys of organisations and fingerprints in one form each, for file, DVDV and queries alike.
 * Specs: xoev §10.1, §10.2; osci-in-the-field §4.
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'

/** Among the prefixes of DVDV are `MELDID` and `töj`. */
const ORGANIZATION_KEY = /^(\p{L}[\p{L}\d_-]{0,19}):([^\s:]\S{0,119})$/u

/**
 * `prefix:id`, outer blanks dropped. The prefix counts in exact case; an AGS has 8 digits.
 * @returns undefined: no key.
 */
export function organizationKey(text: string): string | undefined {
  const trimmed = text.trim()
  const found = ORGANIZATION_KEY.exec(trimmed)
  if (!found) return undefined
  const [, prefix = '', id = ''] = found
  if (prefix === 'ags') return /^\d{8}$/.test(id) ? trimmed : undefined
  // a second key for the same municipality would be found by nobody
  return prefix.toLowerCase() === 'ags' ? undefined : trimmed
}

/** SHA-1 of a certificate as DVDV has it: 40 hex digits in lower case, without colons, blanks and `sha1:`. Undefined: none. */
export function fingerprintOf(text: string): string | undefined {
  const digits = text
    .trim()
    .replace(/^sha1:/i, '')
    .replace(/[:\s]/g, '')
    .toLowerCase()
  return /^[0-9a-f]{40}$/.test(digits) ? digits : undefined
}

/** The same of a certificate at hand. SHA-1 only names it here; nothing is trusted because of it. */
export function sha1Hex(certificate: X509Certificate): string {
  return createHash('sha1').update(certificate.raw).digest('hex')
}
