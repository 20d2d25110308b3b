// SPDX-License-Identifier: EUPL-1.2
/**
 * A gateway with the keys of the Java peer: intermediary (strict and open), passive recipient, an OSCI mailbox, a register behind it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../../src/client/connect.js'
import { startGateway, type RunningGateway } from '../../src/cli/compose/gateway.js'
import { loadConfig } from '../../src/config/load.js'
import { generateEnvelopeKey } from '../../src/envelope/keys.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { freePort } from '../free-port.js'

export const REGISTER_ANSWER = new TextEncoder().encode('Antwort des Registers: äöü ß €')

const key = (file: string): string => `{ pkcs12: ${file}.p12, pinFile: pin }`

const configOf = (port: number): string => `listen: { public: 127.0.0.1:${port}, admin: 127.0.0.1:0 }
dataDirectory: ./data
keyrings:
  im: { cipher: ${key('intermed-cipher')}, signature: ${key('intermed-sign')} }
  town:
    cipher: ${key('addressee-cipher')}
    signature: ${key('addressee-sign')}
    reader: [ ${key('reader-cipher')} ]
    author: ${key('author-sign')}
trust: { roots: [ ca.pem ] }
directory: { file: directory.yaml }
peers:
  - { name: user-strict, signatureCertificates: [ originator-sign.pem, originator-ec-sign.pem, addressee-sign.pem ] }
  - name: user-open
    signatureCertificates: [ originator-sign.pem, originator-ec-sign.pem, addressee-sign.pem ]
    signed: optional
    encrypted: optional
  - { name: im, signatureCertificates: [ intermed-sign.pem ], encrypted: optional }
participants:
  - { id: register-1, jwks: register.json, mailboxes: [ 'ags:99001000' ] }
mailboxes:
  'osci:addressee': { ttlSeconds: 600, slowPoller: true, cipherCertificates: [ addressee-cipher.pem ] }
endpoints:
  - { path: /osci/intermediary/strict, role: intermediary, keys: im, peers: [ user-strict ], answerWithinSeconds: 60, takeWithinSeconds: 20 }
  - { path: /osci/intermediary/open, role: intermediary, keys: im, peers: [ user-open ], answerWithinSeconds: 60, takeWithinSeconds: 20 }
  - { path: /osci/recipient, role: passiveRecipient, mode: terminating, keys: town, peers: [ im ], defaultMailbox: 'ags:99001000', unknownContent: pass }
`

const directoryOf = (port: number, javaPassive: string | undefined): string => `formatVersion: 1
organizations:
  - keys: [ 'ags:99001000' ]
    name: Musterstadt (Demo)
    services:
      - serviceUri: urn:example:ours
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, network: internet, uri: 'http://127.0.0.1:${port}/osci/recipient', cipherCertificate: addressee-cipher.pem, signatureCertificate: addressee-sign.pem } ]
${
  javaPassive === undefined
    ? ''
    : `      - serviceUri: urn:example:java
        communicationType: request-response
        elements: [ { type: OSCI_ADDRESSEE, network: internet, uri: '${javaPassive}/passive', cipherCertificate: addressee-cipher.pem, signatureCertificate: addressee-sign.pem } ]`
}
`

export interface IntermediaryHouse {
  readonly gateway: RunningGateway
  readonly port: number
  readonly strict: string
  readonly open: string
  readonly recipient: string
  /** Documents that reached the register. */
  readonly got: Uint8Array[]
  readonly lines: string[]
  close(): Promise<void>
}

/** @param directory keys of the peer; everything else is written beside them. */
export async function openIntermediaryHouse(directory: string, javaPassive?: string): Promise<IntermediaryHouse> {
  const port = await freePort()
  const sign = await generateEnvelopeKey('sig')
  const open = await generateEnvelopeKey('enc')
  await writeFile(join(directory, 'register.json'), JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }))
  await writeFile(join(directory, 'directory.yaml'), directoryOf(port, javaPassive))
  await writeFile(join(directory, 'gateway.yaml'), configOf(port))
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
  const got: Uint8Array[] = []
  const loop = (async () => {
    for await (const request of client.requests('ags:99001000', { signal: stopped.signal })) {
      if (request.document) got.push(request.document)
      if (request.content.kind === 'request')
        await request.result({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: REGISTER_ANSWER }] })
    }
  })()
  const { url } = gateway.public
  return {
    gateway,
    port,
    strict: `${url}/osci/intermediary/strict`,
    open: `${url}/osci/intermediary/open`,
    recipient: `http://127.0.0.1:${port}/osci/recipient`,
    got,
    lines,
    async close() {
      stopped.abort()
      await loop.catch(() => undefined)
      await gateway.close(200)
    },
  }
}
