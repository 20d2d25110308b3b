// SPDX-License-Identifier: EUPL-1.2
/**
 * THE TABLE of what can be wrong with one message. Clauses are made of it (a party must see it), and faults of the proxy (it is done).
 * @module
 */
import { CONTROL } from './deviations/control.js'
import { ORDERS } from './deviations/orders.js'
import { PACKAGES } from './deviations/packages.js'
import { ENCRYPTION, SIGNATURES } from './deviations/protection.js'
import type { Deviation, Where } from './deviation.js'

/** In the order in which a supplier looks (osci-1.2 §9.1). */
export const DEVIATIONS: readonly Deviation[] = [...PACKAGES, ...ENCRYPTION, ...CONTROL, ...SIGNATURES, ...ORDERS]

export const fits = ({ only, fits: fit }: Deviation, where: Where): boolean =>
  (only?.includes(where.type.exchange) ?? true) && (fit?.(where) ?? true)
