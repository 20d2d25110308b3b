// SPDX-License-Identifier: EUPL-1.2
/**
 * Verifies the signature of a token: a compact JWS by a key of the participant it names. Keys are imported once.
 *
 * Why not jose here: verifying through WebCrypto costs a change of threads for each call, and about twice the processor time of one
 * synchronous verification (docs/bench.md). Making tokens is left to jose.
 * Specs: docs/envelope.md §8; threat model C2; [RFC 7515 §5.2], [RFC 8725].
 * @module
 */
import { constants, KeyObject, verify } from 'node:crypto'
import { TOKEN_TYPE } from '../client/token.js'
import { EnvelopeError } from '../envelope/errors.js'
import type { KeyOwner, SigningAlgorithm } from '../envelope/keys.js'
import { importVerifyingKey } from '../envelope/keys.js'

const MAX_TOKEN_CHARS = 8192
/** Headers are few: a participant writes the same one into every token. */
const MAX_HEADERS = 1024

interface VerifyingKey {
  readonly alg: SigningAlgorithm
  readonly publicKey: KeyObject
}

interface Header {
  readonly alg: string
  readonly kid: string
}

const PADDING = { ES256: { dsaEncoding: 'ieee-p1363' }, PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } } as const

/**
 * @returns a function that gives the payload of a token whose signature holds, parsed; undefined for every other. Whoever names a
 * participant or a key that is not known waits as long as somebody whose signature is wrong.
 */
export async function tokenVerifier(owners: readonly KeyOwner[]): Promise<(jws: string) => unknown> {
  const keys = await verifyingKeys(owners)
  const [decoy] = keys.values()
  const headers = new Map<string, Header>()

  const headerOf = (segment: string): Header | undefined => {
    const known = headers.get(segment)
    if (known !== undefined) return known
    const read = readHeader(segment)
    if (read === undefined) return undefined
    if (headers.size >= MAX_HEADERS) headers.clear()
    headers.set(segment, read)
    return read
  }

  return (jws) => {
    if (jws.length > MAX_TOKEN_CHARS) return undefined
    const [protectedHeader = '', payload = '', signature = '', ...rest] = jws.split('.', 4)
    const header = headerOf(protectedHeader)
    const bytes = canonical(payload)
    const mark = canonical(signature)
    if (header === undefined || bytes === undefined || mark === undefined || rest.length > 0) return undefined
    const unverified = parsed(bytes)
    const named = keys.get(`${issuerOf(unverified)} ${header.kid}`)
    const key = named ?? decoy
    if (key === undefined) return undefined
    const data = Buffer.from(jws.slice(0, protectedHeader.length + 1 + payload.length), 'latin1')
    const holds = verify('sha256', data, { key: key.publicKey, ...PADDING[key.alg] }, mark)
    return holds && named?.alg === header.alg ? unverified : undefined
  }
}

async function verifyingKeys(owners: readonly KeyOwner[]): Promise<Map<string, VerifyingKey>> {
  const keys = new Map<string, VerifyingKey>()
  for (const { id, jwks } of owners)
    for (const jwk of jwks) {
      if (jwk.use === 'enc') continue
      try {
        const { kid, alg, publicKey } = await importVerifyingKey(jwk)
        keys.set(`${id} ${kid}`, { alg, publicKey: KeyObject.from(publicKey) })
      } catch (error) {
        // A key that may not be used signs nothing; the participant's other keys do.
        if (!(error instanceof EnvelopeError)) throw error
      }
    }
  return keys
}

function readHeader(segment: string): Header | undefined {
  const bytes = canonical(segment)
  const value = bytes === undefined ? undefined : parsed(bytes)
  if (typeof value !== 'object' || value === null) return undefined
  const { typ, alg, kid, ...others } = value as Record<string, unknown>
  if (typ !== TOKEN_TYPE || typeof alg !== 'string' || typeof kid !== 'string' || Object.keys(others).length > 0) return undefined
  return { alg, kid }
}

const issuerOf = (payload: unknown): string => {
  const iss = typeof payload === 'object' && payload !== null && 'iss' in payload ? payload.iss : undefined
  return typeof iss === 'string' ? iss : ''
}

/** One spelling only: spare bits of a last character must not make a second one. */
function canonical(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}
