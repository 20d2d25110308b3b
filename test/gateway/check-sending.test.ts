// SPDX-License-Identifier: EUPL-1.2
/**
 * Reports of `POST /v1/check` on their way out: they count until they are sent, and whoever does not take them is cut off.
 * @module
 */
import { expect } from 'chai'
import Koa from 'koa'
import Router from 'koa-router'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { HttpError } from '../../src/errors.js'
import { serveChecks, type CheckApiOptions } from '../../src/gateway/check-api.js'
import { until } from '../until.js'

/** More than sockets hold. */
const LARGE_BYTES = 32 * 1024 * 1024
const TYPE = 'multipart/form-data; boundary=b'

describe('reports of POST /v1/check on their way', () => {
  let server: Server | undefined
  const sockets: Socket[] = []
  let reportBytes = LARGE_BYTES

  const open = async (options: Partial<CheckApiOptions>): Promise<number> => {
    const router = new Router()
    serveChecks(router, {
      desk: {
        check: () => Promise.resolve({ contentType: 'text/plain', body: new Uint8Array(reportBytes) }),
        close: () => Promise.resolve(),
      },
      clock: { now: () => new Date(), monotonicMs: () => performance.now() },
      log: { write: () => undefined },
      maxBytes: LARGE_BYTES,
      maxCalls: 8,
      requestsPerMinute: 10_000,
      ...options,
    })
    const app = new Koa()
    // sockets that are torn down
    app.silent = true
    app.use(async (context, next) => {
      try {
        await next()
      } catch (error) {
        if (!(error instanceof HttpError)) throw error
        context.status = error.status
        context.body = error.finding
      }
    })
    app.use(router.routes())
    const handle = app.callback()
    server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const post = async (port: number): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/check`, { method: 'POST', body: 'form', headers: { 'Content-Type': TYPE } })
    const text = await answer.text()
    return answer.status === 200 ? 'report' : text
  }
  /** Asks, and takes nothing but the beginning of the answer. */
  const askAndStop = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write(`POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Type: ${TYPE}\r\nContent-Length: 4\r\n\r\nform`)
    await once(socket, 'readable')
    return socket
  }

  beforeEach(() => {
    reportBytes = LARGE_BYTES
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
  })

  for (const [what, options] of [
    ['bytes', {}],
    ['place', { maxCalls: 1, maxBytes: 2 * LARGE_BYTES }],
  ] as const)
    it(`H1 a report keeps its ${what} until it is sent or its taker has gone`, async () => {
      const port = await open(options)
      const slow = await askAndStop(port)
      expect(await post(port)).to.equal('http.overload')
      slow.destroy()
      await until(async () => (await post(port)) === 'report')
      await until(async () => (await post(port)) === 'report')
    })

  it('H1 whoever takes his report too slowly is cut off, and its bytes are free again', async () => {
    const port = await open({ transfer: { graceMs: 200, minBytesPerSecond: 1024 * LARGE_BYTES } })
    const slow = await askAndStop(port)
    reportBytes = 10
    await until(async () => (await post(port)) === 'report')
    // only what was under way already can still be read
    let taken = 0
    slow.on('data', (bytes: Buffer) => (taken += bytes.length))
    await once(slow, 'close')
    expect(taken).to.be.lessThan(LARGE_BYTES)
  })

  it('H5 a report beyond the limit is 422, however little else is under way', async () => {
    const port = await open({})
    reportBytes = LARGE_BYTES + 1
    expect(await post(port)).to.equal('check.report-too-large')
    reportBytes = 10
    expect(await post(port)).to.equal('report')
  })
})
