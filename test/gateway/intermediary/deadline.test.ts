// SPDX-License-Identifier: EUPL-1.2
/**
 * An answer that comes just as its mediation ends: whoever answers is told "taken" exactly when the client gets the answer, and what the
 * process cards say is what the core says. In every order of steps that a scheduler thinks of, in a time of our own.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { OsciCallError, type OsciHttp } from '../../../src/client/osci/ports.js'
import type { Claim } from '../../../src/core/ports.js'
import type { DirectoryParticipant } from '../../../src/directory/ports.js'
import { generateEnvelopeKey, importOpeningKey, importSigningKey, trustedSenders } from '../../../src/envelope/keys.js'
import { openEnvelope } from '../../../src/envelope/open.js'
import { sealEnvelope } from '../../../src/envelope/seal.js'
import { packageParts } from '../../../src/gateway/intermediary/stored.js'
import { until } from '../../until.js'
import { passiveAnswer } from './passive.js'
import { contentOf, openWorld, REGISTER_BOX, WAITS_MS, type StandingWorld, type Turn } from './standing-world.js'

const RUNS = 40

/** Orders of steps, and how often each end was seen: a property that only ever sees one end shows nothing. */
async function inEveryOrder(race: (turn: Turn, scheduler: fc.Scheduler, flag: boolean) => Promise<'delivered' | 'refused'>): Promise<void> {
  const ends = { delivered: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, flag) => {
      const turn: Turn = (step) => scheduler.schedule(Promise.resolve(), step)
      ends[await race(turn, scheduler, flag)]++
    }),
    { numRuns: RUNS },
  )
  expect(ends.delivered, 'orders in which the answer was in time').to.be.greaterThan(0)
  expect(ends.refused, 'orders in which it was late').to.be.greaterThan(0)
}

