// SPDX-License-Identifier: EUPL-1.2
/**
 * Third ride: an online service that knows envelopes only asks a town that knows OSCI only.
 *
 *   online service ─envelope─► mailbox ─► way out ─processDelivery─► passive recipient of Nachbarstadt ─► its register
 *                  ◄─notice, result── reply mailbox ◄──────────────┘
 * @module
 */
import { connect } from '../../client/connect.js'
import { sealingKeyOf } from '../../envelope/keys.js'
import { NEIGHBOUR, NEIGHBOUR_REGISTER } from '../compose/demo-story.js'
import { demoDocument, lineOf } from './documents.js'
import type { Ride } from './ride.js'
import { also, answerHead } from './to-the-register.js'

const HOPS: Ride['hops'] = {
  envelope: {
    de: `Online-Dienst → Kern: Umschlag versiegelt, ins Postfach ${NEIGHBOUR}`,
    en: `online service → core: envelope sealed, into mailbox ${NEIGHBOUR}`,
  },
  opened: {
    de: 'Weg hinaus → Nachbarstadt: Dienst im Verzeichnis gefunden, signiert, verschlüsselt, processDelivery',
    en: 'way out → Nachbarstadt: service found in the directory, signed, encrypted, processDelivery',
  },
  verified: { de: 'Nachbarstadt: Auftragssignatur geprüft', en: 'Nachbarstadt: message signature verified' },
  checked: {
    de: 'Nachbarstadt: Inhalt entschlüsselt, Autor geprüft, XÖV-Schema gültig',
    en: 'Nachbarstadt: content decrypted, author verified, XÖV schema valid',
  },
  put: { de: `Nachbarstadt → Kern: ins Postfach ${NEIGHBOUR_REGISTER}`, en: `Nachbarstadt → core: into mailbox ${NEIGHBOUR_REGISTER}` },
  taken: { de: 'Register Nachbarstadt ← Kern: abgeholt', en: 'register Nachbarstadt ← core: taken' },
  answered: { de: 'Register Nachbarstadt: Bescheid und Ergebnis', en: 'register Nachbarstadt: notice and result' },
  delivery: {
    de: 'Nachbarstadt → Weg hinaus: responseToProcessDelivery, signiert und verschlüsselt',
    en: 'Nachbarstadt → way out: responseToProcessDelivery, signed and encrypted',
  },
  notice: {
    de: 'Weg hinaus → Antwortpostfach → Online-Dienst: Antwort geprüft; Notiz',
    en: 'way out → reply mailbox → online service: answer verified; notice',
  },
  result: { de: 'Online-Dienst ← Antwortpostfach: Ergebnis', en: 'online service ← reply mailbox: result' },
}

export const outToTheNeighbour: Ride = {
  title: {
    de: '3. Ein Online-Dienst legt einen Umschlag ab; er geht über OSCI zur Nachbarstadt (hier dasselbe Gateway, eigene Schlüssel):',
    en: '3. An online service puts an envelope; it leaves over OSCI to Nachbarstadt (here the same gateway, keys of its own):',
  },
  hops: HOPS,
  async run({ gateway, demo, audience }, tell) {
    const { participant: id, jwks } = gateway.identity
    const owner = { id, jwks: jwks.keys }
    const recipientKey = sealingKeyOf(owner)
    if (!recipientKey) throw new TypeError('the gateway publishes the key that ways out open with')
    const { participant, sign } = demo.portal
    const client = await connect({ url: gateway.public.url, audience, participant, key: sign, senders: [owner] })
    tell('envelope')
    let codes: readonly string[] = []
    let document: Uint8Array | undefined
    for await (const event of client.ask({ to: NEIGHBOUR, recipientKey, document: demoDocument(NEIGHBOUR), answerFrom: id })) {
      if (event.kind === 'notice' || event.kind === 'result') tell(event.kind)
      if (event.kind === 'notice')
        codes = [`${event.content.outcome?.status ?? ''} ${(event.content.outcome?.reasons ?? []).map((one) => one.code).join(' ')}`]
      if (event.kind === 'outcome') codes = [event.outcome]
      if (event.kind === 'result') document = event.content.parts.find((part) => part.role === 'document')?.bytes
    }
    const head = answerHead(codes, document !== undefined)
    return { good: document !== undefined, shown: document ? also(head, lineOf(document)) : head }
  },
}
