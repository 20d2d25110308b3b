// SPDX-License-Identifier: EUPL-1.2
/**
 * What happens, told as it happens: JSON lines on stdout where a machine reads, else lines on stderr, and on a terminal one line more
 * that counts the seconds left.
 * @module
 */
import type { Reason } from '../../client/received.js'
import { printable } from '../../gateway/log.js'
import type { Io, Text } from '../io.js'
import { CLEAR_LINE, lineInPlace } from '../terminal-line.js'

const TICK_MS = 500

export interface Progress {
  /** One step. @param event what a machine reads. */
  step(text: Text, event: Readonly<Record<string, unknown>>): void
  /** What is waited for from here on, and for how long. */
  wait(text: Text, seconds: number): void
  /** Nothing is waited for any more. */
  end(): void
}

/** @param now monotonic milliseconds */
export function progress(io: Io, asJson: boolean, now: () => number = () => performance.now()): Progress {
  const shows = io.err.isTerminal && !asJson
  let waiting: { readonly text: string; readonly untilMs: number } | undefined
  let timer: NodeJS.Timeout | undefined
  const draw = (): void => {
    if (!waiting) return
    const seconds = Math.max(0, Math.ceil((waiting.untilMs - now()) / 1000))
    io.err.write(lineInPlace(`  … ${waiting.text} (${seconds} s)`))
  }
  const end = (): void => {
    clearInterval(timer)
    if (waiting) io.err.write(CLEAR_LINE)
    waiting = undefined
  }
  return {
    step(text, event) {
      if (waiting) io.err.write(CLEAR_LINE)
      if (asJson) io.out.write(JSON.stringify(event) + '\n')
      else io.err.write(text[io.lang] + '\n')
      draw()
    },
    wait(text, seconds) {
      if (!shows) return
      end()
      waiting = { text: text[io.lang], untilMs: now() + seconds * 1000 }
      timer = setInterval(draw, TICK_MS)
      draw()
    },
    end,
  }
}

/** Codes and texts of a counterpart, fit for a terminal. */
export const reasonLine = (reasons: readonly Reason[] = []): string =>
  reasons.map(({ code, text }) => printable(text === undefined ? code : `${code} ${text}`)).join('; ')
