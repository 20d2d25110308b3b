// SPDX-License-Identifier: EUPL-1.2
/**
 * The typed configuration, as the table yields it: defaults filled in, paths absolute.
 * @module
 */
import type * as z from 'zod'
import type { ConfigProblem } from '../errors.js'
import type { OPTIONS } from './options.js'

type Values = z.output<typeof OPTIONS>

export interface Config extends Values {
  /** Absolute path of the file it came from. */
  readonly file: string
  /** Audience of tokens, without trailing slash. */
  readonly publicUrl: string
  /** Values that hold but are unfit for production; to be said loudly at every start. */
  readonly warnings: readonly ConfigProblem[]
  /** Line (from 1) of a key of the file, written as in problems, or of the nearest section that is there. */
  lineOf(key: string): number | undefined
}

/** One key pair of ours: PKCS#12 with PIN file, or PEM key with certificate. Exactly one of the two forms is filled. */
export type KeySource = Values['keyrings'][string]['cipher']
export type KeyringConfig = Values['keyrings'][string]
export type ListenerConfig = Values['listen']['public']
export type PeerConfig = Values['peers'][number]
export type ParticipantConfig = Values['participants'][number]
export type MailboxConfig = Values['mailboxes'][string]
export type EndpointConfig = Values['endpoints'][number]
export type RouteConfig = EndpointConfig['routes'][number]
export type LimitsConfig = Values['limits']
