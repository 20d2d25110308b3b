// SPDX-License-Identifier: EUPL-1.2
/**
 * mocha's spec reporter that also appends its counts, one JSON line per run, to the file named by PROTEKTOR_TEST_COUNTS.
 * `.ci/run` adds them up. JavaScript, so that mocha can load it whatever loader is active.
 * @module
 */
import { appendFileSync } from 'node:fs'
import mocha from 'mocha'

const { EVENT_RUN_END } = mocha.Runner.constants

class CountingReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const file = process.env.PROTEKTOR_TEST_COUNTS
    if (!file) return
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats
      appendFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }) + '\n')
    })
  }
}

export { CountingReporter as default }
