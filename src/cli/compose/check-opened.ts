// SPDX-License-Identifier: EUPL-1.2
/**
 * What was opened on the way, as texts for a page that shows where a finding lies. Bounded: what is larger is cut, and says so.
 * @module
 */
import type { OpenedLayer } from '../../check/types.js'

export interface OpenedText extends Omit<OpenedLayer, 'bytes'> {
  /** Of the whole. */
  readonly bytes: number
  /** Its beginning at least; null: no text, or there was no room left. */
  readonly text: string | null
  readonly cut: boolean
}

const MAX_LAYER_BYTES = 2 * 1024 * 1024
/** Of one call. */
const MAX_BYTES = 16 * 1024 * 1024

function decoded(bytes: Uint8Array): string | null {
  try {
    // a cut may part the octets of one character
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true })
  } catch {
    return null
  }
}

/** One for each call: makes texts until its room is used up. */
export function openedTexts(): (layer: OpenedLayer) => OpenedText {
  let room = MAX_BYTES
  return ({ document, content, bytes }) => {
    const taken = bytes.subarray(0, Math.min(MAX_LAYER_BYTES, room))
    room -= taken.byteLength
    return { document, content, bytes: bytes.byteLength, text: decoded(taken), cut: taken.byteLength < bytes.byteLength }
  }
}
