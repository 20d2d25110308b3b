// SPDX-License-Identifier: EUPL-1.2
/**
 * What a command may know of the terminal it runs in. Handed in, so that tests can listen.
 * @module
 */
import type { Readable } from 'node:stream'

export type Language = 'de' | 'en'

/** One line of text in both languages. */
export interface Text {
  readonly de: string
  readonly en: string
}

/** Where text goes. `write` gets the text as it is; callers end their lines themselves. */
export interface Output {
  write(text: string): void
  /** A person is looking: progress may be shown. */
  readonly isTerminal: boolean
}

export interface Io {
  readonly out: Output
  readonly err: Output
  readonly stdin?: Readable
  /** From here on the process does not end because nobody reads what it says, or because that finds no room. */
  readonly outliveReaders?: () => void
  readonly lang: Language
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A command: gets the arguments behind its name, returns the exit code. */
export interface Command {
  run(argv: readonly string[], io: Io): Promise<number>
}
