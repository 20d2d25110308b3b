// SPDX-License-Identifier: EUPL-1.2
/**
 * What of a message may be seen. Without `--show-values` no value of a person leaves: contents, subjects, keys of directories, names in
 * certificates of natural persons, names of attachments. What stays is the first sign of a longer value and a class of its length.
 * @module
 */

/** Dots for values of up to so many signs; the last row for all longer ones. */
const LENGTH_CLASSES: readonly (readonly [most: number, dots: number])[] = [
  [2, 2],
  [4, 3],
  [16, 5],
  [64, 8],
  [Infinity, 12],
]

/** `M•••••`. Nothing stays of values so short that their first sign would say it all. */
export function maskedValue(value: string): string {
  const signs = [...value.trim()]
  if (signs.length === 0) return ''
  const dots = LENGTH_CLASSES.find(([most]) => signs.length <= most)?.[1] ?? 0
  return (signs.length > 2 ? (signs[0] ?? '') : '') + '•'.repeat(dots)
}

/** `ags:9•••••`: which directory is no secret. */
const maskedKey = (key: string): string => {
  const [, prefix, id] = /^([a-z][a-z0-9]{0,11}:)(.+)$/s.exec(key) ?? []
  return prefix === undefined || id === undefined ? maskedValue(key) : prefix + maskedValue(id)
}

/** Attribute types that only names of people have: given name, surname, serial number, pseudonym, title, mail, user id, date of birth. */
const PERSONAL_TYPES =
  /(?:^|[,+])\s*(?:GN|GIVENNAME|SN|SURNAME|SERIALNUMBER|PSEUDONYM|T|TITLE|E|EMAIL|EMAILADDRESS|UID|2\.5\.4\.(?:4|5|12|42|43|65)|1\.2\.840\.113549\.1\.9\.1|1\.3\.6\.1\.5\.5\.7\.9\.1)\s*=/i
const ORGANISATION = /(?:^|[,+])\s*(?:O|2\.5\.4\.10)\s*=/i

/** A distinguished name is a person's unless it names an organisation, and nothing that only people have. */
export const namesPerson = (rfc2253: string): boolean => PERSONAL_TYPES.test(rfc2253) || !ORGANISATION.test(rfc2253)

/** Content-IDs that everybody's messages have. */
const OWN_CONTENT_IDS: ReadonlySet<string> = new Set(['', 'osci@message', 'osci_enc'])

export class Discretion {
  readonly shows: boolean
  /** What the engine may repeat in its remarks, and what stands there instead. */
  readonly #replaced = new Map<string, string>()
  #attachments = 0

  constructor(shows: boolean) {
    this.shows = shows
  }

  value(text: string): string {
    return this.shows ? text : maskedValue(text)
  }

  /** A key of a directory. */
  key(text: string): string {
    return this.shows ? text : maskedKey(text)
  }

  hidesName(rfc2253: string): boolean {
    return !this.shows && namesPerson(rfc2253)
  }

  /** A distinguished name. */
  name(rfc2253: string): string {
    if (!this.hidesName(rfc2253)) return rfc2253
    const shown = rfc2253.replace(
      /((?:^|[,+])\s*(?!C=)[A-Za-z0-9.]+=)((?:\\.|[^,+\\])*)/g,
      (_all, type: string, value: string) => type + maskedValue(value),
    )
    this.#replaced.set(rfc2253, shown)
    return shown
  }

  /** Attachments are named after files, and files after people. */
  hidesContentId(contentId: string): boolean {
    return !this.shows && !OWN_CONTENT_IDS.has(contentId)
  }

  /** The same stand-in for the same attachment. */
  contentId(contentId: string): string {
    if (!this.hidesContentId(contentId)) return contentId
    const known = this.#replaced.get(contentId)
    if (known !== undefined) return known
    const standIn = `attachment-${++this.#attachments}`
    this.#replaced.set(contentId, standIn)
    return standIn
  }

  /** `#Id`, `cid:…`, addresses: names of parts are replaced as everywhere, and who logs in with which password is nobody's business. */
  uri(uri: string): string {
    if (!uri.startsWith('cid:')) return this.shows ? uri : uri.replace(/^([a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#]*@/i, '$1•@')
    try {
      return 'cid:' + this.contentId(decodeURIComponent(uri.slice(4)))
    } catch {
      return 'cid:' + this.contentId(uri.slice(4))
    }
  }

  /** A remark of the engine, without the names that were met. */
  remark(text: string): string {
    let clean = text
    for (const [name, shown] of [...this.#replaced].sort(([a], [b]) => b.length - a.length)) {
      clean = clean.replaceAll(name, shown)
      clean = clean.replaceAll(encodeURIComponent(name), shown)
    }
    return clean
  }
}
