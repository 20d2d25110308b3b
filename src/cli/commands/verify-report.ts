// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor verify-report FILE…`: is this the report that was signed, and by whom.
 * Exit codes: 0 valid · 1 invalid · 2 usage · 3 the signature holds, but nobody was named to vouch for the signer · 4 failed.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { openSeal, reportDigest, SIGNATURE_SUFFIX } from '../../check/reports/signature.js'
import type { Verdict } from '../../check/types.js'
import type { TrustStore } from '../../env.js'
import { subjectRfc2253 } from '../../pki/certificate.js'
import { trustStore } from '../../pki/path.js'
import { parseCommand, UsageError } from '../arguments.js'
import type { Io, Language, Text } from '../io.js'
import { trustOf } from './check-material.js'
import { distrustText, ownFaultsText } from './report-signer.js'

const HELP: Text = {
  de: `Aufruf: protektor verify-report [--trust DATEI.pem]… [--json] BERICHT…

Prüft einen Bericht gegen seine Signatur (BERICHT${SIGNATURE_SUFFIX}, geschrieben von protektor check --sign).

Ende mit: 0 gültig · 1 ungültig · 2 Aufruf · 3 Signatur richtig, aber ohne --trust bürgt niemand für den Signierer · 4 gescheitert
`,
  en: `Usage: protektor verify-report [--trust FILE.pem]… [--json] REPORT…

Checks a report against its signature (REPORT${SIGNATURE_SUFFIX}, written by protektor check --sign).

Exit codes: 0 valid · 1 invalid · 2 usage · 3 the signature holds, but without --trust nobody vouches for the signer · 4 failed
`,
}

const WORDS = {
  valid: { de: 'gültig', en: 'valid' },
  invalid: { de: 'UNGÜLTIG: die Signatur gehört nicht zu diesem Bericht', en: 'INVALID: the signature does not belong to this report' },
  untrusted: { de: 'UNGÜLTIG: für den Signierer bürgt niemand', en: 'INVALID: nobody vouches for the signer' },
  unchecked: { de: 'Signatur richtig; wer signierte, ist ungeprüft', en: 'the signature holds; who signed is unchecked' },
  unsigned: { de: 'UNGÜLTIG: nicht signiert, daneben liegt keine Datei', en: 'INVALID: not signed, beside it there is no file' },
  unreadable: { de: 'nicht lesbar', en: 'cannot be read' },
  by: { de: 'signiert von', en: 'signed by' },
} as const satisfies Readonly<Record<string, Text>>

interface Judged {
  readonly verdict: Extract<Verdict, 'valid' | 'invalid' | 'unchecked' | 'error'>
  readonly words: Text
  readonly signer?: { readonly subject: string; readonly signedAt: string }
}

interface JudgedFile extends Judged {
  readonly file: string
}

function because(words: Text, why: Text | string | undefined, join = ': '): Text {
  if (why === undefined) return words
  const { de, en } = typeof why === 'string' ? { de: why, en: why } : why
  return { de: words.de + join + de, en: words.en + join + en }
}

async function judge(file: string, trust: TrustStore | undefined): Promise<Judged> {
  const signature = file + SIGNATURE_SUFFIX
  let bytes: Uint8Array
  let jws: string | undefined
  try {
    bytes = await readFile(file)
    // a report without one is not signed, which is a verdict; anything else that keeps us from reading is none
    jws = await readFile(signature, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause
      return undefined
    })
  } catch (cause) {
    return { verdict: 'error', words: because(WORDS.unreadable, cause instanceof Error ? cause.message : String(cause)) }
  }
  if (jws === undefined) return { verdict: 'invalid', words: because(WORDS.unsigned, basename(signature), ' ') }
  const opened = await openSeal(jws.trim(), reportDigest(bytes))
  if (opened === undefined) return { verdict: 'invalid', words: WORDS.invalid }
  const signer = { subject: subjectRfc2253(opened.certificate), signedAt: opened.seal.signedAt }
  // at the moment of signing: reports are read long after certificates ended
  const signedAt = new Date(opened.seal.signedAt)
  if (trust === undefined)
    return { verdict: 'unchecked', words: because(WORDS.unchecked, ownFaultsText(opened.certificate, signedAt)), signer }
  const distrust = await distrustText(opened.certificate, trust, signedAt)
  if (distrust === undefined) return { verdict: 'valid', words: WORDS.valid, signer }
  return { verdict: 'invalid', words: because(WORDS.untrusted, distrust), signer }
}

/** In the order in which they count: as with `check`. */
const CODES = { error: 4, invalid: 1, unchecked: 3, valid: 0 } as const

const line = ({ file, words, signer }: JudgedFile, lang: Language): string =>
  `${file}: ${words[lang]}${signer === undefined ? '' : ` (${WORDS.by[lang]} ${signer.subject}, ${signer.signedAt})`}\n`

/** For programs: one entry a report, in the order given. */
const entry = ({ file, verdict, words, signer }: JudgedFile) => ({
  file,
  verdict,
  signer: signer?.subject ?? null,
  signedAt: signer?.signedAt ?? null,
  message: words,
})

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(
    argv,
    {
      trust: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    } as const,
    true,
  )
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  if (positionals.length === 0) throw new UsageError({ de: 'ein Bericht fehlt', en: 'a report is missing' })
  const believed = await trustOf(values.trust ?? [])
  const trust = believed && trustStore(believed)
  const judged = await Promise.all(positionals.map(async (file) => ({ file, ...(await judge(file, trust)) })))
  io.out.write(values.json ? JSON.stringify(judged.map(entry), null, 2) + '\n' : judged.map((one) => line(one, io.lang)).join(''))
  const [worst = 0] = Object.entries(CODES).flatMap(([verdict, code]) => (judged.some((one) => one.verdict === verdict) ? [code] : []))
  return worst
}
