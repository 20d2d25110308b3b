// SPDX-License-Identifier: EUPL-1.2
/**
 * Every fault of the table, done once on each leg where it can be: between our client and our intermediary, and between our intermediary
 * and our recipient. The party that must see it does, and names it as its row says.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../src/client/osci/caller.js'
import { chunkContent, kilobytesOf } from '../../src/client/osci/chunks.js'
import { deliveryParts } from '../../src/client/osci/content.js'
import { OsciCallError, type OsciAnswer, type OsciRequestParts } from '../../src/client/osci/ports.js'
import { osciHttp, type OsciHttpConnections } from '../../src/client/osci/transport.js'
import { oneOf } from '../../src/conformance/clause.js'
import { readTold, type Station } from '../../src/conformance/driver.js'
import type { Where } from '../../src/conformance/deviation.js'
import { FAULTS, type Fault } from '../../src/conformance/faults.js'
import { listen, type Listener } from '../../src/conformance/listener.js'
import { readProfile } from '../../src/cli/conformance/profile-file.js'
import { Proxy, type Passed } from '../../src/conformance/proxy.js'
import { stationOf } from '../../src/conformance/setup.js'
import { Legs } from '../../src/conformance/wire.js'
import { messageType, REQUEST_NAMES, type RequestName } from '../../src/osci/messages.js'
import { openConformanceHouse, type ConformanceHouse, type KeyName } from './house.js'

const MAX_BYTES = 256 * 1024
/** In the order in which they are cheap. */
const CLIENT_LEG = [
  ['getMessageId', false],
  ['getMessageId', true],
  ['initDialog', false],
  ['storeDelivery', false],
  ['fetchProcessCard', true],
  ['partialStoreDelivery', false],
  ['mediateDelivery', true],
] as const satisfies readonly (readonly [RequestName, boolean])[]
const RECIPIENT_LEG = [
  ['acceptDelivery', 'forwardDelivery'],
  ['processDelivery', 'mediateDelivery'],
] as const

const whereOf = (name: RequestName, inDialog: boolean): Where => {
  const type = messageType(name)
  if (!type) throw new TypeError(name)
  return { type, inDialog, signed: true, encrypted: true }
}

interface Leg {
  readonly listener: Listener
  fault: Fault | undefined
  /** The exchange that the fault is meant for. */
  name: RequestName | undefined
  readonly passed: Passed[]
}

