// SPDX-License-Identifier: EUPL-1.2
/**
 * Deliveries whose transport encryption fails between the use of the private key and the tag: one outcome, 9202 (threat model §6 rule 2).
 *
 *   Envelope ─ EncryptedKey/CipherValue (wrapped key) ┐
 *   part osci_enc = IV ‖ ciphertext ‖ tag             ┴ one of them is spoiled, lengths stay
 * @module
 */
import { randomBytes } from 'node:crypto'
import { buildDelivery, type DemoKeys } from '../../src/cli/compose/demo-request.js'
import { OAEP_SHA256 } from '../../src/osci/suite.js'
import { encodeBase64 } from '../../src/xml/base64.js'
import { wrapKey } from '../../src/xml/xenc-write.js'

const IV_BYTES = 12

interface Shell {
  readonly bytes: Buffer
  /** Offsets of the base64 text of the wrapped key, and of the encrypted part. */
  readonly key: readonly [start: number, end: number]
  readonly part: readonly [start: number, end: number]
}

function shellOf(bytes: Buffer): Shell {
  const text = bytes.toString('latin1')
  const keyStart = text.indexOf('CipherValue>') + 'CipherValue>'.length
  const partStart = text.indexOf('\r\n\r\n', text.indexOf('osci_enc>', text.indexOf('</soap:Envelope>'))) + 4
  return { bytes, key: [keyStart, text.indexOf('<', keyStart)], part: [partStart, text.lastIndexOf('\r\n--')] }
}

const spliced = (bytes: Buffer, [start, end]: readonly [number, number], instead: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, start), instead, bytes.subarray(end)])

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

type Spoil = (shell: Shell, wrap: (cek: Uint8Array) => Uint8Array) => Buffer

const withKey = ({ bytes, key }: Shell, wrapped: Uint8Array): Buffer => spliced(bytes, key, Buffer.from(encodeBase64(wrapped)))

export const TRANSPORT_CAUSES: Readonly<Record<string, Spoil>> = {
  'wrapped key is random': (shell) => withKey(shell, randomBytes(256)),
  'wrapped key has another length': (shell, wrap) => withKey(shell, wrap(randomBytes(16))),
  'wrapped key is another one': (shell, wrap) => withKey(shell, wrap(randomBytes(32))),
  'first octet of the ciphertext': ({ bytes, part: [start] }) => flipped(bytes, start + IV_BYTES),
  'last octet of the tag': ({ bytes, part: [, end] }) => flipped(bytes, end - 1),
}

/** Refused before the private key is touched, with the same words: its time must differ, or the measurement sees nothing. */
export const WITHOUT_KEY: Spoil = ({ bytes, part: [start, end] }) => spliced(bytes, [start, end], randomBytes(IV_BYTES + 8))

/** @returns spoils one of some deliveries made beforehand, each time another one. */
export async function transportSpoiler(keys: DemoKeys, document: Uint8Array, deliveries: number): Promise<(spoil: Spoil) => Buffer> {
  const shells: Shell[] = []
  for (let i = 0; i < deliveries; i++) shells.push(shellOf(Buffer.from(await buildDelivery({ document }, keys))))
  let next = 0
  return (spoil) => {
    const shell = shells[next++ % shells.length]
    if (!shell) throw new TypeError('one delivery or more')
    return spoil(shell, (cek) => wrapKey(keys['town-cipher'].certificate, OAEP_SHA256, cek))
  }
}
