// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: a Fachverfahren without OSCI. It takes requests, decides and answers.
 *
 *   node --import tsx examples/fachverfahren.ts http://127.0.0.1:8080 KEYS.json
 *
 * KEYS.json: { "participant": "register-1", "sign": private JWK, "open": private JWK, "senders": [ { "id", "jwks" } ] }
 * @module
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import type { KeyOwner } from '../src/client/index.js'
import { connect } from '../src/client/index.js'
import { REGISTER, serve } from './musterstadt/register.js'

const [url = 'http://127.0.0.1:8080', keyFile = 'register.json'] = process.argv.slice(2)
const keys = JSON.parse(readFileSync(keyFile, 'utf8')) as { participant: string; sign: JWK; open: JWK; senders: KeyOwner[] }
const client = await connect({ url, participant: keys.participant, key: keys.sign, openingKeys: [keys.open], senders: keys.senders })

console.log(`Demo: ${REGISTER.name} takes requests from ${REGISTER.kennung}`)
for await (const request of client.requests(REGISTER.kennung)) {
  try {
    const { notice, result } = await serve(request, { now: () => new Date(), uuid: randomUUID })
    console.log(request.id, notice.status, result?.status ?? notice.reasons?.map(({ code }) => code).join(' '))
  } catch (error) {
    // One request that cannot be answered (the asker is gone, the core is away) does not end the service.
    console.error(request.id, error instanceof Error ? error.message : error)
  }
}
