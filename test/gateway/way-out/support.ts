// SPDX-License-Identifier: EUPL-1.2
/**
 * Two gateways in one process: one with a way out, and the OSCI party that it leads to (passive recipient and intermediary), with a
 * register behind it. And parties that misbehave.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { freePort } from '../../free-port.js'
import type { AskEvent } from '../../../src/client/ask.js'
import type { Client } from '../../../src/client/client.js'
import { connect } from '../../../src/client/connect.js'
import { startGateway, type RunningGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import type { OsciDelivery } from '../../../src/directory/ports.js'
import { sealingKeyOf } from '../../../src/envelope/keys.js'
import { gatewayLog } from '../../../src/gateway/log.js'
import { openHouse, type House, type HouseOptions } from '../support.js'

export const SERVICE = 'urn:example:xprotektor:service:meldebescheinigung:1.0'
export const WAY = 'ags:99001000'
/** OSCI mailbox of the party's intermediary. */
export const STORED = 'ags:99003000'

export interface PartyOptions {
  readonly mode?: 'terminating' | 'blind'
  readonly more?: HouseOptions
}

/** The OSCI party: /osci/recipient and, in front of it, /osci/intermediary. */
export async function openParty({ mode = 'terminating', more = {} }: PartyOptions = {}): Promise<House> {
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}/osci/recipient`
  const directory = `formatVersion: 1
