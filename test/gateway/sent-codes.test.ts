// SPDX-License-Identifier: EUPL-1.2
/**
 * The column `sentBy` of the feedback codes is true: every code that a role is said to send is seen from that role in a test, our own failures
 * among them, and no test sees another.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import type { OsciConnection } from '../../src/client/osci/connect.js'
import { FEEDBACK, feedbackRow, type SendingRole } from '../../src/osci/feedback.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './intermediary/house.js'
import { ask, build, delivery, issueId, post, tell, type Bend, type Told } from './intermediary/raw.js'

/** Where each code is seen, by test file; what stands under `here` is seen below. */
const SEEN: Readonly<Record<SendingRole, Readonly<Record<string, string>>>> = {
  intermediary: {
    'intermediary/codes': `0800 0801 3500 3501 3700 3701 3702 3703 3704 3705 3706 3707 3708 3801 3802 3803 9501 9502 9700 9701 9704 9705 9706
      9707 9708 9709 9711 9712 9801 9804 9805 9808 9809 9810 9811 9950`,
    'intermediary/mailbox': '3800 9601 9800 9803',
    'intermediary/onward': '9806 9807',
    'intermediary/p2-dialogs': '9400',
    'intermediary/p3-roles': '9200 9202 9300 9500 9600 9802',
    'intermediary/p8-chunks': '9900 9901 9902 9903 9904 9905',
    'intermediary/slow-chunks': '3951 3952',
    here: '9000 9100 9503 9602 9603 9710',
  },
  passiveRecipient: {
    recipient: '0800 3700 9200 9300 9600 9601 9805 9810',
    'recipient-codes': '3500 9809 9811',
    http: '9202',
    'answer-key': '9500',
    here: '9000 9100 9400 9602 9603',
  },
}
const ROLES = Object.keys(SEEN) as SendingRole[]

