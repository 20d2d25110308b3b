// SPDX-License-Identifier: EUPL-1.2
/**
 * Profile: what a party claims to support. What is not claimed is not tested, and the report says so.
 *
 *   name: Testintermediär
 *   certificates: { cipher: im-cipher.pem, signature: [ im-sign.pem ] }
 *   exchanges: [ getMessageId, initDialog, exitDialog, storeDelivery, fetchDelivery ]
 *   encrypted: optional
 * @module
 */
import { z } from 'zod'
import { REQUEST_NAMES, type RequestName } from '../osci/messages.js'
import { ALGORITHMS, type AlgorithmRow } from '../xml/algorithms.js'

const fragment = (uri: string): string => uri.slice(uri.indexOf('#') + 1)

/** What we can send of a kind, by the last part of its URI. */
const sendable = (kind: AlgorithmRow['kind'], where: 'transport' | 'signature'): ReadonlyMap<string, string> =>
  new Map(
    ALGORITHMS.filter((row) => row.kind === kind && row[where] === 'allowed' && !('send' in row && row.send === false)).map(({ uri }) => [
      fragment(uri),
      uri,
    ]),
  )
export const SIGNATURE_METHODS = sendable('signature', 'signature')
export const DIGEST_METHODS = sendable('digest', 'signature')
export const CIPHERS = sendable('cipher', 'transport')

const oneOf = (known: ReadonlyMap<string, string>) => z.array(z.enum([...known.keys()] as [string, ...string[]]))
const file = z.string().min(1)
const policy = z.enum(['required', 'optional'])
const address = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  params: { de: 'verlangt eine http- oder https-Adresse', en: 'wants an http or https address' },
})

export const PROFILE = z.strictObject({
  name: z.string().min(1).max(200),
  certificates: z.strictObject({ cipher: file.optional(), signature: z.array(file).min(1) }),
  exchanges: z.array(z.enum(REQUEST_NAMES as unknown as [RequestName, ...RequestName[]])).default([...REQUEST_NAMES]),
  implicitDialogs: z.boolean().default(true),
  signed: policy.default('required'),
  encrypted: policy.default('required'),
  algorithms: z
    .strictObject({
      signature: oneOf(SIGNATURE_METHODS).default([]),
      digest: oneOf(DIGEST_METHODS).default([]),
      cipher: oneOf(CIPHERS).default([]),
      ivBytes: z.array(z.literal([12, 16])).default([12]),
    })
    .prefault({}),
  chunkKilobytes: z.int().min(1).max(50_000).default(64),
  timestamps: z.enum(['plain', 'cryptographic']).default('plain'),
  keepsFetched: z.boolean().default(false),
  document: file.optional(),
  receiver: z.strictObject({ uri: address, cipher: file, signature: file.optional() }).optional(),
  timeoutSeconds: z.int().min(1).max(300).default(30),
})

export type Profile = z.infer<typeof PROFILE>
