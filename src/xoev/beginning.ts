// SPDX-License-Identifier: EUPL-1.2
/**
 * Whether somebody means bytes to be XML, however badly they are written.
 * @module
 */

/** White space, byte order marks, and the NULs of UTF-16. */
const BEFORE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x00, 0xef, 0xbb, 0xbf, 0xfe, 0xff])

/** The first sign is a `<`. UTF-16 counts: that it is the wrong encoding is for the gate to say. */
export function looksLikeXml(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !BEFORE.has(byte))
  return first === 0x3c
}
