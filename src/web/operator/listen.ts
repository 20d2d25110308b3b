// SPDX-License-Identifier: EUPL-1.2
/**
 * Listens to the gateway's feed: one message with the last 15 minutes, then one a second.
 * @module
 */
import type { Message } from './feed.js'

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
