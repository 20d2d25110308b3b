// SPDX-License-Identifier: EUPL-1.2
/**
 * The algorithms of the three layers of a message, as the pipeline wants them (threat model §7).
 * @module
 */
import { gatewayAlgorithms, type LegacySwitches } from '../xml/algorithms.js'
import type { OsciEnv } from './types.js'

export type { LegacySwitches }

/** Nothing legacy but what is switched on, and that for content only. */
export const layerAlgorithms = (legacy: LegacySwitches = {}): OsciEnv['algorithms'] => ({
  transport: gatewayAlgorithms({ where: 'transport', legacy: { iv16Reading: legacy.iv16Reading ?? true } }),
  signature: gatewayAlgorithms({ where: 'signature' }),
  content: gatewayAlgorithms({ where: 'content', legacy }),
})
