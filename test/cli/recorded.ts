// SPDX-License-Identifier: EUPL-1.2
/**
 * What a command of the command line is given in tests, and what it said.
 * @module
 */
import type { Io } from '../../src/cli/io.js'

export interface Recorded {
  readonly io: Io
  readonly said: { out: string; err: string }
}

/** No terminal, English, an empty environment, unless `more` says otherwise. */
export function recorded({ isTerminal = false, ...more }: Partial<Io> & { readonly isTerminal?: boolean } = {}): Recorded {
  const said = { out: '', err: '' }
  const io: Io = {
    out: { write: (text) => void (said.out += text), isTerminal },
    err: { write: (text) => void (said.err += text), isTerminal },
    lang: 'en',
    env: {},
    ...more,
  }
  return { io, said }
}
