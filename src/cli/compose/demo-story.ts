// SPDX-License-Identifier: EUPL-1.2
/**
 * The demo directory of `start`: what `demo-kit.ts` makes, and around it an intermediary of our own, a second town, and a way out to it.
 * The configuration is whole; `serve` takes it as it is.
 *
 *   OSCI client (portal) ─► /osci/intermediary ─► /osci/recipient ─► register of Musterstadt
 *   online service ─► mailbox ags:99002000 ─► way out ─► /osci/recipient/nachbarstadt ─► register of Nachbarstadt
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyPair } from '../../pki/keystore.js'
import type { TestKey } from '../../pki/test-pki.js'
import { DEMO_DATA, DEMO_MARK } from './demo-directory.js'
import { DEMO_REGISTER, openDemo, type Demo } from './demo-kit.js'
import { ensureKeys, readKeys, readParticipant, STORY, type ParticipantKeys, type StoryKeyName } from './demo-keys.js'

/** Where an online service sends its envelopes for the second town: the way out takes them. */
export const NEIGHBOUR = 'ags:99002000'
/** Where the second town's register takes. */
export const NEIGHBOUR_REGISTER = 'ags:99002000.register'
/** Where the register of Musterstadt is worked by hand: `protektor take`, `protektor answer`. */
export const DESK = `${DEMO_REGISTER}.desk`
/** OSCI mailbox of the portal. */
export const PORTAL_MAILBOX = 'osci:portal'
export const SERVICE = 'urn:example:xprotektor:service:meldebescheinigung:1.0'

export interface Story extends Demo {
  readonly storyKeys: Readonly<Record<StoryKeyName, KeyPair>>
  readonly neighbourRegister: ParticipantKeys
  readonly portal: ParticipantKeys
  /** Configuration of the second node; undefined: the core lies in the one process. */
  readonly secondNodeFile: string | undefined
}

export interface StoryOptions {
  readonly fresh: boolean
  /** Fixed: the directory names addresses of this gateway. */
  readonly publicPort: number
  readonly adminPort: number
  /** Address of a Redis or Valkey that carries the core; a second node shares it then. */
  readonly redisUrl?: string | undefined
}

/** Names of the second core node's configuration and data: it serves registers, and no OSCI. */
const SECOND_NODE = { file: 'core-2.yaml', data: 'data-2' }

const pair = (name: string): string => `{ pkcs12: keys/${name}.p12, pinFile: keys/pin }`

const coreOf = ({ redisUrl }: StoryOptions): string =>
  redisUrl === undefined ? '' : `core: { redis: { url: '${redisUrl}', prefix: protektor-demo } }\n`

const PARTICIPANTS = `participants:
  - { id: register-1, jwks: keys/register-1.json, mailboxes: [ '${DEMO_REGISTER}', '${DESK}' ] }
  - { id: register-2, jwks: keys/register-2.json, mailboxes: [ '${NEIGHBOUR_REGISTER}' ] }
  - { id: portal-1, jwks: keys/portal-1.json }
mailboxes:
  '${DEMO_REGISTER}': { ttlSeconds: 10 }
  '${NEIGHBOUR_REGISTER}': { ttlSeconds: 10 }
  '${DESK}': { ttlSeconds: 60, handover: lease-and-confirm }   # protektor take, protektor answer
`

/** Another node of the same core, behind the same public URL: here on ports of its own instead of behind a load balancer. */
const secondNodeOf = (options: StoryOptions): string => `# Second node of the core of the demo, for participants only.
listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
publicUrl: http://127.0.0.1:${options.publicPort}
dataDirectory: ./${SECOND_NODE.data}
${coreOf(options)}${PARTICIPANTS}`

