// SPDX-License-Identifier: EUPL-1.2
/**
 * Envelopes out of captured traffic of the Java reference library, for schema tests only: cuts the root part out of the MIME body and
 * opens transport encryption with the throwaway keys that lie beside the captures. Written apart from src/, so that the schema set is
 * not tested with envelopes that our own reading had already sorted.
 * @module
 */
import { constants, createDecipheriv, createPrivateKey, privateDecrypt, type KeyObject } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url))
const WIRE = join(SHARED, 'osci-wire')

export interface CapturedEnvelope {
  readonly file: string
  readonly origin: 'clear' | 'shell' | 'decrypted' | 'fault'
  /** As in `schemaInput`. */
  readonly name: string
  readonly xml: string
}

interface Index {
  readonly scenarios: readonly { readonly messages: readonly { readonly file: string; readonly leg: string }[] }[]
}

interface CutPart {
  readonly headers: string
  readonly body: Buffer
}

/** Parts of a MIME body whose header stands inside it. */
function cut(bytes: Buffer): CutPart[] {
  const boundary = /boundary="?([^";\r\n ]+)/.exec(bytes.subarray(0, 2000).toString('latin1'))?.[1]
  if (boundary === undefined) return []
  const mark = `\r\n--${boundary}`
  const parts: CutPart[] = []
  for (let at = bytes.indexOf(mark); at >= 0;) {
    const next = bytes.indexOf(mark, at + mark.length)
    if (next < 0) break
    const from = bytes.indexOf('\r\n', at + mark.length) + 2
    const blank = bytes.indexOf('\r\n\r\n', from)
    parts.push({ headers: bytes.subarray(from, blank).toString('latin1'), body: bytes.subarray(blank + 4, next) })
    at = next
  }
  return parts
}

/** Private keys of a folder of the peer's, by certificate. */
export function privateKeys(folder: string): ReadonlyMap<string, KeyObject> {
  return new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('-cipher.der'))
      .map((name) => [
        readFileSync(join(folder, name)).toString('base64'),
        createPrivateKey(readFileSync(join(folder, name.replace('.der', '.key.pem')))),
      ]),
  )
}

function unwrap(key: KeyObject, shell: string, wrapped: Buffer): Buffer {
  if (!shell.includes('#rsa-1_5'))
    return privateDecrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: shell.includes('#mgf1sha512') ? 'sha512' : 'sha256' },
      wrapped,
    )
  const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, wrapped)
  return block.subarray(block.indexOf(0, 2) + 1)
}

function decrypt(shell: string, key: Buffer, data: Buffer): Buffer {
  const algorithm = /EncryptedData[^>]*>\s*<[^>]*EncryptionMethod Algorithm="[^"]*#([^"]+)"/.exec(shell)?.[1] ?? ''
  const gcm = algorithm.endsWith('-gcm')
  const name = algorithm === 'tripledes-cbc' ? 'des-ede3-cbc' : algorithm.replace(/^aes(\d+)-/, 'aes-$1-')
  const ivBytes = algorithm === 'tripledes-cbc' ? 8 : gcm ? Number(/IvLength[^>]*Value="(\d+)"/.exec(shell)?.[1] ?? 16) : 16
  const iv = data.subarray(0, ivBytes)
  if (!gcm) {
    const plain = createDecipheriv(name, key, iv)
    return Buffer.concat([plain.update(data.subarray(ivBytes)), plain.final()])
  }
  const plain = createDecipheriv(name as 'aes-256-gcm', key, iv, { authTagLength: 16 })
  plain.setAuthTag(data.subarray(-16))
  return Buffer.concat([plain.update(data.subarray(ivBytes, -16)), plain.final()])
}

function nameOf(xml: string): string {
  const file = /schemaLocation="\S+ soap(\w+)\.xsd/.exec(xml)?.[1]
  if (file === undefined) return 'messageFault'
  return file.charAt(0).toLowerCase() + file.slice(1)
}

/** The part's bytes without the declaration: what stands from the root on. */
const envelopeText = (part: CutPart): string => part.body.toString('utf8')

/** The envelope of a message as it is on the wire, and the one inside its transport encryption where a key is there. */
export function envelopesIn(bytes: Buffer, file: string, keys: ReadonlyMap<string, KeyObject>): readonly CapturedEnvelope[] {
  const [root, payload] = cut(bytes)
  if (!root) return []
  const xml = envelopeText(root)
  const name = nameOf(xml)
  const outer = { file, origin: name === 'messageEncrypted' ? 'shell' : name === 'messageFault' ? 'fault' : 'clear', name, xml } as const
  if (name !== 'messageEncrypted' || !payload) return [outer]
  const certificate = /X509Certificate>([^<]+)</.exec(xml)?.[1]?.replace(/\s/g, '') ?? ''
  const key = keys.get(certificate)
  if (!key) return [outer]
  const wrapped = Buffer.from(/EncryptedKey>[\s\S]*CipherValue>([^<]+)</.exec(xml)?.[1] ?? '', 'base64')
  const isBase64 = /encoding:\s*base64|text\/base64/i.test(payload.headers)
  const data = isBase64 ? Buffer.from(payload.body.toString('latin1'), 'base64') : payload.body
  const [inner] = cut(decrypt(xml, unwrap(key, xml, wrapped), data))
  if (!inner) throw new Error(`${file}: nothing inside`)
  const text = envelopeText(inner)
  return [outer, { file, origin: 'decrypted', name: nameOf(text), xml: text }]
}

/** All envelopes on the wire, and what is inside the encrypted ones; without those that the captures' makers changed by hand. */
export function capturedEnvelopes(): readonly CapturedEnvelope[] {
  const index = JSON.parse(readFileSync(join(WIRE, 'index.json'), 'utf8')) as Index
  const keys = privateKeys(join(WIRE, 'pki'))
  return index.scenarios
    .flatMap((s) => s.messages)
    .filter(({ leg }) => !leg.startsWith('made'))
    .flatMap(({ file }) => envelopesIn(readFileSync(join(WIRE, file)), file, keys))
}

export const capturesPresent = (): boolean => existsSync(join(WIRE, 'index.json'))
