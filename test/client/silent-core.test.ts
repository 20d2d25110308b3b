// SPDX-License-Identifier: EUPL-1.2
/**
 * A core whose machine was switched off, behind a network that swallows what is sent: connections stand, and nothing comes over them.
 * Or none stands, and nobody says no.
 * @module
 */
import { expect } from 'chai'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTls } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { connect, TransportError, type AskEvent, type Transport } from '../../src/client/index.js'
import { httpTransport } from '../../src/client/transport.js'
import { generateEnvelopeKey, importSigningKey } from '../../src/envelope/keys.js'
import { issueCertificate } from '../../src/pki/test-pki.js'

describe('client: a silent core', function () {
  this.timeout(30_000)
  let server: Server
  let url: string
  let answer: (path: string, response: ServerResponse) => void
  let keys: {
    readonly sign: Awaited<ReturnType<typeof generateEnvelopeKey>>
    readonly seal: Awaited<ReturnType<typeof generateEnvelopeKey>>
  }

  before(async () => {
    keys = { sign: await generateEnvelopeKey('sig'), seal: await generateEnvelopeKey('enc') }
    server = createServer((request, response) => {
      request.resume()
      answer(request.url ?? '', response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const transport = async (nodes: string | [string, ...string[]] = url): Promise<Transport> =>
    httpTransport({ url: nodes, participant: 'portal-1', key: await importSigningKey(keys.sign.privateJwk), silenceMs: 300 })
  const failure = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    )
  it('a slash behind the address is no part of the audience: a publicUrl has none', async () => {
    const audiences: unknown[] = []
    const hear = ({ headers }: IncomingMessage): void => {
      const [, payload = ''] = (headers.authorization ?? '').split('.')
      audiences.push((JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud?: unknown }).aud)
    }
    server.on('request', hear)
    answer = (_path, response) => void response.writeHead(204).end()
    for (const node of [url, `${url}/`]) await (await transport(node)).take('ags:99001000', 0)
    server.off('request', hear)
    expect(audiences).to.deep.equal([url, url])
  })

  const envelope = { id: '0'.repeat(32), to: 'ags:99001000', ttlSeconds: 10, body: new Uint8Array(4096) }

  it('a question ends in its time, also when the core falls silent after the put', async () => {
    answer = (path, response) => void (path.includes('/envelopes?') && response.writeHead(201).end())
    const { sign, seal } = keys
    const client = await connect({ url, participant: 'portal-1', key: sign.privateJwk, senders: [] })
    const events: AskEvent[] = []
    const started = performance.now()
    const request = { to: 'ags:99001000', recipientKey: seal.publicJwk, document: new Uint8Array(3), answerWithinSeconds: 0.2 }
    for await (const event of client.ask(request)) events.push(event)
    expect(events.slice(1)).to.deep.equal([{ kind: 'outcome', outcome: 'unknown', claimed: false }])
    expect(performance.now() - started).to.be.below(10_000)
  })

  it('a connection that is kept gathers no listeners, call by call', async () => {
    answer = (_path, response) => void response.writeHead(204).end()
    const warnings: string[] = []
    const hear = ({ name }: Error): void => void warnings.push(name)
    let connections = 0
    const count = (): void => void (connections += 1)
    process.on('warning', hear)
    server.on('connection', count)
    try {
      const core = await transport()
      for (let call = 0; call < 15; call += 1) await core.take('ags:99001000', 0)
      // a warning is told in the next tick
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('warning', hear)
      server.off('connection', count)
    }
    expect([warnings, connections]).to.deep.equal([[], 1])
  })

  it('a call that nothing comes of has failed: before the answer, and in the middle of it', async () => {
    answer = (path, response) => {
      if (path.includes('/take')) response.writeHead(200, { 'content-length': '4096' }).write('PRTK')
    }
    const core = await transport()
    expect(await failure(core.put(envelope)))
      .to.be.instanceOf(TransportError)
      .and.include({ finding: 'client.no-answer', nothingSent: false })
    expect(await failure(core.take('ags:99001000', 0)))
      .to.be.instanceOf(TransportError)
      .and.include({ finding: 'client.broken-answer' })
  })

  it('a call has failed where the answer wants to speak another protocol', async () => {
    answer = (_path, response) =>
      void response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    expect(await failure((await transport()).put(envelope)))
      .to.be.instanceOf(TransportError)
      .and.include({ finding: 'client.no-answer', nothingSent: false })
  })

  it('a core that was asked to wait is not silent', async () => {
    answer = (_path, response) => void setTimeout(() => response.writeHead(204).end(), 700)
    expect(await (await transport()).take('ags:99001000', 1)).to.equal(undefined)
  })

  it('an outcome that is none, because somebody else answers, is a broken answer', async () => {
    for (const page of ['<html></html>', 'null', '{}', '[]']) {
      answer = (_path, response) => void response.end(page)
      expect(await failure((await transport()).outcome('0'.repeat(32), 0, 'settled')), page)
        .to.be.instanceOf(TransportError)
        .and.include({ finding: 'client.broken-answer' })
    }
  })

  it('a node that does not prove who it is has got nothing: the next one is asked', async () => {
    answer = (_path, response) => void response.writeHead(201).end()
    const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2036-01-01') }
    const { certificate, privateKey } = await issueCertificate({ commonName: 'nobody', usage: 'both', ...dates })
    let calls = 0
    const stranger = createTls(
      { key: privateKey.export({ format: 'pem', type: 'pkcs8' }), cert: certificate.toString() },
      (_request, response) => {
        calls += 1
        response.writeHead(201).end()
      },
    )
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    try {
      const node = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`
      const alone = await failure((await transport(node)).put(envelope))
      expect(alone).to.be.instanceOf(TransportError).and.include({ nothingSent: true })
      await (await transport([node, url])).put(envelope)
      expect(calls).to.equal(0)
    } finally {
      stranger.closeAllConnections()
      await new Promise((resolve) => stranger.close(resolve))
    }
  })

  it('a node to which no connection comes about has got nothing: the next one is asked', async () => {
    answer = (_path, response) => void response.writeHead(201).end()
    // listens, and never accepts: once its queue is full, whoever knocks hears nothing
    const code = `const server = require('node:net').createServer()
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        require('node:worker_threads').parentPort.postMessage(server.address().port)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      })`
    const deaf = new Worker(code, { eval: true })
    const knocking: Socket[] = []
    try {
      const port = await new Promise<number>((resolve) => deaf.once('message', resolve))
      for (let i = 0; i < 8; i += 1) knocking.push(connectTcp(port, '127.0.0.1').on('error', () => undefined))
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(knocking.at(-1)?.connecting, 'the queue is full').to.equal(true)
      const alone = await failure((await transport(`http://127.0.0.1:${port}`)).put(envelope))
      expect(alone).to.be.instanceOf(TransportError).and.include({ nothingSent: true })
      await (await transport([`http://127.0.0.1:${port}`, url])).put(envelope)
    } finally {
      for (const socket of knocking) socket.destroy()
      await deaf.terminate()
    }
  })
})
