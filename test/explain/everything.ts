// SPDX-License-Identifier: EUPL-1.2
/**
 * All that any form of output shows of an explanation, as one text.
 * @module
 */
import { explainHtml, explainJson, explainText, type ExplainHead } from '../../src/check/explain/outputs.js'
import type { Explanation, Thing } from '../../src/check/explain/types.js'

export const HEAD: ExplainHead = { tool: 'protektor', version: '0', file: 'message.bin', at: '2026-11-24T09:00:00.000Z' }

export const allThings = (things: readonly Thing[]): Thing[] => things.flatMap((one) => [one, ...allThings(one.parts)])

/** Bytes that stand in the page in Base64 are laid open, once as they are and once with all their own Base64 undone. */
export function everything(explanation: Explanation): string {
  const html = explainHtml(HEAD, explanation, 'de', { script: 'void 0', style: '' })
  const data = JSON.parse(/id="explanation">(.*)<\/script>/.exec(html)?.[1] ?? '{}') as { documents: { bytes: string }[] }
  const bytes = data.documents.map((one) => Buffer.from(one.bytes, 'base64').toString('utf8'))
  const inside = bytes.flatMap((text) =>
    [...text.matchAll(/[A-Za-z0-9+/=\n]{16,}/g)].map(([run]) => Buffer.from(run, 'base64').toString('latin1')),
  )
  const texts = [explainText(HEAD, explanation, 'de'), explainText(HEAD, explanation, 'en'), explainJson(HEAD, explanation), html]
  return [...texts, ...bytes, ...inside].join('\n')
}
