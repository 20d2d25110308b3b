// SPDX-License-Identifier: EUPL-1.2
/**
 * Values of options on the command line.
 * @module
 */
import { MAILBOX } from '../../envelope/metadata.js'
import { printable } from '../../gateway/log.js'
import { UsageError } from '../arguments.js'

/** The most that metadata have room for, in UTF-16 units. */
const MAX_SUBJECT = 1000

/** A whole number from 1 to `max`. @throws {UsageError} */
export function secondsOf(option: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= max) return value
  throw new UsageError({ de: `${option} verlangt eine Zahl von 1 bis ${max}`, en: `${option} wants a number from 1 to ${max}` })
}

/** @throws {UsageError} no mailbox can have this name. */
export function mailboxOf(option: string, text: string): string {
  if (MAILBOX.test(text)) return text
  throw new UsageError({
    de: `${option} verlangt ein Postfach wie ags:99001000 (Kleinbuchstaben, Ziffern, . _ : -): ${printable(text)}`,
    en: `${option} wants a mailbox like ags:99001000 (small letters, digits, . _ : -): ${printable(text)}`,
  })
}

/** @throws {UsageError} */
export function subjectOf(text: string | undefined): { readonly subject?: string } {
  if (text === undefined) return {}
  if (text !== '' && text.length <= MAX_SUBJECT) return { subject: text }
  throw new UsageError({ de: `--subject verlangt 1 bis ${MAX_SUBJECT} Zeichen`, en: `--subject wants 1 to ${MAX_SUBJECT} characters` })
}
