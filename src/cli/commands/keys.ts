// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor keys`: throwaway keys for tests, a look into key files, and a warning before certificates expire.
 *
 * `make` writes nothing that anybody should trust: the root's key lies beside everything else. Files are readable by their
 * owner only, and nothing is overwritten (threat model K1).
 * @module
 */
import type { JWK } from 'jose'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateEnvelopeKey } from '../../envelope/keys.js'
import { ConfigError, ProtektorError } from '../../errors.js'
import { inspectKeyFile, type FileReport } from '../../pki/inspection.js'
import { writePkcs12 } from '../../pki/keystore.js'
import { makePki, type TestCertificateSpec, type TestKey, type TestUsage } from '../../pki/test-pki.js'
import { UsageError, wrongArguments } from '../arguments.js'
import { causeOf } from '../cause.js'
import type { Io } from '../io.js'
import { openFolder } from '../output-folder.js'
import { makeParticipant } from './keys-participant.js'

export interface KeysIo {
  out(text: string): void
  err(text: string): void
  readonly lang: 'de' | 'en'
}

const DAY_MS = 86_400_000
/** A hundred years. */
const MAX_DAYS = 36_500
const KEY_FILE = /\.(pem|der|crt|cer|p12|pfx)$/i

/** Certificates of a complete test set-up. */
const LEAVES: Readonly<Record<string, TestUsage>> = {
  'intermediary-cipher': 'cipher',
  'intermediary-signature': 'signature',
  'originator-cipher': 'cipher',
  'originator-signature': 'signature',
  'addressee-cipher': 'cipher',
  'addressee-signature': 'signature',
  'reader-cipher': 'cipher',
  'author-signature': 'signature',
}

const HELP = {
  de: `protektor keys make VERZEICHNIS [--bits 3072] [--name Test] [--days 365]
    Wegwerf-Schlüssel für Versuche: CA, Intermediär, Absender, Empfänger, Leser, Autor (PKCS#12, PEM) und Register (JWK)
protektor keys participant --id TEILNEHMER --out VERZEICHNIS [--recipient DATEI] [--sender TEILNEHMER=DATEI]… [--url URL]
    Schlüssel eines Teilnehmers für send, take, answer (TEILNEHMER.keys.json) und ihr öffentlicher Teil (TEILNEHMER.json)
protektor keys inspect DATEI… [--pin PIN | --pin-file DATEI] [--json]
    Inhaber, Gültigkeit, Schlüssel, Verwendung, SHA-256 aus PEM, DER oder PKCS#12
protektor keys expiry VERZEICHNIS|DATEI… [--days 30] [--pin PIN | --pin-file DATEI] [--json]
    was innerhalb der Frist abläuft
Ende mit: 0 gut · 1 etwas läuft ab · 2 falscher Aufruf · 4 gescheitert`,
  en: `protektor keys make DIR [--bits 3072] [--name Test] [--days 365]
    throwaway keys for tests: CA, intermediary, originator, addressee, reader, author (PKCS#12, PEM) and register (JWK)
protektor keys participant --id PARTICIPANT --out DIR [--recipient FILE] [--sender PARTICIPANT=FILE]… [--url URL]
    keys of a participant for send, take, answer (PARTICIPANT.keys.json) and their public half (PARTICIPANT.json)
protektor keys inspect FILE… [--pin PIN | --pin-file FILE] [--json]
    subject, validity, key, usage, SHA-256 from PEM, DER or PKCS#12
protektor keys expiry DIR|FILE… [--days 30] [--pin PIN | --pin-file FILE] [--json]
    what expires within that time
Exit codes: 0 fine · 1 something expires · 2 wrong call · 4 failed`,
} as const

const WORDS = {
  de: {
    usage: 'falscher Aufruf',
    throwaway: 'Wegwerf-Schlüssel für Versuche, niemals im Betrieb verwenden',
    pinIn: 'PIN aller Speicher in',
    subject: 'Inhaber',
    issuer: 'Aussteller',
    serial: 'Seriennummer',
    valid: 'gültig',
    key: 'Schlüssel',
    usageOf: 'Verwendung',
    anyUse: 'nicht beschränkt',
    secret: 'privater Schlüssel',
    open: 'Datei mit privatem Schlüssel ist für andere lesbar',
    expires: 'läuft ab',
    expired: 'abgelaufen',
    fine: 'nichts läuft ab bis',
    nothing: 'kein Zertifikat gelesen',
    skipped: 'nicht geöffnet, keine PIN',
    exists: 'besteht schon',
  },
  en: {
    usage: 'wrong call',
    throwaway: 'throwaway test keys, never use them in production',
    pinIn: 'PIN of all stores in',
    subject: 'subject',
    issuer: 'issuer',
    serial: 'serial',
    valid: 'valid',
    key: 'key',
    usageOf: 'usage',
    anyUse: 'not limited',
    secret: 'private key',
    open: 'file with a private key is readable by others',
    expires: 'expires',
    expired: 'expired',
    fine: 'nothing expires until',
    nothing: 'no certificate was read',
    skipped: 'not opened, no PIN',
    exists: 'exists already',
  },
} as const

