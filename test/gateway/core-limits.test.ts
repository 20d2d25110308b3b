// SPDX-License-Identifier: EUPL-1.2
/**
 * Bounds of the core API: long polls, slow peers, quotas, turns between mailboxes. Whoever is refused is told when to come again.
 * @module
 */
import { expect } from 'chai'
import { connect as connectSocket, type Socket } from 'node:net'
import { LONG_POLL_LIMITS } from '../../src/gateway/core-waits.js'
import { until } from '../until.js'
import { BOX, LEASED, MEDIA_TYPE, newId, Setup } from './core-api-setup.js'

const take = `/core/v1/mailboxes/${BOX}/take`
const putPath = `/core/v1/mailboxes/${BOX}/envelopes`
const outcomePath = (id: string) => `/core/v1/envelopes/${id}/outcome`
const SLOW = { minBytesPerSecond: 1024 * 1024, graceMs: 300 }

describe('core API, limits', () => {
  let setup: Setup
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await setup.stop()
  })

  function socketTo(): Socket {
    const { port, hostname } = new URL(setup.url)
    const socket = connectSocket(Number(port), hostname)
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }

  async function stillWorks(): Promise<void> {
    const id = await setup.put()
    const response = await setup.call(setup.register, take)
    expect(response.headers.get('protektor-envelope-id')).to.equal(id)
    await response.arrayBuffer()
    expect(setup.errors).to.deep.equal([])
  }

  const outcomeOf = async (id: string) =>
    (await (await setup.call(setup.portal, outcomePath(id), { method: 'GET' })).json()) as { outcome: string }
  const settled = (id: string) =>
    until(async () => {
      const { outcome } = await outcomeOf(id)
      return outcome === 'waiting' ? undefined : outcome
    })

  /** Waits of the portal for the outcome of one envelope. */
  const waitFor = (id: string, signal: AbortSignal) =>
    setup.call(setup.portal, `${outcomePath(id)}?waitSeconds=20`, { method: 'GET', signal }).catch(() => undefined)

  it('H1 counts long polls by target: twenty open questions of one online service are no flood, a fifth wait for one of them is', async () => {
    setup = await Setup.start()
    const abort = new AbortController()
    const ids = await Promise.all(Array.from({ length: 20 }, () => setup.put()))
    const waits = ids.flatMap((id) => [waitFor(id, abort.signal), waitFor(id, abort.signal)])
    await until(() => setup.api.waiting === 40)
    const [first = ''] = ids
    waits.push(waitFor(first, abort.signal), waitFor(first, abort.signal))
    await until(() => setup.api.waiting === 42)
    const fifth = await setup.call(setup.portal, `${outcomePath(first)}?waitSeconds=20`, { method: 'GET' })
    expect([fifth.status, fifth.headers.get('retry-after')]).to.deep.equal([429, '1'])
    abort.abort()
    await Promise.all(waits)
    await until(() => setup.api.waiting === 0)
  })

  it('H1 bounds the waits of a participant (429), and of all (503); others go on', async () => {
    setup = await Setup.start({ longPolls: { ...LONG_POLL_LIMITS, perParticipant: 3, total: 4 } })
    const abort = new AbortController()
    const ids = await Promise.all(Array.from({ length: 4 }, () => setup.put(LEASED)))
    const waits = ids.slice(0, 3).map((id) => waitFor(id, abort.signal))
    await until(() => setup.api.waiting === 3)
    const own = await setup.call(setup.portal, `${outcomePath(ids[3] ?? '')}?waitSeconds=20`, { method: 'GET' })
    expect([own.status, own.headers.get('retry-after')]).to.deep.equal([429, '1'])
    waits.push(setup.call(setup.register, `${take}?waitSeconds=20`, { signal: abort.signal }).catch(() => undefined))
    await until(() => setup.api.waiting === 4)
    const all = await setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take?waitSeconds=20`)
    expect([all.status, all.headers.get('retry-after')]).to.deep.equal([503, '1'])
    expect((await setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take`)).status).to.equal(200)
    abort.abort()
    await Promise.all(waits)
    await until(() => setup.api.waiting === 0)
  })

  /** Begins a put and sends nothing of its body but a few bytes. */
  async function slowPut(to: string, bytes: number): Promise<Socket> {
    const body = await setup.envelope(to, newId(), bytes)
    const path = `/core/v1/mailboxes/${to}/envelopes`
    const authorization = await setup.token(setup.portal, 'POST', path, body)
    const socket = socketTo()
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: ${MEDIA_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, 10))
    return socket
  }

  it('H1 a hundred uploads that creep keep nobody out of their mailbox, are ended with 408, and leave no room taken', async () => {
    setup = await Setup.start({ transfers: SLOW })
    const slow = await Promise.all(Array.from({ length: 100 }, () => slowPut(BOX, 100)))
    const answers = slow.map(
      (socket) =>
        new Promise<string>((resolve) => {
          let text = ''
          socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
          socket.once('close', () => resolve(text))
        }),
    )
    await stillWorks()
    for (const answer of await Promise.all(answers)) expect(answer).to.match(/^HTTP\/1\.1 408 /)
    await until(() => setup.core.stats().bytes === 0)
    await stillWorks()
  })

  it('H1 C6 a taker that does not read is cut off: the outcome is unknown, and nobody gets it twice', async () => {
    setup = await Setup.start({ transfers: { minBytesPerSecond: 64 * 1024 * 1024, graceMs: 300 } })
    const id = newId()
    await setup.core.put({ id, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, id, 16_000_000) })
    const authorization = await setup.token(setup.register, 'POST', take)
    const socket = socketTo()
    socket.pause()
    socket.write(`POST ${take} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: 0\r\n\r\n`)
    expect(await settled(id)).to.equal('unknown')
    expect((await setup.call(setup.register, take)).status).to.equal(204)
    expect(setup.core.stats().bytes).to.equal(0)
    await stillWorks()
  })

  it('C4 full to the last byte: 503 and 429 with Retry-After before the body is read, others are served, room comes back', async () => {
    const size = 16 * 1024
    setup = await Setup.start({}, { maxBytes: 8 * size, maxBytesPerSender: 100 * size, maxBytesPerMailbox: 7 * size })
    const put = async (to: string) => {
      const body = await setup.envelope(to, newId(), 10_000)
      expect(body.length).to.equal(size)
      return setup.call(setup.portal, `/core/v1/mailboxes/${to}/envelopes`, { body })
    }
    for (let i = 0; i < 7; i++) expect((await put(BOX)).status).to.equal(201)
    const mailboxFull = await put(BOX)
    expect((await put(LEASED)).status).to.equal(201)
    const coreFull = await put(LEASED)
    for (const [answer, status] of [
      [mailboxFull, 429],
      [coreFull, 503],
    ] as const) {
      expect(answer.status).to.equal(status)
      expect(Number(answer.headers.get('retry-after'))).to.be.greaterThan(0)
      expect(answer.headers.get('connection')).to.equal('close')
    }
    expect(setup.core.stats().bytes).to.equal(8 * size)
    for (let i = 0; i < 7; i++) await (await setup.call(setup.register, take)).arrayBuffer()
    expect((await put(BOX)).status).to.equal(201)
    await (await setup.call(setup.register, take)).arrayBuffer()
  })

  it('C4 a flood on one mailbox takes its own turns only: another one is served while three hundred puts wait', async () => {
    setup = await Setup.start()
    const reserve = setup.core.reserve.bind(setup.core)
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    let begun = 0
    setup.core.reserve = async (to, sender, bytes) => {
      if (to === BOX) {
        begun += 1
        await gate
      }
      return reserve(to, sender, bytes)
    }
    const bodies = await Promise.all(Array.from({ length: 300 }, () => setup.envelope(BOX)))
    const flood = bodies.map((body) => setup.call(setup.portal, putPath, { body }).then((response) => response.status))
    await until(() => begun > 0)
    await setup.put(LEASED)
    expect(begun).to.be.lessThan(300)
    open()
    expect(new Set(await Promise.all(flood))).to.deep.equal(new Set([201]))
  })

  it('C2 tells "not yours" from "not there" by nothing: status, headers and body of every call that names something', async () => {
    setup = await Setup.start()
    const own = await setup.put(LEASED)
    await (await setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take`)).arrayBuffer()
    const foreignReply = 'reply.' + newId()
    await setup.call(setup.register, `${putPath}?replyTo=${foreignReply}`, { body: await setup.envelope(BOX) })
    const refusal = { body: new TextEncoder().encode('{"code":"X001"}'), type: 'application/json' }
    const calls: [string, (name: string) => Promise<Response>, string, string][] = [
      ['take', (name) => setup.call(setup.portal, `/core/v1/mailboxes/${name}/take`), BOX, 'no.such.box'],
      [
        'take from a reply mailbox',
        (name) => setup.call(setup.portal, `/core/v1/mailboxes/${name}/take`),
        foreignReply,
        'reply.' + newId(),
      ],
      ['take by id', (name) => setup.call(setup.portal, `/core/v1/mailboxes/${name}/take?id=${own}&leaseSeconds=9`), LEASED, 'no.such.box'],
      ['take and wait', (name) => setup.call(setup.portal, `/core/v1/mailboxes/${name}/take?waitSeconds=9`), LEASED, 'no.such.box'],
      ['outcome', (name) => setup.call(setup.register, outcomePath(name), { method: 'GET' }), own, newId()],
      ['outcome, waiting', (name) => setup.call(setup.register, `${outcomePath(name)}?waitSeconds=9`, { method: 'GET' }), own, newId()],
      ['confirm', (name) => setup.call(setup.portal, `/core/v1/envelopes/${name}/confirm`), own, newId()],
      ['refuse', (name) => setup.call(setup.portal, `/core/v1/envelopes/${name}/refuse`, refusal), own, newId()],
      ['return', (name) => setup.call(setup.portal, `/core/v1/envelopes/${name}/return`), own, newId()],
      ['withdraw', (name) => setup.call(setup.register, `/core/v1/envelopes/${name}/withdraw`), own, newId()],
    ]
    for (const [what, call, foreign, absent] of calls) {
      const [one, two] = await Promise.all(
        [foreign, absent].map(async (name) => {
          const answer = await call(name)
          const headers = [...answer.headers].filter(([header]) => header !== 'date')
          return { status: answer.status, headers, body: await answer.text() }
        }),
      )
      expect(one, what).to.deep.equal(two)
      expect(one?.status, what).to.equal(404)
    }
    expect((await setup.call(setup.register, `/core/v1/envelopes/${own}/confirm`)).status).to.equal(204)
  })

  it('takes this very envelope, on a lease of the length asked for, gives it back at once, and lets its sender withdraw', async () => {
    setup = await Setup.start()
    const first = await setup.put(LEASED)
    const second = await setup.put(LEASED)
    const leased = (query: string) => setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take?${query}`)
    const withdraw = (id: string) => setup.call(setup.portal, `/core/v1/envelopes/${id}/withdraw`)
    const chosen = await leased(`id=${second}&leaseSeconds=40`)
    expect(chosen.headers.get('protektor-envelope-id')).to.equal(second)
    expect(chosen.headers.get('protektor-lease-ms')).to.equal('40000')
    expect(chosen.headers.get('protektor-sender')).to.equal('portal-1')
    await chosen.arrayBuffer()
    expect((await leased(`id=${second}&waitSeconds=20`)).status).to.equal(204)
    expect((await withdraw(second)).status).to.equal(409)
    expect((await setup.call(setup.register, `/core/v1/envelopes/${second}/return`)).status).to.equal(204)
    expect((await setup.call(setup.register, `/core/v1/envelopes/${second}/confirm`)).status).to.equal(410)
    expect((await leased(`id=${second}`)).headers.get('protektor-envelope-id')).to.equal(second)
    expect((await withdraw(first)).status).to.equal(204)
    expect(await outcomeOf(first)).to.include({ outcome: 'refused', claimed: false })
    expect((await withdraw(first)).status).to.equal(409)
    for (const query of ['id=short', 'leaseSeconds=0', 'leaseSeconds=3601', 'leaseSeconds=1&leaseSeconds=2', 'confirm=yes'])
      expect((await leased(query)).status, query).to.equal(400)
  })

  it('C6 at most once with a word of the taker: delivered, refused or unknown as he says, and handed out once all the same', async () => {
    setup = await Setup.start()
    const refusal = { body: new TextEncoder().encode('{"code":"X001"}'), type: 'application/json' }
    const ends: [string, object, string][] = [
      ['confirm', {}, 'delivered'],
      ['refuse', refusal, 'refused'],
      ['return', {}, 'unknown'],
    ]
    for (const [end, options, outcome] of ends) {
      const id = await setup.put()
      const taken = await setup.call(setup.register, `${take}?confirm=true`)
      expect([taken.headers.get('protektor-envelope-id'), taken.headers.get('protektor-handover')]).to.deep.equal([id, 'at-most-once'])
      await taken.arrayBuffer()
      expect(await outcomeOf(id)).to.include({ outcome: 'waiting', claimed: true })
      expect((await setup.call(setup.register, take)).status).to.equal(204)
      expect((await setup.call(setup.register, `/core/v1/envelopes/${id}/${end}`, options)).status).to.equal(204)
      expect((await outcomeOf(id)).outcome).to.equal(outcome)
      expect((await setup.call(setup.register, take)).status).to.equal(204)
    }
  })
})
