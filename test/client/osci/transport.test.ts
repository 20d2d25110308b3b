// SPDX-License-Identifier: EUPL-1.2
/**
 * OSCI over real sockets: what left and what did not, time, size, every HTTP status.
 * @module
 */
import { expect } from 'chai'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net'
import { OsciCallError } from '../../../src/client/osci/ports.js'
import { osciHttp, type OsciHttpConnections } from '../../../src/client/osci/transport.js'
import { makePki } from '../../../src/pki/test-pki.js'

const BODY = new TextEncoder().encode('MIME-Version: 1.0\r\n…')
const TIME = { timeoutMs: 5000, maxBytes: 10_000 }

describe('OSCI over HTTP', () => {
  let http: OsciHttpConnections
  const open: { close(): void }[] = []
  const sockets = new Set<Socket>()
  beforeEach(() => {
    http = osciHttp()
  })
  afterEach(() => {
    http.close()
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    for (const server of open.splice(0)) server.close()
  })

  async function listen(server: Server | ReturnType<typeof createSocketServer>): Promise<string> {
    open.push(server)
    server.on('connection', (socket: Socket) => sockets.add(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/osci`
  }
  const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener))
  const raw = (onData: (socket: Socket, bytes: Buffer) => void): Promise<string> =>
    listen(
      createSocketServer((socket) => {
        socket.on('error', () => undefined)
        socket.on('data', (bytes) => onData(socket, bytes))
      }),
    )
  const body = async (request: IncomingMessage): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }
  const failed = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => 'nothing was thrown',
      (e: unknown) => e,
    )
    expect(error, String(error)).to.be.instanceOf(OsciCallError)
    const { stage, finding, origin } = error as OsciCallError
    expect(origin).to.equal('local')
    return `${stage} ${finding}`
  }

  it('posts the bytes as they are, with the headers of the field, and gives the answer as it came', async () => {
    let request: { headers: IncomingMessage['headers']; method: string | undefined; bytes: Buffer } | undefined
    const url = await serve((req, res) => {
      void body(req).then((bytes) => {
        request = { headers: req.headers, method: req.method, bytes }
        res.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8' }).end('answer')
      })
    })
    const answer = await http.post(url, BODY, TIME)
    expect(answer).to.deep.include({ status: 200, contentType: 'text/xml; charset=UTF-8' })
    expect(Buffer.from(answer.body).toString()).to.equal('answer')
    expect(request?.method).to.equal('POST')
    expect(request?.bytes.equals(BODY)).to.equal(true)
    expect(request?.headers).to.deep.include({
      'content-type': 'text/xml; charset=UTF-8',
      'content-length': String(BODY.byteLength),
      soapaction: '""',
      'accept-encoding': 'identity',
    })
    expect(request?.headers['transfer-encoding']).to.equal(undefined)
  })

  it('keeps its connection for the next call', async () => {
    const ports = new Set<number | undefined>()
    const url = await serve((req, res) => {
      ports.add(req.socket.remotePort)
      req.resume().on('end', () => res.end('x'))
    })
    for (let i = 0; i < 5; i++) await http.post(url, BODY, TIME)
    expect(ports.size).to.equal(1)
  })

  for (const status of [400, 404, 413, 500, 503])
    it(`reads the body at HTTP ${status}`, async () => {
      const url = await serve((req, res) => req.resume().on('end', () => res.writeHead(status).end('a fault')))
      const answer = await http.post(url, BODY, TIME)
      expect([answer.status, Buffer.from(answer.body).toString()]).to.deep.equal([status, 'a fault'])
    })

  it('follows no redirect', async () => {
    let asked = 0
    const url = await serve((req, res) => {
      asked += 1
      req.resume().on('end', () => res.writeHead(307, { Location: '/elsewhere' }).end())
    })
    expect((await http.post(url, BODY, TIME)).status).to.equal(307)
    expect(asked).to.equal(1)
  })

  it('a refused connection, an unknown host, an address that is none: not sent', async () => {
    const url = await serve(() => undefined)
    const [server] = open.splice(0)
    await new Promise<void>((resolve) => (server as Server).close(() => resolve()))
    expect(await failed(http.post(url, BODY, TIME))).to.equal('not-sent client.connection')
    expect(await failed(http.post('http://nobody.invalid/', BODY, TIME))).to.equal('not-sent client.connection')
    for (const wrong of ['nowhere', 'ftp://127.0.0.1/', 'file:///etc/passwd', 'http://user:pin@127.0.0.1/'])
      expect(await failed(http.post(wrong, BODY, TIME))).to.equal('not-sent client.url')
    for (const timeoutMs of [0, -1, NaN, 2 ** 31])
      expect(await failed(http.post(url, BODY, { ...TIME, timeoutMs }))).to.equal('not-sent client.timeout')
  })

  it('a TLS handshake that fails: not sent, neither to a plain server nor to one with a foreign certificate', async () => {
    const plain = (await raw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).replace('http:', 'https:')
    expect(await failed(http.post(plain, BODY, TIME))).to.equal('not-sent client.connection')
    const year = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }
    const { ca, leaves } = await makePki({ ...year, leaves: { server: { usage: 'both' } } })
    const pair = leaves.get('server')
    if (!pair) throw new Error('no certificate')
    const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const cert = pair.certificate.toString()
    const received: string[] = []
    const url = await listen(
      createTlsServer({ key, cert }, (req, res) => {
        received.push(req.url ?? '')
        req.resume().on('end', () => res.end('x'))
      }),
    )
    expect(await failed(http.post(url.replace('http:', 'https:'), BODY, TIME))).to.equal('not-sent client.connection')
    expect(received).to.deep.equal([])
    const trusting = osciHttp({ tls: { ca: ca.certificate.toString(), checkServerIdentity: () => undefined } })
    open.push(trusting)
    expect((await trusting.post(url.replace('http:', 'https:'), BODY, TIME)).status).to.equal(200)
  })

  it('a connection that breaks after the request left: no answer', async () => {
    const reset = await raw((socket) => socket.resetAndDestroy())
    expect(await failed(http.post(reset, BODY, TIME))).to.equal('no-answer client.connection')
    const closed = await raw((socket) => socket.end())
    expect(await failed(http.post(closed, BODY, TIME))).to.equal('no-answer client.connection')
    const garbage = await raw((socket) => socket.end('no HTTP at all\r\n\r\n'))
    expect(await failed(http.post(garbage, BODY, TIME))).to.equal('no-answer client.connection')
  })

  it('a large request to a peer that breaks off in the middle: no answer', async () => {
    let got = 0
    const url = await raw((socket, bytes) => {
      got += bytes.byteLength
      if (got > 100_000) socket.resetAndDestroy()
    })
    expect(await failed(http.post(url, new Uint8Array(20_000_000), TIME))).to.equal('no-answer client.connection')
  })

  it('an answer that breaks off: no answer, with and without a length', async () => {
    const short = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    expect(await failed(http.post(short, BODY, TIME))).to.match(/^no-answer /)
    const chunked = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'))
    expect(await failed(http.post(chunked, BODY, TIME))).to.match(/^no-answer /)
  })

  it('a kept connection that the peer closed in between: no answer, as nobody knows; the next call opens a new one', async () => {
    let calls = 0
    const url = await raw((socket) => {
      calls += 1
      if (calls === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx')
      else if (calls === 2) socket.resetAndDestroy()
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny')
    })
    await http.post(url, BODY, TIME)
    expect(await failed(http.post(url, BODY, TIME))).to.equal('no-answer client.connection')
    expect((await http.post(url, BODY, TIME)).status).to.equal(200)
  })

  it('a connection that rests is closed, and the call after it opens another', async () => {
    const quick = osciHttp({ idleTimeoutMs: 50 })
    open.push(quick)
    const ports: (number | undefined)[] = []
    const url = await serve((req, res) => {
      ports.push(req.socket.remotePort)
      req.resume().on('end', () => setTimeout(() => res.end('x'), 120))
    })
    await quick.post(url, BODY, TIME)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await quick.post(url, BODY, TIME)
    expect(new Set(ports).size).to.equal(2)
  })

  it('time: the whole call is bounded, a peer that trickles does not prolong it', async () => {
    const silent = await raw(() => undefined)
    expect(await failed(http.post(silent, BODY, { ...TIME, timeoutMs: 80 }))).to.equal('no-answer client.timeout')
    const trickling = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    const started = performance.now()
    expect(await failed(http.post(trickling, BODY, { ...TIME, timeoutMs: 150 }))).to.equal('no-answer client.timeout')
    expect(performance.now() - started).to.be.lessThan(2000)
  })

  it('time: a handshake that never ends is a connection that does not stand: not sent', async () => {
    const silent = (await raw(() => undefined)).replace('http:', 'https:')
    const quick = osciHttp({ connectTimeoutMs: 100 })
    open.push(quick)
    expect(await failed(quick.post(silent, BODY, TIME))).to.equal('not-sent client.connect-timeout')
  })

  it('a call that is given up: not sent before it began, no answer after', async () => {
    const silent = await raw(() => undefined)
    const before = AbortSignal.abort()
    expect(await failed(http.post(silent, BODY, { ...TIME, signal: before }))).to.equal('not-sent client.aborted')
    const during = new AbortController()
    const reached = await raw(() => during.abort())
    expect(await failed(http.post(reached, BODY, { ...TIME, signal: during.signal }))).to.equal('no-answer client.aborted')
  })

  it('size: an announced and an unannounced answer beyond the limit are cut off', async () => {
    const url = await serve((req, res) =>
      req.resume().on('end', () => res.writeHead(200, { 'Content-Length': 50_000 }).end(Buffer.alloc(50_000))),
    )
    expect(await failed(http.post(url, BODY, TIME))).to.equal('answered-wrongly client.answer-too-large')
    let sent = 0
    const endless = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const timer = setInterval(() => {
        sent += 1024
        socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)
      }, 1)
      socket.on('close', () => clearInterval(timer))
    })
    expect(await failed(http.post(endless, BODY, TIME))).to.equal('answered-wrongly client.answer-too-large')
    expect(sent).to.be.lessThan(1_000_000)
    const exact = await serve((req, res) => req.resume().on('end', () => res.end(Buffer.alloc(10_000))))
    expect((await http.post(exact, BODY, TIME)).body.byteLength).to.equal(10_000)
  })
})
