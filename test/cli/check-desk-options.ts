// SPDX-License-Identifier: EUPL-1.2
/**
 * A desk of `POST /v1/check` for tests: one thread, one that waits, and time enough.
 * @module
 */
import type { CheckThreadsOptions } from '../../src/cli/compose/check-threads.js'

export const DESK_OPTIONS: CheckThreadsOptions = {
  schemas: [],
  limits: { files: 40, keystores: 2 },
  threads: 1,
  waiting: 1,
  waitMs: 60_000,
  timeLimitMs: 60_000,
  memoryMegabytes: 512,
  reportPage: () => Promise.resolve({ script: '', style: '' }),
}
