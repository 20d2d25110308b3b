// SPDX-License-Identifier: EUPL-1.2
/**
 * Six numbers that tell at a glance how it goes.
 * @module
 */
import { card } from '../card.js'
import { element, setText } from '../dom.js'
import { rateOf, toldDwell, total } from '../history.js'
import { OSCI_ROLES } from '../paint.js'
import type { Speech } from '../speech.js'
import { lately, type Panel, type View } from '../view.js'

interface Tile {
  readonly title: string
  value(view: View): string
  note(view: View): string
}

function tilesOf({ texts: { tiles, none }, say, number, percent, seconds, bytes }: Speech): readonly Tile[] {
  const rate = (view: View, roles: readonly string[]): string => {
    const found = rateOf(lately(view, 10), roles)
    return found === undefined ? none : number(found, 1)
  }
  return [
    {
      title: tiles.rate,
      value: (view) => rate(view, ['core']),
      note: (view) => say(tiles.rateNote, rate(view, OSCI_ROLES)),
    },
    {
      title: tiles.dwell,
      value: (view) => {
        const told = toldDwell(lately(view, 60), view.bounds)
        return told ? `${seconds(told.p50)} / ${seconds(told.p95)}` : none
      },
      note: () => tiles.dwellNote,
    },
    {
      title: tiles.waiting,
      value: ({ figures }) => number(total(figures.core.waiting)),
      note: ({ figures }) => say(tiles.waitingNote, number(figures.core.waiters)),
    },
    {
      title: tiles.refusals,
      value: (view) => number(lately(view, 60).reduce((sum, { refusals }) => sum + total(refusals), 0)),
      note: () => tiles.refusalsNote,
    },
    {
      title: tiles.memory,
      value: ({ figures: { core } }) => (core.maxBytes === 0 ? none : percent(core.bytes / core.maxBytes)),
      note: ({ figures: { core } }) =>
        core.maxBytes === 0 ? tiles.elsewhere : say(tiles.memoryNote, bytes(core.bytes), bytes(core.maxBytes)),
    },
    {
      title: tiles.loop,
      value: (view) => seconds(Math.max(0, ...lately(view, 60).map(({ loopDelayMs }) => loopDelayMs)) / 1000),
      note: () => tiles.loopNote,
    },
  ]
}

export function glancePanel(speech: Speech): Panel {
  const drawn = tilesOf(speech).map((tile) => {
    const value = element('span', { class: 'number' })
    const note = element('span', { class: 'note' })
    return { tile, value, note, element: element('div', { class: 'tile' }, element('dt', {}, tile.title), element('dd', {}, value, note)) }
  })
  return {
    element: card(speech.texts.glance, element('dl', { class: 'tiles' }, ...drawn.map((one) => one.element))),
    update(view) {
      for (const { tile, value, note } of drawn) {
        setText(value, tile.value(view))
        setText(note, tile.note(view))
      }
    },
  }
}
