// SPDX-License-Identifier: EUPL-1.2
/**
 * Words for endings without a result: what is known, why, what to do. Two things are kept apart everywhere: *nothing was processed*, and
 * *nobody knows*.
 * @module
 */
import type { Text } from './language.js'

export interface Ending {
  readonly title: Text
  readonly text: Text
}

export const ENDINGS = {
  expired: {
    title: { de: 'Die Behörde hat die Anfrage nicht abgeholt', en: 'The authority did not take the request' },
    text: {
      de: 'Ihre Anfrage ist abgelaufen und gelöscht. Sie können gefahrlos erneut anfragen.',
      en: 'Your request has expired and is deleted. It is safe to ask again.',
    },
  },
  refused: {
    title: { de: 'Die Behörde hat die Anfrage nicht angenommen', en: 'The authority did not accept the request' },
    text: { de: 'Warum, und was Sie tun können, steht unten.', en: 'Why, and what you can do, is told below.' },
  },
  rejected: {
    title: { de: 'Die Behörde hat die Anfrage zurückgewiesen', en: 'The authority has rejected the request' },
    text: { de: 'Warum, und was Sie tun können, steht unten.', en: 'Why, and what you can do, is told below.' },
  },
  unknown: {
    title: { de: 'Es ist ungewiss, ob die Anfrage bearbeitet wurde', en: 'It is not known whether the request was processed' },
    text: {
      de: 'In der vorgesehenen Zeit kam keine Antwort. Die Behörde kann die Anfrage erhalten haben oder nicht. Eine Auskunft ändert nichts im Melderegister. Wenn Sie erneut anfragen, behält die Anfrage ihre Nummer, sodass die Behörde eine Wiederholung erkennt.',
      en: 'No answer came in time. The authority may or may not have received the request. Giving information changes nothing in the register. If you ask again, the request keeps its number, so that the authority can see it is a repetition.',
    },
  },
  'not-sent': {
    title: { de: 'Die Anfrage konnte nicht gesendet werden', en: 'The request could not be sent' },
    text: {
      de: 'Sie können gefahrlos erneut senden.',
      en: 'It is safe to send again.',
    },
  },
  unreadable: {
    title: { de: 'Die Antwort kann nicht angezeigt werden', en: 'The answer cannot be shown' },
    text: {
      de: 'Die Behörde hat geantwortet, aber der Inhalt gehört nicht zu dieser Anfrage oder ist nicht lesbar. Er wird deshalb nicht angezeigt. Bitte wenden Sie sich an die Meldebehörde.',
      en: 'The authority has answered, but the content does not belong to this request or cannot be read. Therefore it is not shown. Please contact the authority.',
    },
  },
} as const satisfies Readonly<Record<string, Ending>>

export const END = {
  certain: { de: 'Es wurde nichts verarbeitet', en: 'Nothing was processed' },
  uncertain: { de: 'Der Stand ist unbekannt', en: 'The state is unknown' },
  unread: { de: 'Antwort nicht angezeigt', en: 'Answer not shown' },
  why: { de: 'Grund', en: 'Reason' },
  what: { de: 'Was Sie tun können', en: 'What you can do' },
  number: { de: 'Nummer der Anfrage', en: 'Number of the request' },
  again: { de: 'Erneut sicher senden', en: 'Ask again safely' },
  change: { de: 'Angaben ändern', en: 'Change details' },
  later: { de: 'Versuchen Sie es in einigen Minuten erneut.', en: 'Try again in a few minutes.' },
  often: { de: 'Es wurde zu oft angefragt. Bitte warten Sie eine Minute.', en: 'There were too many requests. Please wait a minute.' },
} as const satisfies Readonly<Record<string, Text>>

interface Advice {
  readonly why: Text
  readonly what: Text
}

const OURS: Text = {
  de: 'Das ist ein Fehler des Online-Dienstes, nicht Ihrer Angaben. Bitte melden Sie ihn mit der Nummer der Anfrage.',
  en: 'This is a fault of the online service, not of your details. Please report it with the number of the request.',
}

/** Codes of list `rueckweisungsgrund`; by the whole code, else by its first letter. */
export const REASONS: Readonly<Record<string, Advice | undefined>> = {
  T: { why: { de: 'Die Anfrage verletzt eine Regel der Übermittlung.', en: 'The request breaks a rule of transmission.' }, what: OURS },
  T020: {
    why: { de: 'Die Behörde konnte den Inhalt nicht entschlüsseln.', en: 'The authority could not decrypt the content.' },
    what: OURS,
  },
  T070: { why: { de: 'Der Online-Dienst darf hier nicht anfragen.', en: 'The online service may not ask here.' }, what: OURS },
  T080: {
    why: { de: 'Für diese Anfrage ist eine andere Behörde zuständig.', en: 'Another authority is responsible for this request.' },
    what: {
      de: 'Fragen Sie bei der Behörde an, in deren Ort Sie gemeldet sind.',
      en: 'Ask the authority of the place where you are registered.',
    },
  },
  V: {
    why: { de: 'Die Behörde versteht diese Art von Anfrage nicht.', en: 'The authority does not understand this kind of request.' },
    what: OURS,
  },
  X: { why: { de: 'Die Anfrage ist nicht richtig aufgebaut.', en: 'The request is not well built.' }, what: OURS },
  S: {
    why: { de: 'Die Anfrage verletzt eine inhaltliche Regel.', en: 'The request breaks a rule of content.' },
    what: { de: 'Prüfen Sie Ihre Angaben und senden Sie erneut.', en: 'Check your details and send again.' },
  },
  S030: {
    why: { de: 'Eine erforderliche Angabe fehlt.', en: 'A required detail is missing.' },
    what: { de: 'Ergänzen Sie Ihre Angaben und senden Sie erneut.', en: 'Complete your details and send again.' },
  },
  S100: {
    why: { de: 'Diese Anfrage wurde bereits bearbeitet.', en: 'This request has been processed already.' },
    what: {
      de: 'Stellen Sie eine neue Anfrage, wenn Sie die Auskunft noch benötigen.',
      en: 'Make a new request if you still need the information.',
    },
  },
  '9809': {
    why: { de: 'Die Behörde war nicht erreichbar.', en: 'The authority could not be reached.' },
    what: END.later,
  },
}

export const adviceOn = (code: string): Advice =>
  REASONS[code] ??
  REASONS[code.slice(0, 1)] ?? {
    why: { de: 'Die Behörde nennt keinen bekannten Grund.', en: 'The authority gives no reason that we know.' },
    what: { de: 'Bitte wenden Sie sich an die Meldebehörde.', en: 'Please contact the authority.' },
  }
