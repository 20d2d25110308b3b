// SPDX-License-Identifier: EUPL-1.2
/**
 * Compiled schemas of a process: one validator per source, started when the first document asks for it.
 * @module
 */
import { startValidator, type SchemaSource, type SchemaValidator } from '../../xml/schema.js'

export interface ValidatorPool {
  /** @throws {ProtektorError} the start failed; the next document tries again. */
  readonly validatorFor: (source: SchemaSource) => Promise<SchemaValidator>
  readonly close: () => Promise<void>
}

/** @param options threads per source, and how they are started. */
export function validatorPool(options: Parameters<typeof startValidator>[1]): ValidatorPool {
  const started = new Map<SchemaSource, Promise<SchemaValidator>>()
  return {
    validatorFor: (source) => {
      const known = started.get(source)
      if (known) return known
      const starting = startValidator(source, options)
      started.set(source, starting)
      starting.catch(() => started.delete(source))
      return starting
    },
    close: async () => {
      for (const one of await Promise.allSettled(started.values())) if (one.status === 'fulfilled') await one.value.close()
    },
  }
}