describe('codes that our roles send', () => {
  for (const role of ROLES)
    it(`are those that the table tells of the ${role}, each in a test`, () => {
      const told = FEEDBACK.filter(({ sentBy }) => sentBy.includes(role)).map(({ code }) => code)
      expect(
        Object.values(SEEN[role])
          .flatMap((codes) => codes.split(/\s+/))
          .sort(),
      ).to.deep.equal(told)
      for (const [file, codes] of Object.entries(SEEN[role])) {
        if (file === 'here') continue
        const text = readFileSync(new URL(`./${file}.test.ts`, import.meta.url), 'utf8')
        for (const code of codes.split(/\s+/)) expect(text, `${file} ${code}`).to.contain(code)
      }
    })

  describe('at running addresses', () => {
    let house: ThreatHouse
    const from: Partial<Record<SendingRole, OsciConnection>> = {}
    before(async () => {
      house = await openThreatHouse()
      const [town, im] = [await keysOf('town'), await keysOf('im')]
      from.intermediary = await house.client('alice', 'strict')
      from.passiveRecipient = await house.client('im', 'recipient', {
        keys: { cipher: im.cipher, signature: im.signature },
        intermediary: { cipherCertificate: town.cipher.certificate, signatureCertificates: [town.signature.certificate] },
      })
    })
    after(() => house.close())

    const caller = (role: SendingRole): OsciConnection => {
      const connection = from[role]
      if (!connection) throw new TypeError(role)
      return connection
    }
    /** The shortest request that the role serves; `change` is done to its bytes. */
    async function request(role: SendingRole, bend: Bend = {}, change = (bytes: Uint8Array): Uint8Array => bytes): Promise<Told> {
      const connection = caller(role)
      const isIntermediary = role === 'intermediary'
      const { parts } = isIntermediary ? {} : await delivery(connection, await keysOf('town'), undefined)
      const whole = isIntermediary ? bend : { order: {}, ...bend, parts: { ...parts, ...bend.parts } }
      const bytes = await build(connection, isIntermediary ? 'getMessageId' : 'processDelivery', undefined, whole)
      return tell(connection, await post(connection.peer.url, change(bytes)))
    }
    const said = ({ kind, status, codes }: Told): unknown => [kind, status, codes]

    /** Reading of a property that fails once. */
    async function failingOnce<T>(object: object, property: string, work: () => Promise<T>): Promise<T> {
      const before = Object.getOwnPropertyDescriptor(object, property)
      if (!before) throw new TypeError(property)
      const restore = () => Object.defineProperty(object, property, before)
      Object.defineProperty(object, property, {
        configurable: true,
        enumerable: true,
        get() {
          restore()
          throw new RangeError('broken')
        },
      })
      return work().finally(restore)
    }

    for (const role of ROLES) {
      it(`9000 as fault of the server where something fails before the order is known: ${role}`, async () => {
        const told = await failingOnce(house.gateway.inside.ports.env, 'limits', () => request(role))
        expect(said(told)).to.deep.equal(['fault', 200, ['9000']])
        expect(told.texts).to.deep.equal([feedbackRow('9000')?.de])
        expect(Buffer.from(told.bytes).toString()).to.contain('soap:Server')
      })

      it(`9100 to what is no message: ${role}`, async () => {
        const told = await tell(caller(role), await post(caller(role).peer.url, new TextEncoder().encode('garbage')))
        expect(said(told)).to.deep.equal(['fault', 200, ['9100']])
        expect(Buffer.from(told.bytes).toString()).to.contain('soap:Client')
      })

      it(`9602 to a header block that the signature does not cover: ${role}`, async () => {
        const block = '<x:y xmlns:x="urn:x" Id="added"></x:y></soap:Header>'
        const added = (bytes: Uint8Array): Uint8Array =>
          Buffer.from(Buffer.from(bytes).toString('latin1').replace('</soap:Header>', block), 'latin1')
        const told = await request(role, { sealing: ({ sign }) => (sign ? { sign } : {}) }, added)
        expect(said(told)).to.deep.equal(['answer', 200, ['9602']])
      })

      it(`9603 where checking the signature fails by itself: ${role}`, async () => {
        const told = await failingOnce(house.gateway.inside.ports.algorithms, 'signature', () => request(role))
        expect(said(told)).to.deep.equal(['answer', 200, ['9603']])
      })
    }

    it('9400 to a delivery that names a dialog: passiveRecipient', async () => {
      expect(said(await request('passiveRecipient', { control: { conversationId: '1' } }))).to.deep.equal(['fault', 200, ['9400']])
    })

    it('9503, 9710 where inspecting a certificate fails by itself', async () => {
      const { clock } = house.gateway.inside.ports
      const { now } = clock
      /** The nth moment that the role asks for is none. */
      const withoutMoment = async (nth: number, work: () => Promise<Told>): Promise<Told> => {
        let calls = 0
        Object.assign(clock, { now: () => (++calls === nth ? new Date(NaN) : now()) })
        return work().finally(() => Object.assign(clock, { now }))
      }
      expect(said(await withoutMoment(1, () => request('intermediary')))).to.deep.equal(['fault', 200, ['9503']])
      const alice = caller('intermediary')
      const bend = await delivery(alice, await keysOf('bob'), await issueId(alice))
      expect(said(await withoutMoment(3, () => ask(alice, 'storeDelivery', bend)))).to.deep.equal(['answer', 200, ['9710']])
    })
  })

  it('travel with HTTP 500 as faults where soap.faultStatus says so, with 200 in feedback, and our client reads both', async () => {
    const strict = await openThreatHouse({ more: 'soap: { faultStatus: 500 }\n' })
    try {
      const alice = await strict.client('alice', 'strict')
      for (const endpoint of ['strict', 'recipient'] as const) {
        const { status, bytes } = await post(strict.endpoint(endpoint), new TextEncoder().encode('garbage'))
        expect([status, (await tell(alice, { status, bytes })).codes], endpoint).to.deep.equal([500, ['9100']])
      }
      const unsigned = await ask(alice, 'getMessageId', { sealing: ({ encryptFor }) => (encryptFor ? { encryptFor } : {}) })
      expect([unsigned.status, unsigned.codes]).to.deep.equal([200, ['9600']])
      const bob = (await keysOf('bob')).cipher.certificate
      const foreign = await strict.client('alice', 'strict', { intermediary: { cipherCertificate: bob, signatureCertificates: [bob] } })
      const error: unknown = await foreign.getMessageId({}).catch((cause: unknown) => cause)
      expect(error).to.include({ stage: 'fault', feedback: '9200' })
    } finally {
      await strict.close()
    }
  })
})
