// SPDX-License-Identifier: EUPL-1.2
/**
 * The log: structured, only the fields of threat model L1, control characters escaped. What is not in the list cannot be logged:
 * {@link LogFields} is closed, and {@link gatewayLog} copies by name.
 * @module
 */
import { pino, type DestinationStream } from 'pino'

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

/** Control characters, bidirectional overrides and line separators become visible escapes; long texts are cut. */
export function printable(text: string): string {
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) + '…' : text
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
}

const clean = (value: unknown): unknown => {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.slice(0, 32).map(clean)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** @param destination where lines go; stdout when absent. */
export function gatewayLog(destination?: DestinationStream): GatewayLog {
  const options = { base: null, messageKey: 'event', timestamp: () => `,"time":"${new Date().toISOString()}"` }
  const logger = destination === undefined ? pino(options) : pino(options, destination)
  return {
    write(level, event, fields) {
      const line: Record<string, unknown> = {}
      for (const name of FIELDS) {
        const value = fields[name]
        if (value !== undefined) line[name] = clean(value)
      }
      logger[level](line, event)
    },
  }
}

/** For tests and for `start`, which prints hops itself. */
export const silentLog: GatewayLog = { write: () => undefined }
