// SPDX-License-Identifier: EUPL-1.2
/**
 * Colours and strokes of the charts. Each thing that is told apart by colour is told apart by its stroke or its hatching as well.
 * @module
 */
import { element } from './dom.js'

export interface Ink {
  /** Custom property of the style sheet; its value follows the colour scheme. */
  readonly color: string
  /** Of a line. */
  readonly dash?: readonly number[]
  /** Of an area. */
  readonly hatch?: 'solid' | 'rising' | 'falling' | 'crossed'
}

export const ROLE_INKS: Readonly<Record<string, Ink>> = {
  core: { color: '--ink-1' },
  passiveRecipient: { color: '--ink-2', dash: [8, 4] },
  intermediary: { color: '--ink-3', dash: [2, 3] },
  wayOut: { color: '--ink-4', dash: [10, 3, 2, 3] },
}

export const OSCI_ROLES = Object.keys(ROLE_INKS).filter((role) => role !== 'core')

export const CLASS_INKS: Readonly<Record<string, Ink>> = {
  done: { color: '--ink-3', hatch: 'solid' },
  'not-taken': { color: '--ink-2', hatch: 'rising' },
  refused: { color: '--ink-4', hatch: 'falling' },
  failed: { color: '--ink-5', hatch: 'crossed' },
}

export const QUANTILE_INKS = { p50: { color: '--ink-1' }, p95: { color: '--ink-4', dash: [8, 4] } } as const satisfies Record<string, Ink>
export const GOAL_INK: Ink = { color: '--ink-5', dash: [4, 4] }
export const HEAT_INK: Ink = { color: '--ink-heat', hatch: 'solid' }

export const inkColor = (property: string): string => getComputedStyle(document.documentElement).getPropertyValue(property).trim()

const TILE = 8

type Segment = readonly [number, number, number, number]
const RISING: readonly Segment[] = [
  [-1, TILE + 1, TILE + 1, -1],
  [-1, 1, 1, -1],
  [TILE - 1, TILE + 1, TILE + 1, TILE - 1],
]
const FALLING: readonly Segment[] = RISING.map(([x, y, toX, toY]) => [x, TILE - y, toX, TILE - toY])
const HATCHES: Readonly<Record<NonNullable<Ink['hatch']>, readonly Segment[]>> = {
  solid: [],
  rising: RISING,
  falling: FALLING,
  crossed: [...RISING, ...FALLING],
}

/** What an area is filled with: the colour, or lines of it on a light ground of it. */
export function fillOf({ color, hatch = 'solid' }: Ink): string | CanvasPattern {
  const tone = inkColor(color)
  if (hatch === 'solid') return tone
  const tile = element('canvas', { width: String(TILE), height: String(TILE) })
  const pen = tile.getContext('2d')
  if (!pen) return tone
  pen.fillStyle = tone
  pen.globalAlpha = 0.25
  pen.fillRect(0, 0, TILE, TILE)
  pen.globalAlpha = 1
  pen.strokeStyle = tone
  pen.lineWidth = 1.6
  for (const [x, y, toX, toY] of HATCHES[hatch]) {
    pen.beginPath()
    pen.moveTo(x, y)
    pen.lineTo(toX, toY)
    pen.stroke()
  }
  return pen.createPattern(tile, 'repeat') ?? tone
}

const SWATCH = { width: 36, height: 14 }

/** Draws what a line or an area looks like, for a legend; again when the colour scheme changes. */
export function swatch(ink: Ink): HTMLElement {
  const scale = 2
  const canvas = element('canvas', {
    class: 'swatch',
    width: String(SWATCH.width * scale),
    height: String(SWATCH.height * scale),
    'aria-hidden': 'true',
  })
  const paint = (): void => {
    const pen = canvas.getContext('2d')
    if (!pen) return
    pen.setTransform(scale, 0, 0, scale, 0, 0)
    pen.clearRect(0, 0, SWATCH.width, SWATCH.height)
    if (ink.hatch) {
      pen.fillStyle = fillOf(ink)
      pen.fillRect(0, 0, SWATCH.width, SWATCH.height)
      pen.strokeStyle = inkColor(ink.color)
      pen.strokeRect(0.5, 0.5, SWATCH.width - 1, SWATCH.height - 1)
      return
    }
    pen.strokeStyle = inkColor(ink.color)
    pen.lineWidth = 2.5
    pen.setLineDash([...(ink.dash ?? [])])
    pen.beginPath()
    pen.moveTo(0, SWATCH.height / 2)
    pen.lineTo(SWATCH.width, SWATCH.height / 2)
    pen.stroke()
  }
  paint()
  onSchemeChange(paint)
  return canvas
}

export function onSchemeChange(act: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', act)
}
