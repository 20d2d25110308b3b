// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor take`: envelopes out of an own mailbox into files. What is leased is confirmed when its files stand on the disk.
 * Exit codes: 0 as many as asked for · 1 fewer came · 2 usage · 4 failed.
 * @module
 */
import type { Client } from '../../client/client.js'
import { TransportError } from '../../client/ports.js'
import type { Received } from '../../client/received.js'
import { ProtektorError } from '../../errors.js'
import { printable } from '../../gateway/log.js'
import { parseCommand, UsageError } from '../arguments.js'
import { interruption } from '../interruption.js'
import type { Io, Text } from '../io.js'
import { openFolder } from '../output-folder.js'
import { exitOfFailure, tellProblem } from '../participant/failure.js'
import { keep, type Kept } from '../participant/kept.js'
import { CLIENT_OPTIONS, openClient } from '../participant/keys-file.js'
import { mailboxOf, secondsOf } from '../participant/option-values.js'
import { progress, type Progress } from '../participant/progress.js'

const OPTIONS = {
  ...CLIENT_OPTIONS,
  mailbox: { type: 'string' },
  wait: { type: 'string' },
  out: { type: 'string', default: '.' },
  count: { type: 'string' },
  follow: { type: 'boolean', default: false },
} as const

const HELP: Text = {
  de: `Aufruf: protektor take --mailbox POSTFACH --keys DATEI [OPTIONEN]

Holt Umschläge ab, öffnet und prüft sie, und legt jeden in einen eigenen Ordner: Teile, envelope.json, und bei Anfragen request.json,
womit »protektor answer« später antwortet.

  --mailbox POSTFACH     eigenes Postfach, z. B. ags:99001000
  --keys DATEI           eigene Schlüssel mit "open" (JSON, Rechte 0600), siehe protektor keys participant
  --url URL              Kern (sonst "url" der Schlüsseldatei, sonst http://127.0.0.1:8080); --audience: sein publicUrl
  --wait SEKUNDEN        so lange auf den nächsten warten (30)
  --count ZAHL           so viele abholen (1)
  --follow               abholen bis Strg-C
  --out VERZEICHNIS      wo die Ordner entstehen (.)
  --json                 Ereignisse als JSON-Zeilen

Ende mit: 0 so viele wie verlangt · 1 weniger kamen · 2 Aufruf · 4 gescheitert
`,
  en: `Usage: protektor take --mailbox MAILBOX --keys FILE [OPTIONS]

Takes envelopes, opens and verifies them, and keeps each in a folder of its own: parts, envelope.json, and for requests request.json, with
which "protektor answer" answers later.

  --mailbox MAILBOX      own mailbox, e.g. ags:99001000
  --keys FILE            own keys with "open" (JSON, mode 0600), see protektor keys participant
  --url URL              core (else "url" of the keys file, else http://127.0.0.1:8080); --audience: its publicUrl
  --wait SECONDS         how long to wait for the next one (30)
  --count NUMBER         how many to take (1)
  --follow               take until Ctrl-C
  --out DIRECTORY        where the folders are made (.)
  --json                 events as JSON lines

Exit codes: 0 as many as asked for · 1 fewer came · 2 usage · 4 failed
`,
}

const MAX_POLL_SECONDS = 30
const NOTHING: Text = { de: 'es kam nichts', en: 'nothing came' }
const WAITING: Text = { de: 'wartet auf einen Umschlag', en: 'waiting for an envelope' }
const UNCONFIRMED: Text = {
  de: 'abgelegt, aber die Bestätigung kam zu spät oder nicht an; der Umschlag kann noch einmal kommen',
  en: 'kept, but the confirmation was too late or lost; the envelope may come again',
}
/** XÖV: other reason, details given. */
const NOT_KEPT = { code: 'S999', text: 'could not be stored' } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseCommand(argv, OPTIONS, false)
  if (values.help) {
    io.out.write(HELP[io.lang])
    return 0
  }
  if (values.mailbox === undefined) throw new UsageError({ de: 'take verlangt --mailbox POSTFACH', en: 'take wants --mailbox MAILBOX' })
  const mailbox = mailboxOf('--mailbox', values.mailbox)
  const waitSeconds = secondsOf('--wait', values.wait, 30, 86_400)
  if (values.follow && values.count !== undefined)
    throw new UsageError({ de: '--follow und --count schließen einander aus', en: '--follow and --count exclude each other' })
  const count = values.follow ? Infinity : secondsOf('--count', values.count, 1, 1_000_000)
  const { client, keys } = await openClient(values, tellProblem(io))
  if (!keys.open) throw new UsageError({ de: 'take verlangt "open" in der Schlüsseldatei', en: 'take wants "open" in the keys file' })
  const out = await openFolder(values.out)
  const told = progress(io, values.json)
  const ended = interruption()
  const { signal } = ended
  try {
    let left = count
    const source = values.follow ? client.requests(mailbox, { signal }) : patiently(client, mailbox, waitSeconds, signal, told)
    for await (const received of source) {
      told.end()
      if (await store(received, out, told)) left -= 1
      if (left <= 0) break
    }
    told.end()
    if (left <= 0 || values.follow) return 0
    if (left === count) io.err.write(NOTHING[io.lang] + '\n')
    return 1
  } catch (error) {
    told.end()
    return exitOfFailure(error, io)
  } finally {
    told.end()
    ended.dispose()
  }
}

/** One after the other, until nothing came for `waitSeconds`. A call that fails ends it. */
async function* patiently(
  client: Client,
  mailbox: string,
  waitSeconds: number,
  signal: AbortSignal,
  told: Progress,
): AsyncGenerator<Received, void, undefined> {
  const deadline = () => performance.now() + waitSeconds * 1000
  for (let untilMs = deadline(); !signal.aborted && performance.now() < untilMs;) {
    const leftSeconds = Math.ceil((untilMs - performance.now()) / 1000)
    told.wait(WAITING, leftSeconds)
    const received = await takeOne(client, mailbox, Math.min(MAX_POLL_SECONDS, leftSeconds), signal)
    if (received === undefined) continue
    yield received
    untilMs = deadline()
  }
}

async function takeOne(client: Client, mailbox: string, waitSeconds: number, signal: AbortSignal): Promise<Received | undefined> {
  try {
    return await client.take(mailbox, { waitSeconds, signal })
  } catch (error) {
    // Ctrl-C breaks the call; that is no failure
    if (signal.aborted) return undefined
    throw error
  }
}

/** Files first, then the confirmation. @returns whether it is ours for good. */
async function store(received: Received, out: string, told: Progress): Promise<boolean> {
  let kept: Kept
  try {
    kept = await keep(out, received.content, new Date())
  } catch (error) {
    // It cannot be worked on: whoever sent it should learn that now, if he can learn it at all.
    await received.refuse(NOT_KEPT.code, NOT_KEPT.text).catch(() => undefined)
    throw error
  }
  const { content, id } = received
  const { folder, files } = kept
  const event = { id, kind: content.kind, sender: content.sender, folder, files }
  try {
    await received.confirm()
  } catch (error) {
    if (!(error instanceof ProtektorError)) throw error
    const finding = error instanceof TransportError ? error.finding : 'client.failed'
    told.step(UNCONFIRMED, { event: 'unconfirmed', ...event, error: finding })
    return false
  }
  const line = `${content.kind} ${id} (${printable(content.sender)}, ${files.length}) → ${folder}`
  told.step({ de: line, en: line }, { event: 'taken', ...event })
  return true
}
