// SPDX-License-Identifier: EUPL-1.2
/**
 * Configurations of the two measured gateways, over the keys of the Java peer's `pki.sh`: an intermediary and a passive recipient.
 * @module
 */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const MAILBOX = 'ags:99001000'
export const REGISTER = 'register-1'

/** Where a gateway listens; all on loopback. */
export interface Ports {
  readonly open: number
  readonly admin: number
}

const pair = (name: string): string => `{ pkcs12: ../${name}.p12, pinFile: ../pin }`

const listen = ({ open, admin }: Ports): string => `listen: { public: 127.0.0.1:${open}, admin: 127.0.0.1:${admin} }
dataDirectory: ./data
allowSmallOwnKeys: true
`

const intermediary = (ports: Ports): string => `${listen(ports)}keyrings:
  im: { cipher: ${pair('intermed-cipher')}, signature: ${pair('intermed-sign')} }
trust: { roots: [ ../ca.pem ] }
directory: { file: directory.yaml }
peers:
  - { name: client, signatureCertificates: [ ../originator-sign.pem ] }
endpoints:
  - { path: /osci/intermediary, role: intermediary, keys: im, peers: [ client ], answerWithinSeconds: 60, takeWithinSeconds: 20 }
`

const directory = (receivers: readonly string[]): string => `formatVersion: 1
organizations:
  - keys: [ '${MAILBOX}' ]
    name: Musterstadt (Bench)
    services:
${receivers
  .map(
    (uri, at) => `      - serviceUri: urn:example:bench-${at}
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, network: internet, uri: '${uri}', cipherCertificate: ../addressee-cipher.pem, signatureCertificate: ../addressee-sign.pem } ]
`,
  )
  .join('')}`

const recipient = (ports: Ports): string => `${listen(ports)}keyrings:
  town:
    cipher: ${pair('addressee-cipher')}
    signature: ${pair('addressee-sign')}
    reader: [ ${pair('reader-cipher')} ]
    author: ${pair('author-sign')}
peers:
  - { name: im, signatureCertificates: [ ../intermed-sign.pem ] }
participants:
  - { id: ${REGISTER}, jwks: ../register.json, mailboxes: [ '${MAILBOX}' ] }
endpoints:
  - { path: /osci/recipient, role: passiveRecipient, mode: terminating, keys: town, peers: [ im ], defaultMailbox: '${MAILBOX}', unknownContent: pass }
`

/** Files of the peer's script, readable by us alone, as `serve` demands. */
export async function protectKeys(pki: string): Promise<void> {
  await writeFile(join(pki, 'pin'), 'test\n', { mode: 0o600 })
  for (const file of await readdir(pki)) if (/\.(p12|pem)$/.test(file)) await chmod(join(pki, file), 0o600)
}

async function house(pki: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(pki, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text, { mode: 0o600 })
  return join(folder, 'gateway.yaml')
}

/** @param receivers whom it may send to. @returns its configuration file. */
export const intermediaryHouse = (pki: string, ports: Ports, receivers: readonly string[]): Promise<string> =>
  house(pki, 'im', { 'gateway.yaml': intermediary(ports), 'directory.yaml': directory(receivers) })

/** Its register's public keys are in `register.json`. @returns its configuration file. */
export const recipientHouse = (pki: string, ports: Ports): Promise<string> => house(pki, 'town', { 'gateway.yaml': recipient(ports) })
