// SPDX-License-Identifier: EUPL-1.2
/**
 * The authority's keys, held fast. One fingerprint stands for both: SHA-256 over the RFC 7638 thumbprints of the sealing and the signing
 * key, joined by a dot. It is shown, remembered when something is first sealed for it, and compared ever after.
 * @module
 */
import type { JWK } from 'jose'
import type { SenderLookup } from '../../envelope/keys.js'
import { sealingKeyOf, thumbprint } from '../../envelope/keys.js'
import { remember, remembered } from './language.js'
import type { Authority } from './portal.js'

export interface Pinned {
  readonly sealing: JWK
  /** The only signature that counts: this authority's, by this key. */
  readonly senders: SenderLookup
  /** 64 hex digits in groups of four. */
  readonly fingerprint: string
  /** Remembered from earlier, and different: nothing is sealed until the user decides. */
  readonly earlier: string | undefined
}

const keyOf = ({ kennung }: Authority): string => `protektor.fingerprint.${kennung}`

/** @throws {TypeError} the authority lacks a key; {EnvelopeError} envelope.key */
export async function pin(authority: Authority): Promise<Pinned> {
  const sealing = sealingKeyOf({ id: authority.participant, jwks: authority.jwks })
  const signing = authority.jwks.find((jwk) => jwk.use !== 'enc')
  if (sealing === undefined || signing === undefined) throw new TypeError('The authority lacks a key.')
  const kid = await thumbprint(signing)
  const bytes = new TextEncoder().encode(`${await thumbprint(sealing)}.${kid}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const fingerprint = hex.replace(/(.{4})(?=.)/g, '$1 ')
  const known = remembered(keyOf(authority))
  return {
    sealing,
    senders: (named, participant) => (named === kid && participant === authority.participant ? signing : undefined),
    fingerprint,
    earlier: known === fingerprint ? undefined : known,
  }
}

/** From now on this is the authority's fingerprint. */
export function hold(authority: Authority, { fingerprint }: Pinned): void {
  remember(keyOf(authority), fingerprint)
}
