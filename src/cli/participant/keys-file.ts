// SPDX-License-Identifier: EUPL-1.2
/**
 * The keys of a participant as one JSON file, and the client made of it.
 *
 *   { "participant": "portal-1", "sign": private JWK, "open": private JWK, "recipient": public JWK,
 *     "senders": [ { "id", "jwks": [ public JWK … ] } ], "url": "http://…", "audience": "http://…" }
 *
 * `open` is needed to take, `recipient` to send (or `--recipient`). The examples read the same files. Mode 0600 or nothing (K1).
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { JWK } from 'jose'
import { connect } from '../../client/connect.js'
import type { Client } from '../../client/client.js'
import { fileTrouble } from '../../config/load.js'
import { importOpeningKey, importSealingKey, importSigningKey, publicJwkOf, sealingKeyOf, type KeyOwner } from '../../envelope/keys.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { UsageError } from '../arguments.js'
import type { Text } from '../io.js'

export interface KeysFile {
  readonly participant: string
  readonly sign: JWK
  readonly open?: JWK
  readonly recipient?: JWK
  readonly senders?: readonly KeyOwner[]
  readonly url?: string
  readonly audience?: string
}

const DEFAULT_URL = 'http://127.0.0.1:8080'
const EXAMPLE = 'protektor keys participant --id portal-1 --out DIR'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isOwner = (value: unknown): boolean => isRecord(value) && isText(value.id) && Array.isArray(value.jwks) && value.jwks.every(isRecord)

const fits =
  (imported: (jwk: JWK) => Promise<unknown>) =>
  async (value: unknown): Promise<boolean> =>
    isRecord(value) &&
    imported(value as JWK).then(
      () => true,
      () => false,
    )

interface MemberRow {
  readonly fits: (value: unknown) => boolean | Promise<boolean>
  readonly what: Text
  readonly isRequired?: true
}

const MEMBERS: Readonly<Record<keyof KeysFile, MemberRow>> = {
  participant: { fits: isText, what: { de: 'Name des Teilnehmers', en: 'name of the participant' }, isRequired: true },
  sign: {
    fits: fits(importSigningKey),
    what: {
      de: 'privater JWK, der signiert (P-256 oder RSA ab 3000 Bit)',
      en: 'private JWK that signs (P-256, or RSA of 3000 bits or more)',
    },
    isRequired: true,
  },
  open: { fits: fits(importOpeningKey), what: { de: 'privater JWK, der öffnet', en: 'private JWK that opens' } },
  recipient: {
    fits: fits(importSealingKey),
    what: { de: 'öffentlicher JWK, für den versiegelt wird', en: 'public JWK that is sealed for' },
  },
  senders: {
    fits: (value) => Array.isArray(value) && value.every(isOwner),
    what: { de: 'Liste { "id", "jwks" }: wessen Signaturen gelten', en: 'list of { "id", "jwks" }: whose signatures count' },
  },
  url: { fits: isText, what: { de: 'Adresse des Kerns', en: 'address of the core' } },
  audience: { fits: isText, what: { de: 'publicUrl des Kerns', en: "the core's publicUrl" } },
}

/**
 * @throws {ConfigError} everything that is wrong with the file, at once; no value of it is repeated.
 */
export async function readKeysFile(file: string): Promise<KeysFile> {
  const trouble = await fileTrouble(file, 'secret')
  if (trouble) throw new ConfigError([{ key: '(file)', file, message: trouble, example: EXAMPLE }])
  const value = await parsed(file)
  const unknown = Object.keys(value)
    .filter((name) => !Object.hasOwn(MEMBERS, name))
    .map((key): ConfigProblem => ({ key, file, message: { de: 'unbekannter Schlüssel', en: 'unknown key' } }))
  const wrong = await Promise.all(
    Object.entries(MEMBERS).map(async ([key, row]): Promise<ConfigProblem[]> => {
      const member = value[key]
      if (member === undefined && row.isRequired !== true) return []
      if (member !== undefined && (await row.fits(member))) return []
      return [{ key, file, message: { de: `verlangt: ${row.what.de}`, en: `wanted: ${row.what.en}` }, example: EXAMPLE }]
    }),
  )
  const problems = [...unknown, ...wrong.flat()]
  if (problems.length > 0) throw new ConfigError(problems)
  return value as unknown as KeysFile
}

