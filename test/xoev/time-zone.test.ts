// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { momentOf } from '../../src/xoev/time-zone.js'

describe('times without a zone', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['2026-11-24T10:15:30.123', 'Europe/Berlin', '2026-11-24T09:15:30.123Z'],
    ['2026-07-01T10:15:30', 'Europe/Berlin', '2026-07-01T08:15:30.000Z'],
    // the hour that is shown twice, and the one that is never shown
    ['2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T01:30:00.000Z'],
    ['2026-03-29T03:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-11-24T10:15:30.5', 'UTC', '2026-11-24T10:15:30.500Z'],
    ['2026-11-24T10:15:30Z', 'Europe/Berlin', undefined],
    ['gestern', 'Europe/Berlin', undefined],
    ['0026-11-24T10:15:30', 'Europe/Berlin', undefined],
  ]
  for (const [local, zone, moment] of cases) {
    it(`reads ${local} in ${zone} as ${moment ?? 'no time without zone'}`, () => {
      expect(momentOf(local, zone)).to.equal(moment)
    })
  }
})
