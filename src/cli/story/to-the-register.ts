// SPDX-License-Identifier: EUPL-1.2
/**
 * First ride: somebody else's intermediary calls us with processDelivery; we are the passive recipient in front of a register.
 * @module
 */
import { DEMO_REGISTER } from '../compose/demo-kit.js'
import { buildDelivery, readAnswer } from '../compose/demo-request.js'
import type { Text } from '../io.js'
import { demoDocument, outlineOf } from './documents.js'
import type { Ride } from './ride.js'

const HOPS: Ride['hops'] = {
  sent: { de: 'Intermediär → Gateway: processDelivery per HTTP', en: 'intermediary → gateway: processDelivery over HTTP' },
  opened: { de: 'Gateway: MIME, SOAP, Transportverschlüsselung geöffnet', en: 'gateway: MIME, SOAP, transport encryption opened' },
  verified: { de: 'Gateway: Auftragssignatur geprüft, Partner erkannt', en: 'gateway: message signature verified, peer recognised' },
  checked: {
    de: 'Gateway: Inhalt entschlüsselt, Autor geprüft, XÖV-Schema gültig',
    en: 'gateway: content decrypted, author verified, XÖV schema valid',
  },
  put: {
    de: `Gateway → Kern: neu versiegelt ins Postfach ${DEMO_REGISTER}`,
    en: `gateway → core: sealed anew into mailbox ${DEMO_REGISTER}`,
  },
  taken: { de: 'Register ← Kern: abgeholt; im Kern ist nichts mehr', en: 'register ← core: taken; nothing is left in the core' },
  answered: { de: 'Register → Kern → Gateway: Bescheid und Ergebnis', en: 'register → core → gateway: notice and result' },
  delivery: { de: 'Gateway: Antwort signiert und verschlüsselt', en: 'gateway: answer signed and encrypted' },
  received: {
    de: 'Intermediär ← Gateway: responseToProcessDelivery, geprüft und entschlüsselt',
    en: 'intermediary ← gateway: responseToProcessDelivery, verified and decrypted',
  },
}

/** The heading above what came, with the codes. */
export const answerHead = (codes: readonly string[], came: boolean): Text => {
  const list = codes.map((code) => `  ${code}\n`).join('')
  return came
    ? { de: `Die Antwort (entschlüsselt):\n${list}`, en: `The answer (decrypted):\n${list}` }
    : { de: `Es kam keine Antwort:\n${list}`, en: `No answer came:\n${list}` }
}

export const also = ({ de, en }: Text, more: Text | string): Text =>
  typeof more === 'string' ? { de: de + more, en: en + more } : { de: de + more.de, en: en + more.en }

export const toTheRegister: Ride = {
  title: {
    de: '1. Ein fremder Intermediär ruft uns an; hinter uns steht ein Register:',
    en: "1. Somebody else's intermediary calls us; a register stands behind us:",
  },
  hops: HOPS,
  async run({ gateway, demo }, tell) {
    const asked = demoDocument(DEMO_REGISTER)
    const request = await buildDelivery({ document: asked, subject: 'Demo' }, demo.keys)
    tell('sent')
    const reply = await fetch(`${gateway.public.url}/osci/recipient`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/xml; charset=UTF-8', SOAPAction: '""' },
      body: Buffer.from(request),
    })
    const response = new Uint8Array(await reply.arrayBuffer())
    const { codes, texts, document } = await readAnswer(response, demo.keys)
    tell('received')
    const head = answerHead(
      codes.map((code, at) => `${code} ${texts[at] ?? ''}`),
      document !== undefined,
    )
    return {
      good: codes.includes('0800') && document !== undefined,
      shown: document ? also(head, outlineOf(document)) : head,
      files: { 'request.xml': asked, 'request.osci': request, 'response.osci': response },
    }
  },
}
