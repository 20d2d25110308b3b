// SPDX-License-Identifier: EUPL-1.2
/**
 * A core with its API on an ephemeral loopback port, and participants with keys of their own.
 * @module
 */
import Koa from 'koa'
import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import type { Client } from '../../src/client/index.js'
import { connect } from '../../src/client/index.js'
import { authorization } from '../../src/client/token.js'
import type { MemoryCore, MemoryCoreLimits } from '../../src/core/adapters/memory.js'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { memoryOnce } from '../../src/core/adapters/memory-once.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import type { Once } from '../../src/core/ports.js'
import { generateEnvelopeKey, importSigningKey } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import type { CoreApiLimits } from '../../src/gateway/core-api.js'
import { coreApi, type CoreApi } from '../../src/gateway/core-api.js'
import { outcomeSigner } from '../../src/gateway/core-outcomes.js'
import { listen, type Listening, type ServerTls } from '../../src/gateway/server.js'

export const BOX = 'ags:99001000'
export const LEASED = 'ags:99001000.leased'
export const MEDIA_TYPE = 'application/vnd.protektor.envelope'
export const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
export const newId = () => randomBytes(16).toString('hex')

export interface Person {
  readonly id: string
  readonly mailboxes: readonly string[]
  readonly sig: { privateJwk: JWK; publicJwk: JWK }
  readonly enc: { privateJwk: JWK; publicJwk: JWK }
  readonly jwks: readonly JWK[]
  readonly tls?: readonly Uint8Array[]
}

export interface SetupOptions {
  readonly tls?: ServerTls
  /** Client certificates of the register, DER. */
  readonly registerTls?: readonly Uint8Array[]
  readonly once?: Once
  /** A second node in front of the same core: with its people, under its address. */
  readonly beside?: Setup
  /** Starts anew, empty, where an earlier one listened, with its people. */
  readonly again?: { readonly url: string; readonly people: Setup }
}

async function person(id: string, mailboxes: readonly string[] = []): Promise<Person> {
  const sig = await generateEnvelopeKey('sig')
  const enc = await generateEnvelopeKey('enc')
  return { id, mailboxes, sig, enc, jwks: [sig.publicJwk, enc.publicJwk] }
}

export interface CallOptions {
  readonly method?: string
  readonly body?: Uint8Array
  readonly type?: string
  readonly signal?: AbortSignal
  readonly authorization?: string
}

export class Setup {
  readonly core: MemoryCore
  readonly api: CoreApi
  readonly url: string
  readonly portal: Person
  readonly register: Person
  readonly stranger: Person
  readonly errors: unknown[]
  readonly #server: Listening
  readonly #ownsCore: boolean

  constructor(
    core: MemoryCore,
    api: CoreApi,
    url: string,
    people: readonly [Person, Person, Person],
    errors: unknown[],
    server: Listening,
    ownsCore: boolean,
  ) {
    this.core = core
    this.api = api
    this.url = url
    ;[this.portal, this.register, this.stranger] = people
    this.errors = errors
    this.#server = server
    this.#ownsCore = ownsCore
  }

  static async start(
    limits: Partial<CoreApiLimits> = {},
    coreLimits: Partial<MemoryCoreLimits> = {},
    options: SetupOptions = {},
  ): Promise<Setup> {
    const { beside, registerTls, again } = options
    const known = beside ?? again?.people
    const register = known?.register ?? (await person('register-1', [BOX, LEASED]))
    const people = [
      known?.portal ?? (await person('portal-1')),
      registerTls ? { ...register, tls: registerTls } : register,
      known?.stranger ?? (await person('stranger-1')),
    ] as const
    const core = beside?.core ?? memoryCore({ clock: systemClock, ...coreLimits })
    await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    await core.openMailbox(LEASED, 'register-1', { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 5 })
    const app = new Koa()
    app.on('error', () => undefined)
    // a caller who tries until somebody listens must not find an empty house
    let open = (): void => undefined
    const isOpen = new Promise<void>((resolve) => (open = resolve))
    const server = await listen(
      (request, response) => void isOpen.then(() => app.callback()(request, response)),
      { host: '127.0.0.1', port: Number(new URL(again?.url ?? 'http://127.0.0.1:0').port) },
      options.tls ? { tls: options.tls } : {},
    )
    const url = beside?.url ?? server.url
    const errors: unknown[] = []
    const signingKey = await importSigningKey(people[2].sig.privateJwk)
    const api = coreApi({
      core,
      publicUrl: url,
      participants: people.slice(0, 2),
      clock: systemClock,
      once: options.once ?? memoryOnce({ clock: systemClock }),
      limits,
      signOutcome: outcomeSigner(signingKey),
      onError: (error) => errors.push(error),
    })
    app.use(api.router.routes())
    open()
    return new Setup(core, api, url, people, errors, server, beside === undefined)
  }

  /** Where it listens; with `beside` not its public URL. */
  get listensAt(): string {
    return this.#server.url
  }

  async stop(): Promise<void> {
    await this.#server.close(0)
    if (this.#ownsCore) await this.core.close()
  }

  async token(
    who: Person,
    method: string,
    pathAndQuery: string,
    body: Uint8Array = new Uint8Array(0),
    change: { audience?: string; now?: () => Date } = {},
  ): Promise<string> {
    const key = await importSigningKey(who.sig.privateJwk)
    return authorization(
      { participant: who.id, key, audience: this.url, now: () => new Date(), random, ...change },
      { method, pathAndQuery, body },
    )
  }

  async call(who: Person, path: string, options: CallOptions = {}): Promise<Response> {
    const { method = 'POST', body, type = MEDIA_TYPE, signal } = options
    return fetch(this.listensAt + path, {
      method,
      headers: {
        authorization: options.authorization ?? (await this.token(who, method, path, body)),
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async envelope(to: string, id = newId(), bytes = 100): Promise<Uint8Array> {
    const content = {
      header: { id, to, ttlSeconds: 10 },
      kind: 'message' as const,
      sender: this.portal.id,
      createdAt: new Date().toISOString(),
      parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document' as const, bytes: random(bytes) }],
    }
    return sealEnvelope(
      content,
      { recipient: this.register.enc.publicJwk, sender: await importSigningKey(this.portal.sig.privateJwk) },
      random,
    )
  }

  async put(to = BOX, id = newId(), bytes = 100): Promise<string> {
    const response = await this.call(this.portal, `/core/v1/mailboxes/${to}/envelopes`, { body: await this.envelope(to, id, bytes) })
    if (response.status !== 201) throw new Error(`put: ${response.status} ${await response.text()}`)
    return id
  }

  client(who: Person, onProblem?: (error: unknown, id: string) => void): Promise<Client> {
    return connect({
      url: this.url,
      participant: who.id,
      key: who.sig.privateJwk,
      openingKeys: [who.enc.privateJwk],
      senders: [this.portal, this.register],
      ...(onProblem === undefined ? {} : { onProblem }),
    })
  }
}
