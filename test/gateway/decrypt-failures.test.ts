// SPDX-License-Identifier: EUPL-1.2
/**
 * Failed decryptions are counted per sender (threat model §6 rules 5 and 7).
 * @module
 */
import { expect } from 'chai'
import { ALERT_FAILURES_PER_HOUR, decryptFailures, LEGACY_FAILURES_PER_HOUR } from '../../src/gateway/decrypt-failures.js'
import { gatewayMetrics } from '../../src/gateway/metrics.js'

describe('decrypt failures', () => {
  it('E1 closes the legacy modes of a sender after ten in an hour, and only his; raises an alarm after twenty', async () => {
    let nowMs = 0
    const alarms: string[] = []
    const metrics = gatewayMetrics()
    const failures = decryptFailures(
      { now: () => new Date(nowMs), monotonicMs: () => nowMs },
      { write: (_level, event) => void alarms.push(event) },
      metrics,
    )
    for (let i = 0; i < LEGACY_FAILURES_PER_HOUR; i++) {
      expect(failures.legacyClosed('a')).to.equal(false)
      failures.count('a')
    }
    expect([failures.legacyClosed('a'), failures.legacyClosed('b')]).to.deep.equal([true, false])
    for (let i = LEGACY_FAILURES_PER_HOUR; i < ALERT_FAILURES_PER_HOUR; i++) failures.count('a')
    expect(alarms).to.deep.equal([])
    failures.count('a')
    expect(alarms).to.deep.equal(['many-decryption-failures'])
    nowMs = 3_600_001
    expect(failures.legacyClosed('a')).to.equal(false)
    expect((await metrics.text()).body).to.contain('protektor_undecryptable_total{peer="a"} 21')
  })
})
