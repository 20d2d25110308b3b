// SPDX-License-Identifier: EUPL-1.2
/**
 * The time-stamping authority over HTTP: a loopback server in front of `openssl ts`, and everything that such a server can do wrong.
 * @module
 */
import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readWhole } from '../../src/directory/read-whole.js'
import { ProtektorError } from '../../src/errors.js'
import { httpTimeStamper } from '../../src/gateway/adapters/time-stamper.js'
import { MAX_TIMESTAMP_BYTES, timestampRequest, timestampVerifier } from '../../src/pki/timestamp.js'
import { openAuthority, type OpensslAuthority } from '../pki/openssl-authority.js'

const sha256 = createHash('sha256').update('message').digest()

describe('time-stamping authority over HTTP', () => {
  let authority: OpensslAuthority
  let server: Server
  let base: string
  let asked: { method: string | undefined; type: string | undefined }[]

  const answer = (response: ServerResponse, bytes: Uint8Array, type = 'application/timestamp-reply', status = 200) =>
    response.writeHead(status, { 'content-type': type }).end(bytes)
  const other = () => timestampRequest({ sha256, nonce: randomBytes(8) })

  /** By path of the request. */
  const ACTS: Readonly<Record<string, (query: Uint8Array, response: ServerResponse) => unknown>> = {
    '/tsa': async (query, response) => answer(response, await authority.reply(query, 'rsa'), 'Application/Timestamp-Reply; x=y'),
    '/replay': async (_, response) => answer(response, await authority.reply(other(), 'rsa')),
    '/elsewhere': async (query, response) => answer(response, await authority.reply(swapped(query), 'rsa')),
    '/foreign': async (query, response) => answer(response, await authority.reply(query, 'foreign')),
    '/expired': async (query, response) => answer(response, await authority.reply(query, 'expired')),
    '/choosy': async (query, response) => answer(response, await authority.reply(query, 'rsa', { choosy: true })),
    '/garbage': (_, response) => answer(response, Buffer.from('no time stamp')),
    '/large': (_, response) => answer(response, Buffer.alloc(MAX_TIMESTAMP_BYTES + 1)),
    '/html': (_, response) => answer(response, Buffer.from('<html>'), 'text/html'),
    '/busy': (_, response) => answer(response, Buffer.alloc(0), 'application/timestamp-reply', 503),
    '/moved': (_, response) => response.writeHead(307, { location: '/tsa' }).end(),
    '/slow': () => undefined,
    '/drip': (_, response) => response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).write('0'),
    '/drop': (_, response) => response.destroy(),
  }

  before(async () => {
    authority = await openAuthority()
    server = createServer((request, response) => {
      asked.push({ method: request.method, type: request.headers['content-type'] })
      void bodyOf(request).then((query) => ACTS[request.url ?? '']?.(query, response))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => (asked = []))
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await authority.close()
  })

  const stamper = (url: string, timeoutMs = 5_000) =>
    httpTimeStamper({
      url,
      timeoutMs,
      random: (bytes) => randomBytes(bytes),
      now: () => new Date(),
      readWhole,
      protocol: {
        maxBytes: MAX_TIMESTAMP_BYTES,
        request: timestampRequest,
        verify: async (bytes, question, at) =>
          (await timestampVerifier({ certificates: [authority.certificates.root] })(bytes, question, at)).token,
      },
    })

  const failure = (url: string, timeoutMs?: number) =>
    stamper(url, timeoutMs)
      .stamp(sha256)
      .then(
        () => 'stamped',
        (error: unknown) => (error instanceof ProtektorError ? error.code : String(error)),
      )

  it('gives a token of RFC 3161 that openssl accepts for the digest', async () => {
    const stamp = await stamper(`${base}/tsa`).stamp(sha256)
    if (!('cryptographic' in stamp)) throw new TypeError('a cryptographic stamp is expected')
    expect(stamp.cryptographic.algorithm).to.equal('urn:ietf:rfc:3161')
    expect(await authority.accepts(stamp.cryptographic.token, sha256)).to.equal(true)
    expect(asked).to.deep.equal([{ method: 'POST', type: 'application/timestamp-query' }])
  })

  for (const [path, code] of Object.entries({
    '/replay': 'ERR_TIMESTAMP_WRONG_NONCE',
    '/elsewhere': 'ERR_TIMESTAMP_WRONG_IMPRINT',
    '/foreign': 'ERR_TIMESTAMP_FOREIGN_SIGNER',
    '/expired': 'ERR_TIMESTAMP_SIGNER_OUT_OF_TIME',
    '/choosy': 'ERR_TIMESTAMP_NOT_GRANTED',
    '/garbage': 'ERR_TIMESTAMP_UNREADABLE',
    '/large': 'ERR_TIMESTAMP_TOO_LARGE',
    '/html': 'ERR_TIMESTAMP_HTTP',
    '/busy': 'ERR_TIMESTAMP_HTTP',
    '/moved': 'ERR_TIMESTAMP_HTTP',
    '/drop': 'ERR_TIMESTAMP_UNREACHABLE',
  }))
    it(`refuses ${path} with ${code}`, async () => {
      expect(await failure(base + path)).to.equal(code)
      expect(asked).to.have.length(1)
    })

  it('waits no longer than its time, for the first byte and for the last', async () => {
    for (const path of ['/slow', '/drip']) {
      const began = performance.now()
      expect(await failure(base + path, 150)).to.equal('ERR_TIMESTAMP_TIMEOUT')
      expect(performance.now() - began).to.be.lessThan(2_000)
    }
  })

  it('tells an authority that is not there', async () => {
    expect(await failure('http://127.0.0.1:1/')).to.equal('ERR_TIMESTAMP_UNREACHABLE')
  })
})

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** The same request about something else. */
function swapped(query: Uint8Array): Uint8Array {
  const bytes = Buffer.from(query)
  randomBytes(32).copy(bytes, bytes.indexOf(sha256))
  return bytes
}
