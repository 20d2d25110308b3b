// SPDX-License-Identifier: EUPL-1.2
/**
 * How far a long check has come: a bar, the rate, the time left. On a terminal only; a log gets nothing of it.
 * @module
 */
import type { Io, Language } from '../io.js'
import { CLEAR_LINE, lineInPlace } from '../terminal-line.js'

const CELLS = 24
const EVERY_MS = 100

const WORDS = { de: { rate: 'Dateien/s', left: 'noch' }, en: { rate: 'files/s', left: 'left:' } } as const

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** One line: `[████      ] 1200/10000 · 640 files/s · left: 14 s`. */
export function barLine(done: number, total: number, elapsedMs: number, lang: Language): string {
  const full = total === 0 ? CELLS : Math.floor((done / total) * CELLS)
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0
  const left = rate > 0 ? ` · ${WORDS[lang].left} ${clock((total - done) / rate)}` : ''
  return `[${'█'.repeat(full)}${' '.repeat(CELLS - full)}] ${done}/${total} · ${rate.toFixed(rate < 10 ? 1 : 0)} ${WORDS[lang].rate}${left}`
}

export interface Bar {
  /** Files told so far. */
  at(done: number): void
  /** Takes the line away. */
  end(): void
}

/** @param now monotonic milliseconds */
export function bar(io: Io, total: number, lang: Language, now: () => number = () => performance.now()): Bar {
  if (!io.err.isTerminal || total < 2) return { at: () => undefined, end: () => undefined }
  const began = now()
  let drawn = -Infinity
  return {
    at(done) {
      if (now() - drawn < EVERY_MS && done < total) return
      drawn = now()
      io.err.write(lineInPlace(barLine(done, total, now() - began, lang)))
    },
    end: () => io.err.write(CLEAR_LINE),
  }
}
