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

/** No more of a value is looked at: a document may be one text. A sign has two units at most. */
const MOST_UNITS = 2 * 65

/** `M•••••`. Nothing stays of values so short that their first sign would say it all. */
export function maskedValue(value: string): string {
  const signs = [...value.trim().slice(0, MOST_UNITS)]
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
  /^(?:GN|GIVENNAME|SN|SURNAME|SERIALNUMBER|PSEUDONYM|T|TITLE|E|EMAIL|EMAILADDRESS|UID|2\.5\.4\.(?:4|5|12|42|43|65)|1\.2\.840\.113549\.1\.9\.1|1\.3\.6\.1\.5\.5\.7\.9\.1)$/i
const ORGANISATION = /^(?:O|2\.5\.4\.10)$/i

interface NamePart {
  readonly separator: string
  readonly type: string
  readonly value: string
}

/** Parts of a distinguished name; undefined where it is none by RFC 2253 from its first sign to its last. */
function nameParts(name: string): readonly NamePart[] | undefined {
  const part = /(^|[,+] *)([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)=((?:\\[^]|[^,+"\\<>;=])*)/y
  const parts: NamePart[] = []
  while (part.lastIndex < name.length) {
    const [, separator, type, value] = part.exec(name) ?? []
    if (separator === undefined || type === undefined || value === undefined) return undefined
    parts.push({ separator, type, value })
  }
  return parts.length === 0 ? undefined : parts
}

/** A distinguished name is a person's unless it names an organisation, and nothing that only people have. What cannot be read may be. */
export function namesPerson(rfc2253: string): boolean {
  const parts = nameParts(rfc2253)
  return !parts || parts.some(({ type }) => PERSONAL_TYPES.test(type)) || !parts.some(({ type }) => ORGANISATION.test(type))
}

const isCountry = ({ type, value }: NamePart): boolean => /^C$/i.test(type) && /^[A-Z]{2}$/i.test(value)

function decodedUri(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

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

  /** A distinguished name: types of its parts and the country stay; nothing stays of what cannot be read as one. */
  name(rfc2253: string): string {
    if (!this.hidesName(rfc2253)) return rfc2253
    const shown =
      nameParts(rfc2253)
        ?.map((part) => `${part.separator}${part.type}=${isCountry(part) ? part.value : maskedValue(part.value)}`)
        .join('') ?? maskedValue(rfc2253)
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

  /** `#Id`, `cid:` with the name of the part replaced as everywhere, origin and path of an address in the web; nothing of anything else. */
  uri(uri: string): string {
    if (this.shows || uri.startsWith('#')) return uri
    const [, part] = /^cid:(.*)$/is.exec(uri) ?? []
    if (part !== undefined) return `cid:${this.contentId(decodedUri(part))}`
    const [, scheme, host, path] = /^(https?:\/\/)(?:[^/?#\\]*@)?([^/?#\\@]+)(\/[^?#]*)?(?:[?#].*)?$/is.exec(uri) ?? []
    return scheme === undefined || host === undefined ? maskedValue(uri) : scheme + host + (path ?? '')
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
