// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: the registers of Musterstadt (`ags:99001000`) and Nachbarstadt (`ags:99002000`), keys nobody owns. Every person here is made up.
 * @module
 */
import type { XAddress, XPerson, XRegisterData } from '../../src/xoev/xprotektor-types.js'

export const MUNICIPALITY = '99001000'
const AGS_VERSION = '2026-04-30'

export interface Resident {
  readonly person: XPerson
  readonly geburtsort: string
  readonly geburtsname?: string
  readonly einzug: string
  /** Code of list `nichterteilung` when no information is given although the person was found. */
  readonly nichterteilung?: '02' | '03' | '04'
}

function address(postleitzahl: string, strasseUndHausnummer: string, code = MUNICIPALITY): XAddress {
  return { gemeindeschluessel: { code, listVersionID: AGS_VERSION }, postleitzahl, strasseUndHausnummer }
}

function person(familienname: string, vornamen: string, jahrMonatTag: string, anschrift: XAddress): XPerson {
  return { familienname: { name: familienname }, vornamen: { name: vornamen }, geburtsdatum: { jahrMonatTag }, anschrift }
}

export const RESIDENTS: readonly Resident[] = [
  {
    person: person('Müßtermann', 'Zoë Anne-Sophie', '1980-02-29', address('99001', 'Müllerweg 7 a')),
    geburtsort: 'Demostadt',
    geburtsname: 'Beispiel',
    einzug: '2015-04-01',
  },
  { person: person('Beispiel', 'Jörg', '1975-11-03', address('99001', 'Demogasse 1')), geburtsort: 'Musterstadt', einzug: '2001-01-15' },
  { person: person('Demo', 'Ayşe', '1999-07-21', address('99002', 'Große Straße 13')), geburtsort: 'Musterdorf', einzug: '2020-09-01' },
  {
    person: person('Probe', 'Karl', '1931-05-05', address('99002', 'Probeweg 2')),
    geburtsort: 'Musterstadt',
    einzug: '1960-01-01',
    nichterteilung: '02',
  },
  {
    person: person('Fortgezogen', 'Lena', '1990-01-01', address('99001', 'Demogasse 3')),
    geburtsort: 'Musterstadt',
    einzug: '2010-01-01',
    nichterteilung: '03',
  },
  {
    person: person('Nebenwohnung', 'Tim', '1995-06-30', address('99001', 'Demogasse 5')),
    geburtsort: 'Musterdorf',
    einzug: '2022-10-01',
    nichterteilung: '04',
  },
]

/** Residents of Nachbarstadt. */
export const NEIGHBOURS: readonly Resident[] = [
  {
    person: person('Nachbar', 'Ida', '1968-08-12', address('99003', 'Grenzweg 4', '99002000')),
    geburtsort: 'Nachbarstadt',
    einzug: '1992-05-01',
  },
]

/** Finds by complete match of all that was asked for; none or several are no hit. */
export function findResident(asked: XPerson, residents: readonly Resident[] = RESIDENTS): Resident | undefined {
  const hits = residents.filter(({ person: own }) => keyOf(own) === keyOf(asked))
  return hits.length === 1 ? hits[0] : undefined
}

function keyOf({ familienname, vornamen, geburtsdatum, anschrift }: XPerson): string {
  const street = 'strukturiert' in anschrift ? Object.values({ ...anschrift.strukturiert }).join(' ') : anschrift.strasseUndHausnummer
  return JSON.stringify([
    familienname,
    vornamen,
    geburtsdatum,
    anschrift.gemeindeschluessel.code,
    anschrift.postleitzahl,
    street,
  ]).normalize('NFC')
}

/** What the register says of a resident; `codes` of list `datenumfang`, none: the minimum. */
export function registerData(resident: Resident, codes: ReadonlySet<string>): XRegisterData {
  const { person: own, geburtsort, geburtsname, einzug } = resident
  return {
    name: {
      familienname: own.familienname,
      ...(codes.has('geburtsname') && geburtsname !== undefined ? { geburtsname } : {}),
      vornamen: own.vornamen,
    },
    geburt: { datum: own.geburtsdatum, ...(codes.has('geburtsort') ? { ort: geburtsort } : {}) },
    wohnung: [
      { anschrift: own.anschrift, status: { code: '0' }, ...(codes.has('einzugsdatum') ? { einzug: { jahrMonatTag: einzug } } : {}) },
    ],
  }
}
