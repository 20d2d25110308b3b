// SPDX-License-Identifier: EUPL-1.2
/**
 * problem+json: what a call was refused for, by its code, in the language that the caller asks for.
 *
 *   title    the text of the code, German or English (`Accept-Language`; English without)
 *   detail   what exactly, where there is more to say than that; in English
 *
 * Specs: [RFC 9457 §3.1]; threat model H4.
 * @module
 */
import type { Context } from 'koa'
import { FINDINGS_KEYSTORE } from '../check/findings.js'
import { FINDINGS_ENVELOPE } from '../envelope/findings.js'

type Language = 'de' | 'en'
export type ProblemTexts = Readonly<Record<Language, string>>

const row = (code: string, de: string, en: string): readonly [string, ProblemTexts] => [code, { de, en }]

/** Codes that are no findings about an envelope or a keystore: those have tables of their own. */
export const PROBLEMS: ReadonlyMap<string, ProblemTexts> = new Map([
  row('http.not-found', 'Unter dieser Adresse gibt es nichts.', 'There is nothing at this address.'),
  row('http.method', 'Diese Methode wird hier nicht bedient.', 'This method is not served here.'),
  row('http.query', 'Ein Parameter der Adresse ist unbekannt oder unzulässig.', 'A parameter of the address is unknown or not acceptable.'),
  row('http.content-encoding', 'Angenommen werden nur unkomprimierte Körper.', 'Bodies are taken uncompressed only.'),
  row('http.too-large', 'Der Körper ist zu groß.', 'The body is too large.'),
  row('http.too-slow', 'Der Körper kam zu langsam.', 'The body came too slowly.'),
  row('http.upload-broken', 'Die Übertragung ist abgebrochen.', 'The upload broke.'),
  row('http.overload', 'Zur Zeit ist zu viel zu tun.', 'Too much is under way at the moment.'),
  row('gateway.internal', 'Hier ist etwas schiefgegangen.', 'Something went wrong here.'),
  row('gateway.keyring-broken', 'Die Schlüssel, die hier nötig sind, lassen sich nicht öffnen.', 'The keys that are needed here cannot be opened.'),
  row('gateway.spool-full', 'Der Zwischenspeicher für Teilnachrichten ist voll.', 'The spool is full.'),
  row('gateway.spool-disk-full', 'Der Datenträger des Zwischenspeichers ist voll.', 'The disk of the spool is full.'),
  row('gateway.card-table-full', 'Das Verzeichnis der Laufzettel ist voll.', 'The table of process cards is full.'),
  row('gateway.message-id-table-full', 'Das Verzeichnis der vergebenen MessageIds ist voll.', 'The table of issued message ids is full.'),
  row('gateway.repeat-table-full', 'Das Verzeichnis der benutzten Kennungen ist voll.', 'The table of used ids is full.'),
  row('gateway.upload-ended', 'Die paketierte Übertragung ist beendet.', 'The upload has ended.'),
  row('operator.too-many-listeners', 'Zu viele Seiten sind geöffnet.', 'Too many pages are open.'),
  row('core.unknown-caller', 'Der Aufrufer ist nicht bekannt.', 'The caller is not known.'),
  row('core.malformed', 'Der Aufruf ist fehlerhaft.', 'The call is malformed.'),
  row('core.invalid', 'Eine Angabe des Umschlags ist unzulässig.', 'Something that the envelope says is not acceptable.'),
  row('core.media-type', 'Der Körper hat nicht den Medientyp, der hier erwartet wird.', 'The body is not of the media type that is expected here.'),
  row('core.method', 'Diese Methode wird hier nicht bedient.', 'This method is not served here.'),
  row('core.unknown', 'Unter diesem Namen gibt es für diesen Aufrufer nichts.', 'There is nothing of this name for this caller.'),
  row('core.duplicate', 'Diese Kennung oder dieses Postfach gab es schon.', 'This id or this mailbox was used before.'),
  row('core.in-use', 'Im Postfach liegt noch etwas.', 'Something still lies in the mailbox.'),
  row('core.gone', 'Diese Übergabe ist zu Ende.', 'This hand-over is over.'),
  row('core.too-late', 'Jemand hat ihn abgeholt, oder es ist vorbei.', 'Somebody has taken it, or it is over.'),
  row('core.too-large', 'Der Körper ist zu groß.', 'The body is too large.'),
  row('core.too-slow', 'Der Körper kam zu langsam.', 'The body came too slowly.'),
  row('core.upload-broken', 'Die Übertragung ist abgebrochen.', 'The upload broke.'),
  row('core.quota', 'Das Kontingent des Aufrufers oder des Postfachs ist ausgeschöpft.', 'The quota of the caller or of the mailbox is used up.'),
  row('core.full', 'Der Kern hat zur Zeit keinen Platz oder ist nicht erreichbar; es ist nichts geschehen.', 'The core has no room at the moment, or cannot be reached; nothing was done.'),
  row('core.too-many-calls', 'Zu viele Aufrufe.', 'Too many calls.'),
  row('core.too-many-waits', 'Zu viele Aufrufe warten.', 'Too many calls are waiting.'),
  row('core.stopping', 'Dieser Knoten hält gerade an.', 'This node is about to stop.'),
  row('core.internal', 'Hier ist etwas schiefgegangen.', 'Something went wrong here.'),
  row('check.foreign-page', 'Seiten anderer Anbieter dürfen hier nicht prüfen.', 'Pages of other sites may not check here.'),
  row('check.token', 'Prüfen darf hier nur, wer das Zugangstoken zeigt.', 'A check here needs the access token.'),
  row('check.too-many-calls', 'Zu viele Prüfungen in einer Minute.', 'Too many checks in a minute.'),
  row('check.busy', 'Zu viele Prüfungen sind im Gange.', 'Too many checks are under way.'),
  row('check.media-type', 'Eine Prüfung wird mit einem Formular verlangt (multipart/form-data).', 'A check is asked for by a form (multipart/form-data).'),
  row('check.form', 'Das Formular ist nicht lesbar.', 'The form cannot be read.'),
  row('check.field', 'Ein Feld des Formulars ist unbekannt, steht am falschen Ort oder zu oft da.', 'A field of the form is unknown, in the wrong place, or given too often.'),
  row('check.no-file', 'Es ist keine Datei zum Prüfen dabei.', 'There is no file to check.'),
  row('check.too-many-files', 'Das sind zu viele Dateien auf einmal.', 'These are too many files at a time.'),
  row('check.too-many-keystores', 'Das sind zu viele Schlüsseldateien.', 'These are too many keystores.'),
  row('check.pins', 'Zu jeder Schlüsseldatei gehört ihre PIN, in derselben Reihenfolge.', 'Every keystore needs its pin, in the same order.'),
  row('check.format', 'Diese Form des Berichts gibt es nicht.', 'There is no such format.'),
  row('check.lang', 'Als Sprache gibt es de und en.', 'lang is de or en.'),
  row('check.at', 'Der Zeitpunkt ist keiner nach ISO 8601 mit Zone, z. B. 2026-11-24T12:00:00Z.', 'at is an ISO time with zone, e.g. 2026-11-24T12:00:00Z.'),
  row('check.layers', 'Eine Schicht dieses Namens gibt es nicht.', 'There is no layer of this name.'),
  row('check.include', 'Beilagen dieses Namens gibt es nicht, oder nicht in dieser Form des Berichts.', 'There is nothing of this name to include, or not with this format.'),
  row('check.too-large', 'Das ist zusammen größer als erlaubt.', 'The body is too large.'),
  row('check.too-slow', 'Der Körper kam zu langsam.', 'The body came too slowly.'),
  row('check.upload-broken', 'Die Übertragung ist abgebrochen.', 'The upload broke.'),
  row('check.time-limit', 'Diese Dateien zu prüfen dauert länger, als hier erlaubt ist.', 'Checking these files takes longer than is allowed here.'),
  row('check.memory-limit', 'Diese Dateien zu prüfen braucht mehr Speicher, als hier erlaubt ist.', 'Checking these files takes more memory than is allowed here.'),
  row('check.report-too-large', 'Der Bericht ist größer, als hier erlaubt ist.', 'The report is larger than is allowed here.'),
  row('check.failed', 'Die Prüfung selbst ist gescheitert.', 'The check itself failed.'),
]) // prettier-ignore

