// SPDX-License-Identifier: EUPL-1.2
/**
 * Words of the tester page; those of results are the report's.
 * @module
 */
import type { Language } from '../report/model.js'

export interface Words {
  readonly title: string
  readonly intro: string
  readonly other: string
  readonly skip: string
  readonly files: string
  readonly choose: string
  readonly drop: string
  readonly noFiles: string
  readonly removeAll: string
  readonly remove: (name: string) => string
  readonly keys: string
  readonly keysNote: string
  readonly keystore: string
  readonly pin: string
  readonly addKey: string
  readonly forgetKeys: string
  readonly forgotten: string
  readonly basis: string
  readonly trust: string
  readonly trustNote: string
  readonly at: string
  readonly atNote: string
  readonly token: string
  readonly tokenNote: string
  readonly check: string
  readonly cancel: string
  readonly checking: (files: number) => string
  readonly cancelled: string
  readonly done: (files: number) => string
  readonly results: string
  readonly downloads: string
  readonly source: string
  readonly file: string
  readonly unpacked: string
  readonly decrypted: string
  readonly content: string
  readonly noText: string
  readonly cut: string
  readonly earlier: string
  readonly later: string
  readonly lines: (from: number, to: number, all: number) => string
  readonly unreachable: string
  readonly unreadable: (name: string) => string
  readonly failed: string
  /** By the code of the problem. */
  readonly problems: Readonly<Record<string, string>>
}

export const FORMAT_NAMES = { html: 'HTML', json: 'JSON', sarif: 'SARIF', junit: 'JUnit', text: 'Text' } as const

const TOO_LARGE = {
  de: 'Das ist zusammen zu groß. Weniger Dateien auf einmal prüfen.',
  en: 'All together it is too large. Check fewer files at a time.',
}
const BUSY = {
  de: 'Gerade wird zu viel geprüft. Bitte gleich noch einmal.',
  en: 'Too much is being checked. Please try again in a moment.',
}

