// SPDX-License-Identifier: EUPL-1.2
/**
 * The one line of a terminal that is written again and again.
 * @module
 */

export const CLEAR_LINE = '\r\u001b[K'

/** Cut at the edge of the window: of a line that wrapped, only the last row would be cleared, and the window would fill with the others. */
export const lineInPlace = (text: string): string => `${CLEAR_LINE}\u001b[?7l${text}\u001b[?7h`
