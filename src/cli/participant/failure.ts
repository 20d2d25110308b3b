// SPDX-License-Identifier: EUPL-1.2
/**
 * Why a participant's command did not come to its end, and the exit code that says so.
 * @module
 */
import { TransportError } from '../../client/ports.js'
import { ProtektorError } from '../../errors.js'
import { printable } from '../../gateway/log.js'
import type { Io, Text } from '../io.js'
import { withMore } from './fates.js'

const REFUSED: Text = { de: 'der Kern lehnt ab', en: 'the core refuses' }
const SILENT: Text = { de: 'der Kern ist nicht erreichbar', en: 'the core cannot be reached' }
const NONE: Text = { de: 'was antwortet, ist kein Kern', en: 'what answers is no core' }
const BROKEN: Text = {
  de: 'die Verbindung zum Kern brach ab; ob er etwas bekommen hat, ist nicht bekannt',
  en: 'the connection to the core broke; whether it got anything is not known',
}
const DROPPED: Text = { de: 'verworfen', en: 'dropped' }
const LATER: Text = { de: 'wieder in', en: 'again in' }

/** The system's own word, with the address where it has one; of several attempts at one name the first. */
function causeOf({ cause }: TransportError): string {
  const one: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return one instanceof Error ? printable(one.message) : ''
}

/** It said no, and not in the words of a core: a proxy, or a server that has nothing to do with us. */
const isStranger = ({ finding }: TransportError): boolean => finding === 'client.refused'

function textOf(error: TransportError): Text {
  if (isStranger(error)) return withMore(NONE, `HTTP ${error.status ?? ''}`)
  if (error.status !== undefined) return REFUSED
  if (error.finding === 'client.broken-answer' && error.cause === undefined) return NONE
  return withMore(error.nothingSent ? SILENT : BROKEN, causeOf(error))
}

function lineOf(error: TransportError, { lang }: Io): string {
  const { status, finding, message, retryAfterSeconds } = error
  const said = status === undefined || isStranger(error) ? '' : `: ${printable(message)} (${printable(finding)})`
  const later = retryAfterSeconds === undefined ? '' : `, ${LATER[lang]} ${retryAfterSeconds} s`
  return `${textOf(error)[lang]}${said}${later}\n`
}

/** 1: the core said no; 4: it did not get as far. @throws what is no failure of a call. */
export function exitOfFailure(error: unknown, io: Io): number {
  if (!(error instanceof TransportError)) throw error
  const { status } = error
  io.err.write(`protektor: ${lineOf(error, io)}`)
  return status === undefined || (status >= 500 && status !== 503) ? 4 : 1
}

/** Tells what the client dropped, without a word of what was in it, and what it will try again. */
export const tellProblem =
  (io: Io) =>
  (error: unknown): void => {
    if (error instanceof TransportError) io.err.write(lineOf(error, io))
    else io.err.write(`${DROPPED[io.lang]}: ${error instanceof ProtektorError ? `${error.message} (${error.finding})` : String(error)}\n`)
  }