export const WORDS: Readonly<Record<Language, Words>> = {
  de: {
    title: 'Nachrichten prüfen',
    intro:
      'OSCI-Nachrichten und XÖV-Dokumente, Schicht für Schicht. Was Sie hier wählen, geht nur an diesen Server, wird dort geprüft und mit der Antwort vergessen.',
    other: 'English',
    skip: 'Zu den Ergebnissen',
    files: 'Dateien',
    choose: 'Dateien wählen',
    drop: 'oder irgendwo auf diese Seite ziehen; sie werden sofort geprüft',
    noFiles: 'Noch keine Datei gewählt.',
    removeAll: 'Alle entfernen',
    remove: (name) => `${name} entfernen`,
    keys: 'Schlüssel (für verschlüsselte Nachrichten)',
    keysNote: 'Sie bleiben im Speicher dieser Seite und gehen nur mit der Prüfung an diesen Server.',
    keystore: 'Schlüsseldatei (PKCS#12)',
    pin: 'PIN',
    addKey: 'Schlüssel hinzufügen',
    forgetKeys: 'Alle Schlüssel vergessen',
    forgotten: 'Die Schlüssel sind vergessen.',
    basis: 'Vertrauen und Zeitpunkt',
    trust: 'Vertrauensanker (PEM)',
    trustNote: 'Auch Sperrlisten (PEM, DER). Ohne Anker bleiben Zertifikate ungeprüft.',
    at: 'Geprüft für den Zeitpunkt',
    atNote: 'In der Zeit dieses Geräts; leer: jetzt.',
    token: 'Zugangstoken',
    tokenNote: 'Dieser Server prüft nur mit Token. Es bleibt im Speicher dieser Seite.',
    check: 'Prüfen',
    cancel: 'Abbrechen',
    checking: (files) => (files === 1 ? 'Eine Datei wird geprüft …' : `${files} Dateien werden geprüft …`),
    cancelled: 'Die Prüfung ist abgebrochen.',
    done: (files) => (files === 1 ? 'Eine Datei geprüft' : `${files} Dateien geprüft`),
    results: 'Ergebnis',
    downloads: 'Bericht speichern',
    source: 'Quelltext',
    file: 'Datei, wie sie ist',
    unpacked: 'Ausgepackte Nachricht',
    decrypted: 'Entschlüsselte Nachricht',
    content: 'Inhalt',
    noText: 'Kein lesbarer Text.',
    cut: 'Nur der Anfang ist hier zu sehen.',
    earlier: 'frühere Zeilen',
    later: 'spätere Zeilen',
    lines: (from, to, all) => `Zeilen ${from} bis ${to} von ${all}`,
    unreachable: 'Der Server antwortet nicht.',
    unreadable: (name) =>
      `${name} lässt sich nicht lesen: ein Ordner, oder seit der Wahl geändert. Bitte entfernen, und Dateien (neu) wählen.`,
    failed: 'Die Prüfung ist gescheitert.',
    problems: {
      'check.token': 'Das Zugangstoken fehlt oder ist falsch.',
      'check.too-many-files': 'Das sind zu viele Dateien auf einmal.',
      'check.too-many-keystores': 'Das sind zu viele Schlüsseldateien.',
      'check.too-many-calls': 'Zu viele Prüfungen in einer Minute. Bitte kurz warten.',
      'check.busy': BUSY.de,
      'http.overload': BUSY.de,
      'check.too-large': TOO_LARGE.de,
      'http.too-large': TOO_LARGE.de,
      'check.time-limit': 'Das dauert länger, als hier erlaubt ist. Weniger Dateien auf einmal prüfen.',
      'check.memory-limit': 'Das braucht mehr Speicher, als hier erlaubt ist. Weniger Dateien auf einmal prüfen.',
      'check.report-too-large': 'Der Bericht ist größer, als hier erlaubt ist. Weniger Dateien auf einmal prüfen.',
      'keystore.wrong-pin': 'Eine PIN passt nicht zu ihrer Schlüsseldatei.',
      'keystore.unreadable': 'Eine Schlüssel- oder Zertifikatsdatei ist nicht lesbar.',
      'keystore.unsupported': 'Eine Schlüsseldatei verwendet ein Verfahren, das wir nicht kennen.',
      'keystore.no-key': 'In einer Schlüsseldatei ist kein privater Schlüssel mit Zertifikat.',
    },
  },
  en: {
    title: 'Check messages',
    intro:
      'OSCI messages and XÖV documents, layer by layer. What you choose here goes to this server only, is checked there, and forgotten with the answer.',
    other: 'Deutsch',
    skip: 'To the results',
    files: 'Files',
    choose: 'Choose files',
    drop: 'or drop them anywhere on this page; they are checked at once',
    noFiles: 'No file chosen yet.',
    removeAll: 'Remove all',
    remove: (name) => `Remove ${name}`,
    keys: 'Keys (for encrypted messages)',
    keysNote: 'They stay in the memory of this page, and go to this server with the check only.',
    keystore: 'Keystore (PKCS#12)',
    pin: 'PIN',
    addKey: 'Add key',
    forgetKeys: 'Forget all keys',
    forgotten: 'The keys are forgotten.',
    basis: 'Trust and moment',
    trust: 'Trust anchors (PEM)',
    trustNote: 'Revocation lists too (PEM, DER). Without anchors certificates stay unchecked.',
    at: 'Judged for the moment',
    atNote: 'In the time of this device; empty: now.',
    token: 'Access token',
    tokenNote: 'This server checks with a token only. It stays in the memory of this page.',
    check: 'Check',
    cancel: 'Cancel',
    checking: (files) => (files === 1 ? 'One file is being checked …' : `${files} files are being checked …`),
    cancelled: 'The check was cancelled.',
    done: (files) => (files === 1 ? 'One file checked' : `${files} files checked`),
    results: 'Result',
    downloads: 'Save the report',
    source: 'Source',
    file: 'File as it is',
    unpacked: 'Unpacked message',
    decrypted: 'Decrypted message',
    content: 'Content',
    noText: 'No readable text.',
    cut: 'Only the beginning is shown here.',
    earlier: 'earlier lines',
    later: 'later lines',
    lines: (from, to, all) => `lines ${from} to ${to} of ${all}`,
    unreachable: 'The server does not answer.',
    unreadable: (name) => `${name} cannot be read: a folder, or changed since it was chosen. Please remove it, and choose files (again).`,
    failed: 'The check failed.',
    problems: {
      'check.token': 'The access token is missing or wrong.',
      'check.too-many-files': 'These are too many files at a time.',
      'check.too-many-keystores': 'These are too many keystores.',
      'check.too-many-calls': 'Too many checks in a minute. Please wait a little.',
      'check.busy': BUSY.en,
      'http.overload': BUSY.en,
      'check.too-large': TOO_LARGE.en,
      'http.too-large': TOO_LARGE.en,
      'check.time-limit': 'This takes longer than is allowed here. Check fewer files at a time.',
      'check.memory-limit': 'This takes more memory than is allowed here. Check fewer files at a time.',
      'check.report-too-large': 'The report is larger than is allowed here. Check fewer files at a time.',
      'keystore.wrong-pin': 'A PIN does not fit its keystore.',
      'keystore.unreadable': 'A keystore or certificate file cannot be read.',
      'keystore.unsupported': 'A keystore uses an algorithm that we do not know.',
      'keystore.no-key': 'A keystore holds no private key with its certificate.',
    },
  },
}
