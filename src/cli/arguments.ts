// SPDX-License-Identifier: EUPL-1.2
/**
 * Options that every command knows, and the one way to complain about a wrong call (exit code 2) or a failure (4).
 * @module
 */
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { ProtektorError } from '../errors.js'
import type { Language, Text } from './io.js'

/** A command that failed, in words of both languages; the launcher shows them and ends with 4. */
export class CommandError extends ProtektorError {
  readonly text: Text
  constructor(finding: string, text: Text) {
    super(finding, text.en)
    this.text = text
  }
}

/** A wrong call; the launcher shows the text and ends with 2. */
export class UsageError extends CommandError {
  constructor(text: Text) {
    super('cli.usage', text)
  }
}

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; strict: true; allowPositionals: boolean }>>

/** What node says of wrong arguments, by its code; it names an option as `--name <value>` or `-n, --name`, in English only. */
const WRONG_ARGUMENTS: Readonly<Record<string, (word: string, said: string) => Text>> = {
  ERR_PARSE_ARGS_UNKNOWN_OPTION: (word) => ({ de: `unbekannte Option: ${word}`, en: `unknown option: ${word}` }),
  ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL: (word) => ({ de: `überzähliges Argument: ${word}`, en: `unexpected argument: ${word}` }),
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: (word, said) => {
    if (said.includes('does not take')) return { de: `${word} nimmt keinen Wert`, en: `${word} takes no value` }
    const dash = { de: `beginnt er mit einem Strich: ${word}=-…`, en: `where it begins with a dash: ${word}=-…` }
    return said.includes('ambiguous')
      ? { de: `${word} verlangt einen Wert; ${dash.de}`, en: `${word} wants a value; ${dash.en}` }
      : { de: `${word} verlangt einen Wert`, en: `${word} wants a value` }
  },
}

/** What is wrong with arguments that node does not take, in words of both languages; undefined: it is something else. */
export function wrongArguments(error: unknown): Text | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as { code?: unknown }
  const tell = typeof code === 'string' && Object.hasOwn(WRONG_ARGUMENTS, code) ? WRONG_ARGUMENTS[code] : undefined
  const [, quoted = ''] = /'(?:-\w, )?(.*?)'(?=[. ]|$)/s.exec(error.message) ?? []
  return tell?.(quoted.replace(/ <value>$/, ''), error.message)
}

/**
 * Reads the arguments of a command strictly.
 * @throws {UsageError} an unknown option, a missing or unexpected value.
 */
export function parseCommand<O extends Options>(argv: readonly string[], options: O, allowPositionals: boolean): Parsed<O> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals, strict: true })
  } catch (error) {
    const said = wrongArguments(error)
    if (!said) throw error
    throw new UsageError(said)
  }
}

/** `de_DE.UTF-8` → de, all else → en; LC_ALL before LC_MESSAGES before LANG, as POSIX has it. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  return /^de([_.@-]|$)/i.test(locale) ? 'de' : 'en'
}

export interface GlobalArguments {
  readonly command: string | undefined
  /** Behind the command's name, without `--lang`. */
  readonly rest: readonly string[]
  readonly lang: Language
  readonly help: boolean
  readonly version: boolean
}

/**
 * Takes what is meant for all commands out of the line: `--lang` anywhere, `-h` and `--version` before a command's name.
 * @throws {UsageError} `--lang` without de or en.
 */
export function parseGlobal(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): GlobalArguments {
  let lang = languageOf(env)
  const kept: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') {
      kept.push(...argv.slice(index))
      break
    }
    const joined = /^--lang=(.*)$/.exec(word)
    if (word !== '--lang' && !joined) {
      kept.push(word)
      continue
    }
    const value = joined ? joined[1] : argv[++index]
    if (value !== 'de' && value !== 'en') throw new UsageError({ de: '--lang erwartet de oder en', en: '--lang wants de or en' })
    lang = value
  }
  const first = kept.findIndex((word) => !word.startsWith('-'))
  const before = first < 0 ? kept : kept.slice(0, first)
  const command = first < 0 ? undefined : kept[first]
  const unknown = before.find((word) => !['-h', '--help', '--version', '-V'].includes(word))
  if (unknown !== undefined) throw new UsageError({ de: `unbekannte Option: ${unknown}`, en: `unknown option: ${unknown}` })
  return {
    command,
    rest: first < 0 ? [] : kept.slice(first + 1),
    lang,
    help: before.includes('-h') || before.includes('--help'),
    version: before.includes('--version') || before.includes('-V'),
  }
}
