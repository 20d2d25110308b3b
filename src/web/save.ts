// SPDX-License-Identifier: EUPL-1.2
/**
 * Files out of a page, made in the browser and kept by it.
 * @module
 */

/** Hands a file to the browser's downloads. */
export function save(name: string, mediaType: string, content: Uint8Array | string): void {
  const url = URL.createObjectURL(new Blob([typeof content === 'string' ? content : new Uint8Array(content)], { type: mediaType }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // the download has begun when the click is over; its bytes are the browser's from then on
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
