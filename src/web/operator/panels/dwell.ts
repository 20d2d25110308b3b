// SPDX-License-Identifier: EUPL-1.2
/**
 * How long envelopes stay in the core: the histogram over time as a heat map, its half and its 95 % above it, against the half second.
 * @module
 */
import type uPlot from 'uplot'
import { card } from '../card.js'
import { chart } from '../chart.js'
import { binSeconds, dwellOf, GOAL_SECONDS, rowsOf, toldDwell, type Bin } from '../history.js'
import { GOAL_INK, HEAT_INK, inkColor, QUANTILE_INKS } from '../paint.js'
import type { Speech } from '../speech.js'
import { inWindow, type Panel } from '../view.js'

const LOWEST = 0.0001
/** Upper border of what is above the last bound. */
const HIGHEST = 120
const SPLITS = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60]

interface Cell {
  readonly at: number
  readonly from: number
  readonly to: number
  /** Of all hand-overs of its bin. */
  readonly share: number
}

function cellsOf(bins: readonly Bin[], bounds: readonly number[]): readonly Cell[] {
  return bins.flatMap(({ at, samples }) => {
    const counts = dwellOf(samples, bounds.length)
    const all = counts.reduce((sum, count) => sum + count, 0)
    return counts.flatMap((count, index) =>
      count === 0 ? [] : [{ at, from: bounds[index - 1] ?? LOWEST, to: bounds[index] ?? HIGHEST, share: count / all }],
    )
  })
}

function paintCells(plot: uPlot, cells: readonly Cell[], binLength: number): void {
  const { ctx } = plot
  ctx.save()
  ctx.fillStyle = inkColor(HEAT_INK.color)
  for (const { at, from, to, share } of cells) {
    const left = plot.valToPos(at, 'x', true)
    const right = plot.valToPos(at + binLength, 'x', true)
    const top = plot.valToPos(to, 'y', true)
    const bottom = plot.valToPos(from, 'y', true)
    ctx.globalAlpha = 0.12 + 0.55 * share
    ctx.fillRect(left, top, right - left, bottom - top)
  }
  ctx.restore()
}

function paintGoal(plot: uPlot): void {
  const { ctx, bbox } = plot
  const y = plot.valToPos(GOAL_SECONDS, 'y', true)
  ctx.save()
  ctx.strokeStyle = inkColor(GOAL_INK.color)
  ctx.lineWidth = 2 * devicePixelRatio
  ctx.setLineDash((GOAL_INK.dash ?? []).map((length) => length * devicePixelRatio))
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}

export function dwellPanel(speech: Speech): Panel {
  const { texts, say, number, seconds, percent, clock } = speech
  let cells: readonly Cell[] = []
  let binLength = 1
  const drawn = chart({
    name: texts.dwell,
    unit: texts.units.dwell,
    dotted: true,
    speech,
    series: [
      { label: texts.dwellLegend.p50, ink: QUANTILE_INKS.p50 },
      { label: texts.dwellLegend.p95, ink: QUANTILE_INKS.p95 },
    ],
    more: [
      { label: texts.dwellLegend.goal, ink: GOAL_INK },
      { label: texts.dwellLegend.heat, ink: HEAT_INK },
    ],
    scale: { distr: 3, range: () => [LOWEST, Math.max(1.5, ...cells.map(({ to }) => to)) * 1.2] },
    splits: SPLITS,
    axisText: seconds,
    beneath: (plot) => paintCells(plot, cells, binLength),
    above: paintGoal,
    columns: [
      { title: texts.from },
      { title: texts.count, numeric: true },
      { title: 'p50', numeric: true },
      { title: 'p95', numeric: true },
      { title: `≤ ${seconds(GOAL_SECONDS)}`, numeric: true },
    ],
  })
  return {
    element: card(texts.dwell, drawn.element),
    update(view) {
      const { bins, bounds, windowSeconds } = view
      const told = bins.map(({ samples }) => toldDwell(samples, bounds))
      const whole = toldDwell(inWindow(view), bounds)
      const period = texts.windows[windowSeconds] ?? ''
      cells = cellsOf(bins, bounds)
      binLength = binSeconds(windowSeconds)
      drawn.set({
        bins,
        values: [told.map((one) => one?.p50 ?? null), told.map((one) => one?.p95 ?? null)],
        summary:
          whole === undefined
            ? say(texts.dwellNone, period)
            : say(texts.dwellSummary, period, seconds(whole.p50), seconds(whole.p95), percent(whole.within)),
        rows: () =>
          rowsOf(bins).map(({ at, samples }) => {
            const one = toldDwell(samples, bounds)
            return [
              { text: clock(new Date(at * 1000)) },
              { text: number(one?.count ?? 0) },
              { text: one ? seconds(one.p50) : texts.none },
              { text: one ? seconds(one.p95) : texts.none },
              { text: one ? percent(one.within) : texts.none },
            ]
          }),
      })
    },
  }
}
