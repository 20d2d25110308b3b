// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: an online service asks for a Meldebescheinigung and prints what happens.
 *
 *   node --import tsx examples/online-dienst.ts http://127.0.0.1:8080 KEYS.json
 *
 * KEYS.json: { "participant": "portal-1", "sign": private JWK, "recipient": public JWK of the register, "senders": [ { "id", "jwks" } ] }
 * @module
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import type { KeyOwner } from '../src/client/index.js'
import { connect, mayHaveBeenProcessed } from '../src/client/index.js'
import { writeXprotektor } from '../src/xoev/xprotektor.js'
import { REGISTER } from './musterstadt/register.js'
import { RESIDENTS } from './musterstadt/residents.js'

const [url = 'http://127.0.0.1:8080', keyFile = 'portal.json'] = process.argv.slice(2)
const keys = JSON.parse(readFileSync(keyFile, 'utf8')) as { participant: string; sign: JWK; recipient: JWK; senders: KeyOwner[] }
const client = await connect({ url, participant: keys.participant, key: keys.sign, senders: keys.senders })

const [citizen] = RESIDENTS
if (citizen === undefined) throw new Error('The demo has no residents.')
const document = writeXprotektor({
  messageType: 'meldebescheinigung.anfrage.1000',
  produkt: 'Online-Dienst (Demo)',
  produkthersteller: 'Projekt Protektor',
  test: 'Demo',
  'nachrichtenkopf.g2g': {
    'identifikation.nachricht': {
      nachrichtenUUID: randomUUID(),
      nachrichtentyp: { code: '1000' },
      erstellungszeitpunkt: new Date().toISOString(),
    },
    leser: { verzeichnisdienst: { code: 'DVDV' }, ...REGISTER },
    autor: { verzeichnisdienst: { code: 'DVDV' }, kennung: 'mbp:99001', name: 'Online-Dienst (Demo)' },
  },
  identifikation: citizen.person,
  datenumfang: { mindestumfang: true },
  zustellvariante: { code: '02' },
})

for await (const event of client.ask({ to: REGISTER.kennung, recipientKey: keys.recipient, document })) {
  if (event.kind !== 'notice' && event.kind !== 'result') {
    console.log(event.kind, event.kind === 'outcome' ? event.outcome : '')
    continue
  }
  const xml = event.content.parts.find((part) => part.role === 'document')?.bytes
  console.log(event.kind, event.content.outcome?.status, xml === undefined ? '' : new TextDecoder().decode(xml))
  for (const { code, text } of event.content.outcome?.reasons ?? []) console.log('  ', code, text ?? '')
  if (mayHaveBeenProcessed(event.content)) console.log('   whether it was processed is not known: clear up before asking again')
}
