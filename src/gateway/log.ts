// SPDX-License-Identifier: EUPL-1.2
/**
 * The log: structured, only the fields of threat model L1, control characters escaped. What is not in the list cannot be logged:
 * {@link LogFields} is closed, and {@link gatewayLog} copies by name.
 * @module
 */
import { pino, type DestinationStream } from 'pino'
import { lineOutput } from './adapters/line-output.js'

/** Threat model L1. Times are pino's; `ref` ties an answer to its line. */
export interface LogFields {
  readonly requestId?: string
  readonly envelopeId?: string
  readonly role?: string
  readonly mode?: string
  readonly endpoint?: string
  readonly peer?: string
  readonly participant?: string
  readonly messageType?: string
  readonly messageId?: string
  readonly feedback?: readonly string[]
  readonly findings?: readonly string[]
  readonly error?: string
  readonly algorithms?: readonly string[]
  readonly certificateSha256?: string
  readonly bytes?: number
  readonly durationMs?: number
  readonly outcome?: string
  readonly ref?: string
}

const FIELDS = [
  'requestId', 'envelopeId', 'role', 'mode', 'endpoint', 'peer', 'participant', 'messageType', 'messageId', 'feedback', 'findings',
  'error', 'algorithms', 'certificateSha256', 'bytes', 'durationMs', 'outcome', 'ref',
] as const satisfies readonly (keyof LogFields)[] // prettier-ignore

export type LogLevel = 'info' | 'warn' | 'error'

export interface GatewayLog {
  write(level: LogLevel, event: string, fields: LogFields): void
}

const MAX_TEXT = 200

const inRange = (code: number, from: number, to: number): boolean => code >= from && code <= to

/** C0, C1, DEL; line and paragraph separators; marks, embeddings, overrides and isolates of writing direction. */
const isUnsafe = (code: number): boolean =>
  code < 0x20 ||
  inRange(code, 0x7f, 0x9f) ||
  inRange(code, 0x200e, 0x200f) ||
  inRange(code, 0x2028, 0x202e) ||
  inRange(code, 0x2066, 0x2069)

/** Unsafe characters become visible escapes. */
export function escaped(text: string): string {
  let out = ''
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0
    out += isUnsafe(code) ? '\\u' + code.toString(16).padStart(4, '0') : c
  }
  return out
}

/** The same; long texts are cut. */
export const printable = (text: string): string => escaped(text.slice(0, MAX_TEXT)) + (text.length > MAX_TEXT ? '…' : '')

const clean = (value: unknown): unknown => {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.slice(0, 32).map(clean)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

const STDOUT = 1

/** @param destination where lines go; stdout when absent. */
export function gatewayLog(destination?: DestinationStream): GatewayLog {
  const options = { base: null, messageKey: 'event', timestamp: () => `,"time":"${new Date().toISOString()}"` }
  const lost = (bytes: number): void => log.write('warn', 'log-lines-lost', { bytes })
  const logger = pino(options, destination ?? lineOutput(STDOUT, lost))
  const log: GatewayLog = {
    write(level, event, fields) {
      const line: Record<string, unknown> = {}
      for (const name of FIELDS) {
        const value = fields[name]
        if (value !== undefined) line[name] = clean(value)
      }
      logger[level](line, event)
    },
  }
  return log
}

/** For tests and for `start`, which prints hops itself. */
export const silentLog: GatewayLog = { write: () => undefined }
