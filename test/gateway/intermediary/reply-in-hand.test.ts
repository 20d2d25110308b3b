// SPDX-License-Identifier: EUPL-1.2
/**
 * What fails once a delivery has gone on: an answer in hand reaches the client whatever becomes of its card, and nobody is told that nothing
 * was processed when that is not known. What fails before that leaves the MessageId as it was.
 * @module
 */
import { expect } from 'chai'
import { CoreError } from '../../../src/core/errors.js'
import type { DirectoryParticipant } from '../../../src/directory/ports.js'
import { generateEnvelopeKey } from '../../../src/envelope/keys.js'
import { cardTableFull } from '../../../src/gateway/intermediary/card-life.js'
import type { CardStore } from '../../../src/gateway/intermediary/ports.js'
import type { LogFields } from '../../../src/gateway/log.js'
import { until } from '../../until.js'
import { openWorld, PATH, REGISTER_BOX, WAITS_MS, type StandingWorld } from './standing-world.js'

describe('a delivery that has gone on', () => {
  let world: StandingWorld
  let logged: string[]
  let register: DirectoryParticipant
  before(async () => {
    const [sign, open] = [await generateEnvelopeKey('sig'), await generateEnvelopeKey('enc')]
    register = { id: 'register-1', jwks: [sign.publicJwk, open.publicJwk], mailboxes: [REGISTER_BOX], tls: [] }
  })
  beforeEach(async () => {
    world = await openWorld({ register })
    logged = []
    const write = (_level: string, event: string, fields: LogFields) =>
      void logged.push(`${event} ${String(fields.messageId ?? '')}`.trim())
    Object.assign(world.at.ports, { log: { write } })
  })
  afterEach(() => world.close())

  type Step = 'add' | 'change'
  /** A card store at which the steps that `isRefused` names come to nothing. */
  const refuse = (isRefused: (step: Step, state: string | undefined, messageId: string) => boolean): void => {
    const { cards } = world.at.own
    const own: Pick<CardStore, Step> = {
      add: (tenant, card) => (isRefused('add', card.state, card.messageId) ? Promise.reject(cardTableFull()) : cards.add(tenant, card)),
      change: (tenant, id, change) =>
        isRefused('change', change.state, id) ? Promise.reject(cardTableFull()) : cards.change(tenant, id, change),
    }
    Object.assign(world.at.own, { cards: { ...cards, ...own } })
  }

  async function answered(): Promise<{ readonly messageId: string; readonly carol: readonly string[]; readonly alice: unknown }> {
    const { messageId, told } = await world.mediate('active')
    await until(() => world.put.length === 1)
    const { dialog } = await world.fetchedByCarol()
    const answer = await world.answeredByCarol(dialog, 'the answer')
    return { messageId, carol: (await answer.told).codes, alice: await told }
  }

  it('its answer reaches the client without a card when none can be begun for it', async () => {
    // those of alice's request and of carol's answer are begun as stored
    refuse((step, state) => step === 'add' && state === 'forwarded')
    const { carol, alice } = await answered()
    expect([carol, alice]).to.deep.equal([[], { codes: [], text: 'the answer' }])
    expect(logged.length).to.equal(1)
    expect(logged[0]).to.match(/^card-failed p/)
  })

  it('its answer reaches the client when the Reception of the request cannot be stamped', async () => {
    let own: string | undefined
    refuse((_step, state, id) => {
      own ??= id
      return state === 'received' && id === own
    })
    const { messageId, carol, alice } = await answered()
    expect([carol, alice]).to.deep.equal([[], { codes: [], text: 'the answer' }])
    expect(logged).to.deep.equal([`card-failed ${messageId}`])
    expect(world.card(messageId)?.reception).to.equal(undefined)
  })

  for (const state of ['forwarded', 'received'] as const)
    it(`whoever answers is not told that it failed when the card of his answer cannot be changed to ${state}: the client has it`, async () => {
      let request: string | undefined
      refuse((step, to, id) => {
        request ??= id
        return step === 'change' && to === state && id !== request
      })
      const { carol, alice } = await answered()
      expect([carol, alice]).to.deep.equal([[], { codes: [], text: 'the answer' }])
      expect(logged.length).to.equal(1)
      expect(logged[0]).to.match(/^card-failed /)
    })

  it('the code of its failure reaches the client when the card cannot be changed', async () => {
    refuse((_step, state) => state === 'failed')
    const { messageId, told } = await world.mediate('active')
    await until(() => world.put.length === 1)
    world.time.pass(WAITS_MS)
    expect(await told).to.deep.equal({ codes: ['9809'] })
    expect(logged).to.deep.equal([`card-failed ${messageId}`])
  })

  for (const fails of ['settled', 'settled and outcome'] as const)
    it(`to a participant is unknown when the core cannot say (${fails}), and its card learns later that it was taken`, async () => {
      const { core } = world
      const { settled, outcome } = core
      const away = () => Promise.reject(new CoreError('full', 'The core does not answer at the moment.'))
      if (fails === 'settled and outcome') core.outcome = away
      // once: whether it has been taken
      core.settled = () => {
        core.settled = settled
        return away()
      }
      const { messageId, told } = await world.mediate('participant')
      expect(await told).to.deep.equal({ codes: ['9810'] })
      expect(logged).to.deep.equal(['hand-over-unknown'])
      expect(world.card(messageId)?.state).to.equal('failed')
      core.outcome = outcome
      await (await core.take(REGISTER_BOX, 0))?.confirm()
      await until(() => world.card(messageId)?.state === 'received')
    })

  it('not yet: without a card nothing goes on, and the MessageId may be used again', async () => {
    refuse((step) => step === 'add')
    const { messageId, told } = await world.mediate('active')
    expect(await told.catch((error: unknown) => (error as CoreError).finding)).to.equal('gateway.card-table-full')
    expect(world.put).to.deep.equal([])
    const again = world.at.own.ids.take(PATH, messageId)
    expect(again).not.to.equal(undefined)
    again?.giveBack()
  })
})
