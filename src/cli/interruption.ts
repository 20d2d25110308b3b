// SPDX-License-Identifier: EUPL-1.2
/**
 * Ctrl-C and SIGTERM: the first asks to end in order, the second ends at once.
 * @module
 */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Nobody listens any more; the system's own behaviour is back. */
  dispose(): void
}

export function interruption(): Interruption {
  const asked = new AbortController()
  const hear = (): void => {
    if (asked.signal.aborted) process.exit(4)
    asked.abort()
  }
  for (const signal of SIGNALS) process.on(signal, hear)
  return { signal: asked.signal, dispose: () => SIGNALS.forEach((signal) => process.off(signal, hear)) }
}
