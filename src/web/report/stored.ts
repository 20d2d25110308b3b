// SPDX-License-Identifier: EUPL-1.2
/**
 * Results as they are stored in the page (check/reports/html.ts): a block a line, base64 of a deflated JSON array.
 * @module
 */
import type { Result } from './model.js'

async function blockOf(line: string): Promise<readonly Result[]> {
  const text = atob(line)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return (await new Response(inflated).json()) as Result[]
}

/** In their order. @param stored lines; empty ones hold nothing. */
export async function storedResults(stored: string): Promise<Result[]> {
  const lines = stored.split('\n').filter((line) => line !== '')
  return (await Promise.all(lines.map(blockOf))).flat()
}
