// SPDX-License-Identifier: EUPL-1.2
/**
 * Base64 of a part that comes piece by piece. Whole quanta go through the strict decoder of mime/transfer.ts; what counts across
 * pieces (a quantum that is cut, padding) is kept here. Specs: threat model M5.
 * @module
 */
import { StructureError } from '../errors.js'
import { decodeBase64 } from './transfer.js'

export interface Base64Decoder {
  /** @throws StructureError `mime.base64`. */
  push(text: Uint8Array): Uint8Array
  /** @throws StructureError `mime.base64` a quantum is not complete. */
  end(): void
}

const CR = 13
const LF = 10
const PAD = 61

export function base64Decoder(): Base64Decoder {
  let held: Uint8Array = new Uint8Array(0)
  let padded = false
  return {
    push(text) {
      const quanta = new Uint8Array(held.length + text.length)
      quanta.set(held)
      let length = held.length
      for (const byte of text) if (byte !== CR && byte !== LF) quanta[length++] = byte
      if (padded && length > 0) throw new StructureError('mime', 'mime.base64', 'Base64 goes on after its padding.')
      const whole = length - (length % 4)
      held = quanta.slice(whole, length)
      padded ||= whole > 0 && quanta[whole - 1] === PAD
      if (padded && held.length > 0) throw new StructureError('mime', 'mime.base64', 'Base64 goes on after its padding.')
      return decodeBase64(quanta.subarray(0, whole))
    },
    end() {
      decodeBase64(held)
    },
  }
}
