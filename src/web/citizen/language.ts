// SPDX-License-Identifier: EUPL-1.2
/**
 * German and English. Every text stands in both languages side by side, so that none can be missing.
 * @module
 */
export const LANGUAGES = ['de', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
export type Text = Readonly<Record<Language, string>>

const KEY = 'protektor.language'
const isLanguage = (value: unknown): value is Language => LANGUAGES.some((one) => one === value)

/** What was chosen before, else what the browser asks for, else German. */
export function firstLanguage(): Language {
  const chosen = remembered(KEY)
  if (isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'de'
}

export function rememberLanguage(language: Language): void {
  remember(KEY, language)
}

/** The browser's memory for this page; a browser may refuse it. */
export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // private windows forget; the page works without
  }
}

/** Puts values into the places `{name}` of a text. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place))

const LOCALES = { de: 'de-DE', en: 'en-GB' } as const

/** Made once for each language: making one takes longer than a whole step of a request. */
function formats(options: Intl.DateTimeFormatOptions): Readonly<Record<Language, Intl.DateTimeFormat>> {
  return { de: new Intl.DateTimeFormat(LOCALES.de, options), en: new Intl.DateTimeFormat(LOCALES.en, options) }
}

const TIME = formats({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 1 })
const MOMENT = formats({ dateStyle: 'long', timeStyle: 'medium' })
const MONTH = formats({ year: 'numeric', month: 'long', timeZone: 'UTC' })
const DAY = formats({ year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' })

/** Time of day with tenths of a second. */
export const timeOf = (at: Date, language: Language): string => TIME[language].format(at)

export const momentOf = (at: Date, language: Language): string => MOMENT[language].format(at)

/** `1980-02-29`, or what is known of it, as people write it. */
export function dateOf(iso: string, language: Language): string {
  const [year = '', month, day] = iso.split('-')
  if (month === undefined) return year
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? '1')))
  return (day === undefined ? MONTH : DAY)[language].format(at)
}
