// SPDX-License-Identifier: EUPL-1.2
/**
 * A table whose cells change in place, with bars and small lines beside the numbers.
 * @module
 */
import { badge, drawing, element, setText, type Grade } from './dom.js'

export interface Cell {
  readonly text: string
  readonly grade?: Grade
  /** Share of the longest, 0 to 1: drawn as a bar beneath the text. */
  readonly bar?: number
  readonly spark?: readonly number[]
}

export interface Column {
  readonly title: string
  readonly numeric?: boolean
}

export interface Table {
  readonly element: HTMLElement
  /** @param rows the first cell of a row is its header */
  set(rows: readonly (readonly Cell[])[]): void
}

interface DrawnCell {
  readonly node: HTMLElement
  set(cell: Cell): void
}

const SPARK = { width: 120, height: 24 }

function sparkline(values: readonly number[]): string {
  const top = Math.max(1, ...values)
  const step = SPARK.width / Math.max(1, values.length - 1)
  return values
    .map((value, index) => `${(index * step).toFixed(1)},${(SPARK.height - 1 - (value / top) * (SPARK.height - 2)).toFixed(1)}`)
    .join(' ')
}

function drawnCell(tag: 'th' | 'td', numeric: boolean): DrawnCell {
  const text = element('span')
  const node = element(tag, {
    class: `kern-table__${tag === 'th' ? 'header' : 'cell'}${numeric ? ' kern-table__cell--numeric' : ''}`,
    ...(tag === 'th' ? { scope: 'row' } : {}),
  })
  node.append(text)
  let mark: ReturnType<typeof badge> | undefined
  let bar: HTMLElement | undefined
  let line: SVGElement | undefined
  return {
    node,
    set(cell) {
      if (cell.grade) {
        if (!mark) node.replaceChildren((mark = badge()).element)
        mark.set(cell.grade, cell.text)
      } else setText(text, cell.text)
      if (cell.bar !== undefined) {
        if (!bar) node.append((bar = element('span', { class: 'bar', 'aria-hidden': 'true' })))
        bar.style.setProperty('--share', `${(cell.bar * 100).toFixed(1)}%`)
      }
      if (cell.spark !== undefined) {
        if (!line) {
          line = drawing('polyline', {})
          node.append(drawing('svg', { class: 'spark', viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, 'aria-hidden': 'true' }, line))
        }
        line.setAttribute('points', sparkline(cell.spark))
      }
    },
  }
}

/** @param caption says what the table is, to screen readers: a heading stands above it */
export function table(caption: string, columns: readonly Column[]): Table {
  const head = columns.map(({ title, numeric }) =>
    element('th', { class: `kern-table__header${numeric ? ' kern-table__cell--numeric' : ''}`, scope: 'col' }, title),
  )
  const body = element('tbody', { class: 'kern-table__body' })
  const whole = element(
    'table',
    { class: 'kern-table kern-table--small' },
    element('caption', { class: 'kern-sr-only' }, caption),
    element('thead', { class: 'kern-table__head' }, element('tr', { class: 'kern-table__row' }, ...head)),
    body,
  )
  const box = element('div', { class: 'scrolls', role: 'group', 'aria-label': caption }, whole)
  // where it is too narrow it scrolls by itself; then, and only then, the keyboard must get there
  const observer = new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth) box.setAttribute('tabindex', '0')
    else box.removeAttribute('tabindex')
  })
  observer.observe(box)
  observer.observe(whole)
  const drawn: { readonly row: HTMLElement; readonly cells: readonly DrawnCell[] }[] = []
  return {
    element: box,
    set(rows) {
      while (drawn.length > rows.length) drawn.pop()?.row.remove()
      rows.forEach((cells, index) => {
        let line = drawn[index]
        if (!line) {
          const made = columns.map(({ numeric }, column) => drawnCell(column === 0 ? 'th' : 'td', numeric ?? false))
          line = { row: element('tr', { class: 'kern-table__row' }, ...made.map(({ node }) => node)), cells: made }
          drawn.push(line)
          body.append(line.row)
        }
        line.cells.forEach((cell, column) => cell.set(cells[column] ?? { text: '' }))
      })
    },
  }
}
