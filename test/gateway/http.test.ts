// SPDX-License-Identifier: EUPL-1.2
/**
 * HTTP at the edge: rows H1–H6 of the threat model, refusals before OSCI begins, uniform faults (E1) and the log (L1).
 * @module
 */
import { expect } from 'chai'
import { createServer } from 'node:http'
import { createConnection, type AddressInfo, type Socket } from 'node:net'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { buildDelivery, readAnswer } from '../../src/cli/compose/demo-request.js'
import { readBody, SHORT_MS } from '../../src/gateway/core-body.js'
import { gatewayLog, printable } from '../../src/gateway/log.js'
import { overloadGuard } from '../../src/gateway/overload.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House, type HouseOptions } from './support.js'

const ENDPOINT = `    defaultMailbox: '${DEMO_REGISTER}'`

describe('gateway over HTTP', function () {
  this.timeout(60_000)
  let house: House | undefined
  const sockets: Socket[] = []
  const open = async (options: HouseOptions = {}): Promise<House> => {
    house = await openHouse({ endpointOptions: ENDPOINT, ...options })
    await house.serve(echo)
    return house
  }
  const stillWorks = async (h: House): Promise<void> => expect((await h.ride()).codes).to.deep.equal(['0800']) as unknown as void

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await house?.close()
    house = undefined
  })
  after(removeDirectories)

  const connectTo = (h: House): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port: h.gateway.public.port }, () => resolve(socket))
      socket.once('error', reject)
      sockets.push(socket)
    })

  /** Sends raw bytes and reads until the other side closes. */
  async function raw(h: House, text: string): Promise<string> {
    const socket = await connectTo(h)
    socket.on('error', () => undefined)
    let got = ''
    socket.on('data', (d) => (got += d.toString('latin1')))
    socket.write(text)
    await new Promise((resolve) => socket.once('close', resolve))
    return got
  }

  it('H1 two hundred stuck connections do not keep a valid request out, and are cut', async () => {
    const h = await open({ serverLimits: { headersTimeoutMs: 1000, requestTimeoutMs: 2000 } })
    const stuck = await Promise.all(Array.from({ length: 200 }, () => connectTo(h)))
    let closed = 0
    for (const socket of stuck) {
      socket.on('error', () => undefined)
      socket.resume()
      socket.once('close', () => closed++)
      socket.write('POST /osci/recipient HTTP/1.1\r\nHost: x\r\nContent-Le')
    }
    await stillWorks(h)
    while (closed < 200) await new Promise((resolve) => setTimeout(resolve, 50))
    await stillWorks(h)
  })

  it('H1 one address may not have more connections than allowed', async () => {
    const h = await open({ serverLimits: { maxConnectionsPerPeer: 3 } })
    const four = await Promise.all(Array.from({ length: 6 }, () => connectTo(h)))
    for (const s of four) s.on('error', () => undefined).resume()
    await Promise.race(four.map((s) => new Promise((resolve) => s.once('close', resolve))))
    for (const s of four) s.destroy()
    let works = false
    while (!works)
      works = await fetch(`${h.url}/healthz`)
        .then((r) => r.ok)
        .catch(() => false)
  })

  it('H2 ambiguous framing is refused and the connection closed', async () => {
    const h = await open()
    const head = 'POST /osci/recipient HTTP/1.1\r\nHost: x\r\n'
    const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const framing of [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde',
      'Transfer-Encoding: xchunked\r\n\r\n',
      'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
      'Content-Length: +5\r\n\r\nabcde',
    ]) {
      const got = await raw(h, head + framing + smuggled)
      expect(got, framing).to.match(/^HTTP\/1\.1 400 /)
      expect(got, framing).not.to.contain('"ok"')
    }
    await stillWorks(h)
  })

  it('H3 the Host header and forwarded headers change nothing', async () => {
    const h = await open()
    const got = await raw(
      h,
      'GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
    )
    expect(got).to.contain('/openapi.json').and.not.to.contain('evil')
    await stillWorks(h)
  })

  it('H4 error answers hold a fixed text, no stack, no path, no version', async () => {
    const h = await open()
    const answers = [
      await fetch(`${h.url}/nothing`),
      await fetch(`${h.url}/osci/recipient`),
      await h.post(new TextEncoder().encode('x'), { headers: { 'Content-Encoding': 'gzip' } }),
      await h.post(new TextEncoder().encode('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')),
      await fetch(`${h.url}/core/v1/mailboxes/nobody/take`, { method: 'POST' }),
      await fetch(`${h.gateway.admin.url}/nothing`),
    ]
    expect(answers.map((a) => a.status)).to.deep.equal([404, 405, 415, 200, 401, 404])
    for (const answer of answers) {
      const text = await answer.text()
      expect(text).not.to.match(/node_modules|\.ts\b|\.js\b|\n\s+at |stack|koa|passwd|DOCTYPE/i)
      expect([...answer.headers.keys()])
        .not.to.include.members(['x-powered-by'])
        .and.not.include.members(['server'])
    }
    expect(answers[1]?.headers.get('allow')).to.equal('POST')
    await stillWorks(h)
  })

  it('H5 a body over the limit ends in 413, announced or counted, and the socket is closed', async () => {
    const h = await open({ topOptions: 'limits: { messageBytes: 65536, xmlBytes: 65536 }' })
    const announced = await raw(h, 'POST /osci/recipient HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n')
    expect(announced).to.match(/^HTTP\/1\.1 413 /)
    const chunk = 'a'.repeat(40_000)
    const counted = await raw(
      h,
      `POST /osci/recipient HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n${chunk}\r\n9c40\r\n${chunk}\r\n`,
    )
    expect(counted).to.match(/^HTTP\/1\.1 413 /)
    await stillWorks(h)
  })

  it('H5 a half-written upload has no effect', async () => {
    const h = await open()
    const body = await buildDelivery({ document: certificateRequest() }, h.demo.keys)
    const socket = await connectTo(h)
    socket.on('error', () => undefined)
    socket.write(`POST /osci/recipient HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`)
    socket.write(Buffer.from(body.subarray(0, body.length - 10)), () => socket.destroy())
    await new Promise((resolve) => socket.once('close', resolve))
    await stillWorks(h)
    expect(h.lines.filter((l) => l.includes('"delivery"')).length).to.equal(1)
  })

  it('H6 health is answered while bombs are on their way', async () => {
    const h = await open()
    const deep = new TextEncoder().encode('<a>'.repeat(400_000))
    const wide = new TextEncoder().encode(`<a ${Array.from({ length: 40_000 }, (_, i) => `b${i}="c"`).join(' ')}/>`)
    const bombs = [deep, wide, deep, wide].map(
      async (bomb) => (await readAnswer(new Uint8Array(await (await h.post(bomb)).arrayBuffer()), h.demo.keys)).codes,
    )
    expect((await fetch(`${h.url}/healthz`)).status).to.equal(200)
    for (const codes of await Promise.all(bombs)) expect(codes).to.deep.equal(['9100'])
    await stillWorks(h)
  })

  it('C4 503 with Retry-After before the body is read, when the core has no room', async () => {
    const h = await open({ topOptions: 'limits: { coreBytes: 1048576, envelopeBytes: 1048576 }' })
    const got = await raw(h, 'POST /osci/recipient HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n')
    expect(got)
      .to.match(/^HTTP\/1\.1 503 /)
      .and.to.match(/retry-after: \d+/i)
    await stillWorks(h)
  })

  it('C4 what is only announced keeps no room from others: silent strangers, many times the room in all', async () => {
    const h = await open()
    const head = `POST /osci/recipient HTTP/1.1\r\nHost: x\r\nContent-Length: ${32 * 1024 * 1024}\r\n\r\n`
    for (const socket of await Promise.all(Array.from({ length: 20 }, () => connectTo(h)))) socket.on('error', () => undefined).write(head)
    // their heads were read before: a connection of its own comes after them
    await stillWorks(h)
  })

  it('C4 503 when the core has no room for a body of unknown length, as soon as that shows', async () => {
    const h = await open({ topOptions: 'limits: { coreBytes: 1048576, envelopeBytes: 1048576 }' })
    const piece = `100000\r\n${'a'.repeat(0x100000)}\r\n`
    const got = await raw(h, `POST /osci/recipient HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${piece}${piece}`)
    expect(got)
      .to.match(/^HTTP\/1\.1 503 /)
      .and.to.match(/retry-after: \d+/i)
    await stillWorks(h)
  })

  it('H1 a body that falls silent is cut with 408, whatever came before', async () => {
    const server = createServer((request, response) => {
      void readBody(request, { maxBytes: 1e6, codes: 'http', minBytesPerSecond: 1024, graceMs: 300 })
        .then(
          () => 'read',
          (error: unknown) => (error as { finding: string }).finding,
        )
        .then((end) => response.setHeader('Connection', 'close').end(end))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    for (const sent of [2, 200_000]) {
      const socket = createConnection({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n${'a'.repeat(sent)}`)
      let got = ''
      socket.on('data', (d) => (got += d.toString('latin1')))
      await new Promise((resolve) => socket.once('close', resolve))
      expect(got, `after ${sent} bytes`).to.match(/http\.too-slow$/)
    }
    await new Promise((done) => server.close(done))
  })

  it('H1 a body is not too slow where this process was stopped, or too busy, while it came', async () => {
    let reading: () => void = () => undefined
    const begun = new Promise<void>((resolve) => (reading = resolve))
    const server = createServer((request, response) => {
      request.once('data', () => reading())
      void readBody(request, { maxBytes: 1e6, codes: 'http', minBytesPerSecond: 1024, graceMs: 300 })
        .then(
          (body) => `${body.byteLength} bytes`,
          (error: unknown) => (error as { finding: string }).finding,
        )
        .then((end) => response.setHeader('Connection', 'close').end(end))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const socket = createConnection({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    let got = ''
    socket.on('data', (d) => (got += d.toString('latin1')))
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\naa')
    await begun
    await new Promise((resolve) => setTimeout(resolve, SHORT_MS + 50))
    // behind this phase of the loop come timers, and sockets behind them: as after a stop
    await new Promise((resolve) => setImmediate(resolve))
    socket.write('a'.repeat(19_998))
    const untilMs = performance.now() + 700
    while (performance.now() < untilMs);
    await new Promise((resolve) => socket.once('close', resolve))
    expect(got).to.match(/20000 bytes$/)
    await new Promise((done) => server.close(done))
  })

  it('503 when too many requests or bytes are under way; room comes back', () => {
    const guard = overloadGuard({ maxRequests: 2, maxBytes: 100 })
    const first = guard.admit(60)
    const refused = { status: 503, retryAfterSeconds: 1 }
    expect(() => guard.admit(60))
      .to.throw()
      .that.includes(refused)
    const second = guard.admit(0)
    expect(() => guard.admit(0))
      .to.throw()
      .that.includes(refused)
    expect(() => second.grow(60))
      .to.throw()
      .that.includes(refused)
    first.release()
    first.release()
    second.grow(90)
    expect(guard.requests).to.equal(1)
  })

  it('E1 every failure behind our private key is one fault, byte for byte', async () => {
    const h = await open()
    const body = Buffer.from(await buildDelivery({ document: certificateRequest() }, h.demo.keys))
    const text = body.toString('latin1')
    const cipherValue = text.indexOf('CipherValue>') + 'CipherValue>'.length
    const part = text.indexOf('osci_enc>', text.indexOf('</soap:Envelope>'))
    const dataStart = text.indexOf('\r\n\r\n', part) + 4
    const dataEnd = text.lastIndexOf('\r\n--')
    const flip = (at: number): Buffer => {
      const copy = Buffer.from(body)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    }
    // another letter of the Base64 alphabet, so that the frame stays well-formed
    const otherLetter = Buffer.from(body)
    otherLetter[cipherValue + 5] = otherLetter[cipherValue + 5] === 0x41 ? 0x42 : 0x41
    const causes = [otherLetter, flip(dataStart), flip(dataStart + 200), flip(dataEnd - 1), flip(dataEnd - 16)]
    const answers = await Promise.all(
      causes.map(async (cause) => {
        const reply = await h.post(cause)
        const headers = [...reply.headers].filter(([name]) => name !== 'date')
        return { status: reply.status, headers, body: Buffer.from(await reply.arrayBuffer()).toString('latin1') }
      }),
    )
    for (const answer of answers) expect(answer).to.deep.equal(answers[0])
    expect(answers[0]?.body).to.contain('9202')
    const text2 = await (await fetch(`${h.gateway.admin.url}/metrics`)).text()
    expect(text2).to.match(/protektor_undecryptable_total\{peer="unknown"\} 5/)
    await stillWorks(h)
  })

  it('L1 nothing of a message is logged but the fields that may be', async () => {
    const h = await open()
    const canary = 'KANARIENVOGEL'
    await h.ride({
      subject: `${canary}\r\n{"event":"forged"}`,
      document: certificateRequest({ familienname: canary, leser: `ags:${canary.slice(0, 8)}` }),
      attachments: [{ name: `${canary}.bin`, bytes: new TextEncoder().encode(canary) }],
    })
    await h.ride({ document: new TextEncoder().encode(`<${canary}/>`) })
    await h.ride({ signMessage: false, subject: canary })
    await h.post(new TextEncoder().encode(`<${canary}`))
    const all = h.lines.join('')
    expect(all).to.contain('delivery').and.not.to.contain(canary.slice(0, 8)).and.not.to.contain('forged')
    expect(all).not.to.contain('127.0.0.1').and.not.to.contain('ags:').and.not.to.contain('reply.').and.not.to.contain('CN=')
    const allowed = new Set(
      'level time event requestId envelopeId role mode endpoint peer participant messageType messageId feedback findings error algorithms certificateSha256 bytes count durationMs outcome ref'.split(
        ' ',
      ),
    )
    for (const line of h.lines) for (const name of Object.keys(JSON.parse(line) as object)) expect(allowed.has(name), name).to.equal(true)
  })

  it('L1 control characters, line separators and overrides are escaped in every field', () => {
    const lines: string[] = []
    const log = gatewayLog({ write: (line: string) => void lines.push(line) })
    log.write('info', 'delivery', { messageId: 'a\r\n\u001b[31mb\u2028c\u202ed', findings: ['x\n'], feedback: ['9\t'] })
    const [line] = lines
    expect(lines.length).to.equal(1)
    expect([...(line ?? '').trimEnd()].filter((c) => c < ' ' || c === '\u2028' || c === '\u202e')).to.deep.equal([])
    expect(JSON.parse(line ?? '{}')).to.include({ messageId: 'a\\u000d\\u000a\\u001b[31mb\\u2028c\\u202ed' })
    expect(printable('x'.repeat(1000)).length).to.be.lessThan(300)
  })

  it('admin: /readyz, /metrics and /healthz; nothing of it on the public address', async () => {
    const h = await open()
    await stillWorks(h)
    expect((await fetch(`${h.gateway.admin.url}/readyz`)).status).to.equal(200)
    const metrics = await (await fetch(`${h.gateway.admin.url}/metrics`)).text()
    expect(metrics)
      .to.contain('protektor_deliveries_total{role="passiveRecipient",outcome="done"} 1')
      .and.to.contain('protektor_dwell_seconds')
    expect((await fetch(`${h.url}/metrics`)).status).to.equal(404)
    expect((await fetch(`${h.url}/openapi.json`)).status).to.equal(200)
    expect(await fetch(`${h.url}/.well-known/jwks.json`).then((r) => r.json())).to.have.property('keys')
  })
})
