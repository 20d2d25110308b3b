// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs rules over a view. A rule that throws ends only itself: its layer becomes `error`, and the file is never called valid.
 * @module
 */
import type { Journal } from '../journal.js'
import { LAYERS } from '../types.js'
import type { Rule } from './rule.js'

export function runRules<View>(rules: readonly Rule<View>[], view: View, journal: Journal): void {
  for (const rule of rules) {
    try {
      for (const raised of rule.run(view)) journal.raise(rule.id, raised)
    } catch (cause) {
      const layer = LAYERS.find((name) => rule.id.startsWith(`${name}.`)) ?? 'rules'
      journal.broke(layer, new Error(`rule ${rule.id}: ${cause instanceof Error ? cause.message : String(cause)}`))
    }
  }
}
