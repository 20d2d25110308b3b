// SPDX-License-Identifier: EUPL-1.2
/**
 * Times without a zone: read in the configured one, and reported (product.md, "clocks").
 * @module
 */

/** Where our authorities are; the option `timeZone` says otherwise. */
export const DEFAULT_TIME_ZONE = 'Europe/Berlin'

/** Whether an xs:dateTime says where its clock stands. */
export const hasZone = (dateTime: string): boolean => /(?:Z|[+-]\d\d:\d\d)$/.test(dateTime.trimEnd().slice(-6))

const DAY_MS = 86_400_000

// of years below 100 Date.UTC thinks that they are of the last century
const LOCAL = /^((?!00)\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?$/

// made once per zone: making one takes longer than using it
const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    clocks.set(timeZone, clock)
  }
  return clock
}

/** What the clocks of `timeZone` show at `instant`, as if it were UTC; milliseconds since 1970. */
function shownAt(instant: number, format: Intl.DateTimeFormat): number {
  const part = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/**
 * The moment that an xs:dateTime without zone means in `timeZone`, in UTC with milliseconds.
 * @param twice which moment counts in the hour that the clocks show twice
 * @returns undefined when `local` is no such time, or has a zone.
 */
export function momentOf(local: string, timeZone: string, twice: 'earlier' | 'later' = 'later'): string | undefined {
  const match = LOCAL.exec(local.trim())
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const wanted = Date.UTC(year, month - 1, day, hour, minute, second)
  if (Number.isNaN(wanted)) return undefined
  const format = clockOf(timeZone)
  // a second round settles moments near a change of the clocks
  const first = wanted - (shownAt(wanted, format) - wanted)
  const later = first - (shownAt(first, format) - wanted)
  // by the clocks of the day before
  const earlier = 2 * wanted - DAY_MS - shownAt(wanted - DAY_MS, format)
  const moment = twice === 'earlier' && shownAt(earlier, format) === wanted ? Math.min(earlier, later) : later
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  return new Date(moment + milliseconds).toISOString()
}

/** Days of later years would sort before all others: they are compared as texts. */
const LAST_DAY = Date.UTC(9999, 11, 31)

/** The day that the calendars of `timeZone` show at `moment`, as `YYYY-MM-DD`. */
export function dayIn(moment: Date, timeZone: string): string {
  const shown = shownAt(moment.getTime(), clockOf(timeZone))
  return new Date(Math.min(shown, LAST_DAY)).toISOString().slice(0, 10)
}
