// SPDX-License-Identifier: EUPL-1.2
/**
 * The command line: a table of commands, each loaded only when it is called, so that `--help` stays quick.
 * @module
 */
import { ConfigError, ProtektorError } from '../errors.js'
import { UsageError, languageOf, parseGlobal } from './arguments.js'
import type { Command, Io, Language, Text } from './io.js'
import { TEXTS, renderProblems, say } from './texts.js'
import { packageVersion } from './version.js'

export { packageVersion }

interface CommandRow {
  readonly load: () => Promise<Command>
  readonly what: Text
}

/** Every command of this release. A row is all there is to add. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  start: {
    load: () => import('./commands/start.js'),
    what: {
      de: 'laufendes Beispiel: drei Fahrten, Schritt für Schritt, und weiter im Dienst',
      en: 'a running example: three rides, hop by hop, then keeps serving',
    },
  },
  serve: {
    load: () => import('./commands/serve.js'),
    what: { de: 'Gateway und Kern nach einer Konfiguration (--config DATEI)', en: 'gateway and core by a configuration (--config FILE)' },
  },
  check: {
    load: () => import('./commands/check.js'),
    what: { de: 'OSCI- und XÖV-Nachrichten prüfen', en: 'check OSCI and XÖV messages' },
  },
  explain: {
    load: () => import('./commands/explain.js'),
    what: { de: 'eine Nachricht Schicht für Schicht in Worten erklären', en: 'explain one message in words, layer by layer' },
  },
  'verify-report': {
    load: () => import('./commands/verify-report.js'),
    what: { de: 'einen signierten Prüfbericht gegen seine Signatur prüfen', en: 'check a signed report against its signature' },
  },
  conformance: {
    load: () => import('./commands/conformance.js'),
    what: {
      de: 'eine fremde Gegenstelle Klausel für Klausel gegen OSCI 1.2 prüfen',
      en: "hold somebody else's endpoint against OSCI 1.2, clause by clause",
    },
  },
  send: {
    load: () => import('./commands/send.js'),
    what: { de: 'einen Umschlag ablegen, oder fragen und auf die Antwort warten', en: 'put an envelope, or ask and wait for the answer' },
  },
  take: {
    load: () => import('./commands/take.js'),
    what: { de: 'Umschläge aus dem eigenen Postfach abholen', en: 'take envelopes out of an own mailbox' },
  },
  answer: {
    load: () => import('./commands/answer.js'),
    what: { de: 'eine abgeholte Anfrage beantworten', en: 'answer a request that was taken' },
  },
  schemas: {
    load: () => import('./commands/schemas.js'),
    what: { de: 'amtliche Schemapakete aufnehmen, zeigen, nachprüfen', en: 'store official schema packages, show them, verify them' },
  },
  keys: {
    load: () => import('./commands/keys.js'),
    what: { de: 'Schlüssel für Versuche erzeugen, Schlüsseldateien ansehen', en: 'make keys for tests, look into key files' },
  },
  bench: {
    load: () => import('./commands/bench.js'),
    what: {
      de: 'messen, gegen Vergleiche im selben Lauf (nur im Quellbaum)',
      en: 'measure, against references in the same run (source tree only)',
    },
  },
}

const THREADS = {
  files: () => import('./commands/check-thread.js'),
  calls: () => import('./compose/check-calls.js'),
} as const

/** 128 + SIGPIPE (13). */
const SIGPIPE_ENDED = 141

/** What a thread of this program runs (bin/thread.js); its first word says which. */
export async function thread(name = process.argv[2]): Promise<void> {
  return (await THREADS[name === 'calls' ? 'calls' : 'files']()).serve()
}

export function renderHelp(lang: Language): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2
  const rows = Object.entries(COMMANDS).map(([name, row]) => `  ${name.padEnd(width)}${row.what[lang]}`)
  return [
    say(TEXTS.what, lang),
    '',
    say(TEXTS.usage, lang),
    '',
    say(TEXTS.commands, lang),
    ...rows,
    '',
    say(TEXTS.options, lang),
    '',
    say(TEXTS.exitCodes, lang),
    say(TEXTS.more, lang),
    '',
  ].join('\n')
}

/** Says what a command threw. @returns the exit code */
export function report(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.err.write(`protektor: ${error.text[io.lang]}\n${say(TEXTS.more, io.lang)}\n`)
    return 2
  }
  if (error instanceof ConfigError) {
    io.err.write(`${say(TEXTS.configInvalid, io.lang)}:\n${renderProblems(error.problems, io.lang)}`)
    return 2
  }
  if (error instanceof ProtektorError) {
    io.err.write(`protektor: ${error.message} (${error.finding})\n`)
    return 4
  }
  io.err.write(`protektor: ${say(TEXTS.failed, io.lang)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 4
}

/**
 * Ends the process when nobody reads a stream any more (`protektor check … | head`): at once, without a word, and with what a shell says
 * of a program that SIGPIPE ended. Not with a code of our own, whatever had been found: who closed the pipe did not wait for the verdict.
 * A stream that fails for any other reason (a full disk) is a run that failed; Node's own end with 1 would say that something is invalid.
 * A service is not there for its readers: others' messages are under way in it.
 */
function endWith(stream: NodeJS.WriteStream, isService: () => boolean): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isService()) return
    if (error.code === 'EPIPE') process.exit(SIGPIPE_ENDED)
    if (stream !== process.stderr) process.stderr.write(`protektor: ${error.message}\n`)
    process.exit(4)
  })
}

function realIo(): Omit<Io, 'lang'> {
  let isService = false
  endWith(process.stdout, () => isService)
  endWith(process.stderr, () => isService)
  const output = (stream: NodeJS.WriteStream) => ({ write: (text: string) => void stream.write(text), isTerminal: stream.isTTY })
  return {
    out: output(process.stdout),
    err: output(process.stderr),
    stdin: process.stdin,
    env: process.env,
    outliveReaders: () => (isService = true),
  }
}

/**
 * Runs one command line.
 * @param argv the words behind `protektor`.
 * @returns the exit code; nothing is thrown.
 */
export async function main(argv: readonly string[], given: Omit<Io, 'lang'> = realIo()): Promise<number> {
  let io: Io = { ...given, lang: languageOf(given.env) }
  try {
    const called = parseGlobal(argv, given.env)
    io = { ...given, lang: called.lang }
    if (called.version) {
      io.out.write(`protektor ${await packageVersion()}\n`)
      return 0
    }
    if (called.help || called.command === undefined) {
      ;(called.help ? io.out : io.err).write(renderHelp(io.lang))
      return called.help ? 0 : 2
    }
    const row = Object.hasOwn(COMMANDS, called.command) ? COMMANDS[called.command] : undefined
    if (!row) {
      const known = Object.keys(COMMANDS).join(', ')
      throw new UsageError({
        de: `${TEXTS.unknownCommand.de}: ${called.command} (${known})`,
        en: `${TEXTS.unknownCommand.en}: ${called.command} (${known})`,
      })
    }
    const command = await row.load()
    return await command.run(called.rest, io)
  } catch (error) {
    return report(error, io)
  }
}
