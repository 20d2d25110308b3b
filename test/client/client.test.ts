// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { getEventListeners } from 'node:events'
import type { AskEvent, Client, ConnectOptions, Received, Transport } from '../../src/client/index.js'
import { connect, EnvelopeError, ProtektorError, TransportError } from '../../src/client/index.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { importSigningKey } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import { localTransport } from '../../src/gateway/core-local.js'
import { BOX, LEASED, newId, random, Setup } from '../gateway/core-api-setup.js'
import { until } from '../until.js'

const text = (value: string) => new TextEncoder().encode(value)

async function all(events: AsyncIterable<AskEvent>): Promise<AskEvent[]> {
  const list: AskEvent[] = []
  for await (const event of events) list.push(event)
  return list
}

describe('client', () => {
  let setup: Setup
  let asker: Client
  let register: Client
  let problems: unknown[]
  beforeEach(async () => {
    setup = await Setup.start()
    problems = []
    asker = await setup.client(setup.portal, (error) => problems.push(error))
    register = await setup.client(setup.register, (error) => problems.push(error))
  })
  afterEach(async () => {
    await setup.stop()
  })

  const request = (change: object = {}) => ({ to: BOX, recipientKey: setup.register.enc.publicJwk, document: text('<frage/>'), ...change })

  async function received(mailbox = BOX): Promise<Received> {
    const one = await register.take(mailbox, { waitSeconds: 20 })
    expect(one, 'a request').to.not.equal(undefined)
    return one as Received
  }

  /** A client whose way to the core is changed. */
  async function through(who: 'portal' | 'register', change: (inner: Transport) => Partial<Transport>): Promise<Client> {
    const person = setup[who]
    const inner = localTransport(setup.core, person, systemClock)
    const transport = { ...inner, ...change(inner) }
    const options: ConnectOptions = {
      participant: person.id,
      key: person.sig.privateJwk,
      openingKeys: [person.enc.privateJwk],
      senders: [setup.portal, setup.register],
      transport,
      onProblem: (error) => problems.push(error),
    }
    return connect(options)
  }

  for (const mailbox of [BOX, LEASED]) {
    it(`asks ${mailbox} and gets notice and result in order`, async () => {
      const asking = all(asker.ask(request({ to: mailbox })))
      const one = await received(mailbox)
      expect(new TextDecoder().decode(one.document)).to.equal('<frage/>')
      expect(one.content.sender).to.equal('portal-1')
      await one.notice({ document: text('<status/>') })
      await one.result({ document: text('<antwort/>') })
      const events = await asking
      expect(events.map((event) => event.kind)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
      const last = events[3]
      expect(last?.kind === 'result' && new TextDecoder().decode(last.content.parts[0]?.bytes)).to.equal('<antwort/>')
      expect(last?.kind === 'result' && last.content.outcome?.status).to.equal('done')
      expect((await asker.outcome(one.id))?.outcome).to.equal('delivered')
      expect(problems).to.deep.equal([])
    })
  }

  it('works in one process over the local transport', async () => {
    const near = await through('portal', () => ({}))
    const far = await through('register', () => ({}))
    const asking = near.askAndWait(request())
    const one = await far.take(BOX, { waitSeconds: 20 })
    await one?.result({ document: text('<antwort/>') })
    const { last, notice } = await asking
    expect(last.kind).to.equal('result')
    expect(notice).to.equal(undefined)
    expect(await far.take(BOX, { waitSeconds: 0 })).to.equal(undefined)
    await far.take('no.such.box', { waitSeconds: 0 }).then(
      () => expect.fail('foreign mailbox'),
      (error: unknown) => expect(error).to.be.instanceOf(TransportError).and.include({ status: 404 }),
    )
  })

  it('ends with a rejecting notice, and with the refusal of a leased request', async () => {
    const rejected = all(asker.ask(request()))
    await (await received()).notice({ status: 'rejected', reasons: [{ code: 'T080' }] })
    const notice = (await rejected).at(-1)
    expect(notice?.kind === 'notice' && notice.content.outcome).to.deep.equal({ status: 'rejected', reasons: [{ code: 'T080' }] })
    const refused = all(asker.ask(request({ to: LEASED })))
    await (await received(LEASED)).refuse('X001')
    expect((await refused).at(-1)).to.include({ kind: 'outcome', outcome: 'refused', reason: 'X001' })
    const refusedLate = all(asker.ask(request()))
    await (await received()).refuse('X001', 'Demo')
    const result = (await refusedLate).at(-1)
    expect(result?.kind === 'result' && result.content.outcome?.reasons).to.deep.equal([{ code: 'X001', text: 'Demo' }])
  })

  it('tells apart: nobody took it (nothing processed), and taken but not answered', async () => {
    const expired = await asker.askAndWait(request({ ttlSeconds: 1, answerWithinSeconds: 5 }))
    expect(expired.last).to.deep.equal({ kind: 'outcome', outcome: 'expired', claimed: false })
    const silent = asker.askAndWait(request({ answerWithinSeconds: 1 }))
    await received()
    expect((await silent).last).to.deep.equal({ kind: 'outcome', outcome: 'delivered', claimed: true })
  })

  it('never delivers an answer to another question, of another sender, or sealed for another key; the right one still arrives', async () => {
    const asking = all(asker.ask(request({ answerFrom: 'register-1' })))
    const one = await received()
    const { replyTo = '', replyKey = {} } = one.content
    const signing = await importSigningKey(setup.register.sig.privateJwk)
    const foreign = await importSigningKey(setup.portal.sig.privateJwk)
    const stranger = await importSigningKey(setup.stranger.sig.privateJwk)
    const forge = async (change: object, recipient = replyKey, sender = signing) => {
      const header = { id: newId(), to: replyTo, ttlSeconds: 10 }
      const content = {
        header,
        kind: 'result' as const,
        sender: 'register-1',
        inReplyTo: one.id,
        createdAt: new Date().toISOString(),
        parts: [],
        ...change,
      }
      const body = await sealEnvelope(content, { recipient, sender }, random)
      await setup.core.put({ ...header, sender: 'register-1', body })
    }
    await forge({ inReplyTo: newId() })
    await forge({ inReplyTo: undefined })
    await forge({ kind: 'request' })
    await forge({ sender: 'portal-1' }, replyKey, foreign)
    await forge({}, replyKey, stranger)
    await forge({}, setup.portal.enc.publicJwk)
    await one.result({ document: text('<antwort/>') })
    expect((await asking).map((event) => event.kind)).to.deep.equal(['sent', 'taken', 'result'])
    expect(problems.map((error) => (error as { finding?: string }).finding)).to.deep.equal([
      'client.foreign-answer',
      'client.foreign-answer',
      'client.foreign-answer',
      'client.foreign-answer',
      'envelope.unknown-sender',
      'envelope.not-for-us',
    ])
  })

  it('answers once and only to those who want an answer', async () => {
    await asker.send(request())
    const message = await received()
    const failed = async (work: Promise<void>) =>
      work.then(
        () => 'none',
        (error: unknown) => (error as { finding?: string }).finding,
      )
    expect(await failed(message.result({}))).to.equal('client.no-reply')
    const asking = all(asker.ask(request()))
    const one = await received()
    await one.result({})
    expect(await failed(one.result({}))).to.equal('client.answered')
    await asking
  })

  it('drops what it cannot open, gives a leased one back with T020, and goes on', async () => {
    const wrongKey = { recipientKey: setup.stranger.enc.publicJwk }
    const { id } = await asker.send(request({ ...wrongKey, to: LEASED }))
    expect(await register.take(LEASED, { waitSeconds: 20 })).to.equal(undefined)
    expect(await asker.outcome(id)).to.include({ outcome: 'refused', reason: 'T020' })
    await asker.send(request(wrongKey))
    expect(await register.take(BOX, { waitSeconds: 20 })).to.equal(undefined)
    await asker.send(request())
    expect((await received()).content.kind).to.equal('message')
    expect(problems).to.have.length(2)
  })

  it('drops a leased request that comes again after it was taken over', async () => {
    let confirmations = 0
    const forgetful = await through('register', (inner) => ({
      confirm: async (id) => {
        confirmations += 1
        if (confirmations === 1) throw new TransportError('client.no-answer', 'lost')
        await inner.confirm(id)
      },
    }))
    const { id } = await asker.send(request({ to: LEASED }))
    const first = await forgetful.take(LEASED, { waitSeconds: 20 })
    const failed = await first?.confirm().catch((error: unknown) => error)
    expect(failed).to.be.instanceOf(TransportError)
    expect(await forgetful.take(LEASED, { waitSeconds: 20 }), 'came again after the lease, dropped').to.equal(undefined)
    expect((await asker.outcome(id))?.outcome).to.equal('delivered')
    expect(confirmations).to.equal(2)
  }).timeout(15_000)

  it('puts again only what was not sent; 409 then means that it arrived', async () => {
    const puts: string[] = []
    const flaky = (fail: (count: number) => TransportError | undefined, arrives: boolean) =>
      through('portal', (inner) => ({
        put: async (envelope) => {
          puts.push(envelope.id)
          const error = fail(puts.length)
          if (error === undefined || arrives) await inner.put({ ...envelope, body: envelope.body.slice() })
          if (error !== undefined) throw error
        },
      }))
    const unsent = new TransportError('client.no-answer', 'refused', { nothingSent: true })
    const broken = new TransportError('client.no-answer', 'reset')

    await (await flaky((count) => (count < 3 ? unsent : undefined), false)).send(request())
    expect(puts).to.have.length(3)
    expect(new Set(puts).size).to.equal(1)

    puts.length = 0
    await (await flaky((count) => (count < 2 ? unsent : undefined), true)).send(request())
    expect(puts, 'the second is a duplicate, so it arrived').to.have.length(2)

    puts.length = 0
    await (await flaky(() => broken, true)).send(request())
    expect(puts, 'broken on the way but known to the core').to.have.length(1)

    puts.length = 0
    const failed = await (await flaky(() => broken, false)).send(request()).catch((error: unknown) => error)
    expect(failed).to.equal(broken)
    expect(puts, 'never put twice when it may have arrived').to.have.length(1)
    expect(setup.core.stats().envelopes).to.equal(3)
  })

  it('sends nothing for an asker that turned away before, nor again once it has', async () => {
    const why = new Error('the citizen has left')
    const ended = (client: Client, signal: AbortSignal) => client.askAndWait(request({ signal })).catch((error: unknown) => error)
    expect(await ended(asker, AbortSignal.abort(why))).to.equal(why)
    const turningAway = new AbortController()
    const shaky = await through('portal', () => ({
      put: () => {
        turningAway.abort(why)
        return Promise.reject(new TransportError('client.no-answer', 'refused', { nothingSent: true }))
      },
    }))
    expect(await ended(shaky, turningAway.signal)).to.equal(why)
    expect(setup.core.stats()).to.include({ envelopes: 0, outcomes: 0 })
  })

  it('asks again when the core is away for a moment', async () => {
    let failures = 2
    const shaky = await through('portal', (inner) => ({
      take: async (...call) => {
        failures -= 1
        if (failures >= 0) throw new TransportError('client.no-answer', 'away')
        return inner.take(...call)
      },
    }))
    const asking = shaky.askAndWait(request())
    await (await received()).result({})
    expect((await asking).last.kind).to.equal('result')
    expect(failures).to.be.lessThan(0)
  })

  it('serves requests one after the other until it is told to stop', async () => {
    const stop = new AbortController()
    const serving = (async () => {
      let served = 0
      for await (const one of register.requests(BOX, { waitSeconds: 5, signal: stop.signal })) {
        served += 1
        await one.result({})
      }
      return served
    })()
    for (let i = 0; i < 3; i += 1) expect((await asker.askAndWait(request())).last.kind).to.equal('result')
    stop.abort()
    expect(await serving).to.equal(3)
    await until(() => setup.core.stats().waiters === 0)
  })

  it('leaves nothing waiting at the core when the asker turns away', async () => {
    const stop = new AbortController()
    const asking = all(asker.ask(request({ signal: stop.signal })))
    await until(() => setup.core.stats().waiters === 1)
    stop.abort()
    expect((await asking).at(-1)).to.include({ kind: 'outcome', outcome: 'waiting', claimed: false })
    await until(() => setup.core.stats().waiters === 0)
  })

  it('leaves no trace on a signal that outlives its questions', async () => {
    const { signal } = new AbortController()
    const sizes = (): number[] =>
      Object.getOwnPropertySymbols(signal).flatMap((name) => {
        const { size } = Object(Reflect.get(signal, name)) as { readonly size?: unknown }
        return typeof size === 'number' ? [size] : []
      })
    const before = sizes()
    for (let i = 0; i < 3; i += 1) await asker.askAndWait(request({ answerWithinSeconds: 0, signal }))
    expect(sizes()).to.deep.equal(before)
    expect(getEventListeners(signal, 'abort')).to.deep.equal([])
  })

  it('throws classes of its own, which whoever catches them can name', async () => {
    const failed = (work: Promise<unknown>) => work.catch((error: unknown) => error)
    expect(await failed(asker.send(request({ recipientKey: {} })))).to.be.instanceOf(EnvelopeError)
    expect(await failed(asker.send(request({ to: 'nobody' })))).to.be.instanceOf(TransportError)
    await asker.send(request())
    const refused = await failed((await received()).notice({}))
    expect(refused).to.be.instanceOf(ProtektorError).and.to.include({ finding: 'client.no-reply' })
  })

  it('says that nothing was sent when no connection stood', async () => {
    const closed = await Setup.start()
    await closed.stop()
    const nowhere = await connect({ url: closed.url, participant: 'portal-1', key: setup.portal.sig.privateJwk, senders: [] })
    const error = await nowhere.send(request()).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(TransportError).and.include({ nothingSent: true, status: undefined })
  })

  it('J4 shows the core and the network nothing but id, mailbox, life and size class', async () => {
    const seen: Uint8Array[] = []
    const canary = 'KANARIENVOGEL'
    const watched = await through('portal', (inner) => ({
      put: (envelope) => {
        seen.push(envelope.body.slice())
        return inner.put(envelope)
      },
    }))
    const bytes = random(20)
    await watched.send({
      ...request(),
      document: text(canary),
      subject: canary,
      parts: [{ name: canary, mediaType: `text/${canary}`, role: 'attachment', bytes }],
    })
    const dump = Buffer.from(seen[0] ?? []).toString('latin1')
    expect(dump.length).to.equal(4096)
    const decoded = dump.split('.').map((segment) => Buffer.from(segment, 'base64url').toString('latin1'))
    for (const view of [dump, ...decoded])
      expect(view).to.not.contain(canary).and.not.contain('application/xml').and.not.contain('portal-1')
  })
})
