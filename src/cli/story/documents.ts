// SPDX-License-Identifier: EUPL-1.2
/**
 * The documents of the story: requests of invented citizens, and what is shown of the answers.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { GATEWAY_LIMITS } from '../../env.js'
import { writeXprotektor } from '../../xoev/xprotektor.js'
import type { XPerson } from '../../xoev/xprotektor-types.js'
import { parseXml } from '../../xml/gate.js'
import { childOf, elementsOf, textOf, type XmlElement } from '../../xml/tree.js'
import { DEMO_REGISTER } from '../compose/demo-kit.js'
import { NEIGHBOUR } from '../compose/demo-story.js'

const person = (familienname: string, vornamen: string, born: string, code: string, postleitzahl: string, street: string): XPerson => ({
  familienname: { name: familienname },
  vornamen: { name: vornamen },
  geburtsdatum: { jahrMonatTag: born },
  anschrift: { gemeindeschluessel: { code, listVersionID: '2026-04-30' }, postleitzahl, strasseUndHausnummer: street },
})

const CITIZENS = {
  [DEMO_REGISTER]: {
    office: 'Meldebehörde Musterstadt (Demo)',
    citizen: person('Beispiel', 'Jörg', '1975-11-03', '99001000', '99001', 'Demogasse 1'),
  },
  [NEIGHBOUR]: {
    office: 'Meldebehörde Nachbarstadt (Demo)',
    citizen: person('Nachbar', 'Ida', '1968-08-12', '99002000', '99003', 'Grenzweg 4'),
  },
} as const

/** A request for a Meldebescheinigung, complete and valid. */
export function demoDocument(to: keyof typeof CITIZENS): Uint8Array {
  const { office, citizen } = CITIZENS[to]
  const party = (kennung: string, name: string) => ({ verzeichnisdienst: { code: 'DVDV' }, kennung, name })
  return writeXprotektor({
    messageType: 'meldebescheinigung.anfrage.1000',
    produkt: 'Online-Dienst (Demo)',
    produkthersteller: 'Projekt Protektor',
    test: 'Demo',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': {
        nachrichtenUUID: randomUUID(),
        nachrichtentyp: { code: '1000' },
        erstellungszeitpunkt: new Date().toISOString(),
      },
      leser: party(to, office),
      autor: party('mbp:99001', 'Online-Dienst Musterstadt (Demo)'),
    },
    identifikation: citizen,
    datenumfang: { mindestumfang: true },
    zustellvariante: { code: '02' },
  })
}

const MAX_VALUE = 60

/** Element names and short values, indented: enough to see what came. */
function outline(e: XmlElement, depth: number): string {
  const kids = elementsOf(e)
  const value = kids.length > 0 ? '' : ': ' + (textOf(e).length > MAX_VALUE ? textOf(e).slice(0, MAX_VALUE) + '…' : textOf(e))
  return `${'  '.repeat(depth)}${e.local}${value}\n` + kids.map((k) => outline(k, depth + 1)).join('')
}

const parsed = (document: Uint8Array): XmlElement => parseXml(document, { limits: GATEWAY_LIMITS, frame: 'content', stage: 'xoev' }).root

/** What the citizen wanted; the head says who and when. */
export function outlineOf(document: Uint8Array): string {
  const root = parsed(document)
  const body = elementsOf(root).filter((e) => e !== childOf(root, root.uri, 'nachrichtenkopf.g2g') && e.local !== 'ursprungsnachricht')
  return `  ${root.local}\n${body.map((e) => outline(e, 2)).join('')}`
}

/** One line: the message type and whom it is about. */
export function lineOf(document: Uint8Array): string {
  const root = parsed(document)
  const find = (e: XmlElement, local: string): XmlElement | undefined =>
    e.local === local ? e : elementsOf(e).reduce<XmlElement | undefined>((found, kid) => found ?? find(kid, local), undefined)
  const values = ['vornamen', 'familienname', 'strasseUndHausnummer'].map((name) => find(root, name)).filter((e) => e !== undefined)
  return `  ${root.local}: ${values.map((e) => deepText(e)).join(', ')}\n`
}

const deepText = (e: XmlElement): string => (elementsOf(e).length === 0 ? textOf(e) : elementsOf(e).map(deepText).join(' ')).trim()
