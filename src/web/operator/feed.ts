// SPDX-License-Identifier: EUPL-1.2
/**
 * What the gateway's feed sends, as this page reads it.
 * The shapes repeat those of `src/gateway/operator-feed.ts`, since a page imports no room; a test compares the two.
 * @module
 */

export interface Figures {
  readonly version: string
  readonly startedAt: string
  readonly state: 'not-ready' | 'ready' | 'draining'
  readonly core: {
    readonly adapter: string
    readonly bytes: number
    /** 0: a core elsewhere, whose memory its own page shows. */
    readonly maxBytes: number
    readonly envelopes: number
    readonly waiters: number
    readonly outcomes: number
    readonly waiting: Readonly<Record<string, number>>
  }
  readonly parts: readonly { readonly part: string; readonly name: string; readonly state: string }[]
  readonly certificates: readonly { readonly keyring: string; readonly use: string; readonly notAfter: string }[]
  /** Keys of the configuration. */
  readonly warnings: readonly string[]
  readonly schemaThreads: number
}

export interface Sample {
  readonly at: number
  readonly seconds: number
  readonly deliveries: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refusals: Readonly<Record<string, number>>
  readonly dwell: readonly number[]
  readonly waiting: Readonly<Record<string, number>>
  readonly bytes: number
  readonly envelopes: number
  readonly waiters: number
  readonly loopDelayMs: number
}

export interface Message {
  readonly figures: Figures
  readonly dwellBuckets: readonly number[]
  readonly meanings: Readonly<Record<string, { readonly de: string; readonly en: string }>>
  readonly samples: readonly Sample[]
}
