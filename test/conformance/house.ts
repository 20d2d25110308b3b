// SPDX-License-Identifier: EUPL-1.2
/**
 * A whole house of our own for the tester: intermediary, terminating recipient, a register that answers; and keys of everybody.
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type RunningGateway } from '../../src/cli/compose/gateway.js'
import { connect } from '../../src/client/connect.js'
import { systemClock, systemRandom } from '../../src/client/transport.js'
import { openKeys, type RunKeys } from '../../src/conformance/keys.js'
import { loadConfig } from '../../src/config/load.js'
import { generateEnvelopeKey } from '../../src/envelope/keys.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { writePkcs12, type KeyPair } from '../../src/pki/keystore.js'
import { makePki } from '../../src/pki/test-pki.js'
import { freePort } from '../free-port.js'

export const PIN = 'conformance'
const YEAR_MS = 365 * 86_400_000
const NAMES = {
  'im-cipher': 'cipher', 'im-signature': 'signature', 'im-expired': 'signature',
  'town-cipher': 'cipher', 'town-signature': 'signature',
  'user-cipher': 'cipher', 'user-signature': 'signature', 'user-expired': 'signature',
} as const // prettier-ignore
export type KeyName = keyof typeof NAMES

export interface ConformanceHouse {
  readonly gateway: RunningGateway
  readonly directory: string
  readonly intermediary: string
  readonly recipient: string
  readonly pairs: Readonly<Record<KeyName, KeyPair>>
  readonly keys: (...names: readonly KeyName[]) => Promise<RunKeys>
  readonly lines: string[]
  /** Words of the command line for each role, with keys and a profile that fits. */
  asClient(url?: string): readonly string[]
  asIntermediary(): readonly string[]
  asRecipient(): readonly string[]
  asProxy(): readonly string[]
  /** Another profile of the intermediary; its path. */
  profile(name: string, more: string, signature?: string): Promise<string>
  close(): Promise<void>
}

const key = (name: string): string => `{ pkcs12: ${name}.p12, pinFile: pin }`
const configOf = (port: number): string => `listen: { public: 127.0.0.1:${port}, admin: 127.0.0.1:0 }
dataDirectory: ./data
allowSmallOwnKeys: true
directory: { file: directory.yaml }
keyrings:
  im: { cipher: ${key('im-cipher')}, signature: ${key('im-signature')} }
  town: { cipher: ${key('town-cipher')}, signature: ${key('town-signature')}, author: ${key('town-signature')}, reader: [ ${key('town-cipher')} ] }
trust: { roots: [ ca.pem ] }
limits: { chunkKilobytes: [ 1, 64 ], chunkedMessageKilobytes: 1024 }
peers:
  - { name: users, signatureCertificates: [ user-signature.pem, user-expired.pem ] }
  - { name: im, signatureCertificates: [ im-signature.pem, im-expired.pem ] }
participants:
  - { id: register-1, jwks: register.json, mailboxes: [ 'ags:99001000' ] }
mailboxes:
  'osci:user': { ttlSeconds: 600, slowPoller: true, cipherCertificates: [ user-cipher.pem ] }
endpoints:
  - { path: /osci/intermediary, role: intermediary, keys: im, peers: [ users ], takeWithinSeconds: 1, answerWithinSeconds: 3 }
  - { path: /osci/recipient, role: passiveRecipient, mode: terminating, keys: town, peers: [ im ], defaultMailbox: 'ags:99001000', unknownContent: pass }
`
const directoryOf = (...uris: readonly string[]): string => `formatVersion: 1
organizations:
  - keys: [ 'ags:99001000' ]
    name: Town
    services:
${uris.map((uri, at) => `      - serviceUri: urn:example:town-${at}
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, network: internet, uri: '${uri}', cipherCertificate: town-cipher.pem, signatureCertificate: town-signature.pem } ]
`).join('')}` // prettier-ignore

