// SPDX-License-Identifier: EUPL-1.2
/**
 * Failures behind a legacy decryption: one code for all causes, and answers that leave at fixed slots (threat model E1, §6 rule 5).
 * @module
 */
import { expect } from 'chai'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { publicApp } from '../../src/gateway/app.js'
import { SLOT_MS, slotEndMs, waitUntil } from '../../src/gateway/answer-slot.js'
import { LEGACY_FAILURES_PER_HOUR } from '../../src/gateway/decrypt-failures.js'
import { passiveRecipient } from '../../src/gateway/passive-recipient.js'
import type { HttpAnswer } from '../../src/gateway/render-error.js'
import { listen } from '../../src/gateway/server.js'
import { comparable, CONTENT_CAUSES, contentSender } from '../../tools/prove-oracle/content.js'
import { FakeTime } from '../core/fake-time.js'
import { until } from '../until.js'
import { echo, openHouse, removeDirectories, type House } from './support.js'

const CAUSES = Object.keys(CONTENT_CAUSES)
const ENDPOINT = `    defaultMailbox: '${DEMO_REGISTER}'\n    takeWithinSeconds: 4\n    answerWithinSeconds: 5`

describe('answers in slots', function () {
  this.timeout(60_000)
  let house: House
  before(async () => {
    const legacy = 'signed: required\n    encrypted: optional\n    legacy: { cbcContent: true }'
    house = await openHouse({ endpointOptions: ENDPOINT, peerOptions: `    ${legacy}` })
    await house.serve(echo)
  })
  after(async () => {
    await house.close()
    await removeDirectories()
  })

  /** The role as it stands in the house, at a clock of ours: between arrival and answer pass as many milliseconds as `workMs` says. */
  function roleAt(workMs: number, receivedAtMs: number) {
    const [endpoint] = house.gateway.inside.endpoints
    if (!endpoint) throw new TypeError('the house has one endpoint')
    const time = new FakeTime()
    time.ms = receivedAtMs + workMs
    const clock = { now: () => new Date(), monotonicMs: () => time.ms }
    const role = passiveRecipient(endpoint, { ...house.gateway.inside.ports, clock })
    return (bytes: Uint8Array): Promise<HttpAnswer> => role.answer({ requestId: 'r', bytes, receivedAtMs, httpContentType: 'text/xml' })
  }
  const sender = () => contentSender(house.demo.keys, house.demo.keys['intermediary-signature'])
  const shown = ({ body }: HttpAnswer): string => comparable(Buffer.from(body))

  it('E1 a slot ends at the next multiple of its length after the arrival, and never after the deadline', () => {
    expect(slotEndMs(100, 100, 99_999)).to.equal(100 + SLOT_MS)
    expect(slotEndMs(100, 100 + SLOT_MS, 99_999)).to.equal(100 + SLOT_MS)
    expect(slotEndMs(100, 101 + SLOT_MS, 99_999)).to.equal(100 + 2 * SLOT_MS)
    expect(slotEndMs(100, 101 + 3 * SLOT_MS, 99_999)).to.equal(100 + 4 * SLOT_MS)
    expect(slotEndMs(100, 200, 1000)).to.equal(1000)
  })

  it('E1 the wait ends at its time, not before, also when a timer is early', async () => {
    const time = new FakeTime()
    const early = { clock: time, startTimer: (delayMs: number, run: () => void) => time.startTimer(delayMs - 1, run) }
    let left = false
    const waiting = waitUntil(time.ms + 10, early).then(() => (left = true))
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    time.pass(9.5)
    await settle()
    expect([left, time.timers]).to.deep.equal([false, 1])
    time.pass(1)
    await settle()
    await waiting
    expect([left, time.timers]).to.deep.equal([true, 0])
  })

  it('E1 good CBC content is delivered, and its answer does not wait', async () => {
    const reply = await house.post(await (await sender()).build())
    const text = Buffer.from(await reply.arrayBuffer()).toString('utf8')
    expect(text).to.contain('>0800<')
    const answer = await roleAt(1, 5000)(Buffer.from('no message'))
    expect(answer.leavesAtMs).to.equal(undefined)
  })

  it('E1 every failure behind a CBC decryption is one answer and leaves at one time, whatever its work took', async () => {
    const { build } = await sender()
    const answers: HttpAnswer[] = []
    for (const [at, cause] of CAUSES.entries()) answers.push(await roleAt(7 + 40 * at, 5000)(await build(cause)))
    for (const answer of answers) {
      expect(shown(answer)).to.equal(shown(answers[0] as HttpAnswer))
      expect([answer.status, answer.leavesAtMs]).to.deep.equal([200, 5000 + SLOT_MS])
    }
    expect(shown(answers[0] as HttpAnswer))
      .to.contain('(T020)')
      .and.contain('>9811<')
    // the log alone knows what it was
    const findings = house.lines.slice(-CAUSES.length * 4).join('')
    expect(findings).to.contain('author-signature.').and.contain('xoev-schema.')
  })

  it('E1 work that outlasts a slot leaves with the next, and at the deadline at the latest', async () => {
    const { build } = await sender()
    expect((await roleAt(SLOT_MS + 1, 5000)(await build('XML'))).leavesAtMs).to.equal(5000 + 2 * SLOT_MS)
    // answerWithinSeconds: 5, one of them for the way back
    expect((await roleAt(3900, 5000)(await build('schema'))).leavesAtMs).to.equal(9000)
  })

  it('E1 after ten failures, of whatever kind, CBC is refused without touching it, at once', async () => {
    const { build } = await sender()
    const answer = roleAt(1, 5000)
    for (let i = 0; i < LEGACY_FAILURES_PER_HOUR; i++) {
      const spoiled = await build(CAUSES[i % CAUSES.length])
      expect((await answer(spoiled)).leavesAtMs).to.equal(5000 + SLOT_MS)
    }
    expect((await answer(await build('schema'))).leavesAtMs).to.equal(undefined)
  })

  it('E1 fifty at once learn no more than ten one after another; good content among them waits its turn and is opened', async () => {
    const { build } = await sender()
    const answer = roleAt(1, 5000)
    const good = await build()
    const spoiled = await Promise.all(Array.from({ length: 50 }, (_, i) => build(CAUSES[i % CAUSES.length])))
    const [first, ...answers] = await Promise.all([answer(good), ...spoiled.map(answer)])
    expect(Buffer.from(first?.body ?? []).toString('utf8')).to.contain('>0800<')
    expect(answers.filter(({ leavesAtMs }) => leavesAtMs !== undefined)).to.have.length(LEGACY_FAILURES_PER_HOUR)
  })

  it('E1 an answer that waits holds no room of the overload guard: whoever makes it wait keeps nobody else out', async () => {
    const time = new FakeTime()
    let leavesAtMs: number | undefined = time.ms + SLOT_MS
    const body = Buffer.from('answered')
    const app = publicApp({
      ports: { ...house.gateway.inside.ports, clock: time, startTimer: time.startTimer },
      addresses: [
        {
          path: '/osci',
          role: 'passiveRecipient',
          mode: 'terminating',
          answer: () =>
            Promise.resolve({ status: 200, contentType: 'text/plain', body, ...(leavesAtMs === undefined ? {} : { leavesAtMs }) }),
        },
      ],
      publicUrl: 'http://127.0.0.1',
      jwks: {},
      overload: { maxRequests: 1, maxBytes: 1000 },
    })
    const handle = app.callback()
    const server = await listen((request, response) => void handle(request, response), { host: '127.0.0.1', port: 0 })
    try {
      const post = async () => (await fetch(`${server.url}/osci`, { method: 'POST', body: 'x', headers: { Connection: 'close' } })).status
      let answered = false
      const waiting = post().then((status) => ((answered = true), status))
      await until(() => time.timers === 1)
      leavesAtMs = undefined
      expect(await post()).to.equal(200)
      expect(answered).to.equal(false)
      // an orderly end lets it leave with its slot
      const closed = server.close(10_000)
      time.pass(SLOT_MS)
      expect(await waiting).to.equal(200)
      await closed
    } finally {
      await server.close(0)
    }
  })
})
