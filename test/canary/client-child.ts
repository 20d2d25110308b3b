// SPDX-License-Identifier: EUPL-1.2
/**
 * An asking client as an online service has it: asks when told to, says how it ended, keeps nothing. What it asks comes masked.
 * @module
 */
import { readFileSync } from 'node:fs'
import { connect } from '../../src/client/connect.js'
import type { KeysFile } from '../../src/cli/participant/keys-file.js'
import { openProbe, unmask } from './probe.js'

const [file = '', to = ''] = process.argv.slice(2)
const keys = JSON.parse(readFileSync(file, 'utf8')) as Required<KeysFile>
const client = await connect({ url: keys.url, participant: keys.participant, key: keys.sign, senders: keys.senders })

/** `masked`: the document. */
export interface AskCall {
  readonly call: 'ask'
  readonly masked: string
}

process.on('message', (asked: AskCall | { readonly call: string }) => {
  if (!('masked' in asked) || asked.call !== 'ask') return
  client
    .askAndWait({ to, recipientKey: keys.recipient, document: unmask(asked.masked) })
    .then(({ last }) => process.send?.({ found: [last.kind === 'result' ? 1 : 0] }))
    .catch((error: unknown) => process.send?.({ failed: String(error) }))
})
openProbe()
process.stdout.write('ready\n')
