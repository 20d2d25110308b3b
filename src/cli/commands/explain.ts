// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor explain FILE`: one message in words, layer by layer. Same engine, same verdicts, same options as `check`.
 * Exit codes: 0 explained, as far as it went · 2 usage · 4 failed.
 * @module
 */
import { explain } from '../../check/explain/explain.js'
import { explainHtml, explainJson, explainText, type ExplainHead } from '../../check/explain/outputs.js'
import type { Explanation } from '../../check/explain/types.js'
import { findingRow } from '../../check/findings.js'
import { CHECK_LIMITS } from '../../env.js'
import { CommandError, parseCommand, UsageError } from '../arguments.js'
import { reportPage } from '../compose/report-page.js'
import type { Io, Language, Text } from '../io.js'
import { packageVersion } from '../version.js'
import { openContext } from './check-context.js'
import { readWhole } from './check-desk.js'
import { readStandardInput, STANDARD_INPUT } from './check-inputs.js'
import { languageOf, MATERIAL_HELP, MATERIAL_OPTIONS, MOMENT_HELP, momentOf } from './check-options.js'
import { keystoreArguments } from './keystore-arguments.js'

const OPTIONS = {
  ...MATERIAL_OPTIONS,
  format: { type: 'string', default: 'text' },
  'show-values': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const HELP: Text = {
  de: `Aufruf: protektor explain [OPTIONEN] DATEI|-

Erklärt eine Nachricht Schicht für Schicht: was sie ist, wer signiert hat, was die Signatur abdeckt, was für wen verschlüsselt ist, was
jeder Kopfblock bedeutet, und wo in der Datei es steht. Werte von Personen sind verdeckt.

${MATERIAL_HELP.de}
  --format FORM          text, html, json (nach der Standardausgabe)
  --show-values          zeigt auch Werte von Personen: Inhalte, Betreff, Kennungen, Namen
${MOMENT_HELP.de}

Ende mit: 0 erklärt, so weit es ging · 2 Aufruf · 4 gescheitert
`,
  en: `Usage: protektor explain [OPTIONS] FILE|-

Explains one message layer by layer: what it is, who signed, what the signature covers, what is encrypted for whom, what each header
block means, and where in the file it stands. Values of persons are masked.

${MATERIAL_HELP.en}
  --format FORM          text, html, json (to standard output)
  --show-values          shows values of persons, too: contents, subjects, keys of directories, names
${MOMENT_HELP.en}

Exit codes: 0 explained, as far as it went · 2 usage · 4 failed
`,
}

type Form = (head: ExplainHead, explanation: Explanation, lang: Language) => Promise<string>

const FORMS: Readonly<Record<string, Form>> = {
  text: async (head, explanation, lang) => explainText(head, explanation, lang),
  json: async (head, explanation) => explainJson(head, explanation),
  html: async (head, explanation, lang) => explainHtml(head, explanation, lang, await reportPage('explain')),
}

function formOf(value: string): Form {
  const form = Object.hasOwn(FORMS, value) ? FORMS[value] : undefined
  if (form) return form
  const known = Object.keys(FORMS).join(', ')
  throw new UsageError({ de: `--format kennt ${value} nicht: ${known}`, en: `--format does not know ${value}: ${known}` })
}

const refused = (finding: string, lang: Language, detail: string): CommandError => {
  const text = `${findingRow(finding)?.[lang] ?? ''} ${detail}`
  return new CommandError(finding, { de: text, en: text })
}

/** @throws {CommandError} it cannot be read, or is too large. */
async function bytesOf(file: string, io: Io, lang: Language): Promise<Uint8Array> {
  const most = CHECK_LIMITS.messageBytes
  let bytes: Uint8Array | undefined
  try {
    bytes = file === STANDARD_INPUT ? await readStandardInput(io.stdin, most) : readWhole(file, most)
  } catch (cause) {
    throw refused('mime.unreadable-file', lang, `${file}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  if (!bytes) throw refused('mime.message-too-large', lang, `${file}: > ${most}`)
  return bytes
}

/**
 * @returns 0, or 2 where a keystore stayed locked.
 * @throws {UsageError} a wrong call, or a file of keys, trust or schemas that cannot be used. {CommandError} no message to read.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, OPTIONS, true)
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const lang = languageOf(values.lang, io)
  const form = formOf(values.format)
  const at = momentOf(values.at)
  const { keystore } = keystoreArguments(argv, OPTIONS, ['keystore'])
  const [file, more] = positionals
  if (file === undefined || more !== undefined)
    throw new UsageError({ de: 'genau eine Datei oder - ist zu nennen', en: 'name exactly one file, or -' })
  const bytes = await bytesOf(file, io, lang)
  const warn = (text: string): void => io.err.write(`protektor: ${text}\n`)
  let locked = false
  const { context, close, judgedBy } = await openContext({
    keystores: keystore,
    trust: values.trust ?? [],
    schemas: values.schemas ?? [],
    envelopeKeys: values['envelope-keys'] ?? [],
    ...(at ? { at } : {}),
    locked: ({ text }) => {
      locked = true
      warn(text[lang])
    },
    workers: 1,
    warn,
  })
  try {
    const head: ExplainHead = { tool: 'protektor', version: await packageVersion(), file, at: judgedBy.at }
    io.out.write(await form(head, await explain(bytes, context, values['show-values'] === true), lang))
    // what needs no key has been explained all the same
    return locked ? 2 : 0
  } finally {
    await close()
  }
}
