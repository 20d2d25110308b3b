// SPDX-License-Identifier: EUPL-1.2
/**
 * A line to the server that can be cut, or made to swallow answers.
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Proxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Answers of the server come to nobody. */
  deaf = false
  /** Words to the server come to nobody. */
  mute = false
  /** Nobody gets through. */
  shut = false
  #to: number

  private constructor(to: number) {
    this.#to = to
    this.#server = createServer((near) => {
      if (this.shut) {
        near.destroy()
        return
      }
      const far = connect(this.#to, '127.0.0.1')
      const pair = [near, far]
      for (const socket of pair) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          for (const other of pair) other.destroy()
        })
      }
      near.on('data', (chunk) => {
        if (!this.mute) far.write(chunk)
      })
      far.on('data', (chunk) => {
        if (!this.deaf) near.write(chunk)
      })
    })
  }

  static async start(to: number): Promise<Proxy> {
    const proxy = new Proxy(to)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** New connections lead elsewhere. */
  lead(to: number): void {
    this.#to = to
  }

  /** Every connection breaks; whatever comes next gets through. */
  cut(): void {
    this.deaf = this.mute = false
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
