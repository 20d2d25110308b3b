// SPDX-License-Identifier: EUPL-1.2
/**
 * What the page of an explanation is given, and bytes as rows.
 * @module
 */

export type Language = 'de' | 'en'
export type Words = Readonly<Record<Language, string>>
export type Verdict = 'valid' | 'invalid' | 'unchecked' | 'error'

export interface BytePlace {
  readonly document: string
  readonly from: number
  readonly to: number
}

export interface LinePlace {
  readonly inside: Words
  readonly line: number
  readonly column: number
}

export interface Finding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: Words
  readonly detail: string | null
  readonly reference: string
  readonly xpath: string | null
  readonly line: number | null
  readonly column: number | null
}

export interface Thing {
  readonly title: Words
  readonly name?: string
  readonly meaning?: Words
  readonly reference?: string
  readonly says: readonly Words[]
  readonly facts: readonly { readonly label: Words; readonly value: string | Words }[]
  readonly place?: BytePlace | LinePlace
  readonly judged: readonly { readonly layer: string; readonly verdict: Verdict; readonly findings: readonly Finding[] }[]
  readonly parts: readonly Thing[]
}

export interface ShownDocument {
  readonly id: string
  readonly title: Words
  /** Of the whole; what is in the page may be its beginning. */
  readonly size: number
  /** Base64; what may not be seen is zero. */
  readonly bytes: string
  /** [from, to), ascending and apart. */
  readonly visible: readonly (readonly [number, number])[]
}

export interface Explanation {
  readonly tool: string
  readonly version: string
  readonly file: string
  readonly at: string
  readonly sha256: string
  readonly verdict: Verdict
  readonly showsValues: boolean
  readonly things: readonly Thing[]
  readonly stops: readonly Words[]
  readonly documents: readonly ShownDocument[]
  readonly names: { readonly layers: Readonly<Record<string, Words>>; readonly verdicts: Readonly<Record<Verdict, Words>> }
}

export const BYTES_PER_ROW = 16

/** A run of bytes that look alike. */
export interface Run {
  readonly hex: string
  readonly text: string
  readonly marked: boolean
}

/** One row of a document: runs of marked and unmarked bytes; what may not be seen is a dot. */
export function rowRuns(
  bytes: Uint8Array,
  at: number,
  isVisible: (at: number) => boolean,
  mark: { readonly from: number; readonly to: number } | undefined,
): Run[] {
  const runs: { hex: string[]; text: string; marked: boolean }[] = []
  for (let index = at; index < Math.min(at + BYTES_PER_ROW, bytes.length); index++) {
    const marked = mark !== undefined && index >= mark.from && index < mark.to
    let run = runs.at(-1)
    if (run?.marked !== marked) runs.push((run = { hex: [], text: '', marked }))
    const byte = bytes[index] ?? 0
    const seen = isVisible(index)
    run.hex.push(seen ? byte.toString(16).padStart(2, '0') : '••')
    run.text += !seen ? '•' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
  }
  return runs.map(({ hex, text, marked }) => ({ hex: hex.join(' '), text, marked }))
}

/** Whether a byte may be seen, by bisection over the ranges. */
export function visibility(visible: ShownDocument['visible']): (at: number) => boolean {
  return (at) => {
    let [low, high] = [0, visible.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((visible[middle]?.[1] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return (visible[low]?.[0] ?? Infinity) <= at
  }
}
