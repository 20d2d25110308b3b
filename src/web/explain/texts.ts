// SPDX-License-Identifier: EUPL-1.2
/**
 * Words of the page of an explanation.
 * @module
 */
import type { Language } from './model.js'

export interface PageWords {
  readonly title: string
  readonly other: string
  readonly masked: string
  readonly bytes: string
  readonly document: string
  readonly line: string
  readonly column: string
  readonly parts: (count: number) => string
  readonly open: string
  readonly close: string
  readonly see: string
  readonly stops: string
  readonly layers: string
  readonly earlier: string
  readonly later: string
  readonly hint: string
  readonly here: string
  readonly shown: (what: string, from: number, to: number, document: string) => string
  readonly beyond: (what: string) => string
  readonly rows: (from: number, to: number, all: number) => string
  readonly cut: (shown: number, all: number) => string
  readonly severities: Readonly<Record<'error' | 'warning' | 'info', string>>
}

export const WORDS: Readonly<Record<Language, PageWords>> = {
  de: {
    title: 'Nachricht erklärt',
    other: 'English',
    masked: 'Werte von Personen sind verdeckt (•), auch in den Bytes; --show-values zeigt sie.',
    bytes: 'Bytes',
    document: 'Gezeigt wird',
    line: 'Zeile',
    column: 'Spalte',
    parts: (count) => `Darin (${count})`,
    open: 'Alles aufklappen',
    close: 'Alles zuklappen',
    see: 'siehe',
    stops: 'Wo die Erklärung endet',
    layers: 'Die Nachricht, Schicht für Schicht',
    earlier: 'Frühere Bytes',
    later: 'Spätere Bytes',
    hint: 'Ein Ding wählen: seine Bytes werden hier hervorgehoben. Pfeiltasten oder ein Klick in die Zeilen nennen, was dort liegt.',
    here: 'In dieser Zeile',
    shown: (what, from, to, document) => `${what}: Bytes ${from}–${to} (${document})`,
    rows: (from, to, all) => `Bytes ${from}–${to} von ${all}`,
    beyond: (what) => `${what}: diese Bytes sind in der Seite nicht enthalten.`,
    cut: (shown, all) => `Gezeigt werden die ersten ${shown} von ${all} Bytes.`,
    severities: { error: 'Fehler', warning: 'Warnung', info: 'Hinweis' },
  },
  en: {
    title: 'Message explained',
    other: 'Deutsch',
    masked: 'Values of persons are masked (•), in the bytes, too; --show-values shows them.',
    bytes: 'Bytes',
    document: 'Shown',
    line: 'line',
    column: 'column',
    parts: (count) => `Inside (${count})`,
    open: 'Open all',
    close: 'Close all',
    see: 'see',
    stops: 'Where the explanation ends',
    layers: 'The message, layer by layer',
    earlier: 'Earlier bytes',
    later: 'Later bytes',
    hint: 'Choose a thing: its bytes are marked here. Arrow keys, or a click into the rows, name what lies there.',
    here: 'In this row',
    shown: (what, from, to, document) => `${what}: bytes ${from}–${to} (${document})`,
    rows: (from, to, all) => `Bytes ${from}–${to} of ${all}`,
    beyond: (what) => `${what}: these bytes are not in the page.`,
    cut: (shown, all) => `Shown are the first ${shown} of ${all} bytes.`,
    severities: { error: 'error', warning: 'warning', info: 'note' },
  },
}
