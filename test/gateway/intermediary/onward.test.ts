// SPDX-License-Identifier: EUPL-1.2
/**
 * forwardDelivery and mediateDelivery to receivers that fail in every way of osci-1.2 §9.7: the code fits, the card tells the truth, and
 * nothing is delivered twice.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { keysOf, openThreatHouse, type PassiveAct, type ThreatHouse } from './house.js'
import { openPassive, passiveAnswer, passiveFault, type PassiveAnswer } from './passive.js'
import { ask, errorsOf, fetchedId, issueId, RawDialog, type Bend, type Told } from './raw.js'

type Receiver = Parameters<ThreatHouse['receiver']>[0]

const with_ =
  (spec: PassiveAnswer): PassiveAct =>
  async (body, response) =>
    void response.end(await passiveAnswer(body, spec))
const raw =
  (bytes: Uint8Array | string, status = 200): PassiveAct =>
  (_body, response) =>
    void response.writeHead(status).end(bytes)

describe('the way on', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'quick')
  })
  after(() => house.close())

  async function bendFor(receiver: Receiver, messageId: string | undefined, addressee: 'town' | 'carol' | 'register'): Promise<Bend> {
    const parts = await alice.content({ document: randomBytes(20), addressee: (await keysOf(addressee)).cipher.certificate })
    return {
      order: { ...(messageId === undefined ? {} : { messageId }), subject: 'on', contentReceiver: { uri: house.receiver(receiver) } },
      parts,
    }
  }

  interface Sent {
    readonly messageId: string
    readonly told: Told
    readonly dialog: RawDialog
    /** Of the card: is there a Forwarding, a Reception. */
    readonly stamps: { readonly forwarding: boolean; readonly reception: boolean }
  }

  async function stampsOf(messageId: string): Promise<Sent['stamps']> {
    const dialog = await RawDialog.open(alice)
    const told = await dialog.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    await dialog.ask('exitDialog')
    const order = told.message?.order as { processCardBundles: { processCard: { forwarding?: unknown; reception?: unknown } }[] }
    const card = order.processCardBundles[0]?.processCard
    return { forwarding: card?.forwarding !== undefined, reception: card?.reception !== undefined }
  }

  async function send(
    name: 'forwardDelivery' | 'mediateDelivery',
    receiver: Receiver,
    addressee: 'town' | 'carol' | 'register' = 'town',
    bend: Bend = {},
  ): Promise<Sent> {
    const messageId = await issueId(alice)
    const dialog = await RawDialog.open(alice)
    const told = await dialog.ask(name, { ...(await bendFor(receiver, messageId, addressee)), ...bend })
    return { messageId, told, dialog, stamps: await stampsOf(messageId) }
  }

  /** Findings in the log line of the request. */
  const loggedOf = (messageId: string, name: string): readonly string[] =>
    house.lines
      .map((line) => JSON.parse(line) as { messageId?: string; messageType?: string; findings: readonly string[] })
      .find((line) => line.messageId === messageId && line.messageType === name)?.findings ?? []

  const FAILURES: readonly (readonly [
    what: string,
    codes: string,
    delivered: boolean,
    act: PassiveAct,
    logged: string | undefined,
    only?: 'forwardDelivery' | 'mediateDelivery',
  ])[] = [
    ['closes the connection', '9810', false, (_body, response) => void response.destroy(), 'client.connection'],
    ['answers garbage', '9810', false, raw('garbage'), 'mime.header-malformed'],
    ['answers nothing', '9810', false, raw(''), 'mime.header-malformed'],
    ['answers HTTP 500 with a page', '9810', false, raw('<html>no</html>', 500), 'client.http-status'],
    [
      'answers HTTP 302',
      '9810',
      false,
      (_b, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'client.http-status',
    ],
    ['answers another request', '9810', false, with_({ response: 'AAAA' }), 'client.answer-response'],
    ['signs wrongly', '9807', false, with_({ signer: 'broken' }), 'message-signature.value-mismatch'],
    ['is a stranger', '9807', false, with_({ signer: 'eve' }), 'client.answer-signer'],
    ['answers fault Client', '9805', false, raw(passiveFault('Client', '9300')), 'client.fault'],
    ['answers fault Server', '9808', false, raw(passiveFault('Server', '9000')), 'client.fault'],
    ['refuses', '9805', false, with_({ codes: ['9700'] }), undefined],
    ['fails', '9808', false, with_({ codes: ['9811'] }), undefined],
    ['says yes and no', '9810', false, with_({ codes: ['0800', '9700'] }), undefined],
    ['does not know', '9810', false, with_({ codes: ['9810', '9811'] }), undefined],
    ['answers without content', '9806', true, with_({}), undefined, 'mediateDelivery'],
    [
      'answers under another MessageId',
      '9801',
      true,
      with_({ content: 'reply', messageId: 'other' }),
      'gateway.reply-id',
      'mediateDelivery',
    ],
    ['answers under no MessageId', '9800', true, with_({ content: 'reply', messageId: undefined }), 'gateway.reply-id', 'mediateDelivery'],
  ]
  for (const name of ['forwardDelivery', 'mediateDelivery'] as const)
    for (const [what, code, delivered, act, logged, only] of FAILURES)
      if (only === undefined || only === name)
        it(`answers ${code} to ${name} when the passive recipient ${what}`, async () => {
          house.act = act
          const before = house.reached.length
          const { told, stamps, dialog, messageId } = await send(name, 'good')
          expect(errorsOf(told)).to.deep.equal([code])
          expect(told.message?.content).to.equal(undefined)
          expect(stamps).to.deep.equal({ forwarding: true, reception: delivered })
          expect(loggedOf(messageId, name)).to.deep.equal(['policy.small-key', ...(logged === undefined ? [] : [logged])])
          // sent once, and the id is used up
          expect(house.reached.length - before).to.equal(1)
          expect(errorsOf(await dialog.ask(name, await bendFor('good', messageId, 'town')))).to.deep.equal(['9801'])
          expect(house.reached.length - before).to.equal(1)
        })

  for (const name of ['forwardDelivery', 'mediateDelivery'] as const) {
    it(`answers 9809 to ${name} when nobody listens, and its card knows no Reception`, async () => {
      const { told, stamps } = await send(name, 'down')
      expect([errorsOf(told), stamps]).to.deep.equal([['9809'], { forwarding: true, reception: false }])
    })

    it(`answers ${name} with what the recipient said, and 3802, 3803 where that was less protected than the request`, async () => {
      const content = name === 'mediateDelivery' ? { content: 'reply' } : {}
      for (const [spec, warnings] of [
        [{}, []],
        [{ signer: 'nobody' }, ['3802']],
        [{ encrypted: false }, ['3803']],
        [{ signer: 'nobody', encrypted: false }, ['3802', '3803']],
      ] as const) {
        house.act = with_({ ...content, ...spec })
        const { told, stamps } = await send(name, 'good')
        expect(told.codes).to.deep.equal([...warnings, '0801'])
        expect(stamps).to.deep.equal({ forwarding: true, reception: true })
        expect(told.message?.content !== undefined).to.equal(name === 'mediateDelivery')
      }
    })
  }

  it('answers 9810 when the recipient hangs, and nothing of what it says later reaches anybody', async () => {
    let late: (() => void) | undefined
    const over = new Promise<void>((resolve) => {
      house.act = (body, response) => {
        late = () => void passiveAnswer(body, { content: 'late' }).then((bytes) => response.end(bytes, () => resolve()))
        response.once('close', () => resolve())
      }
    })
    const { told, stamps, messageId, dialog } = await send('mediateDelivery', 'good')
    expect([errorsOf(told), stamps]).to.deep.equal([['9810'], { forwarding: true, reception: false }])
    late?.()
    await over
    expect(await stampsOf(messageId)).to.deep.equal({ forwarding: true, reception: false })
    house.act = with_({ content: 'next' })
    expect((await dialog.ask('mediateDelivery', await bendFor('good', await issueId(alice), 'town'))).codes).to.deep.equal(['0801'])
  })

  it('stamps the Reception of the reply with the next request of the dialog, under the id that was issued for it', async () => {
    let reply = ''
    house.act = async (body, response) => {
      reply = ((await openPassive(body)).order as { messageIdResponse: string }).messageIdResponse
      response.end(await passiveAnswer(body, { content: 'reply' }))
    }
    const { told, dialog } = await send('mediateDelivery', 'good')
    expect(told.codes).to.deep.equal(['0801'])
    expect(await stampsOf(reply)).to.deep.equal({ forwarding: true, reception: false })
    await dialog.ask('exitDialog')
    expect(await stampsOf(reply)).to.deep.equal({ forwarding: true, reception: true })
  })

  it('hands a participant the sealed package, and its refusal (9805), absence (9809) and silence (9810) on', async () => {
    const register = await house.register()
    const stopped = new AbortController()
    let act: 'take' | 'refuse' = 'refuse'
    let taken = 0
    const loop = (async () => {
      for await (const request of register.requests('ags:99001000', { signal: stopped.signal })) {
        taken += 1
        if (act === 'refuse' && request.content.kind === 'request')
          await request.notice({ status: 'rejected', reasons: [{ code: 'X001', text: 'no' }] })
      }
    })().catch(() => undefined)
    const refused = await send('mediateDelivery', 'participant', 'register')
    expect(errorsOf(refused.told)).to.deep.equal(['9805'])
    expect(refused.stamps.reception).to.equal(false)
    act = 'take'
    const silent = await send('mediateDelivery', 'participant', 'register')
    expect(errorsOf(silent.told)).to.deep.equal(['9810'])
    const forwarded = await send('forwardDelivery', 'participant', 'register')
    expect([errorsOf(forwarded.told), forwarded.stamps]).to.deep.equal([[], { forwarding: true, reception: true }])
    stopped.abort()
    await loop
    const absent = await send('mediateDelivery', 'participant', 'register')
    expect([errorsOf(absent.told), absent.stamps.reception]).to.deep.equal([['9809'], false])
    expect(taken).to.equal(3)
  })

  describe('to an active recipient', () => {
    let carol: OsciConnection
    before(async () => (carol = await house.client('carol', 'quick')))

    it('answers 9809 when nobody comes, and hands nothing out afterwards', async () => {
      const { told, stamps, messageId } = await send('mediateDelivery', 'active', 'carol')
      expect([errorsOf(told), stamps]).to.deep.equal([['9809'], { forwarding: false, reception: false }])
      const dialog = await RawDialog.open(carol)
      expect(errorsOf(await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId } } }))).to.deep.equal(['9803'])
    })

    const comes = async (): Promise<{ dialog: RawDialog; id: string }> => {
      const dialog = await RawDialog.open(carol)
      for (;;) {
        const id = fetchedId(await dialog.ask('fetchDelivery'))
        if (id !== undefined) return { dialog, id }
      }
    }
    const answers = async (dialog: RawDialog, text: string, bend: Bend = {}): Promise<Told> => {
      const messageId = await issueId(carol)
      const parts = await carol.content({ document: new TextEncoder().encode(text), addressee: (await keysOf('alice')).cipher.certificate })
      return dialog.ask('storeDelivery', { order: { messageId }, parts: { ...parts, ...bend.parts } })
    }
    const textOf = async ({ message }: Told): Promise<string> => {
      if (!message) return ''
      const { containers } = await alice.openContent(message)
      const item = containers[0]?.items[0]
      return item && 'bytes' in item ? new TextDecoder().decode(item.bytes) : ''
    }

    it('brings the answer that its fetcher stores, confirmed by that very request', async () => {
      const sending = send('mediateDelivery', 'active', 'carol')
      const { dialog, id } = await comes()
      expect((await answers(dialog, 'here')).codes).to.deep.equal(['0801'])
      const { told, stamps, messageId } = await sending
      expect([told.codes, id, await textOf(told)]).to.deep.equal([['0801'], messageId, 'here'])
      expect(stamps).to.deep.equal({ forwarding: true, reception: true })
    })

    it('answers 9810 when it was fetched and not answered, or fetched and not acknowledged', async () => {
      const sending = send('mediateDelivery', 'active', 'carol')
      const { dialog } = await comes()
      await dialog.ask('exitDialog')
      const answered = await sending
      expect([errorsOf(answered.told), answered.stamps.reception]).to.deep.equal([['9810'], true])
      const again = send('forwardDelivery', 'active', 'carol')
      await comes()
      const silent = await again
      expect([errorsOf(silent.told), silent.stamps.reception]).to.deep.equal([['9810'], false])
    })

    it('never mixes two that wait at once: an answer that names no request goes to nobody', async () => {
      const both = [send('mediateDelivery', 'active', 'carol'), send('mediateDelivery', 'active', 'carol')]
      const first = await comes()
      const second = await first.dialog.ask('fetchDelivery')
      for (let got = fetchedId(second); got === undefined;) got = fetchedId(await first.dialog.ask('fetchDelivery'))
      // alice has no mailbox: without In-Reply-To nobody can tell whose it is
      expect(errorsOf(await answers(first.dialog, 'whose?'))).to.deep.equal(['9811'])
      for (const one of both) expect(errorsOf((await one).told)).to.deep.equal(['9810'])
    })

    it('lets nobody answer for it who only names its certificate', async () => {
      const sending = send('mediateDelivery', 'active', 'carol')
      const { dialog } = await comes()
      const bob = await house.client('bob', 'quick')
      const foreign = await RawDialog.open(bob)
      const parts = await bob.content({ document: randomBytes(9), addressee: (await keysOf('alice')).cipher.certificate })
      expect(errorsOf(await foreign.ask('storeDelivery', { order: { messageId: await issueId(bob) }, parts }))).to.deep.equal(['9811'])
      const named = await carol.content({ document: randomBytes(9), addressee: (await keysOf('alice')).cipher.certificate })
      const alone = await ask(carol, 'storeDelivery', { order: { messageId: await issueId(carol) }, parts: named })
      expect(errorsOf(alone)).to.deep.equal(['9811'])
      expect(errorsOf(await answers(dialog, 'mine'))).to.deep.equal([])
      expect(await textOf((await sending).told)).to.equal('mine')
    })
  })
})
