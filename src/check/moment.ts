// SPDX-License-Identifier: EUPL-1.2
/**
 * The moment for which a message is judged, as a person writes it: `--at` of the command line, `at` of the HTTP interface. It decides over
 * certificates, algorithms and key sizes, code lists, the choice of schema sets, and dates of the head.
 * @module
 */

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** The calendar has it: `Date` makes 2 March of 30 February. */
const isDay = (day: string): boolean => new Date(day).toISOString().startsWith(day)

/** @returns undefined: no ISO 8601 time, none of the calendar, or without a zone, which would make the verdict depend on where it is given. */
export function readMoment(text: string): Date | undefined {
  const at = ISO_WITH_ZONE.test(text) ? new Date(text) : undefined
  return at === undefined || Number.isNaN(at.getTime()) || !isDay(text.slice(0, 10)) ? undefined : at
}
