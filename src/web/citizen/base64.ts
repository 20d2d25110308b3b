// SPDX-License-Identifier: EUPL-1.2
/**
 * Base64, as it stands in documents and in what the online service tells.
 * @module
 */

export const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
