// SPDX-License-Identifier: EUPL-1.2
/**
 * The page's language: its words, and how numbers, sizes and times are written in it.
 * @module
 */
import { TEXTS, type Language, type Texts } from './texts.js'

export interface Speech {
  readonly language: Language
  readonly texts: Texts
  /** Puts values into `{0}`, `{1}` … */
  readonly say: (text: string, ...values: readonly (string | number)[]) => string
  readonly number: (value: number, digits?: number) => string
  readonly percent: (share: number) => string
  readonly seconds: (value: number) => string
  readonly bytes: (value: number) => string
  readonly clock: (at: Date) => string
  readonly date: (at: Date) => string
}

/** @param asked `?lang=`; else the browser's first language, else German */
export function speech(asked: string | null, browser: string): Speech {
  const language: Language = asked === 'en' || asked === 'de' ? asked : browser.toLowerCase().startsWith('en') ? 'en' : 'de'
  const locale = language === 'de' ? 'de-DE' : 'en-GB'
  const number = (value: number, digits = 0) => value.toLocaleString(locale, { maximumFractionDigits: digits })
  return {
    language,
    texts: TEXTS[language],
    say: (text, ...values) => text.replace(/\{(\d)\}/g, (_all, index: string) => String(values[Number(index)] ?? '')),
    number,
    percent: (share) => share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: share > 0 && share < 0.01 ? 2 : 1 }),
    seconds: (value) => (value < 1 ? `${number(value * 1000, value < 0.001 ? 2 : value < 0.01 ? 1 : 0)} ms` : `${number(value, 1)} s`),
    bytes: (value) => (value < 1024 * 1024 ? `${number(value / 1024, 1)} KiB` : `${number(value / 1024 / 1024, 1)} MiB`),
    clock: (at) => at.toLocaleTimeString(locale),
    date: (at) => at.toLocaleDateString(locale, { dateStyle: 'medium' }),
  }
}