describe('an answer just as the mediation ends', () => {
  it('J4 C1 of an active recipient: given to the client or refused, and the cards agree with the core', async () => {
    await inEveryOrder(async (turn, scheduler, acknowledges) => {
      let racing = false
      const world = await openWorld({ turn: (step) => (racing ? turn(step) : Promise.resolve()) })
      try {
        const mediated = await world.mediate('active')
        await until(() => world.put.length === 1)
        const { dialog, acknowledge } = await until(() => world.fetchedByCarol().catch(() => undefined))
        racing = true
        const answering = (async () => {
          await turn('carol')
          // her storeDelivery acknowledges, unless it comes in another dialog than her fetch
          if (acknowledges) await acknowledge()
          const stored = await world.answeredByCarol(dialog, 'answer')
          return { ...stored, told: await stored.told }
        })()
        const ending = turn('deadline').then(() => world.time.pass(WAITS_MS))
        const [client, carol] = await scheduler.waitFor(Promise.all([mediated.told, answering, ending]))
        const isTaken = carol.told.codes.length === 0
        expect(client.text).to.equal(isTaken ? 'answer' : undefined)
        expect(client.codes).to.deep.equal(isTaken ? [] : ['9810'])
        if (!isTaken) expect(carol.told.codes).to.deep.equal(['9811'])
        const answerCard = world.card(carol.messageId)
        expect(answerCard && [answerCard.state, answerCard.reception !== undefined]).to.be.deep.oneOf(
          isTaken ? [['received', true]] : [['failed', false], undefined],
        )
        await agreed(world, mediated.messageId, scheduler)
        return isTaken ? 'delivered' : 'refused'
      } finally {
        racing = false
        // what still waits for its turn
        await scheduler.waitAll()
        await world.close()
      }
    })
  })

  /** The request's card says Reception exactly when the core says delivered. */
  async function agreed(world: StandingWorld, messageId: string, scheduler: fc.Scheduler): Promise<void> {
    const [envelopeId = ''] = world.put
    const record = await scheduler.waitFor(world.core.outcome(envelopeId))
    const card = world.card(messageId)
    const received = record?.outcome === 'delivered'
    expect([card?.state, card?.reception !== undefined]).to.deep.equal(received ? ['received', true] : ['failed', false])
  }

  it('J4 C1 of a participant: given to the client or refused as too late, and the card agrees with the core', async () => {
    const [sign, open] = [await generateEnvelopeKey('sig'), await generateEnvelopeKey('enc')]
    const register: DirectoryParticipant = { id: 'register-1', jwks: [sign.publicJwk, open.publicJwk], mailboxes: [REGISTER_BOX], tls: [] }
    const [signing, opening] = [await importSigningKey(sign.privateJwk), await importOpeningKey(open.privateJwk)]

    /** The answer to what was taken, sealed and ready to be put. */
    async function answerTo({ envelope }: Claim, world: StandingWorld) {
      const { identity } = world.at.ports
      const sender = trustedSenders([{ id: identity.participant, jwks: identity.jwks.keys }])
      const asked = await openEnvelope(
        Uint8Array.from(envelope.body),
        { recipient: [opening], sender },
        { id: envelope.id, to: REGISTER_BOX },
      )
      const header = { id: randomBytes(18).toString('base64url'), to: asked.replyTo ?? '', ttlSeconds: 30 }
      const parts = packageParts({ content: contentOf('answer'), certificates: [], custom: [], attachments: [] }, world.at.ports)
      const body = await sealEnvelope(
        { header, kind: 'result', sender: register.id, inReplyTo: asked.header.id, createdAt: world.time.now().toISOString(), parts },
        { recipient: asked.replyKey ?? {}, sender: signing },
        (bytes) => new Uint8Array(randomBytes(bytes)),
      )
      return { ...header, sender: register.id, body }
    }

    await inEveryOrder(async (turn, scheduler, transferEnds) => {
      let racing = false
      const world = await openWorld({ register, turn: (step) => (racing ? turn(step) : Promise.resolve()) })
      try {
        const mediated = await world.mediate('participant')
        const claim = await until(() => world.core.take(REGISTER_BOX, 0))
        const answer = await answerTo(claim, world)
        // the last byte has left, or the transfer is still under way at the deadline
        if (transferEnds) await claim.confirm()
        racing = true
        const answering = turn('register').then(() => world.core.put(answer))
        const ending = turn('deadline').then(() => world.time.pass(WAITS_MS))
        const [client] = await scheduler.waitFor(Promise.all([mediated.told, answering, ending]))
        racing = false
        if (!transferEnds) await claim.confirm()
        const fate = await until(async () => {
          await scheduler.waitAll()
          const record = await world.core.outcome(answer.id)
          return record?.outcome === 'waiting' ? undefined : record
        })
        const isTaken = client.codes.length === 0
        expect(client.text).to.equal(isTaken ? 'answer' : undefined)
        if (!isTaken) expect(client.codes).to.deep.equal(['9810'])
        expect([fate?.outcome, fate?.reason]).to.deep.equal(isTaken ? ['delivered', undefined] : ['refused', 'too-late'])
        // the participant has the request, whatever became of its answer
        await until(() => world.card(mediated.messageId)?.state === 'received')
        await agreed(world, mediated.messageId, scheduler)
        return isTaken ? 'delivered' : 'refused'
      } finally {
        racing = false
        // what still waits for its turn
        await scheduler.waitAll()
        await world.close()
      }
    })
  })

  for (const first of ['answer', 'deadline'] as const)
    it(`J4 of a passive recipient, the ${first} first: ${first === 'answer' ? 'given to the client' : 'nobody sees what comes later'}`, async () => {
      let arrive: (() => Promise<void>) | undefined
      let allowedMs: number | undefined
      const http: OsciHttp = {
        post: (_url, body, { timeoutMs }) =>
          new Promise((resolve, reject) => {
            allowedMs = timeoutMs
            const cancel = world.time.startTimer(timeoutMs, () => reject(new OsciCallError('no-answer', 'client.timeout', 'late')))
            const bytes = passiveAnswer(body, { content: 'answer' })
            arrive = async () => {
              const answer = { status: 200, contentType: 'text/xml', body: await bytes }
              cancel()
              resolve(answer)
            }
          }),
      }
      const world = await openWorld({ http })
      const mediated = await world.mediate('passive')
      const arrives = await until(() => arrive)
      expect(allowedMs).to.equal(WAITS_MS)
      if (first === 'deadline') world.time.pass(WAITS_MS)
      await arrives()
      if (first === 'answer') world.time.pass(WAITS_MS)
      const client = await mediated.told
      expect(client.codes).to.deep.equal(first === 'answer' ? [] : ['9810'])
      expect(client.text !== undefined).to.equal(first === 'answer')
      const card = world.card(mediated.messageId)
      expect([card?.state, card?.reception !== undefined]).to.deep.equal(first === 'answer' ? ['received', true] : ['failed', false])
      expect(world.put).to.deep.equal([])
      await world.close()
    })
})
