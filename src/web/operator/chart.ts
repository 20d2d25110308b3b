// SPDX-License-Identifier: EUPL-1.2
/**
 * A chart over time: drawn by uPlot, told by a sentence, and given again as a table. Whoever does not see the drawing misses nothing.
 *
 *   figure ─┬─ drawing   role=img, its label is the sentence
 *           ├─ sentence  figcaption
 *           ├─ legend    stroke or hatching, and word
 *           └─ details   the same numbers as a table, filled while it is open
 * @module
 */
import uPlot from 'uplot'
import { element, setText } from './dom.js'
import type { Bin } from './history.js'
import { fillOf, inkColor, onSchemeChange, swatch, type Ink } from './paint.js'
import type { Speech } from './speech.js'
import { table, type Cell, type Column } from './table.js'

export interface Series {
  readonly label: string
  readonly ink: Ink
}

export interface ChartOptions {
  readonly name: string
  /** What the vertical axis counts. */
  readonly unit: string
  readonly speech: Speech
  readonly series: readonly Series[]
  /** Stacked columns, first series at the bottom; else lines. */
  readonly stacked?: boolean
  /** Lines that may have gaps: single values are seen too. */
  readonly dotted?: boolean
  readonly scale?: uPlot.Scale
  readonly splits?: readonly number[]
  readonly axisText: (value: number) => string
  /** Drawn beneath the lines, and above them. */
  readonly beneath?: (chart: uPlot) => void
  readonly above?: (chart: uPlot) => void
  /** More entries of the legend. */
  readonly more?: readonly Series[]
  readonly columns: readonly Column[]
}

export interface ChartContent {
  readonly bins: readonly Bin[]
  /** One row per series; null: nothing is known. */
  readonly values: readonly (readonly (number | null)[])[]
  readonly summary: string
  readonly rows: () => readonly (readonly Cell[])[]
}

export interface Chart {
  readonly element: HTMLElement
  set(content: ChartContent): void
}

const HEIGHT = 220
const FONT = '13px system-ui, sans-serif'

/** Columns on top of each other: each is drawn from zero to its sum, the highest first. */
function stack(values: ChartContent['values']): (number | null)[][] {
  const sums: (number | null)[][] = []
  values.forEach((row, index) => sums.push(row.map((value, at) => (value === null ? null : value + (sums[index - 1]?.[at] ?? 0)))))
  return sums.reverse()
}

function seriesOf({ series, stacked, dotted = false }: ChartOptions): uPlot.Series[] {
  if (!stacked)
    return series.map(({ ink }) => ({
      stroke: () => inkColor(ink.color),
      width: 2,
      ...(ink.dash ? { dash: [...ink.dash] } : {}),
      points: { show: dotted, size: 5, fill: () => inkColor(ink.color), stroke: () => inkColor(ink.color) },
    }))
  const bars = uPlot.paths.bars?.({ size: [0.85, 40] })
  return series
    .map(({ ink }) => ({
      stroke: () => inkColor(ink.color),
      fill: () => fillOf(ink),
      width: 1,
      points: { show: false },
      ...(bars ? { paths: bars } : {}),
    }))
    .reverse()
}

function axesOf({ axisText, splits, speech }: ChartOptions): uPlot.Axis[] {
  const shared = {
    font: FONT,
    stroke: () => inkColor('--ink-text'),
    grid: { stroke: () => inkColor('--ink-grid'), width: 1 },
    ticks: { stroke: () => inkColor('--ink-grid'), width: 1 },
  }
  return [
    { ...shared, space: 90, values: (_chart, moments) => moments.map((at) => speech.clock(new Date(at * 1000))) },
    {
      ...shared,
      size: 72,
      values: (_chart, values) => values.map((value) => (value === null ? '' : axisText(value))),
      ...(splits
        ? {
            splits: (_chart: uPlot, _axis: number, low: number, high: number) => splits.filter((at) => at >= low && at <= high),
            filter: (_chart: uPlot, values: number[]) => values,
          }
        : {}),
    },
  ]
}

export function chart(options: ChartOptions): Chart {
  const { name, unit, speech, series, more = [], columns } = options
  const drawn = element('div', { class: 'plot', role: 'img', 'aria-label': name })
  const sentence = element('figcaption', { class: 'kern-body kern-body--small' })
  const legend = element(
    'ul',
    { class: 'legend' },
    ...[...series, ...more].map(({ label, ink }) => element('li', {}, swatch(ink), element('span', {}, label))),
  )
  const numbers = table(`${name}: ${speech.texts.asTable}`, columns)
  const details = element('details', {}, element('summary', {}, speech.texts.asTable), numbers.element)
  const whole = element('figure', {}, element('p', { class: 'note unit', 'aria-hidden': 'true' }, unit), drawn, sentence, legend, details)
  let content: ChartContent | undefined
  let span: [number, number] = [0, 1]
  const fill = (): void => {
    if (content && details.open) numbers.set(content.rows())
  }
  details.addEventListener('toggle', fill)

  const plot = new uPlot(
    {
      width: 400,
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: () => span },
        y: options.scale ?? { range: (_chart, _low, high) => [0, Math.max(1, high * 1.15)] },
      },
      axes: axesOf(options),
      series: [{}, ...seriesOf(options)],
      hooks: {
        drawClear: options.beneath ? [options.beneath] : [],
        draw: options.above ? [options.above] : [],
      },
    },
    [[]],
    drawn,
  )
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0)
    if (width > 0) plot.setSize({ width, height: HEIGHT })
  }).observe(drawn)
  onSchemeChange(() => plot.redraw())

  return {
    element: whole,
    set(next) {
      content = next
      const rows = options.stacked ? stack(next.values) : next.values.map((row) => [...row])
      // a value stands in the middle of its bin, and each bin is seen whole
      const half = ((next.bins[1]?.at ?? 1) - (next.bins[0]?.at ?? 0)) / 2
      span = [next.bins[0]?.at ?? 0, (next.bins.at(-1)?.at ?? 0) + 2 * half]
      plot.setData([next.bins.map(({ at }) => at + half), ...rows])
      setText(sentence, next.summary)
      drawn.setAttribute('aria-label', `${name}. ${next.summary}`)
      fill()
    },
  }
}
