// SPDX-License-Identifier: EUPL-1.2
/**
 * Everything that a citizen's request passes: the example online service on its own, a core over HTTP that can be
 * restarted, and a register whose behaviour a test chooses.
 * @module
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { randomUUID } from 'node:crypto'
import Koa from 'koa'
import { serve, type RegisterEnv } from '../../examples/musterstadt/register.js'
import type { Patience } from '../../examples/online-dienst/desk.js'
import { onlineService } from '../../examples/online-dienst/service.js'
import { readParticipant, type ParticipantKeys } from '../../src/cli/compose/demo-keys.js'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { webAssets } from '../../src/cli/compose/web-assets.js'
import { connect } from '../../src/client/connect.js'
import type { Received } from '../../src/client/received.js'
import { generateEnvelopeKey, publicJwkOf } from '../../src/envelope/keys.js'
import { freePort } from '../free-port.js'
import { openHouse, type House } from '../gateway/support.js'

export const registerEnv: RegisterEnv = { now: () => new Date(), uuid: randomUUID }

export interface CitizenHouse {
  /** Address of the page. */
  readonly url: string
  /** Every byte that reached the online service. */
  readonly portalSaw: Buffer[]
  /** Every body that it sent. */
  readonly portalSaid: Buffer[]
  /** What becomes of the online service's telling from now on: a byte of each sealed answer changes, or it breaks off at once. */
  telling(how: 'whole' | 'changed' | 'broken'): void
  /** The register takes and answers from now on, until the house is closed or another one takes. Default: the demo's. */
  register(act?: (request: Received) => Promise<unknown>): Promise<void>
  /** Nobody takes any more. */
  silence(): Promise<void>
  stopCore(): Promise<void>
  startCore(): Promise<void>
  /** From now on the online service shows other keys for the authority. */
  changeKeys(): Promise<void>
  close(): Promise<void>
}

export async function openCitizenHouse(patience: Patience = { ttlSeconds: 10, answerWithinSeconds: 20 }): Promise<CitizenHouse> {
  const corePort = await freePort()
  let core: House | undefined = await openHouse({ publicPort: corePort })
  const { directory, register: registerKeys } = core.demo
  const portalKeys = await readParticipant(join(directory, 'keys'), 'portal-1')
  const portalSaw: Buffer[] = []
  const portalSaid: Buffer[] = []
  let telling: 'whole' | 'changed' | 'broken' = 'whole'
  let authorityKeys: ParticipantKeys = registerKeys
  const port = await freePort()
  let handler = await serviceOf()

  async function serviceOf() {
    const coreUrl = `http://127.0.0.1:${corePort}`
    return onlineService({
      portal: { participant: 'portal-1', kennung: 'mbp:99001', name: 'Online-Dienst Musterstadt (Demo)', sign: portalKeys.sign },
      authority: {
        participant: registerKeys.participant,
        mailbox: DEMO_REGISTER,
        kennung: DEMO_REGISTER,
        name: 'Meldebehörde Musterstadt (Demo)',
        jwks: [authorityKeys.open, authorityKeys.sign].map(publicJwkOf),
      },
      core: { url: coreUrl },
      origin: `http://127.0.0.1:${port}`,
      assets: () => (assets ??= webAssets('citizen')),
      requestsPerMinute: 1000,
      patience,
    })
  }

  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    await handler(context, next)
    if (!(context.body instanceof Readable)) return
    if (telling === 'changed') context.body = context.body.pipe(changed())
    if (telling === 'broken') context.body = Readable.from(['\n'])
  })
  const handle = app.callback()
  const server: Server = createServer((request, response) => {
    overhear(response, portalSaid)
    void handle(request, response)
  })
  server.on('connection', (socket) => socket.on('data', (bytes: Buffer) => portalSaw.push(Buffer.from(bytes))))
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))

  let taking: { readonly stopped: AbortController; readonly loop: Promise<void> } | undefined
  const silence = async (): Promise<void> => {
    taking?.stopped.abort()
    await taking?.loop
    taking = undefined
  }
  const startRegister = async (act: (request: Received) => Promise<unknown>): Promise<void> => {
    await silence()
    if (!core) throw new Error('the core is stopped')
    const client = await connect({
      url: `http://127.0.0.1:${corePort}`,
      participant: registerKeys.participant,
      key: registerKeys.sign,
      openingKeys: [registerKeys.open],
      senders: [{ id: 'portal-1', jwks: [publicJwkOf(portalKeys.sign)] }],
    })
    const stopped = new AbortController()
    const loop = (async () => {
      for await (const request of client.requests(DEMO_REGISTER, { signal: stopped.signal })) await act(request).catch(() => undefined)
    })()
    taking = { stopped, loop: loop.catch(() => undefined) }
  }
  return {
    url: `http://127.0.0.1:${port}/online/`,
    portalSaw,
    portalSaid,
    telling: (how) => void (telling = how),
    register: (act = (request) => serve(request, registerEnv)) => startRegister(act),
    silence,
    async stopCore() {
      await core?.close()
      core = undefined
    },
    async startCore() {
      core = await openHouse({ publicPort: corePort, directory })
    },
    async changeKeys() {
      const [open, sign] = await Promise.all([generateEnvelopeKey('enc'), generateEnvelopeKey('sig')])
      authorityKeys = { participant: registerKeys.participant, open: open.privateJwk, sign: sign.privateJwk }
      handler = await serviceOf()
    },
    async close() {
      await silence()
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
      await core?.close()
    },
  }
}

/** One character within each sealed answer. */
const changed = (): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(
        null,
        chunk.toString('utf8').replace(/("body":".{3000})(.)/g, (_all, before: string, one: string) => before + (one === 'A' ? 'B' : 'A')),
      )
    },
  })

function overhear(response: ServerResponse, heard: Buffer[]): void {
  for (const name of ['write', 'end'] as const) {
    const original = response[name].bind(response) as (...given: unknown[]) => unknown
    const heed = (...given: unknown[]): unknown => {
      const [bytes] = given
      if (typeof bytes === 'string' || bytes instanceof Uint8Array) heard.push(Buffer.from(bytes))
      return original(...given)
    }
    Object.assign(response, { [name]: heed })
  }
}

/** Bundled once for all tests. */
let assets: ReturnType<typeof webAssets> | undefined
