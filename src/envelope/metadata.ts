// SPDX-License-Identifier: EUPL-1.2
/**
 * The metadata of an envelope as they are signed: JSON, strict, one schema for reading, writing and for the published JSON Schema.
 * Specs: docs/envelope.md §5, schemas/envelope/metadata-1.schema.json (generated from here).
 * @module
 */
import * as z from 'zod'
import { EnvelopeError } from './errors.js'

const PAD_BYTES = 1024

/** 128 bit of chance need 22 characters of base64url; UUIDs and 32 hex digits fit too. */
export const ENVELOPE_ID = /^[A-Za-z0-9_-]{22,64}$/
export const MAILBOX = /^[a-z0-9][a-z0-9._:-]{0,119}$/
export const REPLY_MAILBOX = /^reply\.[0-9a-f]{32}$/
export const PARTICIPANT = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$/
export const BASE64URL_32 = /^[A-Za-z0-9_-]{43}$/
const BASE64URL_12 = /^[A-Za-z0-9_-]{16}$/
const NUMBER = /^[A-Za-z0-9_-]+$/

const id = z.string().regex(ENVELOPE_ID)
const text = (max: number) => z.string().min(1).max(max)
const certificate = text(24 * 1024).describe('DER, base64')

const evidenceSignature = { certificate, algorithm: text(200), covered: z.array(text(500)).max(1000) }

const publicKey = z
  .union([
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.string().regex(BASE64URL_32),
      y: z.string().regex(BASE64URL_32),
      kid: text(200).optional(),
      use: z.literal('enc').optional(),
      alg: z.literal('ECDH-ES+A256KW').optional(),
    }),
    z.strictObject({
      kty: z.literal('RSA'),
      n: z.string().min(500).max(1400).regex(NUMBER),
      e: z.string().max(8).regex(NUMBER),
      kid: text(200).optional(),
      use: z.literal('enc').optional(),
      alg: z.literal('RSA-OAEP-256').optional(),
    }),
  ])
  .describe('Public key (JWK) that answers are sealed for')

const sealedBlock = { key: z.string().regex(BASE64URL_32), iv: z.string().regex(BASE64URL_12) }

/** The pattern alone lets days and hours through that no calendar has, and nothing can be said of them: neither before nor after. */
function isTime(text: string): boolean {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString() === text
}

export const metadataSchema = z
  .strictObject({
    v: z.literal(1),
    id,
    to: z.string().regex(MAILBOX),
    ttlSeconds: z.int().min(1).max(3600),
    kind: z.enum(['request', 'notice', 'result', 'message']),
    sender: z.string().regex(PARTICIPANT),
    replyTo: z.string().regex(REPLY_MAILBOX).optional(),
    replyKey: publicKey.optional(),
    inReplyTo: id.optional(),
    createdAt: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      .refine(isTime),
    outcome: z
      .strictObject({
        status: z.enum(['accepted', 'rejected', 'done']),
        reasons: z
          .array(z.strictObject({ code: text(40), text: text(1000).optional() }))
          .max(100)
          .optional(),
      })
      .optional(),
    subject: text(1000).optional(),
    xoev: z
      .strictObject({
        standard: text(200),
        version: text(100),
        messageType: text(200),
        messageUuid: text(100).optional(),
        inReplyTo: text(100).optional(),
        author: text(200).optional(),
        reader: text(200).optional(),
        test: z.string().max(1000).optional(),
        verdict: z.enum(['valid', 'invalid', 'unchecked', 'error']),
      })
      .optional(),
    osci: z
      .strictObject({
        messageType: text(100),
        messageId: text(1000).optional(),
        mode: z.enum(['blind', 'terminating']),
        messageSha256: z.string().regex(/^[0-9a-f]{64}$/),
        transportEncrypted: z.boolean(),
        signedBy: z.strictObject(evidenceSignature).optional(),
        authors: z
          .array(z.strictObject({ ...evidenceSignature, verdict: text(100) }))
          .max(100)
          .optional(),
        processCard: z.json().optional(),
        containerId: text(200).optional(),
      })
      .optional(),
    parts: z
      .array(
        z.strictObject({
          name: text(500),
          mediaType: text(200),
          role: z.enum(['document', 'reading', 'attachment', 'osci', 'evidence']),
          bytes: z
            .int()
            .min(0)
            .max(33 * 1024 * 1024),
          sha256: z.string().regex(BASE64URL_32).describe('SHA-256 of the plain bytes, base64url'),
          ...sealedBlock,
        }),
      )
      .max(256),
    padding: z.strictObject(sealedBlock),
  })
  .describe('Protektor envelope, format version 1: signed metadata')

export type Metadata = z.infer<typeof metadataSchema>

/** The published JSON Schema (2020-12), data for `schemas/envelope/metadata-1.schema.json`. */
export function metadataJsonSchema(): object {
  return {
    $id: 'urn:protektor:envelope:metadata:1',
    title: 'Protektor envelope metadata 1',
    ...z.toJSONSchema(metadataSchema, { io: 'input' }),
  }
}

/**
 * Metadata as bytes to sign, filled up with blanks to a multiple of 1 KiB so that their length says little (J4).
 * @throws {EnvelopeError} envelope.metadata
 */
export function writeMetadata(metadata: unknown): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(checked(metadata)))
  const bytes = new Uint8Array(Math.ceil(json.length / PAD_BYTES) * PAD_BYTES).fill(0x20)
  bytes.set(json)
  return bytes
}

/**
 * Reads verified (or, to find the sender's key, still unverified) metadata.
 * @throws {EnvelopeError} envelope.metadata
 */
export function readMetadata(bytes: Uint8Array): Metadata {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new EnvelopeError('envelope.metadata', 'The metadata are no JSON.')
  }
  return checked(value)
}

/** What is nested so deep that the stack ends is no process card, and nothing else that metadata may hold. */
function parsed(value: unknown): ReturnType<typeof metadataSchema.safeParse> {
  try {
    return metadataSchema.safeParse(value)
  } catch (cause) {
    throw new EnvelopeError('envelope.metadata', 'The metadata are nested too deep.', { cause })
  }
}

function checked(value: unknown): Metadata {
  const result = parsed(value)
  if (!result.success) {
    const paths = result.error.issues.map((issue) => issue.path.join('.')).slice(0, 5)
    throw new EnvelopeError('envelope.metadata', `The metadata do not follow the schema (${paths.join(', ')}).`)
  }
  const names = result.data.parts.map((part) => part.name)
  if (new Set(names).size !== names.length) throw new EnvelopeError('envelope.metadata', 'Two parts have the same name.')
  if ((result.data.replyTo === undefined) !== (result.data.replyKey === undefined)) {
    throw new EnvelopeError('envelope.metadata', 'replyTo and replyKey belong together.')
  }
  return result.data
}
