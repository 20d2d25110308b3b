// SPDX-License-Identifier: EUPL-1.2
/**
 * A whole gateway in this process, on ephemeral ports, with keys made once per run; and a register whose behaviour a test chooses.
 * @module
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { connect } from '../../src/client/connect.js'
import type { Client } from '../../src/client/client.js'
import type { Received } from '../../src/client/received.js'
import { DEMO_REGISTER, openDemo, type Demo, type DemoOptions } from '../../src/cli/compose/demo-kit.js'
import { buildDelivery, readAnswer, type DeliverySpec, type ReadAnswer } from '../../src/cli/compose/demo-request.js'
import { startGateway, type RunningGateway } from '../../src/cli/compose/gateway.js'
import { loadConfig } from '../../src/config/load.js'
import type { ServerLimits } from '../../src/gateway/server.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { writeXprotektor } from '../../src/xoev/xprotektor.js'

let master: Promise<string> | undefined
const made: string[] = []

async function freshDirectory(): Promise<string> {
  master ??= (async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-test-'))
    made.push(directory)
    await openDemo(directory, { publicPort: 0, adminPort: 0, key: 'rsa-2048' })
    return directory
  })()
  const directory = await mkdtemp(join(tmpdir(), 'protektor-test-'))
  made.push(directory)
  await cp(join(await master, 'keys'), join(directory, 'keys'), { recursive: true })
  return directory
}

export async function removeDirectories(): Promise<void> {
  master = undefined
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true })
}

export interface House {
  readonly demo: Demo
  readonly gateway: RunningGateway
  readonly url: string
  /** Every line that the gateway logged. */
  readonly lines: string[]
  post(body: Uint8Array, init?: RequestInit): Promise<Response>
  ride(spec?: DeliverySpec): Promise<ReadAnswer>
  register(): Promise<Client>
  /** Answers every request by `act` until the house is closed. */
  serve(act: (request: Received) => Promise<void>): Promise<void>
  close(): Promise<void>
}

export interface HouseOptions extends Partial<DemoOptions> {
  readonly serverLimits?: Partial<ServerLimits>
  /** Keys and used ids of an earlier house. */
  readonly directory?: string
  /** More files, by path in the directory. */
  readonly files?: Readonly<Record<string, string>>
}

const DEFAULT_ENDPOINT = `    defaultMailbox: '${DEMO_REGISTER}'`

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const directory = options.directory ?? (await freshDirectory())
  const { serverLimits, directory: _given, files = {}, ...demoOptions } = options
  for (const [path, text] of Object.entries(files)) await writeFile(join(directory, path), text, { mode: 0o600 })
  const demo = await openDemo(directory, {
    publicPort: 0,
    adminPort: 0,
    key: 'rsa-2048',
    endpointOptions: DEFAULT_ENDPOINT,
    ...demoOptions,
    topOptions: `allowSmallOwnKeys: true\n${demoOptions.topOptions ?? ''}`,
  })
  const lines: string[] = []
  const config = await loadConfig(demo.configFile)
  const gateway = await startGateway(config, {
    log: gatewayLog({ write: (line: string) => void lines.push(line) }),
    workers: 1,
    ...(serverLimits ? { serverLimits } : {}),
  })
  const stopped = new AbortController()
  const loops: Promise<void>[] = []
  const post = (body: Uint8Array, init: RequestInit = {}) =>
    fetch(`${gateway.public.url}/osci/recipient`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/xml' },
      body: Buffer.from(body),
      ...init,
    })
  const register = () =>
    connect({
      url: gateway.public.url,
      audience: config.publicUrl,
      participant: demo.register.participant,
      key: demo.register.sign,
      openingKeys: [demo.register.open],
      senders: [{ id: gateway.identity.participant, jwks: gateway.identity.jwks.keys }],
    })
  return {
    demo,
    gateway,
    url: gateway.public.url,
    lines,
    post,
    register,
    async ride(spec = {}) {
      const reply = await post(await buildDelivery({ document: certificateRequest(), ...spec }, demo.keys))
      return readAnswer(new Uint8Array(await reply.arrayBuffer()), demo.keys)
    },
    async serve(act) {
      const client = await register()
      loops.push(
        (async () => {
          for await (const request of client.requests(DEMO_REGISTER, { signal: stopped.signal })) await act(request)
        })(),
      )
      return Promise.resolve()
    },
    async close() {
      stopped.abort()
      await Promise.allSettled(loops)
      await gateway.close(200)
    },
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A register that says what it got. */
export async function echo(request: Received): Promise<void> {
  if (request.content.kind !== 'request') return
  await request.result({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: encode('echo') }] })
}

const party = (kennung: string, name: string) => ({ verzeichnisdienst: { code: 'DVDV' }, kennung, name })

export interface RequestValues {
  readonly uuid?: string
  readonly leser?: string
  readonly familienname?: string
}

/** A valid request 1000 with a fresh UUID. */
export function certificateRequest(values: RequestValues = {}): Uint8Array {
  return writeXprotektor({
    messageType: 'meldebescheinigung.anfrage.1000',
    produkt: 'Test',
    produkthersteller: 'Projekt Protektor',
    test: 'Test',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': {
        nachrichtenUUID: values.uuid ?? randomUUID(),
        nachrichtentyp: { code: '1000' },
        erstellungszeitpunkt: '2026-11-24T09:00:00.000Z',
      },
      leser: party(values.leser ?? DEMO_REGISTER, 'Meldebehörde Musterstadt (Demo)'),
      autor: party('mbp:99001', 'Online-Dienst (Demo)'),
    },
    identifikation: {
      familienname: { name: values.familienname ?? 'Beispiel' },
      vornamen: { name: 'Jörg' },
      geburtsdatum: { jahrMonatTag: '1975-11-03' },
      anschrift: {
        gemeindeschluessel: { code: '99001000', listVersionID: '2026-04-30' },
        postleitzahl: '99001',
        strasseUndHausnummer: 'Demogasse 1',
      },
    },
    datenumfang: { mindestumfang: true },
    zustellvariante: { code: '02' },
  })
}
