// SPDX-License-Identifier: EUPL-1.2
/**
 * Calls of the core API by one participant, over connections that stay open; possession is proven by mutual TLS.
 *
 * A thin caller of its own on purpose: the proof counts what really went over the wire, so nothing here tries anything twice.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Setting } from './boxes.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export class Caller {
  readonly #urls: readonly URL[]
  readonly #agent: Agent

  constructor({ folder, urls }: Setting, participant: string) {
    const pem = (name: string): Buffer => readFileSync(`${folder}/${name}.pem`)
    this.#urls = urls.map((url) => new URL(url))
    // one context for all connections: to make one costs more than a handshake
    const secureContext = createSecureContext({ key: pem(`${participant}.key`), cert: pem(participant), ca: pem('ca') })
    this.#agent = new Agent({ keepAlive: true, noDelay: true, secureContext })
  }

  /**
   * One call, to any of the nodes.
   * @param onHead told of status and headers before the body is there
   * @throws {Error} the connection broke; whether the core got the call is not known
   */
  call(
    method: 'GET' | 'POST',
    path: string,
    body?: Buffer,
    onHead: (answer: Omit<Answer, 'body'>) => void = () => undefined,
  ): Promise<Answer> {
    const url = this.#urls[Math.floor(Math.random() * this.#urls.length)]
    if (url === undefined) throw new Error('no node')
    const { hostname, port } = url
    const headers = {
      'content-length': body?.length ?? 0,
      ...(body === undefined ? {} : { 'content-type': 'application/vnd.protektor.envelope' }),
    }
    return new Promise((resolve, reject) => {
      const call = request({ agent: this.#agent, hostname, port, method, path, headers }, (response) => {
        const head = { status: response.statusCode ?? 0, headers: response.headers }
        onHead(head)
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => resolve({ ...head, body: Buffer.concat(chunks) }))
      })
      call.once('error', reject)
      call.end(body)
    })
  }
}
