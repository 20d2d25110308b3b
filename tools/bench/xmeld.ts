// SPDX-License-Identifier: EUPL-1.2
/**
 * A folder of messages of the field. Official sets lie beside the project, never in it.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const XMELD = fileURLToPath(new URL('../../../shared/official-schemas/xmeld-25.11a/', import.meta.url))

/** The sample nearest to 10 KB, each time with another UUID. @returns the files */
export function writeMessages(folder: string, count: number): string[] {
  const samples = join(XMELD, 'samples')
  const files = readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.xml') && !f.includes('invalid'))
  const [sample] = files
    .map((f) => readFileSync(join(samples, f), 'utf8'))
    .sort((a, b) => Math.abs(a.length - 10_240) - Math.abs(b.length - 10_240))
  if (sample === undefined) throw new Error('the official set holds no sample')
  return Array.from({ length: count }, (_, index) => {
    const file = join(folder, `message-${String(index).padStart(5, '0')}.xml`)
    const uuid = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
    writeFileSync(file, sample.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i, uuid))
    return file
  })
}
