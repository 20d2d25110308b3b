// SPDX-License-Identifier: EUPL-1.2
/**
 * Possession at real sockets: client certificates over TLS, and tokens. Whatever is wrong, the answer is the same 401.
 * @module
 */
import { expect } from 'chai'
import { createPrivateKey, sign, type JsonWebKey } from 'node:crypto'
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { memoryOnce } from '../../src/core/adapters/memory-once.js'
import { CoreError } from '../../src/core/errors.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { possession } from '../../src/gateway/core-possession.js'
import type { IncomingMessage } from 'node:http'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { BOX, MEDIA_TYPE, newId, Setup, type Person } from './core-api-setup.js'

const take = `/core/v1/mailboxes/${BOX}/take`
const putPath = `/core/v1/mailboxes/${BOX}/envelopes`
const YEAR_MS = 365 * 24 * 3600 * 1000

type Pair = Awaited<ReturnType<typeof issueCertificate>>

const pair = (commonName: string, fromMs = -YEAR_MS, toMs = YEAR_MS, issuer?: Pair): Promise<Pair> =>
  issueCertificate(
    { commonName, usage: 'both', key: 'ec-p256', notBefore: new Date(Date.now() + fromMs), notAfter: new Date(Date.now() + toMs) },
    issuer,
  )
const pem = ({ certificate, privateKey }: Pair) => ({
  cert: certificate.toString(),
  key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
})

interface Answer {
  readonly status: number | undefined
  readonly headers: string
  readonly body: string
}

/** All of an answer but the date. */
function call(url: string, path: string, options: RequestOptions, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url + path, { method: 'POST', rejectUnauthorized: false, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => {
        const headers = Object.entries(response.headers).filter(([name]) => name !== 'date')
        resolve({ status: response.statusCode, headers: JSON.stringify(headers), body: Buffer.concat(chunks).toString('latin1') })
      })
    })
    request.once('error', reject)
    request.end(body)
  })
}

