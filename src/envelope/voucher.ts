// SPDX-License-Identifier: EUPL-1.2
/**
 * Vouchers: a participant vouches, for minutes and towards one mailbox, for a key that is registered nowhere: that of a browser.
 *
 *   metadata ◄─signs── session key (jwk) ◄─voucher── participant's registered key
 *
 * The participant never sees what the session key signs; the recipient learns both, who vouched and that it was only vouched for.
 * Specs: docs/envelope.md §5; [RFC 7515], [RFC 7638], [RFC 8725 §3.11].
 * @module
 */
import type { JWK } from 'jose'
import * as z from 'zod'
import type { EnvelopeLimits } from './container.js'
import { FORMAT_VERSION } from './container.js'
import { EnvelopeError } from './errors.js'
import { readVoucherHeader, VOUCHER_TYPE } from './header.js'
import type { SenderLookup, SigningKey, VerifyingKey } from './keys.js'
import { importVerifyingKey, verifyingKeyOf } from './keys.js'
import type { Metadata } from './metadata.js'
import { BASE64URL_32, MAILBOX, PARTICIPANT } from './metadata.js'
import { operations } from './operations.js'

export const MAX_VOUCHER_SECONDS = 600
/** Between the clocks of participant, sender and recipient; the same as for tokens. */
const SKEW_SECONDS = 60

const claimsSchema = z.strictObject({
  v: z.literal(FORMAT_VERSION),
  iss: z.string().regex(PARTICIPANT),
  jwk: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string().regex(BASE64URL_32),
    y: z.string().regex(BASE64URL_32),
  }),
  to: z.string().regex(MAILBOX),
  iat: z.int().min(0),
  exp: z.int().min(0),
})

type VoucherClaims = z.infer<typeof claimsSchema>

export interface VoucherOrder {
  readonly participant: string
  /** The participant's registered key. */
  readonly key: SigningKey
  /** Public key of the session, P-256. */
  readonly jwk: JWK
  /** The only mailbox that the session may write to. */
  readonly to: string
  readonly now: Date
  /** Default and at most 600. */
  readonly seconds?: number
}

/**
 * @returns the voucher, a compact JWS of about 700 characters.
 * @throws {EnvelopeError} envelope.voucher: what it is to say is not allowed; envelope.key: no point on P-256
 */
export async function writeVoucher(order: VoucherOrder): Promise<string> {
  const { kty, crv, x, y } = order.jwk
  const iat = Math.floor(order.now.getTime() / 1000)
  const exp = iat + (order.seconds ?? MAX_VOUCHER_SECONDS)
  const claims = checked({ v: FORMAT_VERSION, iss: order.participant, jwk: { kty, crv, x, y }, to: order.to, iat, exp })
  await importVerifyingKey(claims.jwk)
  return operations.sign({ typ: VOUCHER_TYPE, kid: order.key.kid }, new TextEncoder().encode(JSON.stringify(claims)), order.key)
}

/** What the still unverified metadata say; the voucher must fit it. */
export type Vouched = Pick<Metadata, 'sender' | 'to' | 'createdAt' | 'ttlSeconds'>

/**
 * @param now the recipient's clock, where it has one.
 * @returns the session key that the metadata must be signed with.
 * @throws {EnvelopeError} envelope.header, .algorithm, .unknown-sender, .signature, .voucher, .key
 */
export async function openVoucher(
  voucher: string,
  vouched: Vouched,
  sender: SenderLookup,
  now: Date | undefined,
  limits: EnvelopeLimits,
): Promise<VerifyingKey> {
  const key = await verifyingKeyOf(readVoucherHeader(voucher, limits), vouched.sender, sender)
  let payload: Uint8Array
  try {
    payload = await operations.verify(voucher, key)
  } catch {
    throw new EnvelopeError('envelope.signature', 'The signature of the voucher is wrong.')
  }
  const claims = readClaims(payload)
  if (claims.iss !== vouched.sender || claims.to !== vouched.to) throw wrong('The voucher is for another sender or mailbox.')
  assertTimes(claims, vouched, now)
  return importVerifyingKey(claims.jwk)
}

function readClaims(payload: Uint8Array): VoucherClaims {
  try {
    return checked(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)))
  } catch (cause) {
    throw cause instanceof EnvelopeError ? cause : wrong('The voucher is no JSON.')
  }
}

function checked(value: unknown): VoucherClaims {
  const result = claimsSchema.safeParse(value)
  if (!result.success) throw wrong('The voucher does not hold what it must.')
  const { iat, exp } = result.data
  if (exp <= iat || exp - iat > MAX_VOUCHER_SECONDS) throw wrong(`A voucher lasts at most ${MAX_VOUCHER_SECONDS} seconds.`)
  return result.data
}

/** `createdAt` is the word of the session, the clock is ours. An envelope may lie for its whole life before it is opened. */
function assertTimes({ iat, exp }: VoucherClaims, { createdAt, ttlSeconds }: Vouched, now: Date | undefined): void {
  const from = (iat - SKEW_SECONDS) * 1000
  const until = (exp + SKEW_SECONDS) * 1000
  const created = Date.parse(createdAt)
  const opened = now?.getTime()
  if (!(created >= from && created <= until)) throw wrong('The envelope was not made while the voucher lasted.')
  if (opened !== undefined && (opened < from || opened > until + ttlSeconds * 1000)) throw wrong('The voucher is not valid at this time.')
}

function wrong(message: string): EnvelopeError {
  return new EnvelopeError('envelope.voucher', message)
}
