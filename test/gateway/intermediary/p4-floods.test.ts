// SPDX-License-Identifier: EUPL-1.2
/**
 * P4: the table of dialogs is bounded per client and in total. A flood costs its own dialogs first, those that nobody has used before
 * those that somebody has, and never one that holds a delivery.
 * @module
 */
import { expect } from 'chai'
import { randomBytes, type X509Certificate } from 'node:crypto'
import { DialogError } from '../../../src/errors.js'
import { dialogTable, type DialogClient, type Dialogs } from '../../../src/gateway/intermediary/dialogs.js'
import { FakeTime } from '../../core/fake-time.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { ask, build, errorsOf, fetchedId, post, RawDialog, store } from './raw.js'

const client = (signerSha256: string | undefined, cipherSha256 = 'c'): DialogClient => ({
  peer: {} as DialogClient['peer'],
  cipher: {} as X509Certificate,
  cipherSha256,
  ...(signerSha256 === undefined ? {} : { signerSha256 }),
  encrypted: true,
})

describe('the table of dialogs', () => {
  let time: FakeTime
  let dialogs: Dialogs
  beforeEach(() => {
    time = new FakeTime()
    const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
    dialogs = dialogTable({ idleSeconds: 900, maxDialogs: 10, maxPerClient: 4 }, time, random, time.startTimer)
  })

  type Opened = ReturnType<Dialogs['open']>
  /** The next request of a dialog that was opened; says its code. */
  const go = async (
    { dialog, challenge }: Opened,
    sequenceNumber = 0,
    work: () => Promise<void> = () => Promise.resolve(),
  ): Promise<string> =>
    dialogs
      .next(
        { conversationId: dialog.conversationId, response: challenge, challenge: 'x', sequenceNumber },
        () => undefined,
        async () => work().then(() => 'ok'),
      )
      .catch((error: unknown) => (error instanceof DialogError ? error.feedback : String(error)))
  const code = (open: () => unknown): string => {
    try {
      open()
      return 'ok'
    } catch (error) {
      return (error as { codes?: readonly string[] }).codes?.join() ?? String(error)
    }
  }

  it('P4 lets a flood, or a replayed initDialog, cost dialogs that nobody has used', async () => {
    const used = dialogs.open(client('alice'))
    expect(await go(used)).to.equal('ok')
    for (let n = 0; n < 1000; n++) dialogs.open(client('alice'))
    expect(dialogs.size).to.equal(4)
    expect(await go(used, 0)).to.equal('9400')
  })

  it('P4 ends a silent dialog where no other request comes either, gives back what it holds, and leaves no timer', async () => {
    const ended: string[] = []
    const held = (name: string) => {
      const { dialog } = dialogs.open(client(name))
      dialog.pending.add({ confirm: () => Promise.resolve(), giveBack: () => Promise.resolve(void ended.push(name)) })
    }
    held('alice')
    time.pass(600_000)
    held('bob')
    time.pass(299_000)
    expect([dialogs.size, ended]).to.deep.equal([2, []])
    time.pass(2000)
    expect([dialogs.size, ended]).to.deep.equal([1, ['alice']])
    time.pass(600_000)
    expect([dialogs.size, ended, time.timers]).to.deep.equal([0, ['alice', 'bob'], 0])
    held('carol')
    await dialogs.closeAll()
    expect([ended.at(-1), time.timers]).to.deep.equal(['carol', 0])
  })

  it('P4 keeps the used dialog of a client whose initDialog is replayed a thousand times', async () => {
    const used = dialogs.open(client('alice'))
    let challenge = ''
    await dialogs.next(
      { conversationId: used.dialog.conversationId, response: used.challenge, challenge: 'x', sequenceNumber: 0 },
      () => undefined,
      (_dialog, next) => Promise.resolve(void (challenge = next)),
    )
    for (let n = 0; n < 1000; n++) dialogs.open(client('alice'))
    expect(await go({ dialog: used.dialog, challenge }, 1)).to.equal('ok')
  })

  it('P4 counts by who signed: naming the certificate of another costs the other nothing', async () => {
    const victim = dialogs.open(client('alice', 'alice-cipher'))
    for (let n = 0; n < 100; n++) dialogs.open(client('eve', 'alice-cipher'))
    for (let n = 0; n < 100; n++) dialogs.open(client('eve', `made-up-${n}`))
    expect(dialogs.size).to.equal(5)
    expect(await go(victim)).to.equal('ok')
  })

  it('P4 refuses (9811) when all are fresh, and makes room only by those that rested', async () => {
    const first = dialogs.open(client('a0'))
    for (let n = 1; n < 10; n++) dialogs.open(client(`a${n}`))
    expect(code(() => dialogs.open(client('new')))).to.equal('9811')
    expect(dialogs.size).to.equal(10)
    time.pass(59_000)
    expect(await go(first)).to.equal('ok')
    time.pass(1_000)
    expect(code(() => dialogs.open(client('new')))).to.equal('ok')
    // the oldest went, and it was not the one that was just used
    expect(dialogs.size).to.equal(10)
  })

  it('P4 never ends a dialog that is busy or holds a delivery', async () => {
    const held = dialogs.open(client('alice'))
    let gaveBack = 0
    held.dialog.pending.add({ confirm: () => Promise.resolve(), giveBack: () => Promise.resolve(void (gaveBack += 1)) })
    let finish: () => void = () => undefined
    const busy = dialogs.open(client('alice'))
    const running = go(busy, 0, () => new Promise((resolve) => (finish = resolve)))
    await new Promise((resolve) => setImmediate(resolve))
    for (let n = 0; n < 50; n++) dialogs.open(client('alice'))
    time.pass(899_000)
    dialogs.sweep()
    expect(gaveBack).to.equal(0)
    finish()
    expect(await running).to.equal('ok')
    expect(await go(held)).to.equal('ok')
    time.pass(901_000)
    dialogs.sweep()
    expect([gaveBack, dialogs.size]).to.deep.equal([1, 0])
    expect(await go(held, 1)).to.equal('9400')
  })

  it('P2 does not let a wrong request lengthen the life of a dialog, or wait behind one that lasts', async () => {
    const opened = dialogs.open(client('alice'))
    time.pass(600_000)
    expect(await go({ dialog: opened.dialog, challenge: 'wrong' })).to.equal('9400')
    time.pass(301_000)
    expect(await go(opened)).to.equal('9400')
    const lasting = dialogs.open(client('alice'))
    let finish: () => void = () => undefined
    const running = go(lasting, 0, () => new Promise((resolve) => (finish = resolve)))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await Promise.all(Array.from({ length: 100 }, () => go(lasting, 0)))).to.deep.equal(Array.from({ length: 100 }, () => '9400'))
    finish()
    expect(await running).to.equal('ok')
  })
})

