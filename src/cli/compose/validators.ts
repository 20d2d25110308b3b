// SPDX-License-Identifier: EUPL-1.2
/**
 * Compiled schemas of a process: one validator per source, started when the first document asks for it.
 * @module
 */
import { startValidator, type SchemaSource, type SchemaValidator, type ValidatorOptions } from '../../xml/schema.js'

export interface ValidatorPool {
  /** @throws {ProtektorError} the start failed; documents some seconds later try again. */
  readonly validatorFor: (source: SchemaSource) => Promise<SchemaValidator>
  readonly close: () => Promise<void>
}

/** Thousands of documents of a set that does not compile must not compile it thousands of times. */
const RETRY_MS = 10_000

/**
 * @param options threads per source, and how they are started.
 * @param retryMs how long a failed start stands.
 */
export function validatorPool(options: ValidatorOptions, retryMs = RETRY_MS): ValidatorPool {
  const started = new Map<SchemaSource, Promise<SchemaValidator>>()
  return {
    validatorFor: (source) => {
      const known = started.get(source)
      if (known) return known
      const starting = startValidator(source, options)
      started.set(source, starting)
      starting.catch(() => setTimeout(() => started.delete(source), retryMs).unref())
      return starting
    },
    close: async () => {
      for (const one of await Promise.allSettled(started.values())) if (one.status === 'fulfilled') await one.value.close()
    },
  }
}
