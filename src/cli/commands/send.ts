// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor send`: an envelope into a mailbox; with `--ask` notice and result are waited for.
 * Exit codes: 0 put, delivered, answered · 1 refused, rejected, or nothing came · 2 usage · 4 failed.
 * @module
 */
import type { Client, SendRequest } from '../../client/client.js'
import { TransportError, type EnvelopeOutcome } from '../../client/ports.js'
import { systemSleep } from '../../client/transport.js'
import { parseCommand, UsageError } from '../arguments.js'
import { interruption } from '../interruption.js'
import type { Io, Text } from '../io.js'
import { openFolder } from '../output-folder.js'
import { tellAsking } from '../participant/asking.js'
import { exitOfFailure, tellProblem } from '../participant/failure.js'
import { tellFate, tellSent } from '../participant/fates.js'
import { CLIENT_OPTIONS, openClient, recipientKey } from '../participant/keys-file.js'
import { outgoingOf } from '../participant/outgoing.js'
import { mailboxOf, secondsOf, subjectOf } from '../participant/option-values.js'
import { progress, type Progress } from '../participant/progress.js'

const OPTIONS = {
  ...CLIENT_OPTIONS,
  to: { type: 'string' },
  recipient: { type: 'string' },
  ttl: { type: 'string' },
  subject: { type: 'string' },
  attach: { type: 'string', multiple: true, default: [] as string[] },
  ask: { type: 'boolean', default: false },
  'answer-within': { type: 'string' },
  from: { type: 'string' },
  'wait-outcome': { type: 'boolean', default: false },
  out: { type: 'string' },
} as const

/** Says something of an answer. */
const OF_AN_ANSWER = ['answer-within', 'from', 'out'] as const
/** So long beyond the envelope's time a core that is away is asked what became of it. */
const GRACE_MS = 5000
const PAUSE_MS = 500

const UNSENT: Text = { de: 'beendet, bevor etwas gesendet war', en: 'ended before anything was sent' }

const HELP: Text = {
  de: `Aufruf: protektor send --to POSTFACH --keys DATEI [OPTIONEN] DATEI|-

Versiegelt ein Dokument und legt es in ein Postfach. Mit --ask wartet der Befehl auf Bescheid und Ergebnis.

  --to POSTFACH          z. B. ags:99001000
  --keys DATEI           eigene Schlüssel (JSON, Rechte 0600), siehe protektor keys participant
  --recipient DATEI      öffentlicher Schlüssel des Empfängers (JWK oder JWK Set), sonst "recipient" der Schlüsseldatei
  --url URL              Kern (sonst "url" der Schlüsseldatei, sonst http://127.0.0.1:8080); --audience: sein publicUrl
  --ttl SEKUNDEN         so lange darf der Umschlag liegen, 1 bis 60 (10)
  --subject TEXT         Betreff, versiegelt
  --attach DATEI         Anlage (mehrfach)
  --ask                  fragt und wartet auf die Antwort
    --answer-within SEKUNDEN  Wartezeit auf das Ergebnis (20)
    --from TEILNEHMER    nur von ihm eine Antwort nehmen
    --out VERZEICHNIS    legt Bescheid und Ergebnis dort ab; sonst geht das Ergebnisdokument auf die Standardausgabe
  --wait-outcome         ohne --ask: wartet, bis bekannt ist, was aus dem Umschlag wurde
  --json                 Ereignisse als JSON-Zeilen

Ende mit: 0 abgelegt, zugestellt, beantwortet · 1 abgelehnt oder nichts kam · 2 Aufruf · 4 gescheitert
`,
  en: `Usage: protektor send --to MAILBOX --keys FILE [OPTIONS] FILE|-

Seals a document and puts it into a mailbox. With --ask the command waits for notice and result.

  --to MAILBOX           e.g. ags:99001000
  --keys FILE            own keys (JSON, mode 0600), see protektor keys participant
  --recipient FILE       the recipient's public key (JWK or JWK Set), else "recipient" of the keys file
  --url URL              core (else "url" of the keys file, else http://127.0.0.1:8080); --audience: its publicUrl
  --ttl SECONDS          how long the envelope may lie, 1 to 60 (10)
  --subject TEXT         subject, sealed
  --attach FILE          attachment (several)
  --ask                  asks and waits for the answer
    --answer-within SECONDS  how long to wait for the result (20)
    --from PARTICIPANT   takes an answer from nobody else
    --out DIRECTORY      keeps notice and result there; else the result's document goes to standard output
  --wait-outcome         without --ask: waits until it is known what became of the envelope
  --json                 events as JSON lines

Exit codes: 0 put, delivered, answered · 1 refused or nothing came · 2 usage · 4 failed
`,
}

