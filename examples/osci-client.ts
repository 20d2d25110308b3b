// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: an OSCI client with Protektor as its intermediary. It stores a delivery in its own mailbox, lists the mailbox, fetches the
 * delivery, and shows the process card. Run it while `protektor start` keeps serving.
 *
 *   npx tsx examples/osci-client.ts http://127.0.0.1:8080 .protektor/demo
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cardOf, connectOsci, fetchAll, itemsOf, listMailbox } from '../src/client/index.js'

const [url = 'http://127.0.0.1:8080', directory = '.protektor/demo'] = process.argv.slice(2)
const file = (name: string): Buffer => readFileSync(join(directory, 'keys', name))
const pin = file('pin').toString().trim()
const own = (name: string) => ({ pkcs12: file(`${name}.p12`), pin })

const osci = await connectOsci({
  url: `${url}/osci/intermediary`,
  keys: { cipher: own('portal-cipher'), signature: own('portal-author') },
  intermediary: { cipherCertificate: file('office-cipher.pem'), signatureCertificates: [file('office-signature.pem')] },
})

// the mailbox is the one for which our own cipher certificate stands
const addressee = osci.identity.cipher
const { messageId = '' } = (await osci.getMessageId({})).message.order
const parts = await osci.content({ document: new TextEncoder().encode('<greeting>to ourselves</greeting>'), addressee })
const stored = await osci.storeDelivery({ messageId, subject: 'Demo' }, parts)
console.log('storeDelivery', messageId, stored.feedback.entries.map((entry) => entry.code).join(' '))

await osci.dialog(async (dialog) => {
  const { cards } = await listMailbox(dialog)
  console.log('listMailbox', cards.map((card) => card.messageId).join(' '))
  await fetchAll(dialog, async ({ answer, messageId: fetched }) => {
    const { containers } = await osci.openContent(answer.message)
    for (const { bytes } of itemsOf(containers)) console.log('fetchDelivery', fetched, new TextDecoder().decode(bytes))
  })
  const card = await cardOf(dialog, messageId)
  console.log('fetchProcessCard', JSON.stringify(card?.processCard))
})
osci.close()
