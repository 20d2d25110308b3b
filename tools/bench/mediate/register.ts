// SPDX-License-Identifier: EUPL-1.2
/**
 * The register behind the passive recipient as a process: answers each request at once with the document it brought.
 * Arguments: address of the gateway, file with its private keys ({@link RegisterKeys}).
 * @module
 */
import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import { connect } from '../../../src/client/connect.js'
import { MAILBOX, REGISTER } from './configs.js'

export interface RegisterKeys {
  readonly sign: JWK
  readonly open: JWK
}

const [url = '', keyFile = ''] = process.argv.slice(2)

async function main(): Promise<void> {
  const keys = JSON.parse(readFileSync(keyFile, 'utf8')) as RegisterKeys
  const { keys: jwks } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: JWK[] }
  const senders = [{ id: 'gateway', jwks }]
  const client = await connect({ url, participant: REGISTER, key: keys.sign, openingKeys: [keys.open], senders })
  process.on('disconnect', () => process.exit())
  process.send?.({})
  for await (const request of client.requests(MAILBOX)) {
    const bytes = request.document ?? new Uint8Array()
    await request.result({ parts: [{ name: 'content0', mediaType: 'application/octet-stream', role: 'document', bytes }] })
  }
}

await main()
