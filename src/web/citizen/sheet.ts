// SPDX-License-Identifier: EUPL-1.2
/**
 * The authority's document as something to read: headings and rows. The bytes are verified before they come here; whether they answer
 * this very request is asked here.
 * @module
 */
import { ContentError, ProtektorError } from '../../errors.js'
import { GATEWAY_LIMITS } from '../../env.js'
import { parseXml } from '../../xml/gate.js'
import { readXprotektor } from '../../xoev/xprotektor.js'
import type {
  XAddress,
  XCode,
  XDocument,
  XNameOrNone,
  XPartlyKnownDate,
  XprotektorMessage,
  XRegisterData,
} from '../../xoev/xprotektor-types.js'
import type { Language, Text } from './language.js'
import { dateOf } from './language.js'
import type { Order } from './order.js'
import type { Authority } from './portal.js'
import { CODES, SHEET as T } from './texts-sheet.js'

export type Row = readonly [label: Text, value: (language: Language) => string]

export interface Section {
  readonly heading: Text
  readonly rows: readonly Row[]
}

export interface Sheet {
  readonly title: Text
  readonly sections: readonly Section[]
  /** Code of list `nichterteilung`: the authority answered, and gives nothing. */
  readonly refusal?: string
  /** A paper on its way instead of data. */
  readonly byPost?: true
  readonly pdf?: XDocument
  readonly author: string
  readonly createdAt: Date
  readonly uuid: string
  readonly isTest: boolean
}

/**
 * @throws {ProtektorError} the document cannot be read, or answers something else
 */
export function sheetOf(document: Uint8Array, order: Pick<Order, 'uuid' | 'kind'>, authority: Authority): Sheet {
  const message = readXprotektor(parseXml(document, { limits: GATEWAY_LIMITS, frame: 'content', stage: 'xoev' }))
  if (!('ursprungsnachricht' in message) || !('grundDerNichterteilung' in message || TITLES.has(message.messageType))) throw foreign()
  const head = message['nachrichtenkopf.g2g']
  const answers = message.ursprungsnachricht?.nachrichtenUUID === order.uuid && head.autor.kennung === authority.kennung
  if (!answers || KINDS.get(message.messageType) !== order.kind) throw foreign()
  const id = head['identifikation.nachricht']
  return {
    title: 'grundDerNichterteilung' in message ? T.answer : (TITLES.get(message.messageType) ?? T.answer),
    ...contentOf(message),
    author: head.autor.name,
    createdAt: new Date(id.erstellungszeitpunkt),
    uuid: id.nachrichtenUUID,
    isTest: message.test !== undefined,
  }
}

const foreign = (): ProtektorError => new ProtektorError('client.foreign-answer', 'The answer does not belong to the request.')

const KINDS: ReadonlyMap<string, Order['kind']> = new Map([
  ['meldebescheinigung.antwort.1001', 'certificate'],
  ['selbstauskunft.status.1101', 'disclosure'],
  ['selbstauskunft.auskunft.1102', 'disclosure'],
])
const TITLES: ReadonlyMap<string, Text> = new Map<string, Text>([
  ['meldebescheinigung.antwort.1001', T.certificate],
  ['selbstauskunft.auskunft.1102', T.disclosure],
])

function contentOf(message: XprotektorMessage): Pick<Sheet, 'sections' | 'refusal' | 'byPost' | 'pdf'> {
  if ('grundDerNichterteilung' in message) return { sections: [], refusal: message.grundDerNichterteilung.code }
  if ('meldedaten' in message) {
    const blocks = (message.meldedaten.sperren ?? []).map((code) => codeText('sperre', code))
    const more: Section[] = blocks.length === 0 ? [] : [{ heading: T.blocks, rows: blocks.map((value) => [T.block, value]) }]
    return { sections: [...dataSections(message.meldedaten), ...more], ...(message.dokument ? { pdf: message.dokument } : {}) }
  }
  if (!('auskunft' in message)) throw new ContentError('X001', 'xoev-schema.invalid', 'The document holds no answer.')
  const { bescheinigung } = message.auskunft
  if (bescheinigung === undefined) return { sections: [], byPost: true }
  return 'meldedaten' in bescheinigung
    ? { sections: dataSections(bescheinigung.meldedaten) }
    : { sections: [], pdf: bescheinigung.dokument }
}

function dataSections({ name, geburt, geschlecht, staatsangehoerigkeit, wohnung, familienstand }: XRegisterData): Section[] {
  const person: Row[] = [
    ...text(T.familienname, nameOf(name.familienname)),
    ...text(T.geburtsname, name.geburtsname),
    ...text(T.ehename, name.ehename),
    ...text(T.vornamen, nameOf(name.vornamen)),
    ...text(T.rufname, name.gebraeuchlicherVorname),
    ...text(T.doktorgrad, name.doktorgrad),
    ...(name.frueherName ?? []).flatMap((former) => text(T.frueherName, former)),
    [T.geburtsdatum, (language) => partlyKnown(geburt.datum, language)],
    ...text(T.geburtsort, geburt.ort),
    ...code(T.geburtsstaat, geburt.staat),
    ...code(T.geschlecht, geschlecht),
    ...(staatsangehoerigkeit ?? []).flatMap((one) => code(T.staatsangehoerigkeit, one)),
    ...code(T.familienstand, familienstand),
  ]
  const residences = wohnung.map(({ anschrift, status, einzug, auszug }): Section => {
    const rows: Row[] = [
      [T.wohnungsart, codeText('wohnungsstatus', status)],
      ...text(T.anschrift, addressOf(anschrift)),
      ...(einzug ? [[T.einzug, (language: Language) => partlyKnown(einzug, language)] as const] : []),
      ...(auszug ? [[T.auszug, (language: Language) => partlyKnown(auszug, language)] as const] : []),
    ]
    return { heading: T.wohnung, rows }
  })
  return [{ heading: T.person, rows: person }, ...residences]
}

const text = (label: Text, value: string | undefined): Row[] => (value === undefined ? [] : [[label, () => value]])
const code = (label: Text, value: XCode | undefined): Row[] => (value ? [[label, () => value.name ?? value.code]] : [])

const codeText =
  (list: keyof typeof CODES, { code: value, name }: XCode) =>
  (language: Language): string =>
    CODES[list][value]?.[language] ?? name ?? value

const nameOf = (name: XNameOrNone): string => ('name' in name ? name.name : '–')

function partlyKnown(date: XPartlyKnownDate, language: Language): string {
  if ('unbekannt' in date) return T.unknown[language]
  return dateOf(Object.values<string>(date)[0] ?? '', language)
}

function addressOf(address: XAddress): string {
  const street = 'strukturiert' in address ? Object.values<string>({ ...address.strukturiert }).join(' ') : address.strasseUndHausnummer
  return `${street}, ${address.postleitzahl}`
}
