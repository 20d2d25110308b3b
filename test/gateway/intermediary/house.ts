// SPDX-License-Identifier: EUPL-1.2
/**
 * A whole intermediary in this process: endpoints of several policies, mailboxes of OSCI clients, a participant, an active recipient, and
 * passive recipients that a test makes as bad as it likes. Keys are made once per run.
 * @module
 */
import { generateKeyPair, X509Certificate } from 'node:crypto'
import { rmSync } from 'node:fs'
import { cp, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from '../../../src/client/connect.js'
import type { Client } from '../../../src/client/client.js'
import { connectOsci, type ConnectOsciOptions, type OsciConnection } from '../../../src/client/osci/connect.js'
import { startGateway, type RunningGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import { generateEnvelopeKey } from '../../../src/envelope/keys.js'
import { gatewayLog } from '../../../src/gateway/log.js'
import { openLedger } from '../../../src/gateway/adapters/lmdb-ledger.js'
import { cardTables } from '../../../src/gateway/adapters/lmdb-card-tables.js'
import type { CardRecord } from '../../../src/gateway/intermediary/ports.js'
import { writePkcs12, type KeyPair } from '../../../src/pki/keystore.js'
import { issueCertificate, issueCrl, makePki, type TestUsage } from '../../../src/pki/test-pki.js'
import { freePort } from '../../free-port.js'

const PARTIES = [
  'im',
  'town',
  'alice',
  'bob',
  'carol',
  'brief',
  'eve',
  'register',
  'expired',
  'revoked',
  'forged',
  'renewed',
  'former',
] as const
export type PartyName = (typeof PARTIES)[number]

export interface Keys {
  readonly cipher: KeyPair
  readonly signature: KeyPair
}

const YEAR_MS = 365 * 86_400_000
const PIN = 'threats'

interface Master {
  readonly directory: string
  readonly keys: ReadonlyMap<PartyName, Keys>
}

let master: Promise<Master> | undefined
const made: string[] = []
process.once('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

/** Serial numbers that the CRL names. */
const REVOKED = { cipher: 0x7001n, signature: 0x7002n }

async function newKeyPem(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

async function makeMaster(): Promise<Master> {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-threats-'))
  made.push(directory)
  const now = Date.now()
  const [notBefore, notAfter] = [new Date(now - 2 * YEAR_MS), new Date(now + YEAR_MS)]
  // a key is slow to make: those who are never in one dialog share theirs, under certificates of their own
  const owners = ['im', 'town', 'alice', 'bob', 'carol', 'eve'] as const
  const pems = new Map(await Promise.all(owners.map(async (name) => [name as PartyName, await newKeyPem()] as const)))
  const keyPemOf = (name: PartyName): string => pems.get(name) ?? pems.get('eve') ?? ''
  const leaf = (name: PartyName, usage: TestUsage) => ({
    usage,
    keyPem: keyPemOf(name),
    ...(name === 'expired' ? { notAfter: new Date(now - YEAR_MS) } : {}),
    serial: name === 'revoked' && usage !== 'both' ? REVOKED[usage === 'cipher' ? 'cipher' : 'signature'] : nextSerial++,
  })
  let nextSerial = 1n
  const leaves = Object.fromEntries(
    PARTIES.filter((name) => name !== 'forged').flatMap((name) => [
      [`${name}-cipher`, leaf(name, 'cipher')],
      [`${name}-signature`, leaf(name, 'signature')],
    ]),
  )
  const spec = { name: 'Threats', notBefore, notAfter }
  const pki = await makePki({ ...spec, leaves })
  const pairs = new Map(pki.leaves)
  // the signature of the issuer is wrong
  for (const usage of ['cipher', 'signature'] as const) {
    const good = await issueCertificate(
      { commonName: `forged ${usage}`, usage, notBefore, notAfter, keyPem: keyPemOf('forged'), serial: nextSerial++ },
      pki.ca,
    )
    const der = Buffer.from(good.certificate.raw)
    der[der.length - 9] = (der[der.length - 9] ?? 0) ^ 1
    pairs.set(`forged-${usage}`, { ...good, certificate: new X509Certificate(der) })
  }
  const put = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content, { mode: 0o600 })
  await put('pin', `${PIN}\n`)
  await put('ca.pem', pki.ca.certificate.toString())
  await put('ca.crl', issueCrl(pki.ca, Object.values(REVOKED), notBefore, notAfter))
  for (const [name, pair] of pairs) {
    await put(`${name}.pem`, pair.certificate.toString())
    if (/^(im|town|renewed)-/.test(name)) await put(`${name}.p12`, writePkcs12(pair, PIN, new Uint8Array(16).fill(7)))
  }
  const keyOf = (name: string): KeyPair => {
    const pair = pairs.get(name)
    if (!pair) throw new TypeError(name)
    return pair
  }
  return {
    directory,
    keys: new Map(PARTIES.map((name) => [name, { cipher: keyOf(`${name}-cipher`), signature: keyOf(`${name}-signature`) }])),
  }
}

export async function keysOf(name: PartyName): Promise<Keys> {
  master ??= makeMaster()
  const keys = (await master).keys.get(name)
  if (!keys) throw new TypeError(name)
  return keys
}

export type EndpointName = 'strict' | 'open' | 'numbered' | 'small' | 'quick' | 'renewed' | 'recipient'
export const PASSIVE = ['good', 'other', 'pinless'] as const
export const REGISTER = 'ags:99001000'

const configOf = (port: number, more: string): string => `listen: { public: 127.0.0.1:${port}, admin: 127.0.0.1:0 }
dataDirectory: ./data
allowSmallOwnKeys: true
directory: { file: directory.yaml }
keyrings:
  im: { cipher: { pkcs12: im-cipher.p12, pinFile: pin }, signature: { pkcs12: im-signature.p12, pinFile: pin } }
  town: { cipher: { pkcs12: town-cipher.p12, pinFile: pin }, signature: { pkcs12: town-signature.p12, pinFile: pin } }
  renewed:
    cipher: { pkcs12: renewed-cipher.p12, pinFile: pin }
    formerCiphers: [ { pkcs12: im-cipher.p12, pinFile: pin } ]
    signature: { pkcs12: im-signature.p12, pinFile: pin }
trust: { roots: [ ca.pem ], crls: [ ca.crl ] }
limits: { chunkKilobytes: [ 1, 64 ], chunkedMessageKilobytes: 1024 }
peers:
  - { name: users, signatureCertificates: [ ${['alice', 'bob', 'carol', 'brief', 'register', 'expired', 'revoked', 'forged', 'renewed', 'former'].map((n) => `${n}-signature.pem`).join(', ')} ] }
  - name: users-open
    signatureCertificates: [ alice-signature.pem, bob-signature.pem, carol-signature.pem ]
    signed: optional
    encrypted: optional
  - { name: im, signatureCertificates: [ im-signature.pem ] }
participants:
  - { id: register-1, jwks: register.json, mailboxes: [ '${REGISTER}' ] }
mailboxes:
  '${REGISTER}': { ttlSeconds: 3 }
  'osci:bob': { ttlSeconds: 3600, slowPoller: true, cipherCertificates: [ bob-cipher.pem ] }
  'osci:carol': { ttlSeconds: 60, cipherCertificates: [ carol-cipher.pem ] }
  'osci:renewed': { ttlSeconds: 60, cipherCertificates: [ renewed-cipher.pem, former-cipher.pem ] }
  'osci:brief': { ttlSeconds: 1, cipherCertificates: [ brief-cipher.pem ] }
endpoints:
  - { path: /osci/intermediary/strict, role: intermediary, keys: im, peers: [ users ] }
  - { path: /osci/intermediary/open, role: intermediary, keys: im, peers: [ users-open ] }
  - { path: /osci/intermediary/numbered, role: intermediary, keys: im, peers: [ users ], requireMessageId: true }
  - { path: /osci/intermediary/small, role: intermediary, keys: im, peers: [ users ], maxDialogs: 5, maxDialogsPerClient: 3 }
  - { path: /osci/intermediary/quick, role: intermediary, keys: im, peers: [ users ], takeWithinSeconds: 1, answerWithinSeconds: 3 }
  - { path: /osci/intermediary/renewed, role: intermediary, keys: renewed, peers: [ users ], takeWithinSeconds: 1, answerWithinSeconds: 3 }
  - { path: /osci/recipient, role: passiveRecipient, mode: blind, keys: town, peers: [ im ], defaultMailbox: '${REGISTER}', takeWithinSeconds: 1, answerWithinSeconds: 3 }
${more}`

const directoryOf = (own: string, passive: string, down: string): string => {
  const service = (name: string, element: string) => `      - serviceUri: urn:example:${name}
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, network: internet, ${element} } ]
`
  const good = 'cipherCertificate: town-cipher.pem, signatureCertificate: town-signature.pem'
  return `formatVersion: 1
organizations:
  - keys: [ 'ags:99005000' ]
    name: Passive
    services:
${service('ours', `uri: '${own}/osci/recipient', ${good}`)}${service('down', `uri: '${down}', ${good}`)}${PASSIVE.map((name) => service(name, `uri: '${passive}/${name}', ${name === 'pinless' ? 'cipherCertificate: town-cipher.pem' : good}`)).join('')}
  - keys: [ '${REGISTER}' ]
    name: Participant
    services:
${service('participant', `uri: '${passive}/participant', mailbox: '${REGISTER}', receiver: participant, cipherCertificate: register-cipher.pem`)}
  - keys: [ 'ags:99006000' ]
    name: Active
    services:
${service('active', `uri: '${passive}/active', mailbox: 'osci:carol', receiver: active, cipherCertificate: carol-cipher.pem`)}
  - keys: [ 'ags:99007000' ]
    name: Renewed
    services:
${service('renewed', `uri: '${passive}/renewed', mailbox: 'osci:renewed', receiver: active, cipherCertificate: renewed-cipher.pem`)}`
}

/** How the passive recipients behind the house answer; 'hang' says nothing until the house closes. */
export type PassiveAct = (body: Buffer, response: ServerResponse) => void | Promise<void>

export interface ThreatHouse {
  readonly gateway: RunningGateway
  readonly url: string
  readonly directory: string
  /** Every line that the gateway logged. */
  readonly lines: string[]
  /** ContentReceiver of a passive recipient, the participant, the active one, and one that nobody listens at. */
  receiver(name: (typeof PASSIVE)[number] | 'participant' | 'active' | 'renewed' | 'ours' | 'down'): string
  /** What passive recipients do from now on. */
  act: PassiveAct
  /** Bodies that reached passive recipients. */
  readonly reached: Buffer[]
  endpoint(name: EndpointName): string
  client(name: PartyName, endpoint: EndpointName, more?: Partial<ConnectOsciOptions>): Promise<OsciConnection>
  register(): Promise<Client>
  /** Closes the gateway, and reads its cards. */
  cards(): Promise<ReadonlyMap<string, CardRecord>>
  close(): Promise<void>
}

export interface ThreatHouseOptions {
  /** Of an earlier house: keys, cards and used ids. */
  readonly directory?: string
  /** More lines of the configuration. */
  readonly more?: string
}

async function freshDirectory(): Promise<string> {
  master ??= makeMaster()
  const from = (await master).directory
  const directory = await mkdtemp(join(tmpdir(), 'protektor-threats-'))
  made.push(directory)
  await cp(from, directory, { recursive: true })
  return directory
}

/** Writes everything that `serve` needs; for a gateway in another process as well. */
export async function writeHouse(
  directory: string,
  port: number,
  passive: string,
  more = '',
): Promise<{ configFile: string; down: string }> {
  const down = `http://127.0.0.1:${await freePort()}/nobody`
  await writeFile(join(directory, 'directory.yaml'), directoryOf(`http://127.0.0.1:${port}`, passive, down))
  const configFile = join(directory, 'gateway.yaml')
  await writeFile(configFile, configOf(port, more), { mode: 0o600 })
  return { configFile, down }
}

export const newDirectory = freshDirectory

/** A client of an endpoint, wherever it runs. */
export async function clientOf(url: string, name: PartyName, more: Partial<ConnectOsciOptions> = {}): Promise<OsciConnection> {
  const [own, im] = [await keysOf(name), await keysOf('im')]
  return connectOsci({
    url,
    keys: { cipher: own.cipher, signature: own.signature },
    intermediary: { cipherCertificate: im.cipher.certificate, signatureCertificates: [im.signature.certificate] },
    ...more,
  })
}

export async function openThreatHouse(options: ThreatHouseOptions = {}): Promise<ThreatHouse> {
  const directory = options.directory ?? (await freshDirectory())
  const port = await freePort()
  const sign = await generateEnvelopeKey('sig')
  const open = await generateEnvelopeKey('enc')
  await writeFile(join(directory, 'register.json'), JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }))
  const reached: Buffer[] = []
  const passive: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      reached.push(body)
      void house.act(body, response)
    })
  })
  await new Promise<void>((resolve) => passive.listen(0, '127.0.0.1', resolve))
  const passiveUrl = `http://127.0.0.1:${(passive.address() as AddressInfo).port}`
  const lines: string[] = []
  const { configFile, down } = await writeHouse(directory, port, passiveUrl, options.more)
  const config = await loadConfig(configFile)
  const gateway = await startGateway(config, { log: gatewayLog({ write: (line: string) => void lines.push(line) }), workers: 1 }).catch(
    (error: unknown) => {
      passive.close()
      throw error
    },
  )
  const { url } = gateway.public
  const urlOf = (name: EndpointName): string => (name === 'recipient' ? `${url}/osci/recipient` : `${url}/osci/intermediary/${name}`)
  const clients: OsciConnection[] = []
  let closing: Promise<void> | undefined
  const house: ThreatHouse = {
    gateway,
    url,
    directory,
    lines,
    reached,
    act: (_body, response) => void response.destroy(),
    receiver: (name) => (name === 'ours' ? `http://127.0.0.1:${port}/osci/recipient` : name === 'down' ? down : `${passiveUrl}/${name}`),
    endpoint: urlOf,
    async client(name, endpoint, more = {}) {
      const client = await clientOf(urlOf(endpoint), name, more)
      clients.push(client)
      return client
    },
    register: () =>
      connect({
        url,
        audience: config.publicUrl,
        participant: 'register-1',
        key: sign.privateJwk,
        openingKeys: [open.privateJwk],
        senders: [{ id: gateway.identity.participant, jwks: gateway.identity.jwks.keys }],
      }),
    async cards() {
      await house.close()
      return cardsOf(directory)
    },
    close() {
      closing ??= (async () => {
        for (const client of clients) client.close()
        passive.closeAllConnections()
        await gateway.close(200)
        await new Promise<void>((resolve) => passive.close(() => resolve()))
      })()
      return closing
    },
  }
  return house
}

/** Cards of every endpoint on disk, by message id. */
export async function cardsOf(directory: string): Promise<ReadonlyMap<string, CardRecord>> {
  const ledger = openLedger(join(directory, 'data', 'process-cards'))
  const cards = new Map([...cardTables(ledger).cards.getRange()].map(({ value }) => [value.messageId, value] as const))
  await ledger.close()
  return cards
}
