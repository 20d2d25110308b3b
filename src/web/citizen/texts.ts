// SPDX-License-Identifier: EUPL-1.2
/**
 * Words of the page, from the choice to the sending.
 * @module
 */
import type { Text } from './language.js'
import type { Extent, Field, Kind, Mistake } from './order.js'

export const PAGE = {
  service: { de: 'Online-Dienst Musterstadt', en: 'Online service of Musterstadt' },
  demo: {
    de: 'Demo: keine echte Behörde. Alle Personen und Daten sind erfunden.',
    en: 'Demo: not a real authority. All persons and data are made up.',
  },
  languages: { de: 'Sprache', en: 'Language' },
  skip: { de: 'Zum Inhalt springen', en: 'Skip to content' },
  back: { de: 'Zurück', en: 'Back' },
  next: { de: 'Weiter', en: 'Continue' },
  stepOf: { de: 'Schritt {n} von 3', en: 'Step {n} of 3' },
  footer: {
    de: 'Ihre Angaben werden in diesem Browser verschlüsselt. Dieser Online-Dienst leitet sie weiter und kann sie nicht lesen. Es werden keine Cookies gesetzt.',
    en: 'What you enter is encrypted in this browser. This online service passes it on and cannot read it. No cookies are set.',
  },
  licences: { de: 'Lizenzen der Software', en: 'Software licences' },
} as const satisfies Readonly<Record<string, Text>>

export const BLOCKED = {
  title: { de: 'Der Dienst ist zurzeit nicht erreichbar', en: 'The service cannot be reached at the moment' },
  text: {
    de: 'Die Angaben zur Behörde konnten nicht geladen werden. Bitte versuchen Sie es in einigen Minuten erneut.',
    en: 'The details of the authority could not be loaded. Please try again in a few minutes.',
  },
  unsafeTitle: { de: 'Dieser Browser kann nicht sicher verschlüsseln', en: 'This browser cannot encrypt safely' },
  unsafeText: {
    de: 'Rufen Sie die Seite über eine gesicherte Verbindung (https) mit einem aktuellen Browser auf.',
    en: 'Open this page over a secure connection (https) with a current browser.',
  },
  again: { de: 'Erneut versuchen', en: 'Try again' },
} as const satisfies Readonly<Record<string, Text>>

export const CHOICE = {
  title: { de: 'Auskunft aus dem Melderegister', en: 'Information from the register of residents' },
  lead: {
    de: 'Sie erhalten die Antwort der Behörde in wenigen Sekunden hier auf dieser Seite.',
    en: 'The answer of the authority appears on this page within seconds.',
  },
  legend: { de: 'Was benötigen Sie?', en: 'What do you need?' },
  extent: { de: 'Zusätzliche Angaben in der Bescheinigung (freiwillig)', en: 'Further data in the certificate (optional)' },
} as const satisfies Readonly<Record<string, Text>>

export const KINDS: Readonly<Record<Kind, { readonly name: Text; readonly hint: Text }>> = {
  certificate: {
    name: { de: 'Meldebescheinigung', en: 'Certificate of registration (Meldebescheinigung)' },
    hint: { de: 'Bestätigt, wo Sie gemeldet sind.', en: 'Confirms where you are registered.' },
  },
  disclosure: {
    name: { de: 'Selbstauskunft', en: 'Disclosure of your own data (Selbstauskunft)' },
    hint: { de: 'Zeigt, was das Melderegister über Sie gespeichert hat.', en: 'Shows what the register holds about you.' },
  },
}

export const EXTENTS: Readonly<Record<Extent, Text>> = {
  geburtsname: { de: 'Geburtsname', en: 'Name at birth' },
  geburtsort: { de: 'Geburtsort', en: 'Place of birth' },
  einzugsdatum: { de: 'Tag des Einzugs', en: 'Date of moving in' },
}

export const FORM = {
  title: { de: 'Ihre Angaben', en: 'Your details' },
  lead: {
    de: 'Bitte geben Sie alles so an, wie es im Melderegister steht. Alle Felder sind erforderlich.',
    en: 'Please enter everything as it stands in the register. All fields are required.',
  },
  suggestion: { de: 'Angaben einer erfundenen Person übernehmen', en: 'Fill in an invented person' },
  suggestionHint: { de: 'Das Register der Demo kennt nur diese Personen.', en: 'The register of the demo knows only these persons.' },
  choose: { de: 'Bitte auswählen', en: 'Please choose' },
  birth: { de: 'Geburtsdatum', en: 'Date of birth' },
  birthHint: { de: 'Zum Beispiel 29 2 1980', en: 'For example 29 2 1980' },
  place: { de: 'Ort', en: 'Town' },
  mistakes: { de: 'Bitte prüfen Sie Ihre Angaben', en: 'Please check your details' },
} as const satisfies Readonly<Record<string, Text>>

