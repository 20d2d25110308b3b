// SPDX-License-Identifier: EUPL-1.2
/**
 * Times in selection rules: xsd:dateTime with any offset, or with none and then in the configured time zone (osci-1.2 §6.4).
 * @module
 */
import { OrderError } from '../../errors.js'
import { momentOf } from '../../xoev/time-zone.js'
import type { ToInstant } from './cards.js'

const DATE_TIME = /^(-?\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)?$/
const MINUTE_MS = 60_000

/** Years that no card of ours is from lie before or after all of them. */
const FIRST_YEAR = 1900
const LAST_YEAR = 9998

/**
 * @param timeZone IANA name, for times without an offset.
 * @returns a function that throws {OrderError} 9300 for what is no date and time.
 */
export function instantsIn(timeZone: string): ToInstant {
  return (dateTime) => {
    const match = DATE_TIME.exec(dateTime.trim())
    const wallMs = match ? wallOf(match) : undefined
    if (!match || wallMs === undefined) throw new OrderError('osci-structure.bad-value', 'A time of the selection rule is none.')
    if (!Number.isFinite(wallMs)) return wallMs
    const [fraction = '', offset] = [match[7], match[8]]
    // picoseconds do not fit into a number; whatever is beyond the millisecond counts as the next one
    const ms = Number(fraction.slice(0, 3).padEnd(3, '0')) + (/[1-9]/.test(fraction.slice(3)) ? 1 : 0)
    return (offset === undefined ? inZone(wallMs, timeZone) : wallMs - minutesOf(offset) * MINUTE_MS) + ms
  }
}

/** Whole seconds as if they were UTC; undefined: there is no such day or time. 24:00:00 is the next midnight. */
function wallOf(match: RegExpExecArray): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const midnight = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(match[7] ?? '')
  if (month < 1 || month > 12 || day < 1 || minute > 59 || second > 59 || (hour > 23 && !midnight)) return undefined
  if (Math.abs(minutesOf(match[8] ?? 'Z')) > 14 * 60) return undefined
  if (year < FIRST_YEAR) return -Infinity
  if (year > LAST_YEAR) return Infinity
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined
}

function minutesOf(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))
  return offset.startsWith('-') ? -minutes : minutes
}

/** In the hour that the clocks show twice the earlier moment: who asks for what has come since then misses nothing. */
function inZone(wallMs: number, timeZone: string): number {
  const local = new Date(wallMs).toISOString().replace(/\.\d+Z$/, '')
  return Date.parse(momentOf(local, timeZone, 'earlier') ?? '')
}
