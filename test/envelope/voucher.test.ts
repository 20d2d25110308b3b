// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import { base64url, CompactSign } from 'jose'
import { EnvelopeError } from '../../src/envelope/errors.js'
import type { OpeningKey, SigningKey } from '../../src/envelope/keys.js'
import {
  generateEnvelopeKey,
  generateReplyKey,
  generateSessionKey,
  importSigningKey,
  publicJwkOf,
  trustedSenders,
} from '../../src/envelope/keys.js'
import { openEnvelope } from '../../src/envelope/open.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import type { EnvelopeContent, OpenedEnvelope } from '../../src/envelope/types.js'
import { MAX_VOUCHER_SECONDS, writeVoucher } from '../../src/envelope/voucher.js'

const NOW = new Date('2026-11-23T09:15:30.000Z')
const IAT = NOW.getTime() / 1000
const TO = 'ags:99001000'
const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

async function finding(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    expect(error).to.be.instanceOf(EnvelopeError)
    return (error as EnvelopeError).finding
  }
  return 'none'
}

describe('vouched keys', () => {
  let recipient: { key: OpeningKey; publicJwk: JWK }
  let session: { key: SigningKey; publicJwk: JWK }
  let portal: SigningKey
  let portalJwk: JWK
  let other: SigningKey
  let otherJwk: JWK

  before(async () => {
    recipient = await generateReplyKey()
    session = await generateSessionKey()
    portalJwk = (await generateEnvelopeKey('sig')).privateJwk
    otherJwk = (await generateEnvelopeKey('sig')).privateJwk
    portal = await importSigningKey(portalJwk)
    other = await importSigningKey(otherJwk)
  })

  const voucher = (change: Partial<Parameters<typeof writeVoucher>[0]> = {}) =>
    writeVoucher({ participant: 'portal-1', key: portal, jwk: session.publicJwk, to: TO, now: NOW, ...change })

  /** A voucher with whatever claims and header, signed by the portal. */
  function forged(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const { kty, crv, x, y } = session.publicJwk
    const whole = { v: 1, iss: 'portal-1', jwk: { kty, crv, x, y }, to: TO, iat: IAT, exp: IAT + 60, ...claims }
    return new CompactSign(new TextEncoder().encode(JSON.stringify(whole)))
      .setProtectedHeader({ typ: 'protektor-voucher+jws', alg: 'ES256', kid: portal.kid, ...header })
      .sign(portal.privateKey)
  }

  function seal(text: string | undefined, change: Partial<EnvelopeContent> = {}, key = session.key): Promise<Uint8Array> {
    const content: EnvelopeContent = {
      header: { id: '0123456789abcdef0123456789abcdef', to: TO, ttlSeconds: 10 },
      kind: 'message',
      sender: 'portal-1',
      createdAt: NOW.toISOString(),
      parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: new TextEncoder().encode('<demo/>') }],
      ...change,
    }
    const sender = text === undefined ? key : { ...key, voucher: text }
    return sealEnvelope(content, { recipient: recipient.publicJwk, sender }, random)
  }

  function open(bytes: Uint8Array, now: Date | undefined = NOW): Promise<OpenedEnvelope> {
    const sender = trustedSenders([
      { id: 'portal-1', jwks: [publicJwkOf(portalJwk)] },
      { id: 'portal-2', jwks: [publicJwkOf(otherJwk)] },
    ])
    return openEnvelope(bytes, { recipient: [recipient.key], sender }, now === undefined ? {} : { now })
  }

  async function stillWorks(): Promise<void> {
    const opened = await open(await seal(await voucher()))
    expect(new TextDecoder().decode(opened.parts[0]?.bytes)).to.equal('<demo/>')
  }

  it('opens what a vouched key signed, and says that it was vouched for', async () => {
    const opened = await open(await seal(await voucher()))
    expect(opened).to.include({ sender: 'portal-1', vouched: true, signerThumbprint: session.key.kid })
    const own = await open(await seal(undefined, {}, portal))
    expect(own).to.not.have.property('vouched')
    expect(own.signerThumbprint).to.equal(portal.kid)
  })

  it('K1 has private halves of session and reply key that cannot be read', async () => {
    for (const { privateKey } of [session.key, recipient.key]) {
      expect(privateKey.extractable).to.equal(false)
      const read = crypto.subtle.exportKey('jwk', privateKey)
      expect(
        await read.then(
          () => 'read',
          () => 'refused',
        ),
      ).to.equal('refused')
    }
    expect(Object.keys(session.publicJwk).sort()).to.deep.equal(['crv', 'kty', 'x', 'y'])
  })

  it('refuses a session key without a voucher, and a registered key with somebody else’s', async () => {
    expect(await finding(open(await seal(undefined)))).to.equal('envelope.unknown-sender')
    expect(await finding(open(await seal(await voucher(), {}, portal)))).to.equal('envelope.signature')
    await stillWorks()
  })

  it('refuses a voucher that another session got, or that is signed by nobody we know', async () => {
    const thief = await generateSessionKey()
    expect(await finding(open(await seal(await voucher(), {}, thief.key)))).to.equal('envelope.signature')
    expect(await finding(open(await seal(await voucher(), {}, { ...thief.key, kid: session.key.kid })))).to.equal('envelope.signature')
    expect(await finding(open(await seal(await voucher({ key: thief.key }))))).to.equal('envelope.unknown-sender')
    expect(await finding(open(await seal(await voucher({ key: { ...thief.key, kid: portal.kid } }))))).to.equal('envelope.signature')
    await stillWorks()
  })

  it('refuses a voucher of one participant for another', async () => {
    expect(await finding(open(await seal(await voucher({ participant: 'portal-2', key: other }))))).to.equal('envelope.unknown-sender')
    expect(await finding(open(await seal(await voucher({ participant: 'portal-2' }))))).to.equal('envelope.voucher')
    expect(await finding(open(await seal(await voucher(), { sender: 'portal-2' })))).to.equal('envelope.unknown-sender')
    await stillWorks()
  })

  it('refuses a voucher for another mailbox', async () => {
    expect(await finding(open(await seal(await voucher({ to: 'ags:99002000' }))))).to.equal('envelope.voucher')
    await stillWorks()
  })

  it('refuses a voucher before and after its time, by the word of the envelope and by our own clock', async () => {
    const text = await voucher({ seconds: 60 })
    const at = (createdAt: Date) => ({ createdAt: createdAt.toISOString() })
    expect(await finding(open(await seal(text, at(after(-61)))))).to.equal('envelope.voucher')
    expect(await finding(open(await seal(text, at(after(121)))))).to.equal('envelope.voucher')
    const sealed = await seal(text)
    expect(await finding(open(sealed, after(-61)))).to.equal('envelope.voucher')
    expect(await finding(open(sealed, after(131)))).to.equal('envelope.voucher')
    for (const now of [after(-59), after(129), undefined]) expect(await finding(open(sealed, now))).to.equal('none')
  })

  it('refuses a voucher that lasts longer than ten minutes, also when asked to write one', async () => {
    expect(await finding(open(await seal(await forged({ exp: IAT + MAX_VOUCHER_SECONDS + 1 }))))).to.equal('envelope.voucher')
    expect(await finding(open(await seal(await forged({ exp: IAT }))))).to.equal('envelope.voucher')
    expect(await finding(voucher({ seconds: MAX_VOUCHER_SECONDS + 1 }))).to.equal('envelope.voucher')
    expect(await finding(voucher({ to: 'A B' }))).to.equal('envelope.voucher')
    expect(await finding(voucher({ jwk: { kty: 'RSA', n: 'AAAA', e: 'AQAB' } }))).to.equal('envelope.voucher')
    expect(await finding(voucher({ jwk: { ...session.publicJwk, y: session.publicJwk.x ?? '' } }))).to.equal('envelope.key')
    await stillWorks()
  })

  it('J1 refuses members that are not listed, in the voucher, in its header and beside it', async () => {
    const { kty, crv, x, y } = session.publicJwk
    const claims: Record<string, unknown>[] = [
      { extra: 1 },
      { v: 2 },
      { iat: String(IAT) },
      { iat: IAT + 0.5 },
      { jwk: { kty, crv, x, y, kid: session.key.kid } },
      { jwk: { kty, crv: 'P-384', x, y } },
      { jwk: undefined },
      { to: undefined },
    ]
    for (const change of claims) {
      expect(await finding(open(await seal(await forged(change)))), JSON.stringify(change)).to.equal('envelope.voucher')
    }
    for (const header of [{ jwk: { kty, crv, x, y } }, { typ: 'protektor-metadata+jws' }, { typ: 'JWT' }, { b64: true, crit: ['b64'] }]) {
      expect(await finding(open(await seal(await forged({}, header)))), JSON.stringify(header)).to.equal('envelope.header')
    }
    expect(await finding(open(await seal('')))).to.equal('envelope.header')
    expect(await finding(open(await seal('a.b')))).to.equal('envelope.header')
    expect(await finding(open(await seal({} as string)))).to.equal('envelope.header')
    const [head = '', payload = '', signature = ''] = (await voucher()).split('.')
    const none = base64url.encode(JSON.stringify({ typ: 'protektor-voucher+jws', alg: 'none', kid: portal.kid }))
    expect(await finding(open(await seal([none, payload, ''].join('.'))))).to.equal('envelope.algorithm')
    const changed = base64url.encode(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(base64url.decode(payload))), exp: IAT + 30 }))
    expect(await finding(open(await seal([head, changed, signature].join('.'))))).to.equal('envelope.signature')
    await stillWorks()
  })
})
