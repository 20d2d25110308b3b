// SPDX-License-Identifier: EUPL-1.2
/**
 * Why a participant's command did not come to its end, and the exit code that says so.
 * @module
 */
import { TransportError } from '../../client/ports.js'
import { ProtektorError } from '../../errors.js'
import { printable } from '../../gateway/log.js'
import type { Io, Text } from '../io.js'

const REFUSED: Text = { de: 'der Kern lehnt ab', en: 'the core refuses' }
const SILENT: Text = { de: 'der Kern ist nicht erreichbar', en: 'the core cannot be reached' }
const BROKEN: Text = {
  de: 'die Verbindung zum Kern brach ab; ob er etwas bekommen hat, ist nicht bekannt',
  en: 'the connection to the core broke; whether it got anything is not known',
}
const DROPPED: Text = { de: 'verworfen', en: 'dropped' }
const LATER: Text = { de: 'wieder in', en: 'again in' }

function textOf(error: TransportError): Text {
  if (error.status !== undefined) return REFUSED
  return error.nothingSent ? SILENT : BROKEN
}

/** 1: the core said no; 4: it did not get as far. @throws what is no failure of a call. */
export function exitOfFailure(error: unknown, io: Io): number {
  if (!(error instanceof TransportError)) throw error
  const { status, finding, message, retryAfterSeconds } = error
  const said = status === undefined ? '' : `: ${printable(message)} (${printable(finding)})`
  const later = retryAfterSeconds === undefined ? '' : `, ${LATER[io.lang]} ${retryAfterSeconds} s`
  io.err.write(`protektor: ${textOf(error)[io.lang]}${said}${later}\n`)
  return status === undefined || (status >= 500 && status !== 503) ? 4 : 1
}

/** Tells what the client dropped, without a word of what was in it. */
export const tellProblem =
  (io: Io) =>
  (error: unknown): void => {
    if (error instanceof TransportError && error.status === undefined) io.err.write(`${textOf(error)[io.lang]}\n`)
    else io.err.write(`${DROPPED[io.lang]}: ${error instanceof ProtektorError ? `${error.message} (${error.finding})` : String(error)}\n`)
  }
