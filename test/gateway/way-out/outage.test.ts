// SPDX-License-Identifier: EUPL-1.2
/**
 * A way out whose core is away: its takers go on trying, and the log says it once.
 * @module
 */
import { expect } from 'chai'
import { CoreError } from '../../../src/core/errors.js'
import type { LogFields } from '../../../src/gateway/log.js'
import type { GatewayPorts } from '../../../src/gateway/ports.js'
import { startWaysOut } from '../../../src/gateway/way-out/loop.js'
import type { WayOut, WayOutPorts } from '../../../src/gateway/way-out/ports.js'
import { until } from '../../until.js'

const MAILBOX = 'ags:99002000'

describe('a way out whose core is away', () => {
  it('stands in the log once when it begins and once when it is over, however many takers go on trying', async () => {
    const stopping = new AbortController()
    const lines: string[] = []
    let failure: Error | undefined
    let takes = 0
    let nowMs = 0
    const waiting = new Set<() => void>()
    const ports = {
      clock: { now: () => new Date(), monotonicMs: () => nowMs },
      stopping: stopping.signal,
      mailboxTtlSeconds: () => 10,
      log: {
        write: (level: string, event: string, { endpoint, findings = [] }: LogFields) =>
          void lines.push([level, event, endpoint, ...findings].join(' ')),
      },
      core: {
        take: () => {
          takes += 1
          if (failure) return Promise.reject(failure)
          return new Promise((resolve) => waiting.add(() => resolve(undefined)))
        },
      },
    } as unknown as GatewayPorts
    const endWaits = (): void => {
      nowMs += 1
      for (const end of waiting) end()
      waiting.clear()
    }
    const own = {
      atOnce: 16,
      sleep: () => new Promise<void>((resolve) => setImmediate(() => ((nowMs += 1), resolve()))),
    } as unknown as WayOutPorts
    const way = { mailbox: MAILBOX, answerWithinSeconds: 20 } as WayOut
    const running = startWaysOut([way], own, ports)
    const moreTakes = (count: number): Promise<unknown> => {
      const before = takes
      return until(() => takes > before + count)
    }
    try {
      await until(() => takes === 16)
      failure = new CoreError('full', 'The core cannot be reached at the moment.')
      // those who waited before go on to the end of their time
      const [first, ...rest] = [...waiting]
      first?.()
      await moreTakes(50)
      for (const end of rest) end()
      await moreTakes(500)
      expect(lines).to.deep.equal([`error way-out-failed ${MAILBOX} core.full`])
      failure = new CoreError('unknown', 'There is no such mailbox.')
      await moreTakes(100)
      waiting.clear()
      failure = undefined
      await until(() => waiting.size === 16)
      endWaits()
      await until(() => waiting.size === 16)
      expect(lines.slice(1)).to.deep.equal([`error way-out-failed ${MAILBOX} core.unknown`, `info way-out-back ${MAILBOX}`])
    } finally {
      stopping.abort()
      endWaits()
      await running.close(0)
    }
  })
})
