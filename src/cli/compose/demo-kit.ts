// SPDX-License-Identifier: EUPL-1.2
/**
 * The demo directory: throwaway keys, a register, a portal and a gateway.yaml that `serve` takes as it is. Made once, then reused.
 * Everything in it is readable by its owner only. Specs: product.md, Decisions, "demo".
 * @module
 */
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../config/folder.js'
import type { KeyPair } from '../../pki/keystore.js'
import type { TestKey } from '../../pki/test-pki.js'
import { DEMO_DATA } from './demo-directory.js'
import { ensureKeys, readKeys, readParticipant, TOWN, type DemoKeyName, type ParticipantKeys } from './demo-keys.js'

export const DEMO_REGISTER = 'ags:99001000'

export interface Demo {
  readonly directory: string
  readonly configFile: string
  readonly dataDirectory: string
  readonly keys: Readonly<Record<DemoKeyName, KeyPair>>
  /** Private keys of the register: what `examples/fachverfahren.ts` reads, without the gateway's public key. */
  readonly register: ParticipantKeys
  readonly made: boolean
}

export interface DemoOptions {
  readonly fresh?: boolean
  readonly publicPort: number
  readonly adminPort: number
  /** Tests take short keys; the demo does not. */
  readonly key?: TestKey
  /** More lines for the configuration's `endpoints`, `peers` and top level. */
  readonly peerOptions?: string
  readonly endpointOptions?: string
  readonly endpointPeers?: string
  readonly mailboxOptions?: string
  readonly topOptions?: string
  readonly mode?: 'terminating' | 'blind'
  /** The whole configuration, instead of the one endpoint with all of the above. */
  readonly configuration?: string
}

function yaml(options: DemoOptions): string {
  const pair = (name: string): string => `{ pkcs12: keys/${name}.p12, pinFile: keys/pin }`
  const { mode = 'terminating' } = options
  return `# Demo of Protektor: throwaway keys, nobody's register. Start it with: protektor serve --config gateway.yaml
listen: { public: 127.0.0.1:${options.publicPort}, admin: 127.0.0.1:${options.adminPort} }
dataDirectory: ./${DEMO_DATA}
${options.topOptions ?? ''}
keyrings:
  town:
    cipher:    ${pair('town-cipher')}
    signature: ${pair('town-signature')}
${mode === 'terminating' ? `    reader:    [ ${pair('town-reader')} ]\n    author:    ${pair('town-author')}\n` : ''}
peers:
  - name: intermediary-1
    signatureCertificates: [ keys/intermediary-signature.pem ]
${options.peerOptions ?? '    signed: required\n    encrypted: required'}
participants:
  - { id: register-1, jwks: keys/register-1.json, mailboxes: [ '${DEMO_REGISTER}' ] }
  - { id: portal-1, jwks: keys/portal-1.json }
mailboxes:
  '${DEMO_REGISTER}': { ${options.mailboxOptions ?? 'ttlSeconds: 10'} }
endpoints:
  - path: /osci/recipient
    role: passiveRecipient
    mode: ${mode}
    keys: town
    peers: [ ${options.endpointPeers ?? 'intermediary-1'} ]
${options.endpointOptions ?? `    routes: [ { addresseeCertificate: keys/town-reader.pem, mailbox: '${DEMO_REGISTER}' } ]\n    defaultMailbox: '${DEMO_REGISTER}'`}
`
}

/** Opens the demo directory, making what is missing. The configuration is written anew each time. */
export async function openDemo(directory: string, options: DemoOptions): Promise<Demo> {
  if (options.fresh) await rm(directory, { recursive: true, force: true })
  const keyDirectory = join(directory, 'keys')
  await makeFolder(keyDirectory, 0o700)
  await chmod(directory, 0o700)
  const made = await ensureKeys(keyDirectory, TOWN, () => options.key ?? 'rsa-3072')
  const configFile = join(directory, 'gateway.yaml')
  await writeFile(configFile, options.configuration ?? yaml(options), { mode: 0o600 })
  return {
    directory,
    configFile,
    dataDirectory: join(directory, DEMO_DATA),
    keys: await readKeys(keyDirectory, TOWN),
    register: await readParticipant(keyDirectory, 'register-1'),
    made,
  }
}
