// SPDX-License-Identifier: EUPL-1.2
/**
 * What the checks across options read and say.
 * @module
 */
import type * as z from 'zod'
import type { OPTIONS } from './options.js'
import type { Bilingual } from './option.js'
import type { Path } from './problems.js'

export type Values = z.output<typeof OPTIONS>

export interface Remark {
  readonly path: Path
  readonly severity: 'problem' | 'warning'
  readonly words: Bilingual
}

/** 127.0.0.0/8, ::1 and the name for them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** Where a check puts what it has to say. */
export type Say = (severity: Remark['severity'], path: Path, de: string, en: string) => void

/** The entry of that name; `constructor` is a name like any other. */
export const entryOf = <T>(section: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(section, name) ? section[name] : undefined

/** Places of what occurred before. */
export function duplicates(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))
}
