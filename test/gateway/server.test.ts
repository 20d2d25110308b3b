// SPDX-License-Identifier: EUPL-1.2
/**
 * Sockets: TLS, the graceful end, and what is shut on plain HTTP off loopback.
 * @module
 */
import { expect } from 'chai'
import { constants } from 'node:crypto'
import { createServer, get } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { once } from 'node:events'
import { osciHttp } from '../../src/client/osci/transport.js'
import { httpTransport } from '../../src/client/transport.js'
import { generateEnvelopeKey, importSigningKey } from '../../src/envelope/keys.js'
import { publicApp } from '../../src/gateway/app.js'
import { passiveRecipient } from '../../src/gateway/passive-recipient.js'
import { listen } from '../../src/gateway/server.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { openHouse, removeDirectories } from './support.js'

describe('server', function () {
  this.timeout(30_000)
  after(removeDirectories)

  async function tlsKeys() {
    const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2030-01-01') }
    const { certificate, privateKey } = await issueCertificate({ commonName: '127.0.0.1', usage: 'both', ...dates })
    return { key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), certificate: certificate.toString() }
  }

  it('speaks TLS 1.2 or later and asks for a client certificate without demanding one', async () => {
    const tls = await tlsKeys()
    const server = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 }, { tls })
    try {
      expect(server.url).to.match(/^https:/)
      const body = await new Promise<string>((resolve, reject) => {
        get(server.url, { rejectUnauthorized: false }, (r) => {
          let text = ''
          r.on('data', (d: Buffer) => (text += d.toString()))
          r.once('end', () => resolve(text))
        }).once('error', reject)
      })
      expect(body).to.equal('ok')
      const old = get(server.url, { rejectUnauthorized: false, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })
      const [error] = (await once(old, 'error')) as [Error]
      expect(error).to.be.instanceOf(Error)
    } finally {
      await server.close(0)
    }
  })

  it('gives the header lines no longer than the whole request', async () => {
    const limits = { requestTimeoutMs: 1000, headersTimeoutMs: 10_000 }
    const server = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 }, { limits })
    try {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n'))
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString()).to.match(/^HTTP\/1\.1 408 /)
    } finally {
      await server.close(0)
    }
  })

  it('speaks TLS 1.2 with authenticated encryption and forward secrecy only, as server and in every call of its own', async () => {
    const weak = ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA256']
    const keys = await tlsKeys()
    const server = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 }, { tls: keys })
    const handshake = (ciphers: string): Promise<string> =>
      new Promise((resolve) => {
        const options = { host: '127.0.0.1', port: server.port, maxVersion: 'TLSv1.2', ciphers, rejectUnauthorized: false } as const
        const socket = tls.connect(options, () => {
          resolve(socket.getCipher().name)
          socket.destroy()
        })
        socket.once('error', () => resolve('refused'))
      })
    const met: string[] = []
    const old = createServer({ key: keys.key, cert: keys.certificate, ciphers: weak.join(':'), maxVersion: 'TLSv1.2' }, () => undefined)
    old.on('tlsClientError', (error: NodeJS.ErrnoException) => met.push(error.code ?? ''))
    try {
      for (const cipher of weak) expect(await handshake(cipher), cipher).to.equal('refused')
      for (const cipher of ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305']) expect(await handshake(cipher)).to.equal(cipher)
      await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
      const url = `https://127.0.0.1:${(old.address() as AddressInfo).port}`
      const { privateJwk } = await generateEnvelopeKey('sig')
      const core = httpTransport({ url, participant: 'portal-1', key: await importSigningKey(privateJwk), tls: { ca: keys.certificate } })
      // in a process of somebody else, who uses our client only
      tls.DEFAULT_CIPHERS = constants.defaultCipherList
      const post = osciHttp({ tls: { ca: keys.certificate } }).post(url, new Uint8Array(1), { timeoutMs: 5000, maxBytes: 1 })
      await Promise.allSettled([post, core.outcome('0'.repeat(32), 0, 'settled')])
      expect(met).to.deep.equal(['ERR_SSL_NO_SHARED_CIPHER', 'ERR_SSL_NO_SHARED_CIPHER'])
      await (await openHouse()).close()
      await fetch(url).catch(() => undefined)
      expect(met).to.have.length(3)
    } finally {
      old.close()
      await server.close(0)
    }
  })

  it('H1 whoever connects and never begins to speak TLS is cut as soon as one who sends no headers', async () => {
    const limits = { headersTimeoutMs: 300 }
    const server = await listen((_q, response) => response.end(), { host: '127.0.0.1', port: 0 }, { tls: await tlsKeys(), limits })
    try {
      const silent = connect(server.port, '127.0.0.1').on('error', () => undefined)
      silent.resume()
      await once(silent, 'close')
    } finally {
      await server.close(0)
    }
  })

  it('cuts nobody for the time in which this process was stopped itself', async () => {
    const answer = Buffer.alloc(16 * 1024 * 1024, 'a')
    const answers = { minBytesPerSecond: answer.length * 2, graceMs: 300 }
    const server = await listen((_request, response) => response.end(answer), { host: '127.0.0.1', port: 0 }, { limits: { answers } })
    try {
      const reply = await fetch(server.url)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100)
      expect((await reply.arrayBuffer()).byteLength).to.equal(answer.length)
    } finally {
      await server.close(0)
    }
  })

  it('H1 whoever does not read his answer is cut, also the later of many over one connection; who reads slowly gets all of it', async () => {
    const answer = Buffer.alloc(32 * 1024 * 1024, 'a')
    const cut: string[] = []
    const limits = { answers: { minBytesPerSecond: answer.length, graceMs: 5000 } }
    const server = await listen(
      (request, response) => {
        const { url = '' } = request
        if (url === '/alone' || url === '/behind') request.socket.once('close', () => cut.push(url))
        response.end(url === '/small' ? 'small' : answer)
      },
      { host: '127.0.0.1', port: 0 },
      { limits },
    )
    try {
      const lazy = [
        'GET /alone HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET /small HTTP/1.1\r\nHost: x\r\n\r\nGET /behind HTTP/1.1\r\nHost: x\r\n\r\n',
      ]
      const sockets = lazy.map((text) => {
        const socket = connect(server.port, '127.0.0.1').on('error', () => undefined)
        socket.pause()
        socket.write(text)
        return socket
      })
      const reply = await fetch(`${server.url}/read`)
      let taken = 0
      for await (const piece of reply.body ?? []) {
        taken += (piece as Uint8Array).length
        if (taken < 1024 * 1024) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(taken).to.equal(answer.length)
      while (cut.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(cut.sort()).to.deep.equal(['/alone', '/behind'])
      for (const socket of sockets) socket.destroy()
    } finally {
      await server.close(0)
    }
  })

  it('lets a call under way finish when it ends, and takes no new one', async () => {
    let release: () => void = () => undefined
    let arrived: () => void = () => undefined
    const here = new Promise<void>((resolve) => (arrived = resolve))
    const server = await listen(
      (_request, response) => {
        release = () => response.end('late')
        arrived()
      },
      { host: '127.0.0.1', port: 0 },
    )
    const call = fetch(server.url).then((r) => r.text())
    await here
    const closed = server.close(20_000)
    const refused = await fetch(server.url).then(
      () => false,
      () => true,
    )
    release()
    expect(await call).to.equal('late')
    await closed
    expect(refused).to.equal(true)
  })

  it('cuts what does not finish in time', async () => {
    let arrived: () => void = () => undefined
    const here = new Promise<void>((resolve) => (arrived = resolve))
    const server = await listen(() => arrived(), { host: '127.0.0.1', port: 0 })
    const call = fetch(server.url).then(
      () => 'answered',
      () => 'cut',
    )
    await here
    await server.close(50)
    expect(await call).to.equal('cut')
  })

  it('ends in time, also while somebody has left a TLS handshake half open', async () => {
    const server = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 }, { tls: await tlsKeys() })
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const beganMs = performance.now()
    await server.close(100)
    expect(performance.now() - beganMs).to.be.below(2000)
  })

  it('tells endpoints apart that differ in a capital letter only', async () => {
    const house = await openHouse()
    try {
      const { ports } = house.gateway.inside
      const addresses = ['/osci/recipient/town', '/osci/recipient/Town'].map((path) => ({
        path,
        role: 'passiveRecipient' as const,
        mode: 'blind' as const,
        answer: () => Promise.resolve({ status: 200, contentType: 'text/plain', body: new TextEncoder().encode(path) }),
      }))
      const handle = publicApp({ ports, addresses, publicUrl: 'http://127.0.0.1', jwks: {} }).callback()
      const server = await listen((request, response) => void handle(request, response), { host: '127.0.0.1', port: 0 })
      try {
        for (const { path } of addresses)
          expect(await (await fetch(server.url + path, { method: 'POST', body: 'x' })).text()).to.equal(path)
        expect((await fetch(`${server.url}/osci/recipient/TOWN`, { method: 'POST', body: 'x' })).status).to.equal(404)
      } finally {
        await server.close(0)
      }
    } finally {
      await house.close()
    }
  })

  it('serves nothing but the OSCI paths where it must not', async () => {
    const house = await openHouse()
    try {
      const { ports, endpoints } = house.gateway.inside
      const addresses = endpoints.map((endpoint) => passiveRecipient(endpoint, ports))
      const app = publicApp({ ports, addresses, publicUrl: 'http://192.0.2.1', jwks: {}, openapi: {}, onlyOsci: true })
      const handle = app.callback()
      const server = await listen((request, response) => void handle(request, response), { host: '127.0.0.1', port: 0 })
      try {
        for (const path of ['/', '/openapi.json', '/.well-known/jwks.json', '/core/v1/envelopes/x/outcome', '/healthz'])
          expect((await fetch(server.url + path)).status, path).to.equal(404)
        expect((await fetch(`${server.url}/osci/recipient`)).status).to.equal(405)
      } finally {
        await server.close(0)
      }
    } finally {
      await house.close()
    }
  })
})
