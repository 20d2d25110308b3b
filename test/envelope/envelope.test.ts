// SPDX-License-Identifier: EUPL-1.2
import Ajv2020Module from 'ajv/dist/2020.js'
import { expect } from 'chai'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CryptoKey, JWK } from 'jose'
import { base64url, CompactEncrypt, CompactSign, exportJWK, FlattenedEncrypt, generateKeyPair } from 'jose'
import { ENVELOPE_LIMITS, FRAME_BYTES, readContainer, sizeClass, writeContainer } from '../../src/envelope/container.js'
import { EnvelopeError } from '../../src/envelope/errors.js'
import { FINDINGS_ENVELOPE } from '../../src/envelope/findings.js'
import { readHeader, readOuterHeader } from '../../src/envelope/header.js'
import type { OpeningKey, SigningKey } from '../../src/envelope/keys.js'
import {
  generateEnvelopeKey,
  importOpeningKey,
  importSealingKey,
  importSigningKey,
  publicJwkOf,
  thumbprint,
  trustedSenders,
} from '../../src/envelope/keys.js'
import { metadataJsonSchema, readMetadata, writeMetadata } from '../../src/envelope/metadata.js'
import { openEnvelope } from '../../src/envelope/open.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import type { EnvelopeContent, OpenedEnvelope } from '../../src/envelope/types.js'
import { needsCommand } from '../needs.js'

const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
const root = new URL('../../', import.meta.url)
const file = (name: string) => new URL(name, root)
const json = (name: string) => JSON.parse(readFileSync(file(name), 'utf8')) as Record<string, unknown>
const Ajv2020 = Ajv2020Module as unknown as new (options: object) => {
  compile(schema: object): ((value: unknown) => boolean) & { errors?: unknown }
}

interface Party {
  readonly sealing: JWK
  readonly opening: OpeningKey
  readonly signing: SigningKey
  readonly verifying: JWK
}

async function ecParty(): Promise<Party> {
  const enc = await generateEnvelopeKey('enc')
  const sig = await generateEnvelopeKey('sig')
  return {
    sealing: enc.publicJwk,
    opening: await importOpeningKey(enc.privateJwk),
    signing: await importSigningKey(sig.privateJwk),
    verifying: sig.publicJwk,
  }
}

async function rsaParty(): Promise<Party> {
  const make = () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey.export({ format: 'jwk' }) as JWK
  const [enc, sig] = [make(), make()]
  return {
    sealing: publicJwkOf(enc),
    opening: await importOpeningKey(enc),
    signing: await importSigningKey(sig),
    verifying: publicJwkOf(sig),
  }
}

function content(change: Partial<EnvelopeContent> = {}): EnvelopeContent {
  return {
    header: { id: '0123456789abcdef0123456789abcdef', to: 'ags:99001000', ttlSeconds: 10 },
    kind: 'message',
    sender: 'portal-1',
    createdAt: '2026-11-23T09:15:30.123Z',
    parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: new TextEncoder().encode('<demo/>') }],
    ...change,
  }
}

async function finding(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    expect(error).to.be.instanceOf(EnvelopeError)
    return (error as EnvelopeError).finding
  }
  return 'none'
}

