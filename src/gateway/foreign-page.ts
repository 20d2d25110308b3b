// SPDX-License-Identifier: EUPL-1.2
/**
 * Calls that a browser makes for a page of somebody else: it lends them what proves its user, a client certificate or its place on this
 * machine. Browsers say themselves where a call comes from, and no page can change that; whoever is no browser does not say it.
 * Spec: W3C, Fetch Metadata Request Headers, `Sec-Fetch-Site`.
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'

export function isOfForeignPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'] ?? 'none'
  return site !== 'same-origin' && site !== 'none'
}
