// SPDX-License-Identifier: EUPL-1.2
/**
 * What breaks once the register may have the request: its fate is unknown, an answer in our hands is not lost, deadlines hold.
 * Decisions, "feedback of the recipient role", "deadlines".
 */
import { expect } from 'chai'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { CoreError } from '../../src/core/errors.js'
import type { Claim, Core } from '../../src/core/ports.js'
import { ProtektorError } from '../../src/errors.js'
import type { XoevDesk } from '../../src/gateway/ports.js'
import { until } from '../until.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House } from './support.js'

const FAST = `    defaultMailbox: '${DEMO_REGISTER}'\n    takeWithinSeconds: 2\n    answerWithinSeconds: 4`
const UNKNOWN = ['9810', '9811']

describe('passive recipient: a hand-over that breaks', function () {
  this.timeout(60_000)
  let house: House

  beforeEach(async () => {
    house = await openHouse({ endpointOptions: FAST })
  })
  afterEach(() => house.close())
  after(removeDirectories)

  const instead = <Name extends keyof Core>(name: Name, make: (own: Core[Name]) => Core[Name]): void => {
    const { core } = house.gateway
    core[name] = make((core[name] as (...args: unknown[]) => unknown).bind(core) as Core[Name])
  }
  const claimsOfReplies = (make: (own: Claim) => Claim): void =>
    instead('take', (own) => async (from, ...rest) => {
      const claim = await own(from, ...rest)
      return claim && from.startsWith('reply.') ? make(claim) : claim
    })
  /** Reasons with which replies are refused from now on. */
  const refusals = (): readonly string[] => {
    const reasons: string[] = []
    claimsOfReplies((claim) => ({ ...claim, refuse: async (reason) => (reasons.push(reason), claim.refuse(reason)) }))
    return reasons
  }
  /** The check of the register's answer is the second one. */
  const checkOfAnswer = (act: (own: XoevDesk['check'], document: Uint8Array) => ReturnType<XoevDesk['check']>): void => {
    const { desk } = house.gateway.inside.ports
    const own = desk.check.bind(desk)
    let checks = 0
    desk.check = (document) => (++checks === 2 ? act(own, document) : own(document))
  }
  const logged = (event: string): boolean => house.lines.some((line) => line.includes(`"${event}"`))

  for (const type of ['processDelivery', 'acceptDelivery'] as const)
    it(`a put that nobody knows the end of, ${type}: unknown, also when it is repeated, and one delivery`, async () => {
      let taken = 0
      await house.serve(async (request) => {
        taken++
        await echo(request)
      })
      instead('put', (own) => async (envelope, reservation) => {
        await own({ ...envelope, body: Uint8Array.from(envelope.body) }, reservation)
        if (envelope.to !== DEMO_REGISTER) return
        throw new ProtektorError('core.no-answer', 'What became of a call to the core is not known.')
      })
      const spec = { document: certificateRequest(), type, messageId: 'message-1', challenge: 'YWJj' }
      expect((await house.ride(spec)).codes).to.deep.equal(UNKNOWN)
      expect((await house.ride(spec)).codes).to.deep.equal(UNKNOWN)
      expect(taken).to.equal(1)
    })

  it('a core that is away after the put: unknown, and the log says why', async () => {
    await house.serve(echo)
    instead('settled', () => () => Promise.reject(new CoreError('full', 'The core cannot be reached at the moment.')))
    expect((await house.ride()).codes).to.deep.equal(UNKNOWN)
    expect(logged('handover-lost')).to.equal(true)
  })

  it('a confirmation that fails: the answer is delivered all the same', async () => {
    await house.serve(echo)
    claimsOfReplies((claim) => ({
      ...claim,
      confirm: async () => {
        await claim.confirm()
        throw new CoreError('full', 'The core cannot be reached at the moment.')
      },
    }))
    expect((await house.ride()).codes).to.deep.equal(['0800'])
    expect(logged('reply-not-confirmed')).to.equal(true)
  })

  it('a check of the answer that fails to run: unknown, and the register learns that nobody got it', async () => {
    const refused = refusals()
    await house.serve(echo)
    checkOfAnswer(() => Promise.reject(new Error('the thread is gone')))
    expect((await house.ride()).codes).to.deep.equal(UNKNOWN)
    expect(refused).to.deep.equal(['not-checked'])
  })

  it('a check of the answer that outlasts the deadline: unknown in time, and the answer is refused as late', async () => {
    const refused = refusals()
    let goOn = (): void => undefined
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await house.serve(echo)
    checkOfAnswer(async (own, document) => {
      await held
      return own(document)
    })
    // it comes back at all only because the deadline stands: the check goes on after it
    expect((await house.ride()).codes).to.deep.equal(UNKNOWN)
    goOn()
    await until(() => refused.length > 0)
    expect(refused).to.deep.equal(['too-late'])
  })
})
