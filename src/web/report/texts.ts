// SPDX-License-Identifier: EUPL-1.2
/**
 * Words of the report page.
 * @module
 */
import type { Language, Result, Severity, Verdict } from './model.js'

export interface Words {
  readonly title: string
  readonly other: string
  readonly unreadable: string
  readonly verdicts: Readonly<Record<Verdict, string>>
  readonly severities: Readonly<Record<Severity, string>>
  readonly summary: string
  readonly files: (count: number) => string
  readonly chart: string
  readonly chartNote: string
  readonly layer: string
  readonly filter: string
  readonly anyLayer: string
  readonly anyFinding: string
  readonly finding: string
  readonly verdict: string
  readonly search: string
  readonly reset: string
  readonly results: string
  readonly shown: (shown: number, all: number) => string
  readonly page: (page: number, pages: number) => string
  readonly previous: string
  readonly next: string
  readonly none: string
  readonly suites: (files: number, differing: number, missing: number) => string
  readonly missing: string
  readonly asExpected: string
  readonly facts: string
  readonly layers: string
  readonly contents: string
  readonly noFindings: string
  readonly kind: string
  readonly kinds: Readonly<Record<Result['kind'], string>>
  readonly capture: string
  readonly captures: Readonly<Record<'http' | 'mail' | 'base64', string>>
  readonly notAsked: string
  readonly messageType: string
  readonly encrypted: string
  readonly signer: string
  readonly unsigned: string
  readonly feedback: string
  readonly yes: string
  readonly no: string
  readonly line: string
  readonly column: string
  readonly unpacked: string
  readonly decrypted: string
  readonly content: string
  readonly attachment: string
  readonly bytes: string
  readonly author: string
  readonly basis: string
  readonly at: string
  readonly schemaSets: string
  readonly codeLists: string
  readonly name: string
  readonly version: string
}

export const WORDS: Readonly<Record<Language, Words>> = {
  de: {
    title: 'Prüfbericht',
    other: 'English',
    unreadable: 'Der Bericht ist unvollständig oder verändert, oder dieser Browser ist zu alt (Chrome 103, Firefox 113, Safari 16.4).',
    verdicts: { valid: 'gültig', invalid: 'ungültig', unchecked: 'ungeprüft', error: 'Prüfung gescheitert' },
    severities: { error: 'Fehler', warning: 'Warnung', info: 'Hinweis' },
    summary: 'Zusammenfassung',
    files: (count) => (count === 1 ? '1 Datei' : `${count} Dateien`),
    chart: 'Befunde je Schicht',
    chartNote: 'Anzahl der Befunde in allen Dateien',
    layer: 'Schicht',
    filter: 'Auswahl',
    anyLayer: 'alle Schichten',
    anyFinding: 'alle Befunde',
    finding: 'Befund',
    verdict: 'Urteil',
    search: 'Datei, Nachrichtentyp, MessageId, Signierer',
    reset: 'Auswahl aufheben',
    results: 'Ergebnisse',
    shown: (shown, all) => `${shown} von ${all} ${all === 1 ? 'Datei' : 'Dateien'}`,
    page: (page, pages) => `Seite ${page} von ${pages}`,
    previous: 'vorige Seite',
    next: 'nächste Seite',
    none: 'Keine Datei passt zu dieser Auswahl.',
    suites: (files, differing, missing) =>
      `expected.yaml: ${files} ${files === 1 ? 'Datei' : 'Dateien'} verglichen, ${differing} anders als erwartet (Suche nach ≠), ${missing} fehlen`,
    missing: 'erwartete Datei fehlt',
    asExpected: 'Wie erwartet (expected.yaml).',
    facts: 'Angaben',
    layers: 'Schichten',
    contents: 'Inhalte',
    noFindings: 'keine Befunde',
    kind: 'Art',
    kinds: { osci: 'OSCI-Nachricht', xoev: 'XÖV-Dokument', envelope: 'Umschlag', unknown: 'unbekannt' },
    capture: 'Mitschnitt',
    captures: { http: 'HTTP', mail: 'E-Mail', base64: 'Base64' },
    notAsked: 'ungeprüft, nicht verlangt (--layers)',
    messageType: 'Nachrichtentyp',
    encrypted: 'transportverschlüsselt',
    signer: 'signiert von',
    unsigned: 'nicht signiert',
    feedback: 'Rückmeldung',
    yes: 'ja',
    no: 'nein',
    line: 'Zeile',
    column: 'Spalte',
    unpacked: 'in der ausgepackten Nachricht',
    decrypted: 'in der entschlüsselten Nachricht',
    content: 'Inhalt',
    attachment: 'Anhang',
    bytes: 'Bytes',
    author: 'Autor',
    basis: 'Grundlage der Urteile',
    at: 'geprüft für den Zeitpunkt',
    schemaSets: 'Schemasätze',
    codeLists: 'Codelisten',
    name: 'Name',
    version: 'Fassung',
  },
  en: {
    title: 'Check report',
    other: 'Deutsch',
    unreadable: 'The report is incomplete or was changed, or this browser is too old (Chrome 103, Firefox 113, Safari 16.4).',
    verdicts: { valid: 'valid', invalid: 'invalid', unchecked: 'unchecked', error: 'check failed' },
    severities: { error: 'error', warning: 'warning', info: 'note' },
    summary: 'Summary',
    files: (count) => (count === 1 ? '1 file' : `${count} files`),
    chart: 'Findings by layer',
    chartNote: 'number of findings in all files',
    layer: 'layer',
    filter: 'Selection',
    anyLayer: 'all layers',
    anyFinding: 'all findings',
    finding: 'finding',
    verdict: 'verdict',
    search: 'file, message type, MessageId, signer',
    reset: 'clear the selection',
    results: 'Results',
    shown: (shown, all) => `${shown} of ${all} ${all === 1 ? 'file' : 'files'}`,
    page: (page, pages) => `page ${page} of ${pages}`,
    previous: 'previous page',
    next: 'next page',
    none: 'No file fits this selection.',
    suites: (files, differing, missing) =>
      `expected.yaml: ${files} ${files === 1 ? 'file' : 'files'} compared, ${differing} unlike what is expected (search for ≠), ${missing} missing`,
    missing: 'expected file is missing',
    asExpected: 'As expected (expected.yaml).',
    facts: 'Facts',
    layers: 'Layers',
    contents: 'Contents',
    noFindings: 'no findings',
    kind: 'kind',
    kinds: { osci: 'OSCI message', xoev: 'XÖV document', envelope: 'envelope', unknown: 'unknown' },
    capture: 'capture',
    captures: { http: 'HTTP', mail: 'mail', base64: 'Base64' },
    notAsked: 'unchecked, not asked for (--layers)',
    messageType: 'message type',
    encrypted: 'transport-encrypted',
    signer: 'signed by',
    unsigned: 'not signed',
    feedback: 'feedback',
    yes: 'yes',
    no: 'no',
    line: 'line',
    column: 'column',
    unpacked: 'in the unpacked message',
    decrypted: 'in the decrypted message',
    content: 'content',
    attachment: 'attachment',
    bytes: 'bytes',
    author: 'author',
    basis: 'What the verdicts rest on',
    at: 'judged for the moment',
    schemaSets: 'schema sets',
    codeLists: 'code lists',
    name: 'name',
    version: 'version',
  },
}
