// SPDX-License-Identifier: EUPL-1.2
/**
 * Our OSCI client, the same rows against two intermediaries: the Java library's mock and our own. Passive recipients stand behind them.
 * The peer lies outside the repository; without it everything here is skipped, visibly.
 * @module
 */
import { expect } from 'chai'
import { OsciCallError } from '../../src/client/osci/ports.js'
import { clientMatrix, DOCUMENT } from './client-matrix.js'
import { openIntermediaryHouse, type IntermediaryHouse } from './intermediary-house.js'
import { openPki, needsPeer, startPeer, type PeerServer } from './java.js'
import { startRecorder, type Recorder } from './recording.js'
import { judgeBySchema, parseByLibrary, problemsOf, someOfEach } from './responses.js'

describe('OSCI client', function () {
  this.timeout(240_000)
  let pki: Awaited<ReturnType<typeof openPki>> | undefined
  let recipient: PeerServer | undefined
  const keys = () => {
    if (!pki) throw new Error('before() has not run')
    return pki
  }

  before(async function () {
    await needsPeer(this)
    pki = await openPki('protektor-osci-client-')
    recipient = await startPeer('passive', '--pki', pki.directory, '--answer', 'prefix', '--quiet')
  })
  after(async () => {
    recipient?.child.kill()
    await pki?.remove()
  })

  describe('and the mock intermediary of the Java library', () => {
    let mock: PeerServer | undefined
    let unsigning: PeerServer | undefined

    before(async () => {
      ;[mock, unsigning] = await Promise.all([
        startPeer('intermediary', '--pki', keys().directory, '--quiet'),
        startPeer('intermediary', '--pki', keys().directory, '--no-sign-response', '--quiet'),
      ])
    })
    after(() => {
      for (const server of [mock, unsigning]) server?.child.kill()
    })

    const { connect, newId, addressee, saw } = clientMatrix('our client × Java mock intermediary (library 2.4.1)', () => ({
      pki: keys(),
      url: () => mock?.url ?? '',
      receivers: { java: recipient?.url ?? '' },
      keepsFetched: true,
    }))

    it('a refusal of the peer is feedback, with warnings beside it; its fault is an error with code and side', async () => {
      const osci = await connect()
      const parts = await osci.content({ document: DOCUMENT, addressee: await addressee() })
      const warned = await osci.storeDelivery({ messageId: await newId(osci), subject: 'fb:3707,0800' }, parts)
      expect(warned.feedback).to.deep.include({ ok: true, warnings: ['3707'], errors: [] })
      const refused = await osci.storeDelivery({ messageId: await newId(osci), subject: 'fb:3701,9707' }, parts)
      expect(refused.feedback).to.deep.include({ ok: false, warnings: ['3701'], errors: ['9707'] })
      const fault = await osci.storeDelivery({ messageId: await newId(osci), subject: 'fault:9000' }, parts).catch((e: unknown) => e)
      expect(fault).to.be.instanceOf(OsciCallError)
      expect(fault).to.deep.include({ stage: 'fault', origin: 'peer', feedback: '9000', faultSide: 'Server' })
      saw('feedback, fault', '3707 0800 | 3701 9707 | fault 9000', 'as sent')
    })

    it('an unsigned answer to a signed request is answered wrongly, and taken where it is optional', async () => {
      const url = unsigning?.url ?? ''
      const strict = await (await connect({ url })).getMessageId({}).catch((e: unknown) => e)
      expect(strict).to.deep.include({ stage: 'answered-wrongly', origin: 'local', feedback: '9600' })
      saw('unsigned answers', 'required', 'answered-wrongly 9600')
      const lenient = await connect({ url, options: { answerSignature: 'optional' } })
      saw('unsigned answers', 'optional', (await lenient.getMessageId({})).feedback)
    })
  })

  describe('and our own intermediary', () => {
    let house: IntermediaryHouse | undefined
    let recorder: Recorder | undefined

    before(async () => {
      house = await openIntermediaryHouse(keys().directory, recipient?.url)
      recorder = await startRecorder(house.gateway.public.url)
    })
    after(async () => {
      recorder?.close()
      await house?.close()
    })

    clientMatrix('our client × our intermediary', () => ({
      pki: keys(),
      url: ({ encrypted, signed }) => `${recorder?.url ?? ''}/osci/intermediary/${encrypted && signed ? 'strict' : 'open'}`,
      receivers: { ours: house?.recipient ?? '', java: `${recipient?.url ?? ''}/passive` },
      keepsFetched: false,
    }))

    it('wrote nothing but what both schema sets accept', async () => {
      const responses = (recorder?.exchanges ?? []).map((e) => e.response)
      const { counts, ours, official, closed } = await judgeBySchema(responses, keys().directory)
      process.stdout.write(`      ${responses.length} responses, envelopes: ${JSON.stringify(counts)}\n`)
      expect({ ours, official, closed }).to.deep.equal({ ours: [], official: [], closed: 0 })
    })

    it("wrote nothing but what the library's parser reads", async () => {
      const responses = (recorder?.exchanges ?? []).map((e) => e.response)
      const verdicts = await parseByLibrary(someOfEach(responses, keys().directory, 8), keys().directory)
      expect(problemsOf(verdicts)).to.deep.equal([])
    })
  })
})
