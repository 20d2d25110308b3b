// SPDX-License-Identifier: EUPL-1.2
/**
 * Failed decryptions are counted per sender (threat model §6 rules 5 and 7).
 * @module
 */
import { expect } from 'chai'
import { ALERT_FAILURES_PER_HOUR, decryptFailures, LEGACY_FAILURES_PER_HOUR } from '../../src/gateway/decrypt-failures.js'
import { silentLog } from '../../src/gateway/log.js'
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

  it('E1 opens no more at once than may still fail, whatever comes together; the rest learns that the modes are closed', async () => {
    const clock = { now: () => new Date(0), monotonicMs: () => 0 }
    const failures = decryptFailures(clock, silentLog, gatewayMetrics())
    const trial = async (count: number, fails: boolean) => {
      let underWay = 0
      const seen = { most: 0, opened: 0, closed: 0 }
      const one = async (legacyClosed: boolean): Promise<void> => {
        seen[legacyClosed ? 'closed' : 'opened'] += 1
        if (legacyClosed) return
        seen.most = Math.max(seen.most, ++underWay)
        await new Promise(setImmediate)
        underWay -= 1
        if (fails) failures.count('a')
      }
      await Promise.all(Array.from({ length: count }, () => failures.inTurn('a', one)))
      return seen
    }
    expect(await trial(30, false)).to.deep.equal({ most: LEGACY_FAILURES_PER_HOUR, opened: 30, closed: 0 })
    expect(await trial(6, true)).to.deep.equal({ most: 6, opened: 6, closed: 0 })
    expect(await trial(9, false), 'four may still fail').to.deep.equal({ most: 4, opened: 9, closed: 0 })
    expect(await trial(50, true)).to.deep.equal({ most: 4, opened: 4, closed: 46 })
    expect(await failures.inTurn('b', (closed) => Promise.resolve(closed)), 'somebody else').to.equal(false)
  })
})
