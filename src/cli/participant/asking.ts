// SPDX-License-Identifier: EUPL-1.2
/**
 * A question on the command line: its steps told, its answer kept or printed.
 * @module
 */
import type { AskEvent } from '../../client/ask.js'
import { mayHaveBeenProcessed } from '../../client/fate.js'
import type { OpenedEnvelope } from '../../envelope/types.js'
import { escaped } from '../../gateway/log.js'
import type { Io, Text } from '../io.js'
import { FATES, tellFate, tellSent, withMore } from './fates.js'
import { keep } from './kept.js'
import { reasonLine, type Progress } from './progress.js'

const TAKEN: Text = { de: 'abgeholt', en: 'taken' }
const ANSWER: Text = { de: 'wartet auf das Ergebnis', en: 'waiting for the result' }
const ACCEPTED: Text = { de: 'Bescheid: angenommen', en: 'notice: accepted' }
const REJECTED: Text = { de: 'abgelehnt', en: 'rejected' }
const DONE: Text = { de: 'Ergebnis', en: 'result' }
const NO_TEXT: Text = { de: 'das Dokument ist kein Text; mit --out wird es abgelegt', en: 'the document is no text; --out keeps it' }

export interface Asking {
  readonly to: string
  readonly ttlSeconds: number
  readonly answerWithinSeconds: number
  /** Where answers are kept; absent: the result's document is printed. */
  readonly out: string | undefined
  readonly asJson: boolean
  readonly told: Progress
  readonly io: Io
}

type Tell = { readonly [K in AskEvent['kind']]: (event: AskEvent & { kind: K }, asking: Asking) => Promise<number> | number }

/** What an event is told as, and the exit code should it be the last one. */
const TELL: Tell = {
  sent: ({ id }, asking) => {
    tellSent(id, asking, asking.told)
    return 1
  },
  taken: ({ at }, { told, answerWithinSeconds }) => {
    told.step(TAKEN, { event: 'taken', at })
    told.wait(ANSWER, answerWithinSeconds)
    return 1
  },
  notice: ({ content }, asking) => tellAnswer(content, asking),
  result: ({ content }, asking) => tellAnswer(content, asking),
  outcome: (event, { told }) => {
    // Without an answer nobody knows what was done with a request that was handed out.
    return tellFate(event.outcome === 'delivered' ? 'unknown' : event.outcome, event, told)
  },
}

/** @returns the exit code: 0 a result, 1 a rejection or no answer. */
export async function tellAsking(events: AsyncIterable<AskEvent>, asking: Asking): Promise<number> {
  let code = 1
  for await (const event of events) code = await TELL[event.kind](event as never, asking)
  return code
}

async function tellAnswer(content: OpenedEnvelope, { out, asJson, told, io }: Asking): Promise<number> {
  const { kind, sender, outcome } = content
  const { status, reasons = [] } = outcome ?? {}
  const isRejected = status === 'rejected'
  const isLast = kind === 'result' || isRejected
  if (isLast) told.end()
  const kept = out === undefined ? undefined : await keep(out, content, new Date())
  const text = isRejected ? REJECTED : kind === 'result' ? DONE : ACCEPTED
  const line = [reasonLine(reasons), kept?.folder ?? ''].filter((one) => one !== '').join('  ')
  const place = kept === undefined ? {} : { folder: kept.folder, files: kept.files }
  told.step(withMore(text, line), { event: kind, sender, status, reasons, ...place })
  if (mayHaveBeenProcessed(content)) told.step(FATES.unknown, { event: 'warning', mayHaveBeenProcessed: true })
  if (isLast && kept === undefined && !asJson) printDocument(content, io)
  return kind === 'result' && !isRejected ? 0 : 1
}

/** The document to standard output: byte for byte into a pipe, on a terminal without what could steer it. */
function printDocument({ parts }: OpenedEnvelope, io: Io): void {
  const document = parts.find((part) => part.role === 'document')
  if (!document) return
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(document.bytes)
  } catch {
    io.err.write(NO_TEXT[io.lang] + '\n')
    return
  }
  io.out.write(io.out.isTerminal ? text.split('\n').map(escaped).join('\n') + '\n' : text)
}