describe('envelope', () => {
  let ec: Party
  let rsa: Party
  before(async () => {
    ec = await ecParty()
    rsa = await rsaParty()
  })

  const lookup = (party: Party) => trustedSenders([{ id: 'portal-1', jwks: [party.verifying] }])
  const open = (bytes: Uint8Array, to: Party = ec, from: Party = ec, expected = {}) =>
    openEnvelope(bytes, { recipient: [to.opening], sender: lookup(from) }, expected)
  const seal = (what: EnvelopeContent = content(), to: Party = ec, from: Party = ec) =>
    sealEnvelope(what, { recipient: to.sealing, sender: from.signing }, random)

  async function stillWorks(): Promise<void> {
    const opened = await open(await seal())
    expect(new TextDecoder().decode(opened.parts[0]?.bytes)).to.equal('<demo/>')
  }

  function withoutSigner(opened: OpenedEnvelope): EnvelopeContent {
    const { signerThumbprint: _thumbprint, ...rest } = opened
    return rest
  }

  /** Puts JWE and metadata together by hand, with whatever headers. */
  async function forged(change: {
    metadata?: Record<string, unknown>
    outer?: Record<string, unknown>
    inner?: Record<string, unknown>
    signWith?: CryptoKey
    bytes?: number
    recipient?: JWK
  }): Promise<Uint8Array> {
    const padding = { key: random(32), iv: random(12) }
    const { header, parts: _parts, ...rest } = content()
    const metadata = {
      v: 1,
      ...header,
      ...rest,
      parts: [],
      padding: { key: base64url.encode(padding.key), iv: base64url.encode(padding.iv) },
      ...change.metadata,
    }
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(metadata)))
      .setProtectedHeader({ typ: 'protektor-metadata+jws', alg: 'ES256', kid: ec.signing.kid, ...change.inner })
      .sign(change.signWith ?? ec.signing.privateKey)
    const recipient = await importSealingKey(change.recipient ?? ec.sealing)
    const outer = {
      typ: 'protektor-envelope+jwe',
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: recipient.kid,
      v: 1,
      ...header,
      ...change.outer,
    }
    const encrypt = new CompactEncrypt(new TextEncoder().encode(jws)).setProtectedHeader(outer)
    const jwe = await encrypt.encrypt(recipient.publicKey, { crit: { x: true } })
    const total = change.bytes ?? 4096
    const key = await crypto.subtle.importKey('raw', padding.key, 'AES-GCM', false, ['encrypt'])
    const plain = new Uint8Array(total - FRAME_BYTES - jwe.length - 16)
    const block = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: padding.iv }, key, plain))
    return writeContainer(jwe, [block], ENVELOPE_LIMITS)
  }

  /** Replaces the protected header of a sealed envelope; the rest stays. */
  function withHeader(bytes: Uint8Array, change: (header: Record<string, unknown>) => Record<string, unknown>): Uint8Array {
    const { jwe } = readContainer(bytes, ENVELOPE_LIMITS)
    const [head = '', ...others] = jwe.split('.')
    const header = change(JSON.parse(new TextDecoder().decode(base64url.decode(head))) as Record<string, unknown>)
    const changed = [base64url.encode(new TextEncoder().encode(JSON.stringify(header))), ...others].join('.')
    return writeContainer(
      changed,
      [new Uint8Array(sizeClass(FRAME_BYTES + changed.length + 16) - FRAME_BYTES - changed.length)],
      ENVELOPE_LIMITS,
    )
  }

  it('open(seal(x)) is x for EC and RSA recipients and senders', async () => {
    const replyKey = publicJwkOf((await generateEnvelopeKey('enc')).publicJwk)
    const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
    const part = fc.record({
      name,
      mediaType: fc.constantFrom('application/xml', 'application/json', 'application/osci+xml'),
      role: fc.constantFrom('document' as const, 'reading' as const, 'attachment' as const, 'osci' as const, 'evidence' as const),
      bytes: fc.uint8Array({ maxLength: 9000 }),
    })
    const any = fc.record(
      {
        header: fc.record({
          id: fc.stringMatching(/^[A-Za-z0-9_-]{22,64}$/),
          to: fc.stringMatching(/^[a-z0-9][a-z0-9._:-]{0,119}$/),
          ttlSeconds: fc.integer({ min: 1, max: 3600 }),
        }),
        kind: fc.constantFrom('request' as const, 'notice' as const, 'result' as const, 'message' as const),
        sender: fc.constant('portal-1'),
        createdAt: fc.constant('2026-11-23T09:15:30.123Z'),
        parts: fc.uniqueArray(part, { maxLength: 5, selector: (one) => one.name }),
        inReplyTo: fc.stringMatching(/^[0-9a-f]{32}$/),
        subject: name,
        outcome: fc.record({
          status: fc.constantFrom('accepted' as const, 'rejected' as const, 'done' as const),
          reasons: fc.array(fc.record({ code: fc.constantFrom('X001', 'V000'), text: name }), { maxLength: 3 }),
        }),
        xoev: fc.record({
          standard: name,
          version: name,
          messageType: name,
          verdict: fc.constantFrom('valid' as const, 'unchecked' as const),
        }),
        osci: fc.record({
          messageType: name,
          mode: fc.constantFrom('blind' as const, 'terminating' as const),
          messageSha256: fc.stringMatching(/^[0-9a-f]{64}$/),
          transportEncrypted: fc.boolean(),
          processCard: fc.constant({ recent: ['a', 1, null] }),
          authors: fc.constant([{ certificate: 'MIIB', algorithm: 'urn:a', covered: ['content0'], verdict: 'valid' }]),
        }),
      },
      { requiredKeys: ['header', 'kind', 'sender', 'createdAt', 'parts'] },
    )
    await fc.assert(
      fc.asyncProperty(any, fc.boolean(), fc.boolean(), fc.boolean(), async (generated, toRsa, fromRsa, wantsAnswer) => {
        const what: EnvelopeContent = { ...generated, ...(wantsAnswer ? { replyTo: 'reply.' + '0'.repeat(32), replyKey } : {}) }
        const [to, from] = [toRsa ? rsa : ec, fromRsa ? rsa : ec]
        const bytes = await seal(what, to, from)
        expect(readHeader(bytes)).to.deep.equal(what.header)
        expect(bytes.length).to.equal(sizeClass(bytes.length))
        const opened = await open(bytes, to, from, { id: what.header.id, to: what.header.to })
        expect(opened.signerThumbprint).to.equal(await thumbprint(from.verifying))
        expect(withoutSigner(opened)).to.deep.equal(what)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses an envelope with any one bit flipped, in one named finding', async () => {
    const known = new Set<string>(FINDINGS_ENVELOPE.map((row) => row.id))
    for (const to of [ec, rsa]) {
      const bytes = await seal(content(), to)
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
          const bad = bytes.slice()
          bad[at] = (bad[at] ?? 0) ^ (1 << bit)
          expect(known.has(await finding(open(bad, to)))).to.equal(true)
        }),
        { numRuns: 400 },
      )
    }
    await stillWorks()
  })

  it('refuses every cut and every added byte', async () => {
    const bytes = await seal()
    for (const length of [0, 3, 11, 12, 100, 2048, 4095])
      expect(await finding(open(bytes.slice(0, length)))).to.match(/^envelope\.(size|container)$/)
    expect(await finding(open(Uint8Array.of(...bytes, 0)))).to.equal('envelope.size')
    const longer = new Uint8Array(8192)
    longer.set(bytes)
    expect(await finding(open(longer))).to.equal('envelope.leftover')
    await stillWorks()
  })

  it('J1 refuses forbidden and confused algorithms, zip, crit, b64, PBES2 and every header member it does not know', async () => {
    const bytes = await seal()
    const cases: [string, Record<string, unknown>, string][] = [
      ['dir', { alg: 'dir' }, 'algorithm'],
      ['none', { alg: 'none' }, 'algorithm'],
      ['RSA1_5', { alg: 'RSA1_5' }, 'algorithm'],
      ['RSA-OAEP', { alg: 'RSA-OAEP' }, 'algorithm'],
      ['ECDH-ES direct', { alg: 'ECDH-ES' }, 'algorithm'],
      ['PBES2', { alg: 'PBES2-HS512+A256KW', p2c: 2 ** 31, p2s: 'AAAA' }, 'algorithm'],
      ['A256KW', { alg: 'A256KW' }, 'algorithm'],
      ['enc CBC', { enc: 'A256CBC-HS512' }, 'algorithm'],
      ['enc A128GCM', { enc: 'A128GCM' }, 'algorithm'],
      ['zip', { zip: 'DEF' }, 'header'],
      ['crit', { crit: ['x'], x: 1 }, 'header'],
      ['empty crit', { crit: [] }, 'header'],
      ['b64', { b64: false }, 'header'],
      ['p2c', { p2c: 1 }, 'header'],
      ['jwk', { jwk: {} }, 'header'],
      ['jku', { jku: 'http://127.0.0.1/' }, 'header'],
      ['apu', { apu: 'AAAA' }, 'header'],
      ['cty', { cty: 'JWT' }, 'header'],
      ['typ', { typ: 'JWT' }, 'header'],
      ['other version', { v: 2 }, 'version'],
      ['long life', { ttlSeconds: 3601 }, 'header'],
      ['no number', { ttlSeconds: '10' }, 'header'],
      ['bad id', { id: 'x' }, 'header'],
      ['bad mailbox', { to: 'A B' }, 'header'],
      ['large', { kid: 'x'.repeat(4000) }, 'size'],
      ['alg of the other key kind', { alg: 'RSA-OAEP-256', epk: undefined }, 'algorithm'],
    ]
    for (const [name, change, expected] of cases) {
      const bad = withHeader(bytes, (header) => ({ ...header, ...change }))
      expect(await finding(open(bad)), name).to.equal('envelope.' + expected)
    }
    await stillWorks()
  })

  it('J1 the header is judged alike by the core, which makes no text of the rest, and by whoever opens', async () => {
    const bytes = await seal()
    const { jwe } = readContainer(bytes, ENVELOPE_LIMITS)
    const character = fc.constantFrom(...'ABYZabyz0189-_.+/= é'.split(''))
    const change = fc.record({
      at: fc.integer({ min: 0, max: jwe.length }),
      drop: fc.integer({ min: 0, max: 3 }),
      put: fc.array(character, { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 2 }), async (changes) => {
        const changed = changes.reduce((text, { at, drop, put }) => text.slice(0, at) + put.join('') + text.slice(at + drop), jwe)
        const text = new TextEncoder().encode(changed)
        const size = sizeClass(FRAME_BYTES + text.length + 16)
        const whole = new Uint8Array(size)
        whole.set(bytes.subarray(0, FRAME_BYTES))
        new DataView(whole.buffer).setUint32(8, text.length)
        whole.set(text, FRAME_BYTES)
        const opening = await finding(() => readOuterHeader(changed, ENVELOPE_LIMITS))
        expect(await finding(() => readHeader(whole))).to.equal(opening)
      }),
      { numRuns: 500 },
    )
    await stillWorks()
  })

  it('J1 refuses the same where the whole is otherwise valid: zip and crit really used, signature with another type or member', async () => {
    expect(await finding(open(await forged({})))).to.equal('none')
    expect(await finding(open(await forged({ outer: { crit: ['x'], x: 1 } })))).to.equal('envelope.header')
    expect(await finding(open(await forged({ inner: { typ: 'protektor-token+jws' } })))).to.equal('envelope.header')
    expect(await finding(open(await forged({ inner: { jwk: ec.verifying } })))).to.equal('envelope.header')
    expect(await finding(open(await forged({ inner: { crit: ['b64'], b64: true } })))).to.equal('envelope.header')
    expect(await finding(open(await forged({ inner: { kid: 'x'.repeat(43) } })))).to.equal('envelope.unknown-sender')
    const other = await generateKeyPair('ES256')
    expect(await finding(open(await forged({ signWith: other.privateKey })))).to.equal('envelope.signature')
    const recipient = await importSealingKey(ec.sealing)
    const outer = { typ: 'protektor-envelope+jwe', alg: recipient.alg, enc: 'A256GCM', kid: recipient.kid, v: 1, ...content().header }
    const zipped = await new FlattenedEncrypt(new TextEncoder().encode('{}'))
      .setProtectedHeader({ ...outer, zip: 'DEF' })
      .encrypt(recipient.publicKey)
    const jwe = [zipped.protected, zipped.encrypted_key, zipped.iv, zipped.ciphertext, zipped.tag].join('.')
    const bytes = writeContainer(jwe, [new Uint8Array(4096 - FRAME_BYTES - jwe.length)], ENVELOPE_LIMITS)
    expect(await finding(open(bytes))).to.equal('envelope.header')
    await stillWorks()
  })

  it('J2 refuses ephemeral keys off the curve, the identity, other curves and compressed points before our key is used', async () => {
    const bytes = await seal()
    const zero = base64url.encode(new Uint8Array(32))
    const other = await exportJWK((await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-384', extractable: true })).publicKey)
    const okp = await exportJWK((await generateKeyPair('ECDH-ES+A256KW', { crv: 'X25519', extractable: true })).publicKey)
    const good = (await generateEnvelopeKey('enc')).publicJwk
    const epks: Record<string, unknown> = {
      'off curve': { kty: 'EC', crv: 'P-256', x: good.x, y: good.x },
      identity: { kty: 'EC', crv: 'P-256', x: zero, y: zero },
      'P-384': other,
      'P-384 called P-256': { ...other, crv: 'P-256' },
      X25519: okp,
      compressed: { kty: 'EC', crv: 'P-256', x: good.x },
      'with private part': { kty: 'EC', crv: 'P-256', x: good.x, y: good.y, d: zero },
      short: { kty: 'EC', crv: 'P-256', x: good.x, y: 'AAAA' },
      array: [],
      none: undefined,
    }
    let used = 0
    const watched = {
      ...ec.opening,
      get privateKey() {
        used += 1
        return ec.opening.privateKey
      },
    }
    for (const [name, epk] of Object.entries(epks)) {
      const bad = withHeader(bytes, (header) => ({ ...header, epk }))
      expect(await finding(openEnvelope(bad, { recipient: [watched], sender: lookup(ec) })), name).to.equal('envelope.key')
    }
    expect(used, 'private key untouched').to.equal(0)
    await stillWorks()
  })

  it('J3 refuses a swapped envelope, an edited header and metadata that say something else', async () => {
    const mine = await seal()
    expect(await finding(open(mine, ec, ec, { id: 'f'.repeat(32) }))).to.equal('envelope.mismatch')
    expect(await finding(open(mine, ec, ec, { to: 'ags:99002000' }))).to.equal('envelope.mismatch')
    expect(await finding(open(withHeader(mine, (header) => ({ ...header, ttlSeconds: 60 }))))).to.equal('envelope.not-openable')
    expect(await finding(open(withHeader(mine, (header) => ({ ...header, id: 'f'.repeat(32) }))))).to.equal('envelope.not-openable')
    for (const change of [{ id: 'f'.repeat(32) }, { to: 'ags:99002000' }, { ttlSeconds: 60 }]) {
      expect(await finding(open(await forged({ metadata: change })))).to.equal('envelope.mismatch')
    }
    const other = await seal(content({ header: { ...content().header, id: 'e'.repeat(32) }, subject: 'x' }))
    const [a, b] = [readContainer(mine, ENVELOPE_LIMITS), readContainer(other, ENVELOPE_LIMITS)]
    expect(a.jwe.length).to.equal(b.jwe.length)
    expect(await finding(open(writeContainer(a.jwe, [b.body], ENVELOPE_LIMITS)))).to.equal('envelope.leftover')
    await stillWorks()
  })

  it('J4 shows only header members and a size class: metadata length does not tell subject, names or number of parts', async () => {
    const small = await seal(content({ parts: [] }))
    const large = await seal(
      content({
        subject: 'KANARIENVOGEL',
        parts: [{ name: 'KANARIENVOGEL', mediaType: 'text/x', role: 'attachment', bytes: random(500) }],
      }),
    )
    expect(readContainer(small, ENVELOPE_LIMITS).jwe.length).to.equal(readContainer(large, ENVELOPE_LIMITS).jwe.length)
    expect([small.length, large.length]).to.deep.equal([4096, 4096])
    const [head = ''] = readContainer(large, ENVELOPE_LIMITS).jwe.split('.')
    const header = JSON.parse(new TextDecoder().decode(base64url.decode(head))) as object
    expect(Object.keys(header).sort()).to.deep.equal(['alg', 'enc', 'epk', 'id', 'kid', 'to', 'ttlSeconds', 'typ', 'v'])
    expect(Buffer.from(large).includes('KANARIENVOGEL')).to.equal(false)
    expect([1, 4096, 4097, 524289, 1048576, 1048577, 2097153].map(sizeClass)).to.deep.equal([
      4096, 4096, 8192, 1048576, 1048576, 2097152, 3145728,
    ])
  })

  it('refuses unknown senders, other participants’ keys, foreign envelopes and unsuitable keys', async () => {
    const bytes = await seal()
    expect(await finding(openEnvelope(bytes, { recipient: [ec.opening], sender: () => undefined }))).to.equal('envelope.unknown-sender')
    expect(await finding(openEnvelope(bytes, { recipient: [ec.opening], sender: () => rsa.verifying }))).to.equal('envelope.signature')
    expect(
      await finding(openEnvelope(bytes, { recipient: [ec.opening], sender: trustedSenders([{ id: 'other', jwks: [ec.verifying] }]) })),
    ).to.equal('envelope.unknown-sender')
    // one that is no complete key costs the others nothing
    const { x: _x, ...incomplete } = ec.verifying
    const beside = trustedSenders([{ id: 'portal-1', jwks: [incomplete, ec.verifying] }])
    await openEnvelope(bytes, { recipient: [ec.opening], sender: beside })
    expect(await finding(open(bytes, rsa))).to.equal('envelope.not-for-us')
    expect(await finding(openEnvelope(bytes, { recipient: [{ ...rsa.opening, kid: ec.opening.kid }], sender: lookup(ec) }))).to.equal(
      'envelope.algorithm',
    )
    const weak = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }) as JWK
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }) as JWK
    for (const jwk of [
      weak,
      p384,
      { kty: 'oct', k: 'AAAA' },
      { ...ec.sealing, use: 'sig' },
      { ...ec.sealing, alg: 'ECDH-ES' },
      { ...ec.sealing, y: ec.sealing.x ?? '' },
    ]) {
      expect(await finding(sealEnvelope(content(), { recipient: jwk, sender: ec.signing }, random))).to.equal('envelope.key')
    }
    await stillWorks()
  })

  /** Keys that fit the schema, and that nobody can seal an answer for. */
  function unusableReplyKeys(): JWK[] {
    const flipped = Buffer.from(ec.sealing.y ?? '', 'base64url')
    flipped[31] = (flipped[31] ?? 0) ^ 1
    const even = Buffer.from(rsa.sealing.n ?? '', 'base64url')
    even[even.length - 1] = (even.at(-1) ?? 0) ^ 1
    const exponents = ['A', 'AA', 'AQ', 'Ag', 'AAAB'].map((e) => ({ ...rsa.sealing, e }))
    return [{ ...ec.sealing, y: flipped.toString('base64url') }, { ...rsa.sealing, n: even.toString('base64url') }, ...exponents]
  }
  const replyTo = 'reply.' + '0'.repeat(32)

  it('neither seals nor opens a request that could not be answered: no point, no modulus, no exponent', async () => {
    for (const replyKey of unusableReplyKeys()) {
      expect(await finding(seal(content({ kind: 'request', replyTo, replyKey }))), JSON.stringify(replyKey)).to.equal('envelope.key')
      const forgery = await forged({ metadata: { kind: 'request', replyTo, replyKey } })
      expect(await finding(open(forgery)), JSON.stringify(replyKey)).to.equal('envelope.key')
    }
    for (const replyKey of [ec.sealing, rsa.sealing])
      await open(await forged({ metadata: { kind: 'request', replyTo, replyKey: publicJwkOf(replyKey) } }))
    await stillWorks()
  })

  it('refuses content that does not fit the schema and parts that are too large', async () => {
    const part = { name: 'a', mediaType: 'text/plain', role: 'attachment' as const, bytes: new Uint8Array(1) }
    const header = content().header
    for (const bad of [
      content({ header: { ...header, id: 'short' } }),
      content({ header: { ...header, ttlSeconds: 0 } }),
      content({ createdAt: '2026-11-23T09:15:30Z' }),
      content({ replyTo: 'reply.' + '0'.repeat(32) }),
      content({ parts: [part, part] }),
      { ...content(), unknown: 1 } as EnvelopeContent,
    ]) {
      expect(await finding(seal(bad))).to.equal('envelope.metadata')
    }
    const limits = { ...ENVELOPE_LIMITS, envelopeBytes: 8192 }
    const big = content({ parts: [{ ...part, bytes: new Uint8Array(7000) }] })
    expect(await finding(sealEnvelope(big, { recipient: ec.sealing, sender: ec.signing }, random, limits))).to.equal('envelope.size')
    expect(await finding(() => readHeader(new Uint8Array(8193), limits))).to.equal('envelope.size')
    await stillWorks()
  })

  it('validates its metadata by the published JSON Schema, which is up to date', async () => {
    const schema = json('schemas/envelope/metadata-1.schema.json')
    expect(schema).to.deep.equal(JSON.parse(JSON.stringify(metadataJsonSchema())))
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
    const secret = { key: base64url.encode(random(32)), iv: base64url.encode(random(12)) }
    const { header, parts: _parts, ...rest } = content({ xoev: { standard: 's', version: '1', messageType: 'm', verdict: 'valid' } })
    const good = {
      v: 1,
      ...header,
      ...rest,
      parts: [{ name: 'a', mediaType: 'text/plain', role: 'reading', bytes: 1, sha256: secret.key, ...secret }],
      padding: secret,
    }
    const bytes = writeMetadata(good)
    expect(bytes.length % 1024).to.equal(0)
    expect(readMetadata(bytes)).to.deep.equal(good)
    expect(validate(good), JSON.stringify(validate.errors)).to.equal(true)
    for (const bad of [
      { ...good, v: 2 },
      { ...good, extra: 1 },
      { ...good, padding: undefined },
      { ...good, to: 'A' },
      { ...good, replyKey: { kty: 'oct', k: 'A' } },
    ]) {
      expect(validate(JSON.parse(JSON.stringify(bad)))).to.equal(false)
      expect(await finding(() => writeMetadata(bad))).to.equal('envelope.metadata')
    }
  })

  describe('test vectors', () => {
    const vectors = json('fixtures/envelope/vectors.json') as unknown as {
      name: string
      file: string
      content: Record<string, unknown>
      vouched?: true
      parts: { name: string; bytes: number; sha256: string }[]
    }[]
    const keys = json('fixtures/envelope/keys.json') as unknown as Record<'recipientEc' | 'recipientRsa' | 'senderEc' | 'senderRsa', JWK>

    for (const vector of vectors) {
      it(`opens ${vector.name} as described`, async () => {
        const recipient = await Promise.all([keys.recipientEc, keys.recipientRsa].map(importOpeningKey))
        const jwks = [keys.senderEc, keys.senderRsa]
        const sender = trustedSenders([
          { id: 'portal-1', jwks },
          { id: 'register-1', jwks },
        ])
        const opened = await openEnvelope(new Uint8Array(readFileSync(file('fixtures/envelope/' + vector.file))), { recipient, sender })
        const { parts, ...sealed } = withoutSigner(opened)
        const { vouched, ...rest } = sealed as typeof sealed & Pick<OpenedEnvelope, 'vouched'>
        expect(vouched).to.equal(vector.vouched)
        expect(rest).to.deep.equal(vector.content)
        const digests = await Promise.all(
          parts.map(async (part) => Buffer.from(await crypto.subtle.digest('SHA-256', part.bytes)).toString('hex')),
        )
        expect(digests).to.deep.equal(vector.parts.map((part) => part.sha256))
      })
    }

    it('are opened by a reader in another language, which refuses them tampered and opens a fresh one', async function () {
      const script = file('tools/verify-envelope.py').pathname
      const run = (names: string[]) => {
        try {
          return execFileSync('python3', [script, file('fixtures/envelope/keys.json').pathname, ...names], { encoding: 'utf8' })
        } catch (error) {
          const { status, stdout } = error as { status?: number; stdout?: string }
          if (status !== 1 || stdout === undefined) throw error
          return stdout
        }
      }
      needsCommand(this, 'python3', '-c', 'import cryptography')
      const lines = (text: string) =>
        text
          .trim()
          .split('\n')
          .map(
            (line) =>
              JSON.parse(line) as { refused?: string; metadata?: Record<string, unknown>; parts?: { name: string; sha256: string }[] },
          )
      const good = lines(run(vectors.map((vector) => file('fixtures/envelope/' + vector.file).pathname)))
      for (const [i, vector] of vectors.entries()) {
        expect(good[i]?.parts?.map(({ name, sha256 }) => ({ name, sha256 }))).to.deep.equal(
          vector.parts.map(({ name, sha256 }) => ({ name, sha256 })),
        )
        expect(good[i]?.metadata?.sender).to.equal(vector.content.sender)
      }

      const directory = mkdtempSync(join(tmpdir(), 'protektor-envelope-'))
      try {
        const fresh = await sealEnvelope(
          content(),
          { recipient: publicJwkOf(keys.recipientEc), sender: await importSigningKey(keys.senderEc) },
          random,
        )
        const bad: Uint8Array[] = Array.from({ length: 64 }, (_, i) => {
          const bytes = fresh.slice()
          const at = Math.floor((i * (bytes.length - 1)) / 63)
          bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8))
          return bytes
        })
        const [recipient, sender] = [publicJwkOf(keys.recipientEc), await importSigningKey(keys.senderEc)]
        const signed = { recipient, inner: { kid: sender.kid }, signWith: sender.privateKey }
        const askers = unusableReplyKeys().map((replyKey) => forged({ ...signed, metadata: { kind: 'request', replyTo, replyKey } }))
        bad.push(...(await Promise.all(askers)))
        const names = [fresh, ...bad, fresh].map((bytes, i) => {
          const name = join(directory, `${i}.bin`)
          writeFileSync(name, bytes)
          return name
        })
        const results = lines(run(names))
        expect(results).to.have.length(bad.length + 2)
        expect(results.map((result) => result.refused === undefined)).to.deep.equal([true, ...bad.map(() => false), true])
        for (const bytes of bad) {
          const recipient = [await importOpeningKey(keys.recipientEc)]
          expect(
            await finding(openEnvelope(bytes, { recipient, sender: trustedSenders([{ id: 'portal-1', jwks: [keys.senderEc] }]) })),
          ).to.not.equal('none')
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
    })
  })
})