const configurationOf = ({ publicPort, adminPort, ...options }: StoryOptions): string => `${DEMO_MARK}: throwaway keys, nobody's registers.
# Start it with: protektor serve --config gateway.yaml
listen: { public: 127.0.0.1:${publicPort}, admin: 127.0.0.1:${adminPort} }
dataDirectory: ./${DEMO_DATA}
${coreOf({ publicPort, adminPort, ...options })}directory: { file: directory.yaml }
trust: { roots: [ keys/ca.pem, keys/ca-2.pem ] }

keyrings:
  # Musterstadt: passive recipient in front of its register
  town:
    cipher:    ${pair('town-cipher')}
    signature: ${pair('town-signature')}
    reader:    [ ${pair('town-reader')} ]
    author:    ${pair('town-author')}
  # our own intermediary
  office:
    cipher:    ${pair('office-cipher')}
    signature: ${pair('office-signature')}
  # the portal, where its envelopes leave over OSCI
  portal:
    cipher:    ${pair('portal-cipher')}
    signature: ${pair('portal-author')}
    author:    ${pair('portal-author')}
  # Nachbarstadt: a second town with keys of its own; in real life another house
  neighbour:
    cipher:    ${pair('neighbour-cipher')}
    signature: ${pair('neighbour-signature')}
    reader:    [ ${pair('neighbour-reader')} ]
    author:    ${pair('neighbour-author')}

peers:
  - { name: intermediary-1, signatureCertificates: [ keys/intermediary-signature.pem ] }   # somebody else's intermediary
  - { name: office, signatureCertificates: [ keys/office-signature.pem ] }
  - { name: portal, signatureCertificates: [ keys/portal-author.pem ] }
  - { name: nachbarstadt, signatureCertificates: [ keys/neighbour-signature.pem ] }

${PARTICIPANTS}  '${NEIGHBOUR}': { ttlSeconds: 10, handover: lease-and-confirm }   # leaves, see outgoing
  '${PORTAL_MAILBOX}': { ttlSeconds: 60, cipherCertificates: [ keys/portal-cipher.pem ] }   # storeDelivery, fetchDelivery

outgoing:
  - { mailbox: '${NEIGHBOUR}', organization: '${NEIGHBOUR}', service: '${SERVICE}', keys: portal, peer: nachbarstadt }

endpoints:
  - path: /osci/recipient
    role: passiveRecipient
    mode: terminating
    keys: town
    peers: [ intermediary-1, office ]
    routes: [ { addresseeCertificate: keys/town-reader.pem, mailbox: '${DEMO_REGISTER}' } ]
    defaultMailbox: '${DEMO_REGISTER}'
  - path: /osci/recipient/nachbarstadt
    role: passiveRecipient
    mode: terminating
    keys: neighbour
    peers: [ office, portal ]
    defaultMailbox: '${NEIGHBOUR_REGISTER}'
  - path: /osci/intermediary
    role: intermediary
    keys: office
    peers: [ portal ]
`

const serviceOf = (uri: string, cipher: string, signature: string): string => `      - serviceUri: '${SERVICE}'
        communicationType: request-response
        delivery: process
        subject: XProtektor 1.0
        containerId: XPROTEKTOR_DATA
        elements:
          - { type: OSCI_ADDRESSEE, uri: '${uri}', cipherCertificate: keys/${cipher}.pem, signatureCertificate: keys/${signature}.pem }
`

const directoryOf = (at: string): string => `# Directory of the demo; may be changed while the gateway runs
formatVersion: 1
organizations:
  - keys: [ '${DEMO_REGISTER}' ]
    name: Meldebehörde Musterstadt (Demo)
    services:
${serviceOf(`${at}/osci/recipient`, 'town-reader', 'town-signature')}  - keys: [ '${NEIGHBOUR}' ]
    name: Meldebehörde Nachbarstadt (Demo)
    services:
${serviceOf(`${at}/osci/recipient/nachbarstadt`, 'neighbour-reader', 'neighbour-signature')}`

/** RSA where something is encrypted, EC where something is signed: both kinds ride along. */
const keyOf = (usage: string): TestKey => (usage === 'cipher' ? 'rsa-3072' : 'ec-p256')

/** Opens the demo directory, making what is missing. Configuration and directory are written anew each time. */
export async function openStory(directory: string, options: StoryOptions): Promise<Story> {
  const demo = await openDemo(directory, { ...options, configuration: configurationOf(options) })
  const keyDirectory = join(directory, 'keys')
  await ensureKeys(keyDirectory, STORY, keyOf)
  await writeFile(join(directory, 'directory.yaml'), directoryOf(`http://127.0.0.1:${options.publicPort}`), { mode: 0o600 })
  const secondNodeFile = options.redisUrl === undefined ? undefined : join(directory, SECOND_NODE.file)
  if (secondNodeFile !== undefined) await writeFile(secondNodeFile, secondNodeOf(options), { mode: 0o600 })
  return {
    ...demo,
    secondNodeFile,
    storyKeys: await readKeys(keyDirectory, STORY),
    neighbourRegister: await readParticipant(keyDirectory, 'register-2'),
    portal: await readParticipant(keyDirectory, 'portal-1'),
  }
}
