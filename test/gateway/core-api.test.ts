// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { compactVerify, importJWK } from 'jose'
import { readOutcome } from '../../src/core/chain.js'
import { CORE_API_OPENAPI, CORE_ROUTES } from '../../src/gateway/core-api-openapi.js'
import { LONG_POLL_LIMITS } from '../../src/gateway/core-waits.js'
import { until } from '../until.js'
import { BOX, LEASED, MEDIA_TYPE, newId, Setup } from './core-api-setup.js'

const take = `/core/v1/mailboxes/${BOX}/take`
const takeLeased = `/core/v1/mailboxes/${LEASED}/take`
const putPath = `/core/v1/mailboxes/${BOX}/envelopes`
const outcomePath = (id: string) => `/core/v1/envelopes/${id}/outcome`

describe('core API', () => {
  let setup: Setup
  beforeEach(async () => {
    setup = await Setup.start({}, { maxBytesPerMailbox: 200_000, handoverSeconds: 3 })
  })
  afterEach(async () => {
    await setup.stop()
  })

  async function outcome(id: string): Promise<{ outcome: string; claimed: boolean; reason?: string; jws?: string }> {
    return (await (await setup.call(setup.portal, outcomePath(id), { method: 'GET' })).json()) as {
      outcome: string
      claimed: boolean
      jws?: string
    }
  }

  async function settledOutcome(id: string): Promise<string> {
    return until(async () => {
      const record = await outcome(id)
      return record.outcome === 'waiting' ? undefined : record.outcome
    })
  }

  async function stillWorks(): Promise<void> {
    const id = await setup.put()
    const response = await setup.call(setup.register, take)
    expect(response.status).to.equal(200)
    expect(response.headers.get('protektor-envelope-id')).to.equal(id)
    await response.arrayBuffer()
    expect(await settledOutcome(id)).to.equal('delivered')
    expect(setup.errors).to.deep.equal([])
  }

  it('hands over the exact bytes, then says delivered; nothing is left', async () => {
    const bytes = await setup.envelope(BOX)
    const sha = createHash('sha256').update(bytes).digest('hex')
    expect((await setup.call(setup.portal, putPath, { body: bytes })).status).to.equal(201)
    const response = await setup.call(setup.register, take)
    expect(response.headers.get('content-type')).to.equal(MEDIA_TYPE)
    expect(response.headers.get('protektor-handover')).to.equal('at-most-once')
    expect(
      createHash('sha256')
        .update(new Uint8Array(await response.arrayBuffer()))
        .digest('hex'),
    ).to.equal(sha)
    expect((await setup.call(setup.register, take)).status).to.equal(204)
    expect(setup.core.stats()).to.include({ bytes: 0, envelopes: 0 })
  })

  it('C1 has one winner among 200 concurrent takes over HTTP', async () => {
    await setup.stop()
    setup = await Setup.start({ longPolls: { ...LONG_POLL_LIMITS, perTarget: 200 } })
    const id = newId()
    const takes = Array.from({ length: 200 }, () =>
      setup.call(setup.register, take + '?waitSeconds=1').then(async (r) => ({ status: r.status, bytes: await r.arrayBuffer() })),
    )
    await setup.put(BOX, id)
    const winners = (await Promise.all(takes)).filter(({ status }) => status === 200)
    expect(winners).to.have.length(1)
    expect(await settledOutcome(id)).to.equal('delivered')
    await stillWorks()
  })

  it('answers a long poll when something comes, and 204 when nothing does', async () => {
    const wait = setup.call(setup.register, take + '?waitSeconds=20')
    await until(() => setup.core.stats().waiters === 1)
    const id = await setup.put()
    const response = await wait
    expect(response.headers.get('protektor-envelope-id')).to.equal(id)
    expect((await setup.call(setup.register, take + '?waitSeconds=1')).status).to.equal(204)
    expect((await setup.call(setup.register, take + '?waitSeconds=31')).status).to.equal(400)
    expect((await setup.call(setup.register, take + '?waitSeconds=1&waitSeconds=2')).status).to.equal(400)
    await stillWorks()
  })

  it('ends the wait without a claim when the taker goes away', async () => {
    const abort = new AbortController()
    const wait = setup.call(setup.register, take + '?waitSeconds=20', { signal: abort.signal }).catch((error: unknown) => error)
    await until(() => setup.core.stats().waiters === 1)
    abort.abort()
    expect(await wait).to.be.instanceOf(Error)
    await until(() => setup.core.stats().waiters === 0)
    await stillWorks()
  })

  it('lets at most four calls of a participant wait at one mailbox', async () => {
    const abort = new AbortController()
    const waits = Array.from({ length: 4 }, () =>
      setup.call(setup.register, take + '?waitSeconds=20', { signal: abort.signal }).catch(() => undefined),
    )
    await until(() => setup.core.stats().waiters === 4)
    const fifth = await setup.call(setup.register, take + '?waitSeconds=20')
    expect([fifth.status, fifth.headers.get('retry-after')]).to.deep.equal([429, '1'])
    abort.abort()
    await Promise.all(waits)
    await until(() => setup.core.stats().waiters === 0)
    await stillWorks()
  })

  it('C2 tells unknown callers nothing: one 401 whatever the token lacks, and before the mailbox is looked at', async () => {
    const good = () => setup.token(setup.register, 'POST', take)
    const old = (ms: number) => setup.token(setup.register, 'POST', take, undefined, { now: () => new Date(Date.now() + ms) })
    const replayed = await good()
    expect((await setup.call(setup.register, take, { authorization: replayed })).status).to.equal(204)
    const [head = '', claims = '', signature = ''] = (await good()).split('.')
    const tokens: Record<string, string> = {
      none: '',
      scheme: 'Bearer x',
      stranger: await setup.token(setup.stranger, 'POST', take),
      impostor: await setup.token({ ...setup.stranger, id: 'register-1' }, 'POST', take),
      method: await setup.token(setup.register, 'GET', take),
      path: await setup.token(setup.register, 'POST', take + '?waitSeconds=1'),
      audience: await setup.token(setup.register, 'POST', take, undefined, { audience: 'https://elsewhere.example' }),
      past: await old(-62_000),
      future: await old(62_000),
      body: await setup.token(setup.register, 'POST', take, new Uint8Array(1)),
      replayed,
      forged: [head, claims, signature.slice(0, 10) + (signature[10] === 'A' ? 'B' : 'A') + signature.slice(11)].join('.'),
      unsigned: `Protektor ${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
    }
    const answers = new Map<string, string>()
    for (const [name, authorization] of Object.entries(tokens)) {
      const response = await setup.call(setup.register, take, { authorization })
      answers.set(name, `${response.status} ${await response.text()}`)
    }
    const unknown = await setup.call(setup.stranger, '/core/v1/mailboxes/no.such.box/take')
    answers.set('unknown mailbox', `${unknown.status} ${await unknown.text()}`)
    expect(new Set(answers.values()).size, JSON.stringify([...answers])).to.equal(1)
    expect(unknown.status).to.equal(401)
    await stillWorks()
  })

  it('C2 answers one 404 for what does not exist and for what belongs to somebody else', async () => {
    const id = await setup.put(LEASED)
    const leased = await setup.call(setup.register, takeLeased)
    await leased.arrayBuffer()
    const calls: [string, Promise<Response>][] = [
      ['foreign mailbox', setup.call(setup.portal, take)],
      ['no mailbox', setup.call(setup.portal, '/core/v1/mailboxes/no.such.box/take')],
      ['foreign outcome', setup.call(setup.register, outcomePath(id), { method: 'GET' })],
      ['no outcome', setup.call(setup.register, outcomePath(newId()), { method: 'GET' })],
      ['foreign lease', setup.call(setup.portal, `/core/v1/envelopes/${id}/confirm`)],
      ['no lease', setup.call(setup.portal, `/core/v1/envelopes/${newId()}/confirm`)],
    ]
    const bodies = await Promise.all(
      calls.map(async ([name, call]) => `${(await call).status} ${name.split(' ')[1] ?? ''} ${await (await call).text()}`),
    )
    for (const kind of ['mailbox', 'outcome', 'lease']) {
      const own = bodies.filter((body) => body.split(' ')[1] === kind)
      expect(own).to.have.length(2)
      expect(own[0]).to.equal(own[1]).and.match(/^404 /)
    }
    expect((await setup.call(setup.register, `/core/v1/envelopes/${id}/confirm`)).status).to.equal(204)
  })

  it('keeps GET and HEAD free of effects', async () => {
    const id = await setup.put()
    for (const method of ['GET', 'HEAD']) {
      for (const path of [take, putPath, `/core/v1/envelopes/${id}/confirm`, `/core/v1/envelopes/${id}/withdraw`]) {
        const answer = await setup.call(setup.register, path, { method })
        expect([answer.status, answer.headers.get('allow')], path).to.deep.equal([405, 'POST'])
      }
      expect((await setup.call(setup.portal, outcomePath(id), { method })).status).to.equal(200)
    }
    expect(await outcome(id)).to.include({ outcome: 'waiting', claimed: false })
    expect((await setup.call(setup.register, take)).status).to.equal(200)
  })

  it('lease and confirm: confirmation repeats harmlessly, refusal gives the code to the sender, later ones are 410', async () => {
    const first = await setup.put(LEASED)
    const response = await setup.call(setup.register, takeLeased)
    expect(response.headers.get('protektor-handover')).to.equal('lease-and-confirm')
    expect(response.headers.get('protektor-lease-ms')).to.equal('5000')
    await response.arrayBuffer()
    expect(await outcome(first)).to.include({ outcome: 'waiting', claimed: true })
    const confirm = () => setup.call(setup.register, `/core/v1/envelopes/${first}/confirm`)
    expect([(await confirm()).status, (await confirm()).status]).to.deep.equal([204, 204])
    expect((await outcome(first)).outcome).to.equal('delivered')
    const second = await setup.put(LEASED)
    await (await setup.call(setup.register, takeLeased)).arrayBuffer()
    const refuse = (code: unknown) =>
      setup.call(setup.register, `/core/v1/envelopes/${second}/refuse`, {
        body: new TextEncoder().encode(JSON.stringify({ code })),
        type: 'application/json',
      })
    expect((await refuse('x\ny')).status).to.equal(400)
    expect((await refuse(7)).status).to.equal(400)
    expect((await refuse('X001')).status).to.equal(204)
    expect(await outcome(second)).to.include({ outcome: 'refused', reason: 'X001' })
    expect((await refuse('X001')).status).to.equal(410)
    await stillWorks()
  })

  it('refuses what is no envelope for this mailbox, an id used before, and too much', async () => {
    const statuses = async (body: Uint8Array, type = MEDIA_TYPE) => (await setup.call(setup.portal, putPath, { body, type })).status
    expect(await statuses(new Uint8Array(4096))).to.equal(400)
    expect(await statuses(await setup.envelope(LEASED))).to.equal(400)
    expect(await statuses(await setup.envelope(BOX), 'text/plain')).to.equal(415)
    const id = await setup.put()
    expect(await statuses(await setup.envelope(BOX, id))).to.equal(409)
    expect(await statuses(await setup.envelope(BOX, newId(), 250_000))).to.equal(429)
    expect(
      (await setup.call(setup.portal, `/core/v1/mailboxes/no.such.box/envelopes`, { body: await setup.envelope('no.such.box') })).status,
    ).to.equal(404)
    await (await setup.call(setup.register, take)).arrayBuffer()
    expect(setup.core.stats().bytes).to.equal(0)
    await stillWorks()
  })

  it('C4 reserves room before the body is read and gives it back when the upload breaks', async () => {
    for (const announced of [true, false]) {
      const body = await setup.envelope(BOX, newId(), 120_000)
      const { port, hostname } = new URL(setup.url)
      const authorization = await setup.token(setup.portal, 'POST', putPath, body)
      const length = announced ? `content-length: ${body.length}` : 'transfer-encoding: chunked'
      const socket = connectSocket(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.write(
        `POST ${putPath} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: ${MEDIA_TYPE}\r\n${length}\r\n\r\n`,
      )
      socket.write(
        announced ? body.subarray(0, 10) : Buffer.concat([Buffer.from(`${(100_000).toString(16)}\r\n`), body.subarray(0, 100_000)]),
      )
      await until(() => setup.core.stats().bytes >= (announced ? body.length : 100_000))
      const busy = await setup.call(setup.portal, putPath, { body: await setup.envelope(BOX, newId(), 120_000) })
      expect([busy.status, busy.headers.get('retry-after')]).to.deep.equal([429, '1'])
      socket.destroy()
      await until(() => setup.core.stats().bytes === 0)
    }
    await stillWorks()
  })

  it('C6 reports unknown, and never repeats, when the taker breaks off in the middle of the transfer', async () => {
    await setup.stop()
    setup = await Setup.start({}, { handoverSeconds: 3 })
    const id = await setup.put(BOX, newId(), 16_000_000)
    const { port, hostname } = new URL(setup.url)
    const authorization = await setup.token(setup.register, 'POST', take)
    await new Promise<void>((resolve) => {
      const request = httpRequest(
        { port, hostname, method: 'POST', path: take, headers: { authorization } },
        (response: IncomingMessage) => {
          response.once('data', () => {
            response.destroy()
            resolve()
          })
        },
      )
      request.on('error', () => undefined)
      request.end()
    })
    expect(await settledOutcome(id)).to.equal('unknown')
    expect((await setup.call(setup.register, take)).status).to.equal(204)
    expect(setup.core.stats().bytes).to.equal(0)
    await stillWorks()
  })

  it('C6 leased: a broken transfer makes the envelope wait again under its id', async () => {
    await setup.stop()
    setup = await Setup.start()
    const id = await setup.put(LEASED, newId(), 16_000_000)
    const abort = new AbortController()
    const first = await setup.call(setup.register, takeLeased, { signal: abort.signal })
    expect(first.headers.get('protektor-envelope-id')).to.equal(id)
    abort.abort()
    await first.arrayBuffer().catch(() => undefined)
    const again = await setup.call(setup.register, takeLeased + '?waitSeconds=10')
    expect(again.headers.get('protektor-envelope-id')).to.equal(id)
    await again.arrayBuffer()
    expect((await setup.call(setup.register, `/core/v1/envelopes/${id}/confirm`)).status).to.equal(204)
    expect((await outcome(id)).outcome).to.equal('delivered')
  })

  it('opens the reply mailbox for the participant that named it and for nobody else', async () => {
    const replyTo = 'reply.' + newId()
    const body = await setup.envelope(BOX)
    expect((await setup.call(setup.portal, `${putPath}?replyTo=${replyTo}`, { body })).status).to.equal(201)
    expect((await setup.call(setup.register, `/core/v1/mailboxes/${replyTo}/take`)).status).to.equal(404)
    expect((await setup.call(setup.portal, `/core/v1/mailboxes/${replyTo}/take`)).status).to.equal(204)
    expect((await setup.call(setup.portal, `${putPath}?replyTo=short`, { body: await setup.envelope(BOX) })).status).to.equal(400)
  })

  it('signs settled outcome records, and says of others only that they wait', async () => {
    const id = await setup.put()
    expect(await outcome(id)).not.to.have.property('jws')
    await (await setup.call(setup.register, take)).arrayBuffer()
    expect(await settledOutcome(id)).to.equal('delivered')
    const { jws = '', ...plain } = await outcome(id)
    const key = await importJWK(setup.stranger.sig.publicJwk, 'ES256')
    const { payload, protectedHeader } = await compactVerify(jws, key)
    expect(protectedHeader).to.include({ typ: 'protektor-outcome+jws', alg: 'ES256' })
    const { link, ...facts } = readOutcome(payload)
    expect({ ...facts, ...link }).to.deep.equal(plain)
  })

  it('waits for the claim or the end when asked for an outcome', async () => {
    const id = await setup.put(LEASED)
    const claimed = setup.call(setup.portal, `${outcomePath(id)}?waitSeconds=20&until=claimed`, { method: 'GET' })
    await (await setup.call(setup.register, takeLeased)).arrayBuffer()
    expect(await (await claimed).json()).to.include({ outcome: 'waiting', claimed: true })
  })

  it('knows the media type in any case, and refuses to wait for what is no state of an outcome', async () => {
    const id = newId()
    const put = await setup.call(setup.portal, putPath, {
      body: await setup.envelope(BOX, id),
      type: 'Application/VND.Protektor.Envelope; v=1',
    })
    expect(put.status).to.equal(201)
    const asked = async (query: string) => (await setup.call(setup.portal, `${outcomePath(id)}?${query}`, { method: 'GET' })).status
    for (const query of ['until=claimd', 'until=', 'until=claimed&until=settled']) expect(await asked(query), query).to.equal(400)
    for (const query of ['until=claimed', 'until=settled']) expect(await asked(query), query).to.equal(200)
  })

  it('refuses parameters that it does not know, and known ones given twice, before anything is done', async () => {
    const address = (path: string) => path.replace('{address}', BOX).replace('{id}', id)
    const id = await setup.put()
    const body = await setup.envelope(BOX)
    const wrong: [Setup['portal'], string, string][] = [
      [setup.register, take, 'waitseconds=30'],
      [setup.register, take, 'Confirm=true'],
      [setup.register, take, 'waitSeconds=0&waitSeconds=0'],
      [setup.register, take, '__proto__=1'],
      [setup.portal, putPath, `replyto=reply.${'0'.repeat(32)}`],
      ...CORE_ROUTES.map(({ path }): [Setup['portal'], string, string] => [setup.portal, address(path), 'more=']),
    ]
    for (const [who, path, query] of wrong) {
      const method = path.endsWith('/outcome') ? 'GET' : 'POST'
      const response = await setup.call(who, `${path}?${query}`, { method, ...(path === putPath ? { body } : {}) })
      expect([response.status, ((await response.json()) as { code: string }).code], query).to.deep.equal([400, 'core.malformed'])
    }
    expect((await setup.call(setup.portal, `${take}?more=`, { authorization: 'none' })).status).to.equal(401)
    const taken = await setup.call(setup.register, `${take}?waitSeconds=0`)
    expect(taken.headers.get('protektor-envelope-id')).to.equal(id)
    await taken.arrayBuffer()
    expect((await setup.call(setup.register, take)).status).to.equal(204)
  })

  it('M4 refuses a compressed body (415), and takes the same envelope as it is', async () => {
    const body = await setup.envelope(BOX)
    const put = async (encoding: string): Promise<number> => {
      const headers = { 'content-type': MEDIA_TYPE, 'content-encoding': encoding }
      const authorization = await setup.token(setup.portal, 'POST', putPath, body)
      return (await fetch(setup.url + putPath, { method: 'POST', headers: { ...headers, authorization }, body: new Uint8Array(body) }))
        .status
    }
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'X']) expect(await put(encoding), encoding).to.equal(415)
    expect(await put('Identity')).to.equal(201)
  })

  it('tells in OpenAPI of the refusals that every call may meet', async () => {
    const full = await Setup.start({}, {}, { once: { enter: async () => 'full' } })
    const tight = await Setup.start({ envelopeBytes: 1000 })
    const paths = CORE_API_OPENAPI.paths as Record<string, Record<string, { responses: Record<string, { headers?: object }> }>>
    try {
      for (const { path, method: small, operation, request } of CORE_ROUTES) {
        const method = small.toUpperCase()
        const address = path.replace('{address}', BOX).replace('{id}', newId())
        const met = [
          await full.call(full.portal, address, { method }),
          await setup.call(setup.portal, address, { method, authorization: 'none' }),
          ...(method === 'GET'
            ? []
            : [await tight.call(tight.register, address, { body: new Uint8Array(5000), type: request?.mediaType ?? MEDIA_TYPE })]),
        ]
        expect(met.map(({ status }) => status)).to.deep.equal([429, 401, 413].slice(0, met.length))
        for (const { status, headers } of met) {
          const told = paths[path]?.[small]?.responses[status]
          expect(told, `${operation} ${status}`).to.be.an('object')
          expect('Retry-After' in (told?.headers ?? {}), `${operation} ${status}`).to.equal(headers.has('retry-after'))
        }
      }
    } finally {
      await full.stop()
      await tight.stop()
    }
  })

  it('describes every route in OpenAPI, with the answers it gives', () => {
    const paths = CORE_API_OPENAPI.paths as Record<string, Record<string, { operationId: string; responses: object }>>
    for (const route of CORE_ROUTES) {
      const operation = paths[route.path]?.[route.method]
      expect(operation?.operationId).to.equal(route.operation)
      expect(Object.keys(operation?.responses ?? {})).to.include.members([...Object.keys(route.success), '401', '404'])
    }
    expect(JSON.parse(JSON.stringify(CORE_API_OPENAPI))).to.deep.equal(CORE_API_OPENAPI)
  })
})