export const FIELD_NAMES: Readonly<Record<Field, Text>> = {
  familienname: { de: 'Familienname', en: 'Family name' },
  vornamen: { de: 'Vornamen', en: 'Given names' },
  tag: { de: 'Tag', en: 'Day' },
  monat: { de: 'Monat', en: 'Month' },
  jahr: { de: 'Jahr', en: 'Year' },
  strasse: { de: 'Straße und Hausnummer', en: 'Street and number' },
  postleitzahl: { de: 'Postleitzahl', en: 'Postcode' },
}

export const MISTAKES: Readonly<Record<Mistake, Text>> = {
  missing: { de: '{field}: Bitte ausfüllen.', en: '{field}: please fill in.' },
  characters: {
    de: '{field}: Die Angabe ist zu lang oder enthält unzulässige Zeichen.',
    en: '{field}: too long, or with characters that are not allowed.',
  },
  date: {
    de: '{field}: Diesen Tag gibt es nicht. Bitte Tag, Monat und Jahr in Ziffern angeben.',
    en: '{field}: there is no such day. Please enter day, month and year in digits.',
  },
  future: { de: '{field}: Der Tag liegt in der Zukunft.', en: '{field}: this day lies in the future.' },
  postcode: { de: '{field}: Bitte fünf Ziffern angeben.', en: '{field}: please enter five digits.' },
}

export const REVIEW = {
  title: { de: 'Prüfen und senden', en: 'Check and send' },
  lead: {
    de: 'Gesendet wird erst, wenn Sie unten auf „Verschlüsselt senden“ gehen.',
    en: 'Nothing is sent before you select “Send encrypted” below.',
  },
  request: { de: 'Ihre Anfrage', en: 'Your request' },
  wanted: { de: 'Gewünscht', en: 'Requested' },
  extent: { de: 'Zusätzliche Angaben', en: 'Further data' },
  none: { de: 'keine', en: 'none' },
  address: { de: 'Anschrift', en: 'Address' },
  recipient: { de: 'Empfängerin', en: 'Recipient' },
  authority: { de: 'Behörde', en: 'Authority' },
  fingerprint: { de: 'Fingerabdruck ihrer Schlüssel (SHA-256)', en: 'Fingerprint of its keys (SHA-256)' },
  fingerprintHint: {
    de: 'Nur wer zu diesem Fingerabdruck gehört, kann Ihre Anfrage lesen und gültig antworten. Ihr Browser merkt ihn sich und warnt, wenn er sich ändert. Vergleichen können Sie ihn mit der Angabe der Behörde, etwa am Telefon oder im Bescheid.',
    en: 'Only the owner of this fingerprint can read your request and answer it validly. Your browser remembers it and warns when it changes. You can compare it with what the authority states, for example by telephone or on a notice.',
  },
  send: { de: 'Verschlüsselt senden', en: 'Send encrypted' },
} as const satisfies Readonly<Record<string, Text>>

export const CHANGED = {
  title: { de: 'Die Schlüssel der Behörde haben sich geändert', en: 'The keys of the authority have changed' },
  text: {
    de: 'Beim letzten Mal hatte die Behörde einen anderen Fingerabdruck. Das kann ein regulärer Wechsel sein. Es kann aber auch bedeuten, dass jemand mitlesen will. Fragen Sie bei der Behörde nach dem neuen Fingerabdruck, bevor Sie ihn übernehmen. Bis dahin wird nichts gesendet.',
    en: 'Last time the authority had another fingerprint. This may be a regular change. It may also mean that somebody wants to read along. Ask the authority for its new fingerprint before you accept it. Nothing is sent until then.',
  },
  before: { de: 'Bisher', en: 'Before' },
  now: { de: 'Jetzt', en: 'Now' },
  accept: { de: 'Ich habe nachgefragt: neuen Fingerabdruck übernehmen', en: 'I have asked: accept the new fingerprint' },
} as const satisfies Readonly<Record<string, Text>>