organizations:
  - keys: [ '${WAY}' ]
    name: Musterstadt (Demo)
    services:
      - serviceUri: '${SERVICE}'
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, uri: '${uri}', cipherCertificate: keys/town-reader.pem } ]
`
  return openHouse({
    mode,
    publicPort: port,
    peerOptions: `    signed: required
    encrypted: required
  - { name: own-intermediary, signatureCertificates: [ keys/town-signature.pem ] }`,
    endpointPeers: 'intermediary-1, own-intermediary',
    endpointOptions: `    defaultMailbox: '${WAY}'
  - { path: /osci/intermediary, role: intermediary, keys: town, peers: [ intermediary-1 ] }`,
    mailboxOptions: `ttlSeconds: 10 }\n  '${STORED}': { ttlSeconds: 30, cipherCertificates: [ keys/town-cipher.pem ]`,
    topOptions: 'directory: { file: directory.yaml }',
    files: { 'directory.yaml': directory },
    ...more,
  })
}

export interface WayOutOptions {
  readonly delivery?: OsciDelivery
  readonly mode?: 'terminating' | 'blind'
  readonly oneWay?: boolean
  /** Of the addressee; default: the party's recipient. */
  readonly uri?: string
  readonly intermediaryUri?: string
  /** Lines below the service. */
  readonly service?: string
  readonly elements?: string
  /** Lines of the way out, of its mailbox, of the peer. */
  readonly way?: string
  readonly mailbox?: string
  readonly peer?: string
  readonly author?: boolean
  readonly metadata?: boolean
  /** Certificate that content and, without an intermediary, transport is encrypted for. */
  readonly cipher?: string
  readonly organizations?: string
}

export interface Station {
  readonly gateway: RunningGateway
  readonly lines: string[]
  readonly client: Client
  readonly key: JWK
  readonly directoryFile: string
  /** All events of one question. */
  ask(request?: Partial<Parameters<Client['ask']>[0]>): Promise<AskEvent[]>
  logged(event: string): Record<string, unknown>[]
  close(): Promise<void>
}

let count = 0

/** The gateway with the way out, on the keys of a party. */
export async function openStation(party: House, options: WayOutOptions = {}): Promise<Station> {
  const { directory } = party.demo
  const name = `station-${(count += 1)}`
  const { delivery = 'process', mode = 'terminating' } = options
  const uri = options.uri ?? `${party.url}/osci/recipient`
  const intermediaryUri = options.intermediaryUri ?? `${party.url}/osci/intermediary`
  const kind = (options.oneWay ?? !['mediate', 'process'].includes(delivery)) ? 'one-way' : 'request-response'
  const pair = (key: string) => `{ pkcs12: keys/${key}.p12, pinFile: keys/pin }`
  const directoryFile = join(directory, `${name}.directory.yaml`)
  await writeFile(
    directoryFile,
    options.organizations ??
      `formatVersion: 1
organizations:
  - keys: [ '${WAY}' ]
    name: Musterstadt (Demo)
    services:
      - serviceUri: '${SERVICE}'
        communicationType: ${kind}
        delivery: ${delivery}
        mode: ${mode}
        subject: XProtektor 1.0
        containerId: XPROTEKTOR_DATA
${options.service ?? ''}
        elements:
          - { type: OSCI_ADDRESSEE, uri: '${uri}', cipherCertificate: keys/${options.cipher ?? 'town-reader'}.pem }
          - { type: OSCI_INTERMEDIARY, uri: '${intermediaryUri}', cipherCertificate: keys/town-cipher.pem }
${options.elements ?? ''}
`,
  )
  const configFile = join(directory, `${name}.yaml`)
  await writeFile(
    configFile,
    `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
dataDirectory: ./${name}
allowSmallOwnKeys: true
directory: { file: ${name}.directory.yaml }
keyrings:
  portal:
    cipher: ${pair('portal-cipher')}
    signature: ${pair('intermediary-signature')}
${options.author === false ? '' : `    author: ${pair('portal-author')}`}
peers:
  - name: town
    signatureCertificates: [ keys/town-signature.pem ]
${options.peer ?? ''}
participants:
  - { id: portal-1, jwks: keys/portal-1.json }
mailboxes:
  '${WAY}': { ${options.mailbox ?? 'ttlSeconds: 10'} }
outgoing:
  - mailbox: '${WAY}'
    organization: '${WAY}'
    service: '${SERVICE}'
    keys: portal
    peer: town
    metadata: ${options.metadata ?? false}
    answerWithinSeconds: 5
${options.way ?? ''}
`,
    { mode: 0o600 },
  )
  const lines: string[] = []
  const config = await loadConfig(configFile)
  const gateway = await startGateway(config, { log: gatewayLog({ write: (line: string) => void lines.push(line) }), workers: 1 })
  const { identity } = gateway
  const key = sealingKeyOf({ id: identity.participant, jwks: identity.jwks.keys })
  if (!key) throw new Error('the gateway publishes no key to seal for')
  const sign = (JSON.parse(await readFile(join(directory, 'keys/portal-1.private.json'), 'utf8')) as { sign: JWK }).sign
  const client = await connect({
    url: gateway.public.url,
    audience: config.publicUrl,
    participant: 'portal-1',
    key: sign,
    senders: [{ id: identity.participant, jwks: identity.jwks.keys }],
  })
  return {
    gateway,
    lines,
    client,
    key,
    directoryFile,
    async ask(request = {}) {
      const events: AskEvent[] = []
      for await (const event of client.ask({ to: WAY, recipientKey: key, answerFrom: identity.participant, ...request })) events.push(event)
      return events
    },
    logged: (event) => lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.event === event),
    close: () => gateway.close(500),
  }
}

export const kinds = (events: readonly AskEvent[]): string[] => events.map((event) => event.kind)

/** Status and reason codes of the notice. */
export function noticeOf(events: readonly AskEvent[]): { readonly status?: string; readonly codes: readonly string[] } {
  const notice = events.find((event) => event.kind === 'notice')
  const outcome = notice?.kind === 'notice' ? notice.content.outcome : undefined
  return { ...(outcome ? { status: outcome.status } : {}), codes: (outcome?.reasons ?? []).map((reason) => reason.code) }
}

export function resultOf(events: readonly AskEvent[]) {
  const result = events.find((event) => event.kind === 'result')
  return result?.kind === 'result' ? result.content : undefined
}

export interface BadParty {
  readonly url: string
  /** Bodies that arrived. */
  readonly bodies: Buffer[]
  close(): Promise<void>
}

/** Something that listens where an OSCI party should be. */
export async function badParty(
  answer: (body: Buffer, response: ServerResponse, request: IncomingMessage) => void | Promise<void>,
): Promise<BadParty> {
  const bodies: Buffer[] = []
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      bodies.push(body)
      void answer(body, response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/osci`,
    bodies,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
