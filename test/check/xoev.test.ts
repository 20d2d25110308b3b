// SPDX-License-Identifier: EUPL-1.2
/**
 * XÖV in the check: a document on its own, and as the content of a delivery.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CheckContext } from '../../src/check/types.js'
import { readSchemaDirectory } from '../../src/config/schema-files.js'
import { generateEnvelopeKey, importOpeningKey, importSigningKey, trustedSenders } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import type { EnvelopeContent } from '../../src/envelope/types.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import type { ContentSpec } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciMessage } from '../../src/osci/types.js'
import { CodeListStore } from '../../src/xoev/codelists.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { startValidator, type SchemaSource, type SchemaValidator } from '../../src/xml/schema.js'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { envWith, parties, RSA_PSS_SHA256, SHA256 } from '../osci/env.js'
import { check, contextWith, ids, osciValidator } from './support.js'

const STANDARD = fileURLToPath(new URL('../../schemas/xprotektor/1.0/', import.meta.url))
const example = (name: string): Buffer => readFileSync(`${STANDARD}beispiele/gueltig/${name}.xml`)
type EnvelopeKey = Awaited<ReturnType<typeof generateEnvelopeKey>>
const request = example('meldebescheinigung.anfrage.1000.erweitert')
const changed = (edit: (text: string) => string): Buffer => Buffer.from(edit(request.toString('utf8')), 'utf8')

describe('check of XÖV', () => {
  let context: CheckContext
  const open: SchemaValidator[] = []
  before(async () => {
    const osciSchema = await osciValidator()
    const files = await readSchemaDirectory(STANDARD)
    const running = new Map<SchemaSource, Promise<SchemaValidator>>()
    const validatorFor = async (source: SchemaSource): Promise<SchemaValidator> => {
      const one = running.get(source) ?? startValidator(source, { workers: 1, startWorker: (url, options) => new Worker(url, options) })
      running.set(source, one)
      open.push(await one)
      return one
    }
    open.push(osciSchema)
    context = {
      ...(await contextWith(osciSchema)),
      xoev: { schemas: schemaSets([files]), codeLists: CodeListStore.from([files]), validatorFor },
    }
  })
  after(() => Promise.all(open.map((one) => one.close())))

  /** A signed delivery with these contents. */
  async function delivery(...contents: readonly ContentSpec[]): Promise<Uint8Array> {
    const { signer } = await parties()
    const env = envWith()
    const { content, attachments } = await sealContent([{ id: 'container0', contents }], env)
    const message: OsciMessage<'processDelivery'> = {
      type: 'processDelivery',
      control: { challenge: 'abc' },
      languages: ['de'],
      order: {},
      intermediaryCertificates: [certificateEntry('SignatureCertificateIntermediary', signer.certificate)],
      custom: [],
      content,
      attachments,
      evidence: {},
      remarks: [],
    }
    return osci.seal(message, {
      ...env,
      sealing: { sign: { signer: signer.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 } },
    })
  }

  it('a document of a known standard is judged', async () => {
    const result = await check(request, context)
    expect(result).to.include({ verdict: 'valid', kind: 'xoev', messageType: 'meldebescheinigung.anfrage.1000' })
    expect(result.xoev).to.include({ version: '1.0', messageType: 'meldebescheinigung.anfrage.1000', verdict: 'valid' })
    expect(result.layers).to.include({ xml: 'valid', 'xoev-schema': 'valid', 'xoev-head': 'valid' })
  })

  it('a schema violation names the place and the rejection code X001', async () => {
    const result = await check(
      changed((t) => t.replace('</xp:identifikation>', '<xp:zuviel/></xp:identifikation>')),
      context,
    )
    expect(result).to.include({ verdict: 'invalid', kind: 'xoev' })
    const finding = result.findings.find((f) => f.id === 'xoev-schema.invalid')
    expect(finding).to.include({ layer: 'xoev-schema', rule: 'invalid', rueckweisung: 'X001', content: null })
    expect(finding?.xpath).to.match(/xp:zuviel$/)
    expect(finding?.line).to.be.greaterThan(1)
    expect(await check(request, context)).to.include({ verdict: 'valid' })
  })

  it('an unknown standard is unchecked, V000', async () => {
    const result = await check(Buffer.from('<n:brief xmlns:n="urn:nobody"/>'), context)
    expect(result).to.include({ verdict: 'unchecked', kind: 'xoev', messageType: 'brief' })
    expect(result.findings[0]).to.include({ id: 'xoev-schema.unknown-standard', rueckweisung: 'V000', detail: 'urn:nobody' })
    const [bare] = (await check(Buffer.from('<brief/>'), context)).findings
    expect(bare?.detail).to.equal('no namespace')
  })

  it('a validator that gives no verdict makes the check fail, and says nothing against the document', async () => {
    const validatorFor = (): Promise<SchemaValidator> => Promise.reject(new Error('no memory'))
    const result = await check(request, {
      ...context,
      xoev: { schemas: schemaSets([await readSchemaDirectory(STANDARD)]), codeLists: new CodeListStore(), validatorFor },
    })
    expect(result.verdict).to.equal('error')
    expect(ids(result, 'error')).to.deep.equal([])
  })

  it('content of a delivery is judged, by id', async () => {
    const good = await check(await delivery({ kind: 'data', id: 'content0', bytes: request }), context)
    expect(good.verdict).to.equal('valid')
    expect(good.contents[0]?.xoev).to.include({ messageType: 'meldebescheinigung.anfrage.1000', verdict: 'valid' })
    const bad = await check(
      await delivery(
        { kind: 'data', id: 'content0', bytes: request },
        {
          kind: 'data',
          id: 'content1',
          bytes: changed((t) => t.replace('xp:identifikation>', 'xp:identifikaton>').replace('/xp:identifikation>', '/xp:identifikaton>')),
        },
      ),
      context,
    )
    expect(bad.verdict).to.equal('invalid')
    expect(bad.contents.map((c) => c.xoev?.verdict)).to.deep.equal(['valid', 'invalid'])
    expect(bad.findings.filter((f) => f.id === 'xoev-schema.invalid').map((f) => f.content))
      .to.include('content1')
      .and.not.include('content0')
  })

  it('text, web pages and attachments of other types are no XÖV', async () => {
    const result = await check(
      await delivery(
        { kind: 'data', id: 'content0', bytes: Buffer.from('plain words') },
        { kind: 'data', id: 'content1', bytes: Buffer.from('<!DOCTYPE html><html><p>words') },
        { kind: 'attachment', id: 'a', name: 'a.svg', bytes: Buffer.from('<svg><broken>'), contentType: 'application/octet-stream' },
      ),
      context,
    )
    expect(result.contents.map((c) => c.xoev)).to.deep.equal([null, null, null])
    expect(result.verdict).to.equal('valid')
  })

  it('X3 UTF-16 is refused as what it is, on its own and as content', async () => {
    const utf16 = (bytes: Buffer, mark: readonly number[]): Buffer => Buffer.concat([Buffer.from(mark), bytes])
    const little = Buffer.from(request.toString('utf8'), 'utf16le')
    const forms = [utf16(little, [0xff, 0xfe]), utf16(Buffer.from(little).swap16(), [0xfe, 0xff]), little]
    for (const bytes of forms) {
      const alone = await check(bytes, context)
      expect([alone.verdict, ids(alone, 'error')]).to.deep.equal(['invalid', ['xml.encoding']])
      const inside = await check(await delivery({ kind: 'data', id: 'content0', bytes }), context)
      expect(inside.verdict).to.equal('invalid')
      expect(inside.findings.find(({ id }) => id === 'xml.encoding')).to.include({ content: 'content0' })
      expect(inside.contents[0]?.xoev).to.include({ verdict: 'invalid' })
    }
  })

  it('without schema sets content is never valid, and what is not well-formed is invalid', async () => {
    const { xoev: _sets, ...bare } = context
    const judged = async (bytes: Buffer) => check(await delivery({ kind: 'data', id: 'content0', bytes }), bare)
    const good = await judged(request)
    expect([good.verdict, good.layers['xoev-schema'], ids(good, 'error')]).to.deep.equal(['unchecked', 'unchecked', []])
    expect((await judged(Buffer.from('<a><b></a>'))).verdict).to.equal('invalid')
    expect((await judged(Buffer.from('plain words'))).verdict).to.equal('valid')
  })

  describe('in a protector envelope', () => {
    let enc: EnvelopeKey
    let sig: EnvelopeKey
    before(async () => {
      enc = await generateEnvelopeKey('enc')
      sig = await generateEnvelopeKey('sig')
    })
    const opening = async (opened: string[] = []): Promise<CheckContext> => ({
      ...context,
      envelopes: {
        recipient: [await importOpeningKey(enc.privateJwk)],
        sender: trustedSenders([{ id: 'portal-1', jwks: [sig.publicJwk] }]),
      },
      opened: ({ content }) => void opened.push(content ?? ''),
    })
    const envelope = async (parts: EnvelopeContent['parts']): Promise<Uint8Array> =>
      sealEnvelope(
        {
          header: { id: '0123456789abcdef0123456789abcdef', to: 'ags:99001000', ttlSeconds: 10 },
          kind: 'message',
          sender: 'portal-1',
          createdAt: '2026-11-23T09:15:30.123Z',
          parts,
        },
        { recipient: enc.publicJwk, sender: await importSigningKey(sig.privateJwk) },
        (bytes) => new Uint8Array(randomBytes(bytes)),
      )
    const broken = changed((t) => t.replace('</xp:identifikation>', '<xp:zuviel/></xp:identifikation>'))

    for (const [what, part, verdict, found] of [
      ['a document is judged', { mediaType: 'application/xml', role: 'document', bytes: request }, 'valid', []],
      [
        'a document is judged whatever follows its type',
        { mediaType: 'application/xml; charset=utf-8', role: 'document', bytes: broken },
        'invalid',
        ['xoev-schema.invalid'],
      ],
      [
        'a document of another type that is XML all the same is judged',
        { mediaType: 'application/octet-stream', role: 'document', bytes: broken },
        'invalid',
        ['xoev-schema.invalid'],
      ],
      [
        'a document that says XML and is none is unchecked',
        { mediaType: 'text/xml', role: 'document', bytes: Buffer.from('words') },
        'unchecked',
        ['xoev-schema.not-xml'],
      ],
      [
        'an attachment is judged by its type',
        { mediaType: 'application/xml', role: 'attachment', bytes: broken },
        'invalid',
        ['xoev-schema.invalid'],
      ],
      ['a part of ours is no XÖV', { mediaType: 'application/json', role: 'reading', bytes: Buffer.from('{}') }, 'valid', []],
    ] as const)
      it(what, async () => {
        const opened: string[] = []
        const result = await check(await envelope([{ name: 'content0', ...part }]), await opening(opened))
        expect(result.verdict).to.equal(verdict)
        expect(ids(result)).to.include.members([...found])
        expect(opened).to.deep.equal(['content0'])
      })

    it('without schema sets a document is never valid', async () => {
      const { xoev: _sets, ...bare } = await opening()
      const bytes = await envelope([{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: request }])
      expect(await check(bytes, bare)).to.include({ verdict: 'unchecked' })
    })
  })

  it('X1 a document type in content is an error of that content; the next message is judged', async () => {
    const result = await check(
      await delivery({ kind: 'data', id: 'content0', bytes: Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>') }),
      context,
    )
    expect(result.verdict).to.equal('invalid')
    expect(result.findings.find((f) => f.id === 'xml.doctype')).to.include({ content: 'content0' })
    expect((await check(await delivery({ kind: 'data', id: 'content0', bytes: request }), context)).verdict).to.equal('valid')
  })
})
