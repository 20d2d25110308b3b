// SPDX-License-Identifier: EUPL-1.2
/**
 * What the citizen filled in, checked, and as an XProtektor request.
 * @module
 */
import { writeXprotektor } from '../../xoev/xprotektor.js'
import type { XPerson } from '../../xoev/xprotektor-types.js'
import type { About } from './portal.js'

export type Kind = 'certificate' | 'disclosure'

export const FIELDS = ['familienname', 'vornamen', 'tag', 'monat', 'jahr', 'strasse', 'postleitzahl'] as const
export type Field = (typeof FIELDS)[number]
export type Form = Readonly<Record<Field, string>>

export const EMPTY: Form = { familienname: '', vornamen: '', tag: '', monat: '', jahr: '', strasse: '', postleitzahl: '' }

/** Codes of list `datenumfang` that the page offers. */
export const EXTENT = ['geburtsname', 'geburtsort', 'einzugsdatum'] as const
export type Extent = (typeof EXTENT)[number]

export type Mistake = 'missing' | 'characters' | 'date' | 'future' | 'postcode'

/** As text of the standard: one line, no control characters. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/
const MAX_LENGTH = 1000

/** Spaces at both ends and doubled ones are slips. */
const tidy = (value: string): string => value.normalize('NFC').trim().replace(/ {2,}/g, ' ')

export const tidied = (form: Form): Form => ({
  familienname: tidy(form.familienname),
  vornamen: tidy(form.vornamen),
  tag: tidy(form.tag),
  monat: tidy(form.monat),
  jahr: tidy(form.jahr),
  strasse: tidy(form.strasse),
  postleitzahl: tidy(form.postleitzahl),
})

/** `1980-02-29`, or undefined where there is no such day. */
export function birthDate({ tag, monat, jahr }: Form): string | undefined {
  if (!/^\d{1,2}$/.test(tag) || !/^\d{1,2}$/.test(monat) || !/^\d{4}$/.test(jahr)) return undefined
  const iso = `${jahr}-${monat.padStart(2, '0')}-${tag.padStart(2, '0')}`
  const at = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso) ? iso : undefined
}

/** The first mistake of each field, in the order of the form. The date of birth counts as `tag`. */
export function mistakesOf(form: Form, today: Date): ReadonlyMap<Field, Mistake> {
  const found = new Map<Field, Mistake>()
  for (const field of ['familienname', 'vornamen', 'strasse', 'postleitzahl'] as const) {
    const value = form[field]
    if (value === '') found.set(field, 'missing')
    else if (CONTROLS.test(value) || value.length > MAX_LENGTH) found.set(field, 'characters')
  }
  if (form.postleitzahl !== '' && !/^\d{5}$/.test(form.postleitzahl)) found.set('postleitzahl', 'postcode')
  const born = birthDate(form)
  if (form.tag === '' && form.monat === '' && form.jahr === '') found.set('tag', 'missing')
  else if (born === undefined) found.set('tag', 'date')
  else if (born > today.toISOString().slice(0, 10)) found.set('tag', 'future')
  return new Map(FIELDS.flatMap((field) => (found.has(field) ? [[field, found.get(field) as Mistake]] : [])))
}

const nameOf = (name: XPerson['familienname']): string => ('name' in name ? name.name : '')

/** An invented person, as the form's values. */
export function formOf({ familienname, vornamen, geburtsdatum, anschrift }: XPerson): Form {
  const [jahr = '', monat = '', tag = ''] = 'jahrMonatTag' in geburtsdatum ? geburtsdatum.jahrMonatTag.split('-') : []
  const strasse = 'strasseUndHausnummer' in anschrift ? anschrift.strasseUndHausnummer : ''
  const { postleitzahl } = anschrift
  return { familienname: nameOf(familienname), vornamen: nameOf(vornamen), tag, monat, jahr, strasse, postleitzahl }
}

export interface Order {
  readonly kind: Kind
  readonly form: Form
  readonly extent: ReadonlySet<Extent>
  /** Stays the same when the request is asked again, so that a repetition can be known as one. */
  readonly uuid: string
}

/** Version of the list of municipalities that the demo's registers use. */
const AGS_VERSION = '2026-04-30'

/** The document that is sealed. */
export function documentOf({ kind, form, extent, uuid }: Order, { portal, authority, municipality }: About, now: Date): Uint8Array {
  const party = ({ kennung, name }: { kennung: string; name: string }) => ({ verzeichnisdienst: { code: 'DVDV' }, kennung, name })
  const code = kind === 'certificate' ? '1000' : '1100'
  const frame = {
    produkt: portal.name,
    produkthersteller: 'Projekt Protektor',
    test: 'Demo',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': { nachrichtenUUID: uuid, nachrichtentyp: { code }, erstellungszeitpunkt: now.toISOString() },
      leser: party(authority),
      autor: party(portal),
    },
    identifikation: {
      familienname: { name: form.familienname },
      vornamen: { name: form.vornamen },
      geburtsdatum: { jahrMonatTag: birthDate(form) ?? '' },
      anschrift: {
        gemeindeschluessel: { code: municipality.code, listVersionID: AGS_VERSION },
        postleitzahl: form.postleitzahl,
        strasseUndHausnummer: form.strasse,
      },
    },
  }
  if (kind === 'disclosure') return writeXprotektor({ messageType: 'selbstauskunft.anfrage.1100', ...frame })
  return writeXprotektor({
    messageType: 'meldebescheinigung.anfrage.1000',
    ...frame,
    datenumfang: extent.size === 0 ? { mindestumfang: true } : { erweitert: [...extent].map((one) => ({ code: one })) },
    zustellvariante: { code: '02' },
  })
}
