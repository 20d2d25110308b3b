// SPDX-License-Identifier: EUPL-1.2
/**
 * One commit of an lmdb store that was opened without `eventTurnBatching` and `overlappingSync`: all of it or nothing.
 * @module
 */
import type { Database } from 'lmdb'

/**
 * @param write puts and removes, synchronously; their own promises are not needed.
 * @returns when it is on the disk.
 * @throws why it is not.
 */
export async function commit(store: Pick<Database, 'batch'>, write: () => void): Promise<void> {
  const done = await store.batch(write).catch(async (error: unknown) => {
    // lmdb tells the reason in a second promise, which nobody else listens to
    throw error instanceof Error && 'commitError' in error ? await Promise.resolve(error.commitError).catch((why: unknown) => why) : error
  })
  if (!done) throw new Error('the commit was not carried out')
}
