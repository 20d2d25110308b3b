// SPDX-License-Identifier: EUPL-1.2
/**
 * Second ride: an OSCI client takes us as its intermediary and mediates a request to a passive recipient.
 *
 *   client ─initDialog, getMessageId, mediateDelivery─► /osci/intermediary ─processDelivery─► /osci/recipient ─► register
 *          ◄─────────── responseToMediateDelivery, process cards ──────────┘
 * @module
 */
import { connectOsci } from '../../client/osci/connect.js'
import { itemsOf } from '../../osci/content-types.js'
import type { ProcessCardBundle, TimeStamp } from '../../osci/parts.js'
import { DEMO_REGISTER } from '../compose/demo-kit.js'
import type { Text } from '../io.js'
import { demoDocument, lineOf } from './documents.js'
import type { Ride } from './ride.js'
import { also, answerHead } from './to-the-register.js'

const HOPS: Ride['hops'] = {
  init: { de: 'OSCI-Client → Intermediär: initDialog', en: 'OSCI client → intermediary: initDialog' },
  'request:initDialog': { de: 'Intermediär: Dialog eröffnet', en: 'intermediary: dialog opened' },
  'request:getMessageId': { de: 'OSCI-Client ⇄ Intermediär: MessageId vergeben', en: 'OSCI client ⇄ intermediary: MessageId issued' },
  mediate: {
    de: 'OSCI-Client → Intermediär: mediateDelivery, vom Autor signiert, für das Register verschlüsselt',
    en: 'OSCI client → intermediary: mediateDelivery, signed by its author, encrypted for the register',
  },
  opened: {
    de: 'Intermediär → passiver Empfänger: Zertifikate geprüft, Laufzettel begonnen, processDelivery',
    en: 'intermediary → passive recipient: certificates checked, process card begun, processDelivery',
  },
  verified: { de: 'Gateway: unser Intermediär an seiner Signatur erkannt', en: 'gateway: our intermediary recognised by its signature' },
  checked: {
    de: 'Gateway: Inhalt entschlüsselt, Autor geprüft, XÖV-Schema gültig',
    en: 'gateway: content decrypted, author verified, XÖV schema valid',
  },
  put: { de: `Gateway → Kern: ins Postfach ${DEMO_REGISTER}`, en: `gateway → core: into mailbox ${DEMO_REGISTER}` },
  taken: { de: 'Register ← Kern: abgeholt', en: 'register ← core: taken' },
  answered: { de: 'Register → Kern → Gateway: Bescheid und Ergebnis', en: 'register → core → gateway: notice and result' },
  delivery: { de: 'Gateway → Intermediär: responseToProcessDelivery', en: 'gateway → intermediary: responseToProcessDelivery' },
  'request:mediateDelivery': {
    de: 'Intermediär: Antwort geprüft, verschlossen gelassen; Laufzettel geschrieben',
    en: 'intermediary: answer checked and left sealed; process cards written',
  },
  received: {
    de: 'OSCI-Client ← Intermediär: responseToMediateDelivery, geprüft und entschlüsselt',
    en: 'OSCI client ← intermediary: responseToMediateDelivery, verified and decrypted',
  },
  'request:fetchProcessCard': {
    de: 'OSCI-Client ⇄ Intermediär: Laufzettel geholt; damit gilt die Antwort als empfangen',
    en: 'OSCI client ⇄ intermediary: process cards fetched; with this request the answer counts as received',
  },
}

const timeOf = (stamp: TimeStamp | undefined): string =>
  stamp && 'plain' in stamp ? (/T([\d:.]+)/.exec(stamp.plain)?.[1] ?? stamp.plain) : '–'

const isComplete = ({ processCard }: ProcessCardBundle): boolean =>
  processCard.forwarding !== undefined && processCard.reception !== undefined

/** One line for each card: MessageId, then the three stamps. */
function cardLines(cards: readonly ProcessCardBundle[], requestId: string): Text {
  const row = (name: string, { messageId, processCard }: ProcessCardBundle): string =>
    `  ${name.padEnd(8)} ${messageId}  Creation ${timeOf(processCard.creation)}  Forwarding ${timeOf(processCard.forwarding)}  Reception ${timeOf(processCard.reception)}\n`
  const rows = (request: string, reply: string): string =>
    [...cards]
      .sort((a, b) => Number(b.messageId === requestId) - Number(a.messageId === requestId))
      .map((card) => row(card.messageId === requestId ? request : reply, card))
      .join('')
  return {
    de: `Laufzettel (bleiben 30 Tage, ohne Inhalt; Zeiten in UTC):\n${rows('Anfrage', 'Antwort')}`,
    en: `Process cards (kept for 30 days, without content; times in UTC):\n${rows('request', 'reply')}`,
  }
}

export const throughTheIntermediary: Ride = {
  title: {
    de: '2. Ein OSCI-Client nimmt uns als Intermediär; wir rufen den passiven Empfänger:',
    en: '2. An OSCI client takes us as its intermediary; we call the passive recipient:',
  },
  hops: HOPS,
  async run({ gateway, demo }, tell) {
    const { keys, storyKeys } = demo
    const { url } = gateway.public
    const osci = await connectOsci({
      url: `${url}/osci/intermediary`,
      keys: { cipher: keys['portal-cipher'], signature: keys['portal-author'] },
      intermediary: {
        cipherCertificate: storyKeys['office-cipher'].certificate,
        signatureCertificates: [storyKeys['office-signature'].certificate],
      },
    })
    try {
      tell('init')
      return await osci.dialog(async (dialog) => {
        const messageId = (await dialog.getMessageId({})).message.order.messageId ?? ''
        const addressee = keys['town-reader'].certificate
        const parts = await osci.content({ document: demoDocument(DEMO_REGISTER), addressee, containerId: 'XPROTEKTOR_DATA' })
        tell('mediate')
        const order = { contentReceiver: { uri: `${url}/osci/recipient` }, messageId, subject: 'XProtektor 1.0' }
        const { message, feedback } = await dialog.mediateDelivery(order, parts)
        const content = message.content ? await osci.openContent(message) : undefined
        tell('received')
        const replyId = message.order.replyProcessCardBundle?.messageId
        const messageIds = [messageId, ...(replyId === undefined ? [] : [replyId])]
        const { processCardBundles: cards } = (await dialog.fetchProcessCard({ selectionRule: { messageIds } })).message.order
        const document = content?.problems.length === 0 ? itemsOf(content.containers)[0]?.bytes : undefined
        const head = answerHead(
          feedback.entries.map(({ code, text }) => `${code} ${text}`),
          document !== undefined,
        )
        return {
          good: feedback.ok && document !== undefined && cards.length === 2 && cards.every(isComplete),
          shown: also(document ? also(head, lineOf(document)) : head, cardLines(cards, messageId)),
        }
      })
    } finally {
      osci.close()
    }
  },
}
