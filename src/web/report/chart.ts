// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings by layer as bars; the table beside them says the same in numbers.
 * @module
 */
import { el } from '../dom.js'
import { findingsByLayer, SEVERITIES, type Report } from './model.js'
import type { Tongue } from './result.js'

const SVG = 'http://www.w3.org/2000/svg'
const BAR = { width: 300, height: 14 }

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly Element[]): SVGElement {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

export function layerChart(report: Report, { language, words }: Tongue): HTMLElement {
  const counts = findingsByLayer(report.results)
  const rows = report.layers.filter(({ id }) => counts.has(id))
  const sums = rows.map(({ id }) => SEVERITIES.reduce((sum, severity) => sum + (counts.get(id)?.[severity] ?? 0), 0))
  const most = Math.max(1, ...sums)
  const bar = (id: string): SVGElement => {
    let x = 0
    const parts = SEVERITIES.map((severity) => {
      const width = ((counts.get(id)?.[severity] ?? 0) / most) * BAR.width
      const part = svg('rect', { x, y: 0, width, height: BAR.height, class: `bar ${severity}` })
      x += width
      return part
    })
    return svg('svg', { viewBox: `0 0 ${BAR.width} ${BAR.height}`, class: 'bars', 'aria-hidden': 'true' }, ...parts)
  }
  return el(
    'table',
    { class: 'chart' },
    el('caption', {}, el('strong', {}, words.chart), ` (${words.chartNote})`),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, words.layer),
        ...SEVERITIES.map((one) => el('th', { scope: 'col', class: 'number' }, words.severities[one])),
        el('td'),
      ),
    ),
    el(
      'tbody',
      {},
      ...rows.map(({ id, ...names }) => {
        const cell = el('td', { class: 'drawn' })
        cell.append(bar(id))
        return el(
          'tr',
          {},
          el('th', { scope: 'row' }, names[language]),
          ...SEVERITIES.map((severity) => el('td', { class: 'number' }, String(counts.get(id)?.[severity] ?? 0))),
          cell,
        )
      }),
    ),
  )
}
