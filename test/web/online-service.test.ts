// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { rateLimit, waitLimit } from '../../examples/online-dienst/guards.js'
import { MEDIA_TYPE } from '../../src/envelope/container.js'
import { generateReplyKey, generateSessionKey } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import { removeDirectories } from '../gateway/support.js'
import { openCitizenHouse, type CitizenHouse } from './house.js'

const SAME = { 'sec-fetch-site': 'same-origin' }
const REPLY = `reply.${'0'.repeat(32)}`

describe('online service (example)', () => {
  let house: CitizenHouse
  before(async () => (house = await openCitizenHouse()))
  after(async () => {
    await house.close()
    await removeDirectories()
  })

  const call = (path: string, headers: Record<string, string>, body?: Uint8Array | string) =>
    fetch(`${house.url}api/${path}`, { method: body === undefined ? 'GET' : 'POST', headers, ...(body === undefined ? {} : { body }) })
  const codeOf = async (response: Response): Promise<[number, string]> => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ]
  const json = { ...SAME, 'content-type': 'application/json' }

  async function sealed(to: string, ttlSeconds = 10): Promise<Uint8Array> {
    const [{ key }, { publicJwk }] = await Promise.all([generateSessionKey(), generateReplyKey()])
    const header = { id: randomBytes(16).toString('hex'), to, ttlSeconds }
    const content = { header, kind: 'message', sender: 'portal-1', createdAt: new Date().toISOString(), parts: [] } as const
    return sealEnvelope(content, { recipient: publicJwk, sender: key }, (bytes) => randomBytes(bytes))
  }

  it('answers its own page only: calls of other sites, and of none, are refused', async () => {
    const { publicJwk } = await generateSessionKey()
    const body = JSON.stringify({ jwk: publicJwk })
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://example.org' }, {}]) {
      const answer = await call('vouchers', { 'content-type': 'application/json', ...headers }, body)
      expect(await codeOf(answer), JSON.stringify(headers)).to.deep.equal([403, 'online.foreign-origin'])
    }
    for (const headers of [SAME, { origin: new URL(house.url).origin }])
      expect((await call('vouchers', { 'content-type': 'application/json', ...headers }, body)).status).to.equal(200)
  })

  it('vouches only for a point on P-256, in JSON, in few bytes', async () => {
    const { publicJwk } = await generateSessionKey()
    for (const jwk of [undefined, {}, { ...publicJwk, y: publicJwk.x }, { kty: 'RSA', n: 'AAAA', e: 'AQAB' }])
      expect(await codeOf(await call('vouchers', json, JSON.stringify({ jwk })))).to.deep.equal([400, 'online.malformed'])
    expect((await call('vouchers', json, 'no JSON')).status).to.equal(400)
    const refused = await call('vouchers', { ...SAME, 'accept-language': 'de' }, '{}')
    const { title, detail } = (await refused.json()) as { title: string; detail?: string }
    expect([refused.status, title]).to.deep.equal([415, 'Der Körper hat nicht den Medientyp, der hier erwartet wird.'])
    expect(detail).to.equal('This is no JSON.')
    expect((await call('vouchers', json, JSON.stringify({ jwk: publicJwk, more: 'x'.repeat(3000) }))).status).to.equal(413)
  })

  it('puts envelopes for its authority only, no longer than the page waits, with a reply mailbox of chance', async () => {
    const put = async (replyTo: string, body: Uint8Array, type: string = MEDIA_TYPE) =>
      (await call(`envelopes?replyTo=${replyTo}`, { ...SAME, 'content-type': type }, body)).status
    const good = await sealed('ags:99001000')
    expect(await put(REPLY, await sealed('ags:99002000'))).to.equal(400)
    expect(await put(REPLY, await sealed('ags:99001000', 60))).to.equal(400)
    expect(await put('ags:99001000', good)).to.equal(400)
    expect(await put(REPLY, new Uint8Array(4096))).to.equal(400)
    expect(await put(REPLY, good, 'text/plain')).to.equal(415)
    expect(await put(REPLY, new Uint8Array(64 * 1024 + 1))).to.equal(413)
    expect(await put(REPLY, good)).to.equal(204)
    expect(await put(`reply.${'1'.repeat(32)}`, good)).to.equal(409)
  })

  it('tells what becomes of an envelope in the answer to its put, until the time is over; nothing is put for a wait that is too long', async () => {
    const headers = { ...SAME, 'content-type': MEDIA_TYPE }
    const reply = `reply.${'2'.repeat(32)}`
    const envelope = await sealed('ags:99001000')
    expect((await call(`envelopes?replyTo=${reply}&waitSeconds=31`, headers, envelope)).status).to.equal(400)
    const answer = await call(`envelopes?replyTo=${reply}&waitSeconds=1`, headers, envelope)
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'application/x-ndjson'])
    const [begun, record, ...more] = (await answer.text()).split('\n')
    expect(begun).to.equal('')
    expect((JSON.parse(record ?? '') as { record: object }).record).to.include({ outcome: 'waiting', claimed: false })
    expect(more).to.deep.equal([''])
  })

  it('C2 tells nothing of ids and mailboxes that are not there, and takes from reply mailboxes only', async () => {
    expect((await call(`envelopes/${'f'.repeat(32)}`, SAME)).status).to.equal(404)
    expect((await call(`replies/reply.${'f'.repeat(32)}`, SAME, '')).status).to.equal(404)
    expect((await call('replies/ags:99001000', SAME, '')).status).to.equal(400)
    expect((await call('envelopes/x', SAME)).status).to.equal(400)
    expect((await call(`replies/${REPLY}?waitSeconds=31`, SAME, '')).status).to.equal(400)
    // reading never consumes
    expect((await call(`replies/${REPLY}`, SAME)).status).to.equal(404)
  })

  it('serves the page under a policy without markup from text, without cookies, and nothing beside it', async () => {
    const page = await fetch(house.url)
    expect(page.status).to.equal(200)
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"])
      expect(policy).to.contain(rule)
    expect(policy).to.not.contain('unsafe')
    expect(page.headers.get('set-cookie')).to.equal(null)
    const html = await page.text()
    expect(html).to.not.match(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:/)
    for (const path of ['nothing.js', '..%2fpackage.json', 'main.ts']) expect((await fetch(house.url + path)).status).to.equal(404)
    expect((await fetch(house.url.slice(0, -1), { redirect: 'manual' })).status).to.equal(302)
    expect((await fetch(`${house.url}main.js`)).headers.get('content-type')).to.contain('javascript')
    expect(await (await fetch(`${house.url}licences.txt`)).text())
      .to.contain('@kern-ux/native')
      .and.to.contain('jose')
  })

  it('C4 counts calls by address and long polls in all', async () => {
    const count = rateLimit(2)
    await count('a')
    await count('a')
    await count('b')
    const refused = await count('a').then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(refused).to.include({ status: 429, retryAfterSeconds: 60 })
    const waits = waitLimit(1)
    let end: () => void = () => undefined
    const first = waits(() => new Promise<void>((resolve) => (end = resolve)))
    expect(await waits(async () => 1).catch((error: { status: number }) => error.status)).to.equal(503)
    end()
    await first
    expect(await waits(async () => 1)).to.equal(1)
  })
})