const FINDINGS: ReadonlyMap<string, ProblemTexts> = new Map([...FINDINGS_ENVELOPE, ...FINDINGS_KEYSTORE].map((one) => [one.id, one]))

export interface Problem {
  readonly status: number
  readonly code: string
  /** What it was thrown with; absent: nothing of it may be shown. */
  readonly message?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  /** Leads to the log. */
  readonly ref?: string
}

/**
 * Answers with a problem.
 * @param others texts of codes that are somebody else's.
 */
export function answerProblem(context: Context, problem: Problem, others: ReadonlyMap<string, ProblemTexts> = PROBLEMS): void {
  const { status, code, message, retryAfterSeconds, ref } = problem
  const language: Language = context.acceptsLanguages('en', 'de') === 'de' ? 'de' : 'en'
  const texts = others.get(code) ?? PROBLEMS.get(code) ?? FINDINGS.get(code)
  const title = texts?.[language] ?? message
  const detail = texts === undefined || message === texts.en ? undefined : message
  // whoever is refused before his body was read must not go on sending it over this connection (H2, H5)
  if (!context.req.complete) context.set('Connection', 'close')
  if (retryAfterSeconds !== undefined) context.set('Retry-After', String(retryAfterSeconds))
  context.set('Content-Language', texts === undefined ? 'en' : language)
  context.status = status
  context.body = { type: 'about:blank', title, status, code, detail, ref }
  context.type = 'application/problem+json'
}
