// SPDX-License-Identifier: EUPL-1.2
/**
 * The gateway's feed as this page reads it: one message with the last 15 minutes, then one a second.
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
    readonly maxBytes: number
    readonly envelopes: number
    readonly waiters: number
    readonly outcomes: number
    readonly waiting: Readonly<Record<string, number>>
  }
  readonly parts: readonly { readonly part: string; readonly name: string; readonly state: string }[]
  readonly certificates: readonly { readonly keyring: string; readonly use: string; readonly notAfter: string }[]
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

export interface FeedListener {
  message(message: Message): void
  /** Nothing came for some seconds, or the gateway is not there. */
  lost(): void
}

const SILENCE_MS = 4000
const RETRY_MS = 5000

/** Listens until the page is closed; connects again by itself. */
export function listen(address: string, listener: FeedListener): void {
  const source = new EventSource(address)
  let silence: ReturnType<typeof setTimeout> | undefined
  const watch = (): void => {
    clearTimeout(silence)
    silence = setTimeout(() => listener.lost(), SILENCE_MS)
  }
  watch()
  source.addEventListener('message', (event: MessageEvent<string>) => {
    watch()
    listener.message(JSON.parse(event.data) as Message)
  })
  source.addEventListener('error', () => {
    listener.lost()
    // a refusal ends an EventSource for good, a broken connection does not
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(silence)
    setTimeout(() => listen(address, listener), RETRY_MS)
  })
}
