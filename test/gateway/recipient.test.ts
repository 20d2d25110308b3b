// SPDX-License-Identifier: EUPL-1.2
/**
 * The recipient role against the Decisions of the product, over real sockets: one sentence of the table, one test.
 * @module
 */
import { expect } from 'chai'
import type { Client } from '../../src/client/client.js'
import type { Received } from '../../src/client/received.js'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { buildDelivery, readAnswer } from '../../src/cli/compose/demo-request.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { until } from '../until.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House, type HouseOptions } from './support.js'

const text = (bytes: Uint8Array | undefined): string => (bytes ? new TextDecoder().decode(bytes) : '')
const DEFAULT = `    defaultMailbox: '${DEMO_REGISTER}'`
/** For tests that wait for a deadline. */
const FAST = `${DEFAULT}\n    takeWithinSeconds: 2\n    answerWithinSeconds: 4`
const PASS = `${DEFAULT}\n    unknownContent: pass`
const FAST_PASS = `${FAST}\n    unknownContent: pass`

describe('passive recipient', function () {
  this.timeout(30_000)
  let house: House | undefined
  const open = async (options: HouseOptions = {}): Promise<House> => (house = await openHouse({ endpointOptions: DEFAULT, ...options }))

  afterEach(async () => {
    await house?.close()
    house = undefined
  })
  after(removeDirectories)

  /** The next valid message still works. */
  const stillWorks = async (h: House): Promise<void> => {
    const { codes, document } = await h.ride()
    expect(codes).to.deep.equal(['0800'])
    expect(text(document)).to.equal('echo')
  }

  describe('answers', () => {
    it('0800 with the result document, signed, encrypted, roles swapped', async () => {
      const h = await open()
      let seen: Received | undefined
      await h.serve(async (r) => {
        seen = r
        await echo(r)
      })
      const document = certificateRequest()
      const { message, content, document: result } = await h.ride({ document, messageId: 'm-1', challenge: 'YWJj', subject: 'S' })
      expect(text(result)).to.equal('echo')
      expect(Buffer.from(seen?.document ?? [])).to.deep.equal(Buffer.from(document))
      expect(seen?.content.xoev?.verdict).to.equal('valid')
      expect(seen?.content.osci?.authors?.map((a) => a.verdict)).to.deep.equal(['valid'])
      expect(message?.control).to.deep.equal({ response: 'YWJj' })
      expect(message?.order.messageId).to.equal('answer-m-1')
      expect(message?.order.subject).to.equal('S')
      expect(message?.timestamps?.length).to.equal(2)
      expect(message?.evidence.transport?.encryptedTo.raw.equals(h.demo.keys['intermediary-cipher'].certificate.raw)).to.equal(true)
      expect(message?.evidence.signature?.role).to.equal('SignatureCertificateOriginator')
      expect(message?.evidence.signature?.signer.raw.equals(h.demo.keys['town-signature'].certificate.raw)).to.equal(true)
      const [container] = content?.containers ?? []
      expect(container?.id).to.equal('container0')
      expect(container?.encryption?.reader.raw.equals(h.demo.keys['portal-cipher'].certificate.raw)).to.equal(true)
      expect(
        container?.authors.map((a) => [a.verdict, a.certificate?.raw.equals(h.demo.keys['town-author'].certificate.raw)]),
      ).to.deep.equal([['valid', true]])
      expect(container?.items.map((i) => i.id)).to.deep.equal(['content0'])
      expect(content?.problems).to.deep.equal([])
      // an intermediary copies them to the asker, whose library refuses SignatureCertificateAddressee there (trap T50)
      expect(message?.certificates?.map((c) => c.role)).to.deep.equal([
        'CipherCertificateOriginator',
        'CipherCertificateAddressee',
        'SignatureCertificateOriginator',
        'SignatureCertificateOtherAuthor',
      ])
    })

    it('attachments both ways, exact to the byte', async () => {
      const h = await open()
      const bytes = new Uint8Array(5000).map((_, i) => i % 251)
      let got: Uint8Array | undefined
      await h.serve(async (r) => {
        got = r.content.parts.find((p) => p.role === 'attachment')?.bytes
        const parts = [
          { name: 'content0', mediaType: 'text/plain', role: 'document' as const, bytes: new TextEncoder().encode('with') },
          { name: 'a.bin', mediaType: 'application/octet-stream', role: 'attachment' as const, bytes },
        ]
        await r.result({ parts })
      })
      const { content } = await h.ride({ attachments: [{ name: 'in.bin', bytes }] })
      expect(Buffer.from(got ?? [])).to.deep.equal(Buffer.from(bytes))
      const back = content?.containers[0]?.items.find((i) => i.kind === 'attachment')
      expect(Buffer.from(back?.bytes ?? [])).to.deep.equal(Buffer.from(bytes))
    })

    it('in 16-byte vectors to whom writes 16-byte vectors', async () => {
      const h = await open()
      await h.serve(echo)
      const { message, content } = await h.ride({ ivBytes: 16 })
      expect(message?.evidence.transport?.ivBytes).to.equal(16)
      expect(content?.containers[0]?.encryption?.ivBytes).to.equal(16)
    })

    it('acceptDelivery with 0800 when the register has taken it', async () => {
      const h = await open()
      let taken = 0
      await h.serve(async () => Promise.resolve(void taken++))
      const { codes, message } = await h.ride({ type: 'acceptDelivery' })
      expect(codes).to.deep.equal(['0800'])
      await until(() => taken === 1)
      expect(message?.evidence.signature?.role).to.equal('SignatureCertificateAddressee')
    })
  })

  describe('tells "nothing was processed" from "unknown"', () => {
    it('9809+9811 when nobody takes it in time, and it is gone', async () => {
      const h = await open({ endpointOptions: FAST })
      expect((await h.ride()).codes).to.deep.equal(['9809', '9811'])
      expect((await h.ride({ type: 'acceptDelivery' })).codes).to.deep.equal(['9809', '9811'])
      const client = await h.register()
      expect(await client.take(DEMO_REGISTER, { waitSeconds: 0 })).to.equal(undefined)
      await h.serve(echo)
      await stillWorks(h)
    })

    it('9810+9811 when it was taken and no answer came; a late answer is refused', async () => {
      const h = await open({ endpointOptions: FAST })
      let late: Received | undefined
      await h.serve(async (r) => Promise.resolve(void (late ??= r)))
      expect((await h.ride()).codes).to.deep.equal(['9810', '9811'])
      await late?.result({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: new Uint8Array([1]) }] })
      await until(() => h.lines.some((l) => l.includes('late-reply-refused')))
    })

    it('9810+9811 when the reply does not belong to the request, which is never delivered', async () => {
      const h = await open({ endpointOptions: FAST })
      const others: Received[] = []
      // every reply goes to the mailbox of the request before: sealed for the same key, naming another request
      await h.serve(async (r) => {
        others.push(r)
        const before = others.at(-2)
        if (before) await forge(await h.register(), before, r)
      })
      const first = h.ride()
      const second = h.ride()
      expect((await Promise.all([first, second])).map((a) => a.codes)).to.deep.equal([
        ['9810', '9811'],
        ['9810', '9811'],
      ])
      expect(h.lines.some((l) => l.includes('reply-refused'))).to.equal(true)
    })

    it('9805+9811 when the notice rejects without document, and the text names the XÖV code', async () => {
      const h = await open({ endpointOptions: PASS })
      await h.serve(async (r) => r.notice({ status: 'rejected', reasons: [{ code: 'T070' }] }))
      const { codes, texts } = await h.ride({ document: new TextEncoder().encode('plain text') })
      expect(codes).to.deep.equal(['9805', '9811'])
      expect(texts[0]).to.contain('T070')
    })

    it('0800 with the document of a rejecting notice', async () => {
      const h = await open({ endpointOptions: PASS })
      await h.serve(async (r) =>
        r.notice({
          status: 'rejected',
          parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: new TextEncoder().encode('no') }],
        }),
      )
      const { codes, document } = await h.ride({ document: new TextEncoder().encode('plain text') })
      expect(codes).to.deep.equal(['0800'])
      expect(text(document)).to.equal('no')
    })

    it('0800 with an accepting notice that has a document, when no result follows in time', async () => {
      const h = await open({ endpointOptions: FAST_PASS })
      await h.serve(async (r) =>
        r.notice({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: new TextEncoder().encode('yes') }] }),
      )
      const { codes, document } = await h.ride({ document: new TextEncoder().encode('plain text') })
      expect(codes).to.deep.equal(['0800'])
      expect(text(document)).to.equal('yes')
    })

    it('0800 with document 0010 when the register rejects an XProtektor request', async () => {
      const h = await open()
      await h.serve(async (r) => r.notice({ status: 'rejected', reasons: [{ code: 'T070' }] }))
      const { codes, document } = await h.ride()
      expect(codes).to.deep.equal(['0800'])
      expect(text(document)).to.contain('administration.rueckweisung.0010').and.to.contain('T070')
    })
  })

  describe('refuses before anything is put', () => {
    const taken: Received[] = []
    const openServed = async (options: HouseOptions = {}): Promise<House> => {
      taken.length = 0
      const h = await open(options)
      await h.serve(async (r) => {
        taken.push(r)
        await echo(r)
      })
      return h
    }
    const nothingCame = async (h: House): Promise<void> => {
      expect(taken).to.deep.equal([])
      await stillWorks(h)
      expect(taken.length).to.equal(1)
    }

    it('X001: not schema-valid, 0800 with 0010 in processDelivery, 9805+9811 in acceptDelivery', async () => {
      const h = await openServed()
      const document = new TextEncoder().encode(
        text(certificateRequest()).replace(/<xp:vornamen>.*?<\/xp:vornamen>|<vornamen>.*?<\/vornamen>/s, ''),
      )
      const process = await h.ride({ document })
      expect(process.codes).to.deep.equal(['0800'])
      expect(text(process.document)).to.contain('X001')
      const accept = await h.ride({ type: 'acceptDelivery', document })
      expect(accept.codes).to.deep.equal(['9805', '9811'])
      expect(accept.texts[0]).to.contain('X001')
      await nothingCame(h)
    })

    it('V000: unknown standard is "version not supported", 9805+9811', async () => {
      const h = await openServed()
      const { codes, texts } = await h.ride({ document: new TextEncoder().encode('<a xmlns="urn:nobody"/>') })
      expect(codes).to.deep.equal(['9805', '9811'])
      expect(texts[0]).to.contain('V000')
      await nothingCame(h)
    })

    it('T020: content for a reader whose key is not here, 9805+9811', async () => {
      const h = await openServed()
      const { codes, texts } = await h.ride({ reader: h.demo.keys['portal-cipher'] })
      expect(codes).to.deep.equal(['9805', '9811'])
      expect(texts[0]).to.contain('T020')
      await nothingCame(h)
    })

    it('empty content and several containers, 9805+9811', async () => {
      const h = await openServed()
      const data = (id: string) => ({ kind: 'data' as const, id, bytes: certificateRequest() })
      const several = [
        { id: 'container0', contents: [data('content0')] },
        { id: 'container1', contents: [data('content1')] },
      ]
      expect((await h.ride({ containers: several })).codes).to.deep.equal(['9805', '9811'])
      expect(
        (await h.ride({ containers: [{ id: 'container0', contents: [{ kind: 'data', id: 'content0', bytes: new Uint8Array(0) }] }] }))
          .codes,
      ).to.deep.equal(['9805', '9811'])
      await nothingCame(h)
    })

    it('no certificate for the answer, 9805+9811', async () => {
      const h = await openServed()
      expect((await h.ride({ originatorCipher: false })).codes).to.deep.equal(['9805', '9811'])
      await nothingCame(h)
    })

    it('an addressee that no route knows, 9805+9811 or 0010', async () => {
      const h = await openServed({
        endpointOptions: `    routes: [ { kennung: 'ags:99001000', mailbox: '${DEMO_REGISTER}' } ]`,
      })
      const { codes, document } = await h.ride({ document: certificateRequest({ leser: 'ags:99002000' }) })
      expect(codes).to.deep.equal(['0800'])
      expect(text(document)).to.contain('T080')
      expect((await h.ride({ type: 'acceptDelivery', document: certificateRequest({ leser: 'ags:99002000' }) })).codes).to.deep.equal([
        '9805',
        '9811',
      ])
      await nothingCame(h)
    })

    it('G12 9600 unsigned where signatures are required', async () => {
      const h = await openServed()
      const { codes, message } = await h.ride({ signMessage: false })
      expect(codes).to.deep.equal(['9600'])
      expect(message?.evidence.signature).to.equal(undefined)
      await nothingCame(h)
    })

    it('G12 9811 in clear where encryption is required', async () => {
      const h = await openServed()
      expect((await h.ride({ encryptTransport: false })).codes).to.deep.equal(['9811'])
      await nothingCame(h)
    })

    it('G9 9601 an unknown signer, even of the same name', async () => {
      const h = await openServed()
      const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2030-01-01') }
      const signer = await issueCertificate({ commonName: 'Protektor Demo intermediary-signature', usage: 'signature', ...dates })
      expect((await h.ride({ signer })).codes).to.deep.equal(['9601'])
      await nothingCame(h)
    })

    it('P3 a message of another role with 9300, garbage with 9100, a foreign key with 9200', async () => {
      const h = await openServed()
      const answer = await h.post(await buildDelivery({ document: certificateRequest() }, h.demo.keys))
      const response = new Uint8Array(await answer.arrayBuffer())
      taken.length = 0
      const read = async (r: Response) => (await readAnswer(new Uint8Array(await r.arrayBuffer()), h.demo.keys)).codes
      // our own answer, sent as a request: encrypted for somebody else
      expect(await read(await h.post(response))).to.deep.equal(['9200'])
      const plainAnswer = await h.ride({ encryptTransport: false, signMessage: false })
      expect(plainAnswer.codes).to.deep.equal(['9600'])
      expect(await read(await h.post(new TextEncoder().encode('garbage')))).to.deep.equal(['9100'])
      // no failure of ours: whoever watches for those is not called
      const ends = h.lines
        .map((line) => JSON.parse(line) as { event: string; outcome?: string })
        .filter(({ event }) => event === 'delivery')
      expect(ends.slice(-3).map(({ outcome }) => outcome)).to.deep.equal(['denied', 'denied', 'denied'])
      await nothingCame(h)
    })

    it('P3 responseTo… and client requests as request with 9300', async () => {
      const h = await openServed({ peerOptions: '    signed: optional\n    encrypted: optional' })
      const raw = await h.post(
        await buildDelivery({ type: 'acceptDelivery', document: certificateRequest(), encryptTransport: false }, h.demo.keys),
      )
      const response = new Uint8Array(await raw.arrayBuffer())
      await until(() => taken.length === 1)
      taken.length = 0
      const again = await readAnswer(new Uint8Array(await (await h.post(response)).arrayBuffer()), h.demo.keys)
      expect(again.fault?.osciCode).to.equal('9300')
      await nothingCame(h)
    })
  })

  describe('optional layers', () => {
    it('serves unsigned and clear requests where the peer may send them, and answers in kind', async () => {
      const h = await open({ peerOptions: '    signed: optional\n    encrypted: optional' })
      await h.serve(echo)
      const unsigned = await h.ride({ signMessage: false, encryptTransport: false, encryptContent: false, signContent: false })
      expect(unsigned.codes).to.deep.equal(['0800'])
      expect(unsigned.message?.evidence.signature).to.equal(undefined)
      expect(unsigned.message?.evidence.transport).to.equal(undefined)
      expect(text(unsigned.document)).to.equal('echo')
      const signed = await h.ride({ encryptTransport: false })
      expect(signed.message?.evidence.signature?.role).to.equal('SignatureCertificateOriginator')
    })

    it('takes an unsigned request in clear for the peer that may send one, whoever stands before it in the list', async () => {
      const plain = '  - { name: plain, signed: optional, encrypted: optional }'
      const h = await open({
        peerOptions: `    signed: optional\n    encrypted: required\n${plain}`,
        endpointPeers: 'intermediary-1, plain',
      })
      await h.serve(echo)
      const inClear = { signMessage: false, encryptTransport: false, encryptContent: false, signContent: false }
      expect((await h.ride(inClear)).codes).to.deep.equal(['0800'])
      // signed, it is somebody else's, who may not
      expect((await h.ride({ ...inClear, signMessage: true })).codes).to.deep.equal(['9811'])
    })
  })

  describe('a mailbox with lease and confirm', () => {
    const leased = { mailboxOptions: 'ttlSeconds: 10, handover: lease-and-confirm, leaseSeconds: 1' }

    it('acceptDelivery gets 0800 only when the register has confirmed', async () => {
      const h = await open(leased)
      await h.serve((r) => r.confirm())
      expect((await h.ride({ type: 'acceptDelivery' })).codes).to.deep.equal(['0800'])
    })

    it('9805+9811 with the code when the register gives it back unprocessed; 0010 in processDelivery', async () => {
      const h = await open(leased)
      await h.serve((r) => r.refuse('T070'))
      const accept = await h.ride({ type: 'acceptDelivery' })
      expect(accept.codes).to.deep.equal(['9805', '9811'])
      expect(accept.texts[0]).to.contain('T070')
      const process = await h.ride()
      expect(process.codes).to.deep.equal(['0800'])
      expect(text(process.document)).to.contain('T070')
    })

    it('never 0800 when it was taken and not confirmed', async () => {
      const h = await open({ ...leased, endpointOptions: FAST })
      await h.serve(async () => Promise.resolve())
      const { codes } = await h.ride({ type: 'acceptDelivery' })
      expect(['9809 9811', '9810 9811']).to.include(codes.join(' '))
    })
  })

  describe("a peer's wishes", () => {
    it('verdict first where the peer looks at the first entry only', async () => {
      const h = await open({ endpointOptions: FAST, peerOptions: '    signed: required\n    encrypted: required\n    verdictFirst: true' })
      expect((await h.ride()).codes).to.deep.equal(['9811', '9809'])
    })

    it('the signature algorithm that the peer asks for', async () => {
      const h = await open({ peerOptions: '    signed: required\n    encrypted: required\n    sending: { signature: rsa-sha512 }' })
      await h.serve(echo)
      const { message, content } = await h.ride()
      expect(message?.evidence.signature?.algorithm).to.equal('http://www.w3.org/2001/04/xmldsig-more#rsa-sha512')
      expect(content?.containers[0]?.authors[0]?.algorithm).to.equal('http://www.w3.org/2001/04/xmldsig-more#rsa-sha512')
    })

    it('9100 for another schemaLocation, unless the peer is allowed it', async () => {
      for (const [tolerate, expected] of [
        ['', '9100'],
        ['\n    tolerate: [ osci-structure.schema-location ]', '0800'],
      ] as const) {
        const h = await open({ peerOptions: `    signed: required\n    encrypted: optional${tolerate}` })
        await h.serve(echo)
        const bytes = Buffer.from(await buildDelivery({ document: certificateRequest(), encryptTransport: false }, h.demo.keys)).toString(
          'latin1',
        )
        const changed = Buffer.from(bytes.replace('soapProcessDelivery.xsd', 'soapStoreDelivery.xsd'), 'latin1')
        const reply = new Uint8Array(await (await h.post(changed)).arrayBuffer())
        expect((await readAnswer(reply, h.demo.keys)).codes).to.deep.equal([expected])
        await h.close()
      }
      house = undefined
    })

    it('an id that is no finding is a configuration error: it would tolerate nothing', async () => {
      const peerOptions = '    signed: required\n    tolerate: [ osci-structure.schema-location, osci-structure.schema-lokation ]'
      const refused = String(await open({ peerOptions }).catch((error: unknown) => error))
      expect(refused).to.contain('peers[0].tolerate[1]').and.to.not.contain('tolerate[0]')
    })

    it('3700 beside 0800 when the signer has expired', async () => {
      const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }
      const signer = await issueCertificate({ commonName: 'expired', usage: 'signature', ...dates })
      const h = await open({
        peerOptions: '    signed: required\n    encrypted: required\n  - { name: pinned, signatureCertificates: [ keys/expired.pem ] }',
        files: { 'keys/expired.pem': signer.certificate.toString() },
        endpointPeers: 'intermediary-1, pinned',
      })
      await h.serve(echo)
      expect((await h.ride({ signer })).codes).to.deep.equal(['3700', '0800'])
    })

    it('G9 a signer under a root is known only where the root stands for intermediaries', async () => {
      for (const [role, expected] of [
        ['intermediary', '0800'],
        ['user', '9601'],
      ] as const) {
        const h = await open({
          peerOptions: `    signed: required\n    encrypted: required\n  - { name: by-root, roots: [ keys/ca.pem ], role: ${role} }`,
          endpointPeers: 'by-root',
        })
        await h.serve(echo)
        expect((await h.ride()).codes).to.deep.equal([expected])
        await h.close()
      }
      house = undefined
    })
  })

  describe('repeats', () => {
    it('P1 the same bytes again, also fifty at a time: one delivery', async () => {
      const h = await open()
      let taken = 0
      await h.serve(async (r) => {
        taken++
        await echo(r)
      })
      const bytes = await buildDelivery({ document: certificateRequest() }, h.demo.keys)
      const codes = await Promise.all(
        Array.from({ length: 50 }, async () =>
          (await readAnswer(new Uint8Array(await (await h.post(bytes)).arrayBuffer()), h.demo.keys)).codes.join(' '),
        ),
      )
      expect(codes.filter((c) => c === '0800').length).to.equal(1)
      expect(codes.filter((c) => c === '9810 9811').length).to.equal(49)
      expect(taken).to.equal(1)
      await stillWorks(h)
    })

    it('P1 acceptDelivery again: 0800 again, one delivery, also after a restart', async () => {
      const h = await open()
      let taken = 0
      await h.serve(async () => Promise.resolve(void taken++))
      const bytes = await buildDelivery({ type: 'acceptDelivery', document: certificateRequest() }, h.demo.keys)
      const send = async (to: House) => (await readAnswer(new Uint8Array(await (await to.post(bytes)).arrayBuffer()), to.demo.keys)).codes
      expect(await Promise.all([send(h), send(h), send(h)])).to.deep.equal([['0800'], ['0800'], ['0800']])
      await until(() => taken > 0)
      expect((await send(h)).concat(String(taken))).to.deep.equal(['0800', '1'])
      await h.close()
      const again = await open({ directory: h.demo.directory })
      expect(await send(again)).to.deep.equal(['0800'])
    })

    it('S100 the same nachrichtenUUID in another message', async () => {
      const h = await open()
      await h.serve(echo)
      const uuid = '0b6a0f5e-6f0e-4a34-9a3c-0c5a4b1d2e3f'
      expect((await h.ride({ document: certificateRequest({ uuid }) })).codes).to.deep.equal(['0800'])
      const { document } = await h.ride({ document: certificateRequest({ uuid: uuid.toUpperCase() }) })
      expect(text(document)).to.contain('S100')
    })

    it('S100 not for xdomea, where the messages of one process bear the same ProzessID', async () => {
      const h = await open({ endpointOptions: PASS })
      await h.serve(echo)
      const step = (number: string): Uint8Array =>
        new TextEncoder().encode(
          `<x:Aussonderung.${number} xmlns:x="urn:xoev-de:xdomea:schema:3.0.0"><x:Kopf><x:ProzessID>0b6a0f5e-6f0e-4a34-9a3c-0c5a4b1d2e3f</x:ProzessID></x:Kopf></x:Aussonderung.${number}>`,
        )
      for (const number of ['0501', '0503']) expect(text((await h.ride({ document: step(number) })).document), number).to.equal('echo')
    })
  })

  it('serves a document again in another message where nobody had taken the first, and refuses it once it was delivered', async () => {
    const h = await open({ endpointOptions: FAST })
    const document = certificateRequest()
    const send = (messageId: string) => h.ride({ document, messageId, type: 'acceptDelivery' })
    expect((await send('first')).codes).to.deep.equal(['9809', '9811'])
    await h.serve(echo)
    expect((await send('second')).codes).to.deep.equal(['0800'])
    expect((await send('third')).codes).to.deep.equal(['9805', '9811'])
  })

  describe('blind mode', () => {
    it('hands the sealed package over unopened, and wraps the sealed answer unopened', async () => {
      const h = await open({ mode: 'blind' })
      let seen: Received | undefined
      await h.serve(async (r) => {
        seen = r
        // the register sends the very package back: sealed content and its certificates
        const own = r.content.parts.filter((p) => p.role === 'osci' || p.role === 'evidence')
        await r.result({ parts: own.map((p) => (p.name === 'certificates' ? { ...p, bytes: asAuthor(p.bytes) } : p)) })
      })
      const { codes, content } = await h.ride({ reader: h.demo.keys['portal-cipher'] })
      expect(codes).to.deep.equal(['0800'])
      expect(seen?.content.osci?.mode).to.equal('blind')
      expect(seen?.content.parts.map((p) => [p.role, p.mediaType])).to.deep.equal([
        ['osci', 'application/osci+xml'],
        ['evidence', 'application/json'],
      ])
      expect(text(seen?.content.parts[0]?.bytes)).to.contain('EncryptedData').and.not.to.contain('Base64Content')
      expect(content?.problems).to.deep.equal([])
      expect(content?.containers[0]?.authors.map((a) => a.verdict)).to.deep.equal(['valid'])
      expect(text(content?.containers[0]?.items[0]?.bytes)).to.contain('meldebescheinigung.anfrage.1000')
    })

    it('passes on no document that the register did not seal itself: 9810+9811, whatever may come in clear', async () => {
      for (const requireSealedContent of [true, false]) {
        const options = `    defaultMailbox: '${DEMO_REGISTER}'\n    requireSealedContent: ${requireSealedContent}`
        const h = await open({ mode: 'blind', endpointOptions: options })
        await h.serve(echo)
        const { codes, content } = await h.ride({ reader: h.demo.keys['portal-cipher'] })
        expect([codes, content]).to.deep.equal([['9810', '9811'], undefined])
        expect(h.lines.findLast((line) => line.includes('"delivery"'))).to.contain('policy.reply-package')
      }
    })

    it('refuses content in clear with 9805+9811', async () => {
      const h = await open({ mode: 'blind' })
      await h.serve(echo)
      expect((await h.ride({ encryptContent: false })).codes).to.deep.equal(['9805', '9811'])
    })
  })
})

/** The signer of sealed content is an author of the answer, not the sender of its message. */
function asAuthor(certificates: Uint8Array): Uint8Array {
  const entries = JSON.parse(text(certificates)) as { role: string }[]
  const mine = entries.map((e) => (e.role === 'SignatureCertificateOriginator' ? { ...e, role: 'SignatureCertificateOtherAuthor' } : e))
  return new TextEncoder().encode(JSON.stringify(mine.filter((e) => e.role !== 'CipherCertificateOriginator')))
}

/** Answers `other`, but into the reply mailbox of `target`: what a confused or hostile register would send. */
/** Answers `other` into the reply mailbox of `target`. */
async function forge(client: Client, target: Received, other: Received): Promise<void> {
  const { replyTo } = target.content
  const { replyKey } = other.content
  if (replyTo === undefined || replyKey === undefined) throw new Error('both wait for an answer')
  const answering = client.answering({ id: other.id, replyTo, replyKey })
  await answering.result({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: new Uint8Array([1]) }] })
}
