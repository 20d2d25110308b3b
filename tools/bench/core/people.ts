// SPDX-License-Identifier: EUPL-1.2
/**
 * Who takes part in the measurement, and what is put: envelopes of the size class of a 10 KB document, with headers as real as a core can
 * see; their ciphertext is noise.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { ENVELOPE_LIMITS, FRAME_BYTES, MEDIA_TYPE, sizeClass, writeContainer } from '../../../src/envelope/container.js'
import { JWE_TYPE } from '../../../src/envelope/header.js'
import { generateEnvelopeKey } from '../../../src/envelope/keys.js'
import { issueCertificate } from '../../../src/pki/test-pki.js'

export const PUBLIC_URL = 'https://core.example'
/** Emptied inside the core's process. */
export const DRAINED = 'bench.drained'
/** Taken by its owner over HTTP. */
export const TAKEN = 'bench.taken'
/** Taken by nobody. */
export const FULL = 'bench.full'
export const putPath = (mailbox: string): string => `/core/v1/mailboxes/${mailbox}/envelopes`
export const PATH = '/core/v1/mailboxes/:address/envelopes'
export const ENVELOPE_TYPE = MEDIA_TYPE

const DOCUMENT_BYTES = 10_000
const noise = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** An envelope that nobody can open, new each time. */
export function envelope(to: string, ttlSeconds = 10): Uint8Array {
  const header = { typ: JWE_TYPE, alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: noise(32), v: 1, id: noise(16), to, ttlSeconds }
  const jwe = [Buffer.from(JSON.stringify(header)).toString('base64url'), noise(384), noise(12), noise(1200), noise(16)].join('.')
  const total = sizeClass(FRAME_BYTES + jwe.length + DOCUMENT_BYTES)
  return writeContainer(jwe, [randomBytes(total - FRAME_BYTES - jwe.length)], ENVELOPE_LIMITS)
}

export interface Person {
  readonly id: string
  readonly jwk: JWK
}

export interface People {
  readonly portal: Person
  readonly register: Person
  readonly client: { readonly key: string; readonly cert: string }
}

/** Writes keys and configuration of a core into `directory`. @returns what callers need. */
export async function settle(directory: string, options: { readonly tls: boolean; readonly more?: string }): Promise<People> {
  const dates = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000 * 30) }
  const pair = async (commonName: string) => {
    const { certificate, privateKey } = await issueCertificate({ commonName, usage: 'both', key: 'ec-p256', ...dates })
    return { cert: certificate.toString(), key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() }
  }
  const write = (name: string, text: string) => writeFile(join(directory, name), text, { mode: 0o600 })
  const [server, client] = [await pair('127.0.0.1'), await pair('portal-1')]
  await write('server.key.pem', server.key)
  await write('server.pem', server.cert)
  await write('portal-1.pem', client.cert)
  const person = async (id: string): Promise<Person> => {
    const { privateJwk, publicJwk } = await generateEnvelopeKey('sig')
    await write(`${id}.json`, JSON.stringify({ keys: [publicJwk] }))
    return { id, jwk: privateJwk }
  }
  const portal = await person('portal-1')
  const register = await person('register-1')
  const address = '127.0.0.1:0'
  await write(
    'gateway.yaml',
    `listen:
  public: ${options.tls ? `{ address: ${address}, tls: { key: server.key.pem, certificate: server.pem } }` : address}
  admin: ${address}
publicUrl: ${PUBLIC_URL}
dataDirectory: ./data
${options.more ?? ''}
participants:
  - { id: portal-1, jwks: portal-1.json, tls: [ portal-1.pem ] }
  - { id: register-1, jwks: register-1.json, mailboxes: [ ${DRAINED}, ${TAKEN}, ${FULL} ] }
mailboxes:
  ${DRAINED}: { maxCount: 100000 }
  ${FULL}: { ttlSeconds: 60, maxCount: 100000 }
`,
  )
  return { portal, register, client }
}