async function parsed(file: string): Promise<Record<string, unknown>> {
  const wrong = (de: string, en: string) => new ConfigError([{ key: '(file)', file, message: { de, en }, example: EXAMPLE }])
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const code = error.code ?? 'ERROR'
    throw wrong(`nicht lesbar (${code})`, `cannot be read (${code})`)
  })
  try {
    const value = JSON.parse(text) as unknown
    if (isRecord(value)) return value
  } catch {
    // what the parser says would quote the file
  }
  throw wrong('kein JSON-Objekt', 'no JSON object')
}

/**
 * The key to seal for: a public JWK, a JWK Set (its first key with `use: enc`), or what the keys file names.
 * @throws {ConfigError} the file holds none; {UsageError} none was named.
 */
export async function recipientKey(file: string | undefined, keys: KeysFile): Promise<JWK> {
  if (file === undefined) {
    if (keys.recipient) return publicJwkOf(keys.recipient)
    throw new UsageError({
      de: 'send verlangt --recipient DATEI (öffentlicher JWK), wenn die Schlüsseldatei kein "recipient" nennt',
      en: 'send wants --recipient FILE (public JWK) when the keys file names no "recipient"',
    })
  }
  const jwks = await readJwks(file)
  const jwk = jwks.length === 1 ? jwks[0] : sealingKeyOf({ id: '', jwks })
  if (jwk && (await MEMBERS.recipient.fits(jwk))) return jwk
  const { de, en } = MEMBERS.recipient.what
  throw new ConfigError([{ key: 'recipient', file, message: { de: `verlangt: ${de}`, en: `wanted: ${en}` } }])
}

/** Public keys of a JWK or a JWK Set. @throws {ConfigError} it is neither. */
export async function readJwks(file: string): Promise<JWK[]> {
  const value = await parsed(file)
  const keys = Array.isArray(value.keys) ? value.keys : [value]
  if (keys.every((key) => isRecord(key) && isText(key.kty))) return (keys as JWK[]).map(publicJwkOf)
  throw new ConfigError([{ key: '(file)', file, message: { de: 'weder JWK noch JWK Set', en: 'neither a JWK nor a JWK Set' } }])
}

/** @throws {UsageError} it is no address of a core. */
export function assertAddress(url: string): void {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError({ de: `keine Adresse: ${url}`, en: `no address: ${url}` })
}

/** Options that `send`, `take` and `answer` share. */
export const CLIENT_OPTIONS = {
  keys: { type: 'string' },
  url: { type: 'string' },
  audience: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const

export interface ClientChoice {
  readonly keys?: string | undefined
  readonly url?: string | undefined
  readonly audience?: string | undefined
}

export interface OpenedClient {
  readonly client: Client
  readonly keys: KeysFile
}

/** @param onProblem is told what was dropped. @throws {UsageError} no keys file; {ConfigError} a wrong one. */
export async function openClient(choice: ClientChoice, onProblem: (error: unknown) => void): Promise<OpenedClient> {
  if (choice.keys === undefined) throw new UsageError({ de: 'es fehlt --keys DATEI', en: '--keys FILE is missing' })
  const keys = await readKeysFile(choice.keys)
  const url = choice.url ?? keys.url ?? DEFAULT_URL
  assertAddress(url)
  const audience = choice.audience ?? keys.audience
  const client = await connect({
    url,
    participant: keys.participant,
    key: keys.sign,
    openingKeys: keys.open ? [keys.open] : [],
    senders: keys.senders ?? [],
    onProblem,
    ...(audience === undefined ? {} : { audience }),
  })
  return { client, keys }
}