describe('core API, possession', () => {
  describe('by client certificate', () => {
    let setup: Setup
    let own: Pair
    let expired: Pair
    let future: Pair
    let issuer: Pair
    before(async () => {
      const server = await pair('127.0.0.1')
      issuer = await issueCertificate({
        commonName: 'CA',
        usage: 'ca',
        key: 'ec-p256',
        notBefore: new Date(Date.now() - YEAR_MS),
        notAfter: new Date(Date.now() + YEAR_MS),
      })
      own = await pair('register-1', -YEAR_MS, YEAR_MS, issuer)
      expired = await pair('register-1', -YEAR_MS, -1000)
      future = await pair('register-1', 60_000)
      const { key, cert } = pem(server)
      setup = await Setup.start(
        {},
        {},
        {
          tls: { key, certificate: cert },
          registerTls: [own, expired, future].map(({ certificate }) => new Uint8Array(certificate.raw)),
        },
      )
    })
    after(() => setup.stop())

    it('lets the owner of a registered certificate put nothing into doubt: take, and again on the same and on a resumed connection', async () => {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const kept = new Agent({ ...pem(own), keepAlive: true, maxSockets: 1, rejectUnauthorized: false, maxVersion })
        expect((await call(setup.url, take, { agent: kept })).status).to.equal(204)
        expect((await call(setup.url, take, { agent: kept })).status).to.equal(204)
        kept.destroy()
        const resumed = new Agent({ ...pem(own), keepAlive: false, rejectUnauthorized: false, maxVersion })
        for (let i = 0; i < 3; i++) expect((await call(setup.url, take, { agent: resumed })).status).to.equal(204)
      }
    })

    it('C2 answers one 401 to no certificate, an unknown one, one of the same name and issuer, an expired and a future one', async () => {
      const lookAlike = await pair('register-1', -YEAR_MS, YEAR_MS, issuer)
      const callers: [string, RequestOptions][] = [
        ['none', {}],
        ['unknown', pem(await pair('somebody'))],
        ['look-alike', pem(lookAlike)],
        ['expired', pem(expired)],
        ['future', pem(future)],
        ['issuer', pem(issuer)],
      ]
      const answers: Answer[] = []
      for (const [, options] of callers) answers.push(await call(setup.url, take, { agent: new Agent(), ...options }))
      answers.push(await call(setup.url, '/core/v1/mailboxes/no.such.box/take', { agent: new Agent() }))
      for (const answer of answers) expect(answer).to.deep.equal(answers[0])
      expect(answers[0]?.status).to.equal(401)
    })

    it('C2 a page of another site cannot use the certificate of the browser it is shown in, and takes nothing with it', async () => {
      const browser = { agent: new Agent(), ...pem(own) }
      for (const site of ['cross-site', 'same-site', 'x']) {
        const answer = await call(setup.url, take, { ...browser, headers: { 'sec-fetch-site': site } })
        expect(answer.status, site).to.equal(401)
      }
      for (const headers of [{}, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }])
        expect((await call(setup.url, take, { ...browser, headers })).status).to.equal(204)
    })

    it('C2 compares whole certificates, and takes none from a connection that is not encrypted', async () => {
      const { raw } = own.certificate
      const changed = Buffer.from(raw)
      changed[raw.length - 1] = (raw.at(-1) ?? 0) ^ 1
      const caller = possession({
        publicUrl: setup.url,
        participants: [{ ...setup.register, tls: [raw] }],
        clock: systemClock,
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock: systemClock }),
      })
      const knows = (encrypted: boolean, der: Uint8Array): Promise<boolean> => {
        const socket = { encrypted, getPeerX509Certificate: () => ({ raw: der }) }
        return caller({ headers: {}, socket, method: 'POST', url: take } as unknown as IncomingMessage).then(
          () => true,
          () => false,
        )
      }
      const seen = [await knows(true, raw), await knows(true, changed), await knows(true, raw.subarray(0, -1)), await knows(false, raw)]
      expect(seen).to.deep.equal([true, false, false, false])
    })

    it('does not fall back to the certificate when the token beside it is wrong', async () => {
      const headers = { authorization: 'Protektor x.y.z' }
      expect((await call(setup.url, take, { agent: new Agent(), ...pem(own), headers })).status).to.equal(401)
    })

    it('takes a token over TLS from whoever has no certificate', async () => {
      const headers = { authorization: await setup.token(setup.register, 'POST', take) }
      expect((await call(setup.url, take, { agent: new Agent(), headers })).status).to.equal(204)
    })
  })

  describe('by token', () => {
    let setup: Setup
    beforeEach(async () => {
      setup = await Setup.start()
    })
    afterEach(() => setup.stop())

    const put = async (token: string, body: Uint8Array, path = putPath, method = 'POST') => {
      const response = await fetch(setup.url + path, {
        method,
        headers: { authorization: token, 'content-type': MEDIA_TYPE },
        ...(method === 'GET' ? {} : { body }),
      })
      return { status: response.status, body: await response.text() }
    }

    it('C2 is good for one body, one path with its query and one method only; the envelope is not put', async () => {
      const body = await setup.envelope(BOX)
      const token = () => setup.token(setup.portal, 'POST', putPath, body)
      const changed = body.slice()
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
      const answers = [
        await put(await token(), changed),
        await put(await token(), new Uint8Array(0)),
        await put(await token(), body, `${putPath}?replyTo=reply.${newId()}`),
        await put(await token(), body, `/core/v1/mailboxes/${BOX}/take`),
        await put(await setup.token(setup.portal, 'PUT', putPath, body), body),
        await put(await setup.token(setup.register, 'POST', putPath, body).then((t) => t.replace(/.{4}$/, 'AAAA')), body),
      ]
      for (const answer of answers) expect(answer).to.deep.equal(answers[0])
      expect(answers[0]?.status).to.equal(401)
      expect(setup.core.stats()).to.include({ envelopes: 0, bytes: 0 })
      expect((await put(await token(), body)).status).to.equal(201)
    })

    it('stands behind the scheme in whatever case of letters a library writes it', async () => {
      for (const scheme of ['protektor', 'PROTEKTOR']) {
        const body = await setup.envelope(BOX)
        const token = (await setup.token(setup.portal, 'POST', putPath, body)).replace('Protektor', scheme)
        expect((await put(token, body)).status, scheme).to.equal(201)
      }
    })

    it('C2 is good once, at all nodes that share the table of used tokens', async () => {
      const once = memoryOnce({ clock: systemClock })
      const one = await Setup.start({}, {}, { once })
      const two = await Setup.start({}, {}, { once, beside: one })
      try {
        for (const [first, second] of [
          [one, two],
          [two, one],
          [one, one],
        ] as const) {
          const authorization = await one.token(one.register, 'POST', take)
          expect((await first.call(one.register, take, { authorization })).status).to.equal(204)
          expect((await second.call(one.register, take, { authorization })).status).to.equal(401)
        }
      } finally {
        await two.stop()
        await one.stop()
      }
    })

    it('C2 holds from 60 seconds before to 60 seconds after its time, and not a second longer', async () => {
      let nowMs = Date.parse('2026-11-26T12:00:00.000Z')
      const caller = possession({
        publicUrl: setup.url,
        participants: [setup.register],
        clock: { now: () => new Date(nowMs), monotonicMs: () => performance.now() },
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock: systemClock }),
      })
      const at = async (offsetMs: number): Promise<boolean> => {
        const issuedMs = nowMs
        const authorization = await setup.token(setup.register, 'POST', take, undefined, { now: () => new Date(issuedMs) })
        nowMs += offsetMs
        const request = { headers: { authorization }, method: 'POST', url: take } as unknown as IncomingMessage
        return caller(request).then(
          () => true,
          (error: unknown) => {
            expect(error).to.include({ status: 401 })
            return false
          },
        )
      }
      const seen: boolean[] = []
      for (const offsetMs of [60_000, -60_000, 61_000, -61_000, 3_600_000, -3_600_000]) seen.push(await at(offsetMs))
      expect(seen).to.deep.equal([true, true, false, false, false, false])
    })

    it('C2 a signature of a known key is no token when it was made as something else, or is written another way', async () => {
      const caller = possession({
        publicUrl: setup.url,
        participants: [setup.register],
        clock: systemClock,
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock: systemClock }),
      })
      const { privateJwk, publicJwk } = setup.register.sig
      const key = createPrivateKey({ key: privateJwk as JsonWebKey, format: 'jwk' })
      const usual = { typ: 'protektor-token+jws', kid: publicJwk.kid, alg: 'ES256' }
      const segment = (value: object | string) =>
        Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
      const knows = async (header: object, more: object = {}, scheme = 'Protektor', rewrite = (jws: string) => jws): Promise<boolean> => {
        const [, claims = ''] = (await setup.token(setup.register, 'POST', take)).split('.')
        const members = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), ...more }
        const signed = `${segment(header)}.${segment(members)}`
        const mark = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
        const headers = { authorization: `${scheme} ${rewrite(`${signed}.${mark}`)}` }
        return caller({ headers, method: 'POST', url: take } as unknown as IncomingMessage).then(
          () => true,
          (error: unknown) => {
            expect(error).to.include({ status: 401 })
            return false
          },
        )
      }
      expect(await knows(usual)).to.equal(true)
      const others: Record<string, Promise<boolean>> = {
        'the metadata of an envelope': knows({ ...usual, typ: 'protektor-metadata+jws' }),
        'no type': knows({ kid: usual.kid, alg: usual.alg }),
        'another algorithm': knows({ ...usual, alg: 'PS256' }),
        'no algorithm': knows({ ...usual, alg: 'none' }),
        'another key': knows({ ...usual, kid: setup.register.enc.publicJwk.kid }),
        'something that must be understood': knows({ ...usual, crit: ['exp'], exp: 1 }),
        'one more claim': knows(usual, { sub: 'portal-1' }),
        'a short jti': knows(usual, { jti: 'x' }),
        'another scheme': knows(usual, {}, 'Protector'),
        'a fourth segment': knows(usual, {}, 'Protektor', (jws) => `${jws}.`),
        'a padded signature': knows(usual, {}, 'Protektor', (jws) => `${jws}==`),
        'spare bits': knows(usual, {}, 'Protektor', (jws) => jws.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))),
        'more than 8 KiB': knows(usual, { jti: 'x'.repeat(9000) }),
      }
      for (const [name, known] of Object.entries(others)) expect(await known, name).to.equal(false)
    })

    it('bounds the table of used tokens: full is 429, and time empties it', async () => {
      let monotonicMs = 0
      const clock = { now: () => new Date(), monotonicMs: () => monotonicMs }
      const caller = possession({
        publicUrl: setup.url,
        participants: [setup.register],
        clock,
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock, maxKeys: 2 }),
      })
      const status = async () => {
        const headers = { authorization: await setup.token(setup.register, 'POST', take) }
        return caller({ headers, method: 'POST', url: take } as unknown as IncomingMessage).then(
          () => 'in',
          (error: unknown) => (error as { status: number }).status,
        )
      }
      expect([await status(), await status(), await status()]).to.deep.equal(['in', 'in', 429])
      monotonicMs = 121_001
      expect(await status()).to.equal('in')
    })

    it('says 503, not 429, while nobody can remember tokens: who knows another node goes there, and nobody was too quick', async () => {
      const once = { enter: () => Promise.reject(new CoreError('full', 'The core cannot be reached at the moment.')) }
      const away = await Setup.start({}, {}, { once })
      try {
        const reply = await away.call(away.register, take)
        expect(reply.status).to.equal(503)
        expect(reply.headers.get('retry-after')).to.equal('1')
        expect(await reply.json()).to.include({ code: 'core.full' })
        expect(away.errors).to.deep.equal([])
      } finally {
        await away.stop()
      }
    })

    it('C4 gives each participant its share of the table of used tokens: one that uses it up keeps nobody else out', async () => {
      const caller = possession({
        publicUrl: setup.url,
        participants: [setup.register, setup.portal],
        clock: systemClock,
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock: systemClock, maxKeys: 4, maxKeysPerOwner: 2 }),
      })
      const status = async (who: Person) => {
        const headers = { authorization: await setup.token(who, 'POST', take) }
        return caller({ headers, method: 'POST', url: take } as unknown as IncomingMessage).then(
          () => 'in',
          (error: unknown) => (error as { status: number }).status,
        )
      }
      const { register, portal } = setup
      const seen = []
      for (const who of [register, register, register, portal, portal, portal]) seen.push(await status(who))
      expect(seen).to.deep.equal(['in', 'in', 429, 'in', 'in', 429])
    })

    it('a key that may not be used lets nobody in, and shuts out nobody else', async () => {
      const bad = { kty: 'RSA', n: 'AQAB', e: 'AQAB' }
      const caller = possession({
        publicUrl: setup.url,
        participants: [{ ...setup.register, jwks: [bad, ...setup.register.jwks] }],
        clock: systemClock,
        tokenSkewSeconds: 60,
        once: memoryOnce({ clock: systemClock }),
      })
      const headers = { authorization: await setup.token(setup.register, 'POST', take) }
      const known = await caller({ headers, method: 'POST', url: take } as unknown as IncomingMessage)
      expect(known.participant.id).to.equal('register-1')
    })
  })
})