describe('faults', function () {
  this.timeout(60_000)
  let house: ConformanceHouse
  let http: OsciHttpConnections
  let client: Leg
  let recipient: Leg
  let station: Station

  async function legTo(target: () => string, ...names: readonly KeyName[]): Promise<Leg> {
    const passed: Passed[] = []
    const set: Pick<Leg, 'fault' | 'name'> = { fault: undefined, name: undefined }
    let proxy: Promise<Proxy> | undefined
    const open = async (): Promise<Proxy> =>
      new Proxy({
        http,
        hand: (await house.keys(...names)).hand,
        legs: new Legs(() => Promise.resolve()),
        target,
        timeoutMs: 10_000,
        maxBytes: MAX_BYTES,
        faultFor: (where) => (where?.type.name === set.name ? set.fault : undefined),
        passed: (exchange) => void passed.push(exchange),
      })
    const listener = await listen({ host: '127.0.0.1', port: 0, maxBytes: 1 << 26 }, async (incoming) =>
      (await (proxy ??= open())).answer(incoming),
    )
    return Object.assign(set, { listener, passed })
  }

  before(async () => {
    http = osciHttp()
    recipient = await legTo(() => house.recipient, 'im-cipher', 'im-signature', 'im-expired', 'town-cipher', 'town-signature')
    client = await legTo(() => house.intermediary, 'user-cipher', 'user-signature', 'user-expired', 'im-cipher', 'im-signature')
    house = await openConformanceHouse(`${recipient.listener.url}/recipient`)
    station = stationOf({
      url: client.listener.url,
      role: 'originator',
      keys: await house.keys('user-cipher', 'user-signature'),
      profile: readProfile('p', 'name: p\ncertificates: { signature: [ x ] }'),
      certificates: { cipher: house.pairs['im-cipher'].certificate, signature: [house.pairs['im-signature'].certificate] },
      http,
      legs: new Legs(() => Promise.resolve()),
    })
  })
  after(async () => {
    await client.listener.close()
    await recipient.listener.close()
    http.close()
    await house.close()
  })

  const peer = () => ({ ...station.peer, maxAnswerBytes: MAX_BYTES, timeoutMs: 5000 })
  let spare: string | undefined

  async function newId(): Promise<string> {
    const { message } = await oscCaller(http).call('getMessageId', {}, {}, station.identity, peer())
    return message.order.messageId ?? ''
  }

  async function partsFor(name: RequestName): Promise<readonly [object, OsciRequestParts]> {
    if (name === 'getMessageId' || name === 'initDialog' || name === 'fetchProcessCard') return [{}, {}]
    const { identity } = station
    const addressee = (/^(forward|mediate)/.test(name) ? house.pairs['town-cipher'] : house.pairs['user-cipher']).certificate
    // not by chance: what begins with `<` is judged as XML
    const parts = await deliveryParts({ document: Buffer.from('no XML'), addressee }, identity, station.peer)
    const messageId = (spare ??= await newId())
    if (name !== 'partialStoreDelivery')
      return [
        {
          messageId,
          subject: 'x',
          ...(name === 'storeDelivery' ? {} : { contentReceiver: { uri: `${recipient.listener.url}/recipient` } }),
        },
        parts,
      ]
    const bytes = identity.env.random(2048)
    const chunkInformation = {
      chunkNumber: 1,
      chunkSizeKilobytes: 2,
      totalChunkNumbers: 3,
      totalMessageSizeKilobytes: kilobytesOf(3 * 2048),
    }
    return [
      { messageId: `${messageId}_Partial`, chunkInformation },
      { ...(await chunkContent(bytes, identity.env)), certificates: parts.certificates },
    ]
  }

  /** Codes of class 9, warnings or what went wrong: whatever the client sees. */
  async function call(name: RequestName, inDialog: boolean, timeoutMs = 5000): Promise<OsciAnswer<RequestName> | OsciCallError> {
    const [order, parts] = await partsFor(name)
    const caller = oscCaller(http)
    const to = { ...peer(), timeoutMs }
    try {
      if (name === 'initDialog') {
        await caller.openDialog(station.identity, to)
        throw new Error('the dialog was opened')
      }
      if (!inDialog) return await caller.call(name, order, parts, station.identity, to)
      const dialog = await caller.openDialog(station.identity, to)
      await dialog.send('fetchProcessCard', {})
      return await dialog.send(name, order, parts)
    } catch (error) {
      if (error instanceof OsciCallError) return error
      throw error
    } finally {
      if (/Delivery$/.test(name)) spare = undefined
    }
  }

  const seenBy = (came: OsciAnswer<RequestName> | OsciCallError): { finding: string; codes: readonly string[] } =>
    came instanceof OsciCallError
      ? { finding: came.finding, codes: came.feedback === undefined ? [] : [came.feedback] }
      : { finding: 'client.refused', codes: came.feedback.entries.map(({ code }) => code) }

  /** An earlier answer of the same and of another kind is there for faults that give one again. */
  async function warmUp(): Promise<void> {
    await call('getMessageId', false)
    await call('storeDelivery', false)
  }

  it('are at least forty, each with a name of its own and something that must answer it', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).to.equal(FAULTS.length)
    expect(FAULTS.length).to.be.greaterThan(40)
    for (const fault of FAULTS) expect((fault.codes?.length ?? 0) > 0 || fault.seen !== undefined, fault.name).to.equal(true)
  })

  it('can each be met by some exchange, of the two legs that are tried here', () => {
    const met = ({ fits }: Fault, legs: readonly (readonly [RequestName, boolean])[]) => legs.some((leg) => fits(whereOf(...leg)))
    const every = REQUEST_NAMES.flatMap((name) => [[name, false], [name, true]] as const)
    const tried = [...CLIENT_LEG, ...RECIPIENT_LEG.map(([name]) => [name, false] as const)]
    for (const legs of [every, tried]) expect(FAULTS.filter((fault) => !met(fault, legs)).map(({ name }) => name)).to.deep.equal([])
  }) // prettier-ignore

  describe('between our client and our intermediary', () => {
    before(warmUp)
    for (const fault of FAULTS) {
      const found = CLIENT_LEG.find(([name, inDialog]) => fault.fits(whereOf(name, inDialog)))
      if (!found) continue
      const [name, inDialog] = found
      it(`${fault.name} in ${name}${inDialog ? ' in a dialog' : ''} is ${fault.seen ? `${fault.seen.finding} ${fault.seen.code ?? ''}` : (fault.codes ?? []).join(' or ')}`, async () => {
        await partsFor(name)
        client.passed.length = 0
        const before = house.lines.length
        Object.assign(client, { fault, name })
        const came = await call(name, inDialog, fault.name === 'answer.late' ? 400 : 5000).finally(() => Object.assign(client, { fault: undefined }))
        const seen = seenBy(came)
        expect(client.passed.map(({ undone }) => undone).filter((why) => why !== undefined)).to.deep.equal([])
        if (fault.seen) {
          expect(seen.finding, JSON.stringify(seen)).to.equal(fault.seen.finding)
          if (fault.seen.code !== undefined) expect(seen.codes).to.include(fault.seen.code)
          return
        }
        const answer = client.passed.find((one) => one.fault)?.answer
        const { tokens } = answer ? await readTold(answer, station.identity.env) : { tokens: ['nothing'] }
        expect(oneOf(fault.codes ?? [], tokens).outcome, tokens.join(', ')).to.equal('passed')
        if (fault.finding !== undefined && fault.codes?.[0] !== '3700')
          expect(house.lines.slice(before).join(''), 'findings in the log').to.contain(`"${fault.finding}"`)
      }) // prettier-ignore
    }
  })

  describe('between our intermediary and our recipient', () => {
    before(async () => {
      await call('forwardDelivery', false)
      await call('mediateDelivery', true)
    })
    // all that only this leg has; of the others one for each layer and code
    const met = new Set<string>()
    for (const fault of FAULTS) {
      const kind = [fault.layer, fault.direction, fault.onward, fault.codes].join(' ')
      if (met.has(kind) && CLIENT_LEG.some(([name, inDialog]) => fault.fits(whereOf(name, inDialog)))) continue
      met.add(kind)
      const found = RECIPIENT_LEG.find(([name]) => fault.fits(whereOf(name, false)))
      if (!found) continue
      const [name, by] = found
      it(`${fault.name} in ${name} is ${fault.onward ?? (fault.codes ?? []).join(' or ')}`, async () => {
        recipient.passed.length = 0
        Object.assign(recipient, { fault, name })
        const came = await call(by, by === 'mediateDelivery').finally(() => Object.assign(recipient, { fault: undefined }))
        const seen = seenBy(came)
        expect(recipient.passed.map(({ undone }) => undone).filter((why) => why !== undefined)).to.deep.equal([])
        expect(recipient.passed.filter((one) => one.fault).length).to.equal(1)
        if (fault.onward !== undefined) {
          expect(seen.codes, JSON.stringify(seen)).to.include(fault.onward)
          return
        }
        const answer = recipient.passed.find((one) => one.fault)?.answer
        const { env } = await house.keys('im-cipher')
        const { tokens } = answer ? await readTold(answer, env) : { tokens: ['nothing'] }
        expect(oneOf(fault.codes ?? [], tokens).outcome, tokens.join(', ')).to.equal('passed')
      }) // prettier-ignore
    }
  })
})
