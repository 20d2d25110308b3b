// SPDX-License-Identifier: EUPL-1.2
/**
 * A signed report: beside it lies a compact JWS that names the file's SHA-256, who signed and when. The report itself stays as it is, in
 * every form.
 *
 *   header   typ protektor-report+jws, alg PS256 | ES256, x5c [ certificate ]
 *   payload  { file, sha256, tool, version, signedAt }
 * @module
 */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto'
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose'
import { z } from 'zod'

export const SIGNATURE_SUFFIX = '.jws'
const TYPE = 'protektor-report+jws'
const MAX_CHARS = 64 * 1024

const PAYLOAD = z.strictObject({
  file: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  tool: z.literal('protektor'),
  version: z.string(),
  signedAt: z.iso.datetime(),
})
const HEADER = z.strictObject({ typ: z.literal(TYPE), alg: z.enum(['PS256', 'ES256']), x5c: z.tuple([z.base64()]) })

export type ReportSeal = z.infer<typeof PAYLOAD>

export interface ReportSigner {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

export const reportDigest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The algorithm of a key, or undefined when it cannot sign a report: RSA, or EC on P-256. */
function algorithmOf(key: KeyObject): 'PS256' | 'ES256' | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'PS256'
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined
}

/** @throws {TypeError} the key is neither RSA nor EC on P-256. */
export async function sealReport(seal: ReportSeal, { certificate, privateKey }: ReportSigner): Promise<string> {
  const alg = algorithmOf(privateKey)
  if (alg === undefined) throw new TypeError('Reports are signed with RSA or EC P-256.')
  return new CompactSign(new TextEncoder().encode(JSON.stringify(seal)))
    .setProtectedHeader({ typ: TYPE, alg, x5c: [certificate.raw.toString('base64')] })
    .sign(privateKey)
}

/**
 * Verifies form, signature and digest; whether anybody vouches for the certificate is asked elsewhere.
 * @returns undefined: this signature does not belong to these bytes, or is none.
 */
export async function openSeal(
  jws: string,
  sha256: string,
): Promise<{ readonly seal: ReportSeal; readonly certificate: X509Certificate } | undefined> {
  try {
    if (jws.length > MAX_CHARS) return undefined
    const { alg, x5c } = HEADER.parse(decodeProtectedHeader(jws))
    const certificate = new X509Certificate(Buffer.from(x5c[0], 'base64'))
    if (algorithmOf(certificate.publicKey) !== alg) return undefined
    const { payload } = await compactVerify(jws, certificate.publicKey, { algorithms: [alg] })
    const seal = PAYLOAD.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)))
    return seal.sha256 === sha256 ? { seal, certificate } : undefined
  } catch {
    return undefined
  }
}