describe('floods of the intermediary', () => {
  let house: ThreatHouse
  before(async () => (house = await openThreatHouse()))
  after(() => house.close())

  it('P4 caps dialogs per client and in total; others are served, deliveries stay', async () => {
    const [alice, bob, carol] = [
      await house.client('alice', 'small'),
      await house.client('bob', 'small'),
      await house.client('carol', 'small'),
    ]
    const messageId = await store(alice, await keysOf('bob'))
    const holder = await RawDialog.open(bob)
    expect(fetchedId(await holder.ask('fetchDelivery'))).to.equal(messageId)
    // the same bytes again and again: a replayed initDialog
    const init = await build(alice, 'initDialog', undefined)
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await post(alice.peer.url, init)).status))
    expect(new Set(statuses)).to.deep.equal(new Set([200]))
    const own = await RawDialog.open(alice)
    expect(errorsOf(await own.ask('getMessageId'))).to.deep.equal([])
    // three of alice, one of bob: the fifth place is carol's, the sixth nobody's
    const last = await RawDialog.open(carol)
    expect(errorsOf(await ask(carol, 'initDialog'))).to.deep.equal(['9811'])
    expect(errorsOf(await last.ask('getMessageId'))).to.deep.equal([])
    expect((await ask(carol, 'getMessageId')).codes).to.deep.equal(['0800'])
    expect((await holder.ask('exitDialog')).codes).to.deep.equal(['0800'])
    expect(errorsOf(await ask(carol, 'initDialog'))).to.deep.equal([])
  })
})
