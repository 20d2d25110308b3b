// SPDX-License-Identifier: EUPL-1.2
/**
 * Words for what happens to a request, and for how it ends.
 * @module
 */
import type { Text } from './language.js'
import type { Step } from './ride.js'

export const RIDE = {
  title: { de: 'Ihre Anfrage ist unterwegs', en: 'Your request is on its way' },
  lead: {
    de: 'Bitte lassen Sie diese Seite geöffnet. Nur dieser Browser kann die Antwort lesen.',
    en: 'Please keep this page open. Only this browser can read the answer.',
  },
  steps: { de: 'Verlauf', en: 'What has happened' },
  pending: { de: 'offen', en: 'open' },
  current: { de: 'läuft', en: 'in progress' },
  skipped: { de: 'entfällt', en: 'not needed' },
  missed: { de: 'nicht erfolgt', en: 'did not happen' },
  takeLeft: { de: 'Noch {n} s, damit die Behörde die Anfrage abholt', en: '{n} s left for the authority to take the request' },
  answerLeft: { de: 'Noch {n} s, damit die Antwort eintrifft', en: '{n} s left for the answer to arrive' },
  left: { de: 'Verbleibende Zeit', en: 'Time left' },
  fiveLeft: { de: 'Noch fünf Sekunden.', en: 'Five seconds left.' },
  lost: { de: 'Die Verbindung ist unterbrochen. Wir versuchen es weiter.', en: 'The connection is interrupted. We keep trying.' },
  foreignTitle: { de: 'Eine ungültige Antwort wurde verworfen', en: 'An invalid answer was discarded' },
  foreignText: {
    de: 'Es traf etwas ein, das nicht unverändert von der Behörde für diese Anfrage stammt. Es wird nicht angezeigt. Der Browser wartet weiter auf die echte Antwort.',
    en: 'Something arrived that does not come unchanged from the authority for this request. It is not shown. The browser keeps waiting for the genuine answer.',
  },
} as const satisfies Readonly<Record<string, Text>>

export const STEP_NAMES: Readonly<Record<Step, Text>> = {
  sealed: { de: 'In diesem Browser verschlüsselt', en: 'Encrypted in this browser' },
  waiting: { de: 'Liegt verschlüsselt für die Behörde bereit', en: 'Waits, encrypted, for the authority' },
  taken: { de: 'Von der Behörde abgeholt', en: 'Taken by the authority' },
  notice: { de: 'Bescheid: Anfrage geprüft', en: 'Notice: request examined' },
  result: { de: 'Ergebnis eingetroffen und geprüft', en: 'Result arrived and verified' },
}

export const RESULT = {
  title: { de: 'Die Antwort der Behörde ist da', en: 'The answer of the authority is here' },
  verified: {
    de: 'Die Antwort ist unverändert, stammt von der Behörde und gehört zu Ihrer Anfrage. Sie wurde in diesem Browser entschlüsselt.',
    en: 'The answer is unchanged, comes from the authority and belongs to your request. It was decrypted in this browser.',
  },
  verifiedTitle: { de: 'Echtheit geprüft', en: 'Verified' },
  refusedTitle: { de: 'Die Behörde erteilt keine Auskunft', en: 'The authority gives no information' },
  postTitle: { de: 'Die Bescheinigung kommt mit der Post', en: 'The certificate comes by post' },
  postText: { de: 'Sie brauchen nichts weiter zu tun.', en: 'There is nothing else to do.' },
  paper: { de: 'Angaben zum Dokument', en: 'About this document' },
  author: { de: 'Ausgestellt von', en: 'Issued by' },
  created: { de: 'Ausgestellt am', en: 'Issued on' },
  number: { de: 'Nummer der Nachricht', en: 'Number of the message' },
  demo: { de: 'Demo – kein amtliches Dokument', en: 'Demo – not an official document' },
  print: { de: 'Drucken', en: 'Print' },
  saveHtml: { de: 'Lesbar speichern (HTML)', en: 'Save to read (HTML)' },
  saveXml: { de: 'Original speichern (XML)', en: 'Save the original (XML)' },
  savePdf: { de: 'Dokument speichern (PDF)', en: 'Save the document (PDF)' },
  keepHint: {
    de: 'Das Dokument liegt nur in diesem Fenster. Speichern oder drucken Sie es, bevor Sie die Seite schließen.',
    en: 'The document exists only in this window. Save or print it before you close the page.',
  },
  another: { de: 'Neue Anfrage', en: 'New request' },
} as const satisfies Readonly<Record<string, Text>>

/** List `nichterteilung`: why, and what to do. */
export const NO_INFORMATION: Readonly<Record<string, { readonly why: Text; readonly what: Text } | undefined>> = {
  '01': {
    why: { de: 'Zu Ihren Angaben wurde keine eindeutige Person gefunden.', en: 'No single person was found for your details.' },
    what: {
      de: 'Prüfen Sie die Schreibweise und die Anschrift und fragen Sie erneut an. Hilft das nicht, wenden Sie sich an die Meldebehörde.',
      en: 'Check spelling and address and ask again. If this does not help, contact the authority.',
    },
  },
  '02': {
    why: { de: 'Die Person ist im Melderegister als verstorben eingetragen.', en: 'The person is registered as deceased.' },
    what: {
      de: 'Ist das falsch, wenden Sie sich bitte umgehend an die Meldebehörde.',
      en: 'If this is wrong, please contact the authority without delay.',
    },
  },
  '03': {
    why: { de: 'Die Person ist zurzeit nicht in Musterstadt gemeldet.', en: 'The person is not registered in Musterstadt at present.' },
    what: {
      de: 'Fragen Sie bei der Behörde des Ortes an, in dem Sie jetzt gemeldet sind.',
      en: 'Ask the authority of the place where you are registered now.',
    },
  },
  '04': {
    why: {
      de: 'Die Person ist in Musterstadt weder mit alleiniger noch mit Hauptwohnung gemeldet.',
      en: 'Neither the only nor the main residence of the person is in Musterstadt.',
    },
    what: { de: 'Fragen Sie bei der Behörde Ihrer Hauptwohnung an.', en: 'Ask the authority of your main residence.' },
  },
}

export const NO_INFORMATION_ELSE = {
  why: { de: 'Die Behörde nennt als Grund den Code {code}.', en: 'The authority gives {code} as its reason.' },
  what: { de: 'Bitte wenden Sie sich an die Meldebehörde.', en: 'Please contact the authority.' },
} as const satisfies Readonly<Record<string, Text>>
