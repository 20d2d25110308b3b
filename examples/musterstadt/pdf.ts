// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: the smallest PDF that shows one line of text.
 * @module
 */
import { createHash } from 'node:crypto'
import type { XDocument } from '../../src/xoev/xprotektor-types.js'

/** @param title ASCII, printed with "Demo". */
export function demoPdf(title: string): XDocument {
  const line = `BT /F1 24 Tf 60 760 Td (${title} - Demo, kein amtliches Dokument) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${line.length} >>\nstream\n${line}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, i) => {
    const offset = text.length
    text += `${i + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  const bytes = Buffer.from(text, 'latin1')
  return {
    mimeType: 'application/pdf',
    dateiname: 'demo.pdf',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    inhalt: bytes.toString('base64'),
  }
}