/** @throws {UsageError} an option that would have no effect. */
function assertTogether(values: Readonly<Partial<Record<(typeof OF_AN_ANSWER)[number] | 'wait-outcome' | 'ask', unknown>>>): void {
  const idle = OF_AN_ANSWER.find((name) => values[name] !== undefined)
  if (values.ask !== true && idle !== undefined) throw new UsageError({ de: `--${idle} verlangt --ask`, en: `--${idle} wants --ask` })
  if (values.ask === true && values['wait-outcome'] === true)
    throw new UsageError({ de: '--ask und --wait-outcome schließen einander aus', en: '--ask and --wait-outcome exclude each other' })
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, OPTIONS, true)
  if (values.help) {
    io.out.write(HELP[io.lang])
    return 0
  }
  if (values.to === undefined) throw new UsageError({ de: 'send verlangt --to POSTFACH', en: 'send wants --to MAILBOX' })
  const [document] = positionals
  if (document === undefined || positionals.length > 1)
    throw new UsageError({
      de: 'send verlangt eine DATEI, oder - für die Standardeingabe',
      en: 'send wants one FILE, or - for standard input',
    })
  const to = mailboxOf('--to', values.to)
  assertTogether(values)
  const subject = subjectOf(values.subject)
  const ttlSeconds = secondsOf('--ttl', values.ttl, 10, 60)
  const answerWithinSeconds = secondsOf('--answer-within', values['answer-within'], 20, 120)
  const { client, keys } = await openClient(values, tellProblem(io))
  const request: SendRequest & { readonly ttlSeconds: number } = {
    ...(await outgoingOf(document, values.attach, io)),
    ...subject,
    to,
    recipientKey: await recipientKey(values.recipient, keys),
    ttlSeconds,
  }
  const out = values.out === undefined ? undefined : await openFolder(values.out)
  const told = progress(io, values.json)
  const ended = interruption()
  try {
    if (!values.ask) return await sendOneWay(client, request, values['wait-outcome'], ended.signal, told, io)
    const { signal } = ended
    const answerFrom = values.from === undefined ? {} : { answerFrom: values.from }
    const events = client.ask({ ...request, answerWithinSeconds, ...answerFrom, signal })
    return await tellAsking(events, { to: request.to, ttlSeconds, answerWithinSeconds, out, asJson: values.json, told, io })
  } catch (error) {
    told.end()
    if (error !== ended.signal.reason) return exitOfFailure(error, io)
    io.err.write(`protektor: ${UNSENT[io.lang]}\n`)
    return 4
  } finally {
    told.end()
    ended.dispose()
  }
}

async function sendOneWay(
  client: Client,
  request: SendRequest & { readonly ttlSeconds: number },
  waits: boolean,
  signal: AbortSignal,
  told: Progress,
  io: Io,
): Promise<number> {
  const { id } = await client.send(request)
  tellSent(id, request, told)
  if (!waits) {
    told.end()
    return 0
  }
  const record = await fateOf(client, id, request.ttlSeconds, signal, tellProblem(io))
  return tellFate(record?.outcome ?? 'unknown', record, told)
}

/** It was put, whatever fails now: a core that is away for a moment is asked again. @returns undefined: nobody tells. */
async function fateOf(
  client: Client,
  id: string,
  ttlSeconds: number,
  signal: AbortSignal,
  problem: (error: unknown) => void,
): Promise<EnvelopeOutcome | undefined> {
  const untilMs = performance.now() + ttlSeconds * 1000 + GRACE_MS
  for (let failures = 0; ;) {
    try {
      const record = await client.outcome(id, 1)
      if (record?.outcome !== 'waiting' || signal.aborted) return record
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      if (failures++ === 0) problem(error)
      if (!error.transient || signal.aborted || performance.now() > untilMs) return undefined
      await systemSleep(PAUSE_MS, signal)
    }
  }
}
