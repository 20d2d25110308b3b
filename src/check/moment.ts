// SPDX-License-Identifier: EUPL-1.2
/**
 * The moment for which certificates and code lists are judged, as a person writes it: `--at` of the command line, `at` of the HTTP interface.
 * @module
 */

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** @returns undefined: no ISO 8601 time, or without a zone, which would make the verdict depend on where it is given. */
export function readMoment(text: string): Date | undefined {
  const at = ISO_WITH_ZONE.test(text) ? new Date(text) : undefined
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at
}