class WrongCall extends Error {}

/** The command as the launcher calls it. */
export function run(argv: readonly string[], io: Io): Promise<number> {
  return keys([...argv], { out: (text) => io.out.write(text + '\n'), err: (text) => io.err.write(text + '\n'), lang: io.lang })
}

/**
 * Runs `keys`. `io.out` and `io.err` get lines without their end.
 * @returns 0 done, 1 something expires, 2 wrong call, 4 failed.
 */
export async function keys(argv: string[], io: KeysIo): Promise<number> {
  const [command, ...rest] = argv
  try {
    if (command === '-h' || command === '--help' || rest.some((word) => word === '-h' || word === '--help')) {
      io.out(HELP[io.lang])
      return 0
    }
    if (command === 'make') return await make(rest, io)
    if (command === 'participant') return await participant(rest, io)
    if (command === 'inspect') return await inspect(rest, io)
    if (command === 'expiry') return await expiry(rest, io)
    throw new WrongCall(command ?? '')
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) throw error
    const wrong = error instanceof WrongCall ? error.message : wrongArguments(error)?.[io.lang]
    io.err(wrong === undefined ? causeOf(error)[io.lang] : `${WORDS[io.lang].usage}: ${wrong}\n${HELP[io.lang]}`)
    return wrong === undefined ? 4 : 2
  }
}

async function make(argv: string[], io: KeysIo): Promise<number> {
  const options = {
    bits: { type: 'string', default: '3072' },
    name: { type: 'string', default: 'Test' },
    days: { type: 'string', default: '365' },
  } as const
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options })
  const [directory] = positionals
  if (directory === undefined || positionals.length !== 1) throw new WrongCall('DIR')
  if (!['2048', '3072', '4096'].includes(values.bits)) throw new WrongCall('--bits 2048|3072|4096')
  if (!/^[\p{L}\p{N} .-]{1,40}$/u.test(values.name)) throw new WrongCall('--name')
  const key = `rsa-${values.bits}` as TestKey
  const now = Date.now()
  const leaves: Record<string, Partial<TestCertificateSpec> & { usage: TestUsage }> = {}
  for (const [id, usage] of Object.entries(LEAVES)) leaves[id] = { usage, key, commonName: `${values.name} ${id}` }
  const notAfter = new Date(now + daysOf(values.days, 1, io.lang) * DAY_MS)
  await openFolder(directory)
  const pki = await makePki({ name: values.name, notBefore: new Date(now - 60_000), notAfter, caKey: key, leaves })
  const pin = randomBytes(18).toString('base64url')
  const files = new Map<string, string | Uint8Array>([
    ['pin', pin + '\n'],
    ['ca.pem', pki.ca.certificate.toString()],
    ['ca.key.pem', pki.ca.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
  ])
  for (const [id, pair] of pki.leaves) {
    files.set(`${id}.pem`, pair.certificate.toString())
    files.set(`${id}.p12`, writePkcs12(pair, pin, randomBytes(16)))
  }
  for (const [name, text] of await registerKeys()) files.set(name, text)
  await writeNew(directory, files, io)
  io.out(WORDS[io.lang].throwaway)
  for (const name of files.keys()) io.out('  ' + join(directory, name))
  io.out(`${WORDS[io.lang].pinIn} ${join(directory, 'pin')}`)
  return 0
}

async function participant(argv: readonly string[], io: KeysIo): Promise<number> {
  const { directory, files } = await makeParticipant(argv)
  await openFolder(directory)
  await writeNew(directory, files, io)
  for (const name of files.keys()) io.out(join(directory, name))
  return 0
}

/** Keys of a participant without OSCI: one to be written to, one to sign with; each as private and public JWK (RFC 7517). */
async function registerKeys(): Promise<readonly (readonly [string, string])[]> {
  const made = (['cipher', 'signature'] as const).map(async (purpose) => {
    const isCipher = purpose === 'cipher'
    const { privateJwk, publicJwk } = await generateEnvelopeKey(isCipher ? 'enc' : 'sig')
    const text = (jwk: JWK): string => JSON.stringify({ ...jwk, alg: isCipher ? 'ECDH-ES+A256KW' : 'ES256' }, null, 2) + '\n'
    return [
      [`register-${purpose}.jwk.json`, text(privateJwk)],
      [`register-${purpose}.public.jwk.json`, text(publicJwk)],
    ] as const
  })
  return (await Promise.all(made)).flat()
}

async function writeNew(directory: string, files: ReadonlyMap<string, string | Uint8Array>, io: KeysIo): Promise<void> {
  const there = new Set(await readdir(directory))
  const taken = [...files.keys()].find((name) => there.has(name))
  if (taken !== undefined) throw new Error(`${join(directory, taken)} ${WORDS[io.lang].exists}`)
  for (const [name, content] of files) await writeFile(join(directory, name), content, { mode: 0o600, flag: 'wx' })
}

const READ_OPTIONS = { pin: { type: 'string' }, 'pin-file': { type: 'string' }, json: { type: 'boolean', default: false } } as const

