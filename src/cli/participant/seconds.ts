// SPDX-License-Identifier: EUPL-1.2
/**
 * Numbers on the command line.
 * @module
 */
import { UsageError } from '../arguments.js'

/** A whole number from 1 to `max`. @throws {UsageError} */
export function secondsOf(option: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= max) return value
  throw new UsageError({ de: `${option} verlangt eine Zahl von 1 bis ${max}`, en: `${option} wants a number from 1 to ${max}` })
}
