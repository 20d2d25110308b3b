// SPDX-License-Identifier: EUPL-1.2
/**
 * The moment for which a message is judged, as a person writes it: `--at` of the command line, `at` of the HTTP interface. It decides over
 * certificates, algorithms and key sizes, code lists, the choice of schema sets, and dates of the head.
 * @module
 */

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** @returns undefined: no ISO 8601 time, or without a zone, which would make the verdict depend on where it is given. */
export function readMoment(text: string): Date | undefined {
  const at = ISO_WITH_ZONE.test(text) ? new Date(text) : undefined
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at
}