async function inspect(argv: string[], io: KeysIo): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: READ_OPTIONS })
  if (positionals.length === 0) throw new WrongCall('FILE')
  const pin = await readPin(values)
  const word = WORDS[io.lang]
  const found: { file: string; content: readonly FileReport[] }[] = []
  let failed = false
  for (const file of positionals) {
    try {
      const content = inspectKeyFile(await readFile(file), pin)
      found.push({ file, content })
      const hasSecret = content.some((one) => one.kind === 'private-key' || one.hasPrivateKey)
      if (hasSecret && ((await stat(file)).mode & 0o077) !== 0) io.err(`${file}: ${word.open}`)
    } catch (error) {
      io.err(`${file}: ${causeOf(error)[io.lang]}`)
      failed = true
    }
  }
  if (values.json) io.out(JSON.stringify(found, null, 2))
  else for (const { file, content } of found) io.out([file, ...content.flatMap((one) => lines(one, io.lang))].join('\n'))
  return failed ? 4 : 0
}

function lines(one: FileReport, lang: 'de' | 'en'): readonly string[] {
  const word = WORDS[lang]
  const row = (name: string, value: string): string => `  ${name.padEnd(14)} ${value}`
  if (one.kind === 'private-key') return [row(word.secret, one.key)]
  return [
    row(word.subject, one.subject),
    row(word.issuer, one.issuer),
    row(word.serial, one.serial),
    row(word.valid, `${one.notBefore} … ${one.notAfter}`),
    row(word.key, one.key + (one.hasPrivateKey ? ` (+ ${word.secret})` : '') + (one.ca ? ' (CA)' : '')),
    row(word.usageOf, one.usage?.join(', ') ?? word.anyUse),
    row('SHA-256', one.sha256),
    '',
  ]
}

async function expiry(argv: string[], io: KeysIo): Promise<number> {
  const options = { ...READ_OPTIONS, days: { type: 'string', default: '30' } } as const
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options })
  if (positionals.length === 0) throw new WrongCall('DIR|FILE')
  const pin = await readPin(values)
  const word = WORDS[io.lang]
  const now = Date.now()
  const limit = now + daysOf(values.days, 0, io.lang) * DAY_MS
  const due: { file: string; subject: string; notAfter: string; sha256: string; expired: boolean }[] = []
  let failed = false
  let looked = 0
  for (const { file, isNamed } of await keyFiles(positionals)) {
    try {
      for (const one of inspectKeyFile(await readFile(file), pin)) {
        if (one.kind !== 'certificate') continue
        looked++
        if (Date.parse(one.notAfter) <= limit)
          due.push({ file, subject: one.subject, notAfter: one.notAfter, sha256: one.sha256, expired: Date.parse(one.notAfter) < now })
      }
    } catch (error) {
      // In a directory a store without PIN is no fault: its certificate usually lies beside it.
      const isSealed = !isNamed && pin === undefined && error instanceof ProtektorError && error.finding === 'keystore.wrong-pin'
      io.err(`${file}: ${isSealed ? word.skipped : causeOf(error)[io.lang]}`)
      failed ||= !isSealed
    }
  }
  // a guard that looks into the wrong folder must not report that all is fine
  if (looked === 0 && !failed) {
    io.err(`${positionals.join(' ')}: ${word.nothing}`)
    failed = true
  }
  if (values.json) io.out(JSON.stringify(due, null, 2))
  else {
    for (const one of due)
      io.out(`${one.expired ? word.expired : word.expires} ${one.notAfter.slice(0, 10)}  ${one.subject}  (${one.file})`)
    // of what could not be read nothing is known
    if (due.length === 0 && !failed) io.out(`${word.fine} ${new Date(limit).toISOString().slice(0, 10)}`)
  }
  return failed ? 4 : due.length > 0 ? 1 : 0
}

async function keyFiles(paths: readonly string[]): Promise<readonly { file: string; isNamed: boolean }[]> {
  const found: { file: string; isNamed: boolean }[] = []
  for (const path of paths) {
    // what cannot be looked into is told where it would be read, and hides nothing of the others
    const names = await readdir(path).catch(() => undefined)
    if (names === undefined) found.push({ file: path, isNamed: true })
    else for (const name of names.sort()) if (KEY_FILE.test(name)) found.push({ file: join(path, name), isNamed: false })
  }
  return found
}

async function readPin(values: { pin?: string; 'pin-file'?: string }): Promise<string | undefined> {
  if (values.pin !== undefined && values['pin-file'] !== undefined) throw new WrongCall('--pin | --pin-file')
  return values['pin-file'] === undefined ? values.pin : (await readFile(values['pin-file'], 'utf8')).replace(/\r?\n$/, '')
}

function daysOf(value: string, min: number, lang: 'de' | 'en'): number {
  const days = /^\d{1,9}$/.test(value) ? Number(value) : NaN
  if (days >= min && days <= MAX_DAYS) return days
  const said = { de: `--days verlangt ganze Tage von ${min} bis ${MAX_DAYS}`, en: `--days wants whole days from ${min} to ${MAX_DAYS}` }
  throw new WrongCall(said[lang])
}