/** @param listener another ContentReceiver of the town besides our own recipient. */
export async function openConformanceHouse(listener: string): Promise<ConformanceHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-conformance-'))
  const port = await freePort()
  const now = Date.now()
  const expired = { notAfter: new Date(now - YEAR_MS) }
  const leaves = Object.fromEntries(
    Object.entries(NAMES).map(([name, usage]) => [name, { usage, ...(name.endsWith('-expired') ? expired : {}) }]),
  )
  const pki = await makePki({ name: 'Conformance', notBefore: new Date(now - 2 * YEAR_MS), notAfter: new Date(now + YEAR_MS), leaves })
  const pairs = Object.fromEntries(pki.leaves) as unknown as Record<KeyName, KeyPair>
  const put = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content, { mode: 0o600 })
  await put('pin', `${PIN}\n`)
  await put('ca.pem', pki.ca.certificate.toString())
  for (const [name, pair] of pki.leaves) {
    await put(`${name}.pem`, pair.certificate.toString())
    await put(`${name}.p12`, writePkcs12(pair, PIN, new Uint8Array(16).fill(7)))
  }
  const [sign, open] = [await generateEnvelopeKey('sig'), await generateEnvelopeKey('enc')]
  await put('register.json', JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }))
  const recipient = `http://127.0.0.1:${port}/osci/recipient`
  await put('directory.yaml', directoryOf(recipient, listener))
  await put('gateway.yaml', configOf(port))
  const config = await loadConfig(join(directory, 'gateway.yaml'))
  const lines: string[] = []
  const gateway = await startGateway(config, { log: gatewayLog({ write: (line: string) => void lines.push(line) }), workers: 1 })
  const client = await connect({
    url: gateway.public.url,
    audience: config.publicUrl,
    participant: 'register-1',
    key: sign.privateJwk,
    openingKeys: [open.privateJwk],
    senders: [{ id: gateway.identity.participant, jwks: gateway.identity.jwks.keys }],
  })
  const stopped = new AbortController()
  const loop = (async () => {
    for await (const request of client.requests('ags:99001000', { signal: stopped.signal }))
      if (request.content.kind === 'request')
        await request.result({
          parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: new TextEncoder().encode('Antwort') }],
        })
  })()
  const profile = async (name: string, more: string, signature = 'im-signature.pem', cipher = 'im-cipher.pem'): Promise<string> => {
    await put(`${name}.yaml`, `name: ${name}\ncertificates: { cipher: ${cipher}, signature: [ ${signature} ] }\n${more}`)
    return join(directory, `${name}.yaml`)
  }
  const algorithms =
    'algorithms: { signature: [ rsa-sha256, sha512-rsa-MGF1 ], digest: [ sha512 ], cipher: [ aes128-gcm ], ivBytes: [ 12, 16 ] }\n'
  const receiverAt = (uri: string): string => `receiver: { uri: '${uri}', cipher: town-cipher.pem, signature: town-signature.pem }\n`
  const intermediaryProfile = await profile('intermediary', receiverAt(recipient) + algorithms)
  const listenerProfile = await profile('listener', receiverAt(listener))
  const recipientProfile = await profile('recipient', '', 'town-signature.pem', 'town-cipher.pem')
  const own = (...names: readonly KeyName[]): string[] =>
    names.flatMap((name) => ['--keystore', join(directory, `${name}.p12`), '--pin-file', join(directory, 'pin')])
  const intermediary = `${gateway.public.url}/osci/intermediary`
  const user = own('user-cipher', 'user-signature', 'user-expired')
  return {
    asClient: (url = intermediary) => ['--as', 'client', '--url', url, '--profile', intermediaryProfile, ...user],
    asIntermediary: () => [
      ...['--as', 'intermediary', '--url', recipient, '--profile', recipientProfile],
      ...own('im-cipher', 'im-signature', 'im-expired'),
    ],
    asRecipient: () => [
      ...['--as', 'recipient', '--listen', new URL(listener).host, '--url', intermediary, '--profile', listenerProfile],
      ...[...user, ...own('town-cipher', 'town-signature')],
    ],
    asProxy: () => [
      ...['--as', 'proxy', '--listen', '127.0.0.1:0', '--to', intermediary, '--profile', intermediaryProfile],
      ...[...user, ...own('im-cipher', 'im-signature')],
    ],
    profile,
    gateway,
    directory,
    intermediary,
    recipient,
    pairs,
    keys: (...names) =>
      openKeys(
        names.map((name) => pairs[name]),
        { ...systemClock, random: systemRandom },
      ),
    lines,
    async close() {
      stopped.abort()
      await loop.catch(() => undefined)
      await gateway.close(200)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
