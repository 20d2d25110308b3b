// SPDX-License-Identifier: EUPL-1.2
/**
 * Deviations of what is ordered or answered: message ids, addressees, chunks; feedback that says no, or nothing that anybody knows.
 * Specs: osci-1.2 §4, §8, §9.7, §10.5.
 * @module
 */
import type { ChunkInformation } from '../../osci/parts.js'
import type { OsciMessage } from '../../osci/types.js'
import { unsigned, type Bend } from '../bend.js'
import { inAnswer, inRequest, type Deviation } from '../deviation.js'

const order = (change: object): Bend => ({ message: (m) => ({ ...m, order: { ...m.order, ...change } }) })

const chunk = (change: (c: ChunkInformation) => Partial<ChunkInformation>): Bend => ({
  message: (m) => {
    const { chunkInformation } = m.order as { readonly chunkInformation?: ChunkInformation }
    return chunkInformation ? { ...m, order: { ...m.order, chunkInformation: { ...chunkInformation, ...change(chunkInformation) } } } : m
  },
})
const UPLOAD = ['partialStoreDelivery'] as const
const chunks = (code: string) => inRequest('osci-structure', 'exchange', code)

/** The id of a chunk keeps its ending (osci-1.2 §10.2). */
const neverIssued = (messageId = ''): string => `nie-vergeben${/_Partial$/.exec(messageId)?.[0] ?? ''}`

const feedback = (code: string): Bend => order({ feedback: { entries: [{ code, text: 'Nein.', lang: 'de' }] } })

export const ORDERS: readonly Deviation[] = [
  inRequest('osci-structure', 'exchange', '9801')('id-not-issued', 'Die MessageId wurde nie vergeben.', 'The MessageId was never issued.', {
    reference: 'osci-1.2 §4', finding: 'gateway.message-id', executes: true, only: ['storeDelivery', 'forwardDelivery', 'mediateDelivery', 'partialStoreDelivery'],
    bend: { message: (m) => ({ ...m, order: { ...m.order, messageId: neverIssued((m.order as { readonly messageId?: string }).messageId) } }) },
  }),
  inRequest('osci-structure', 'exchange', '9300')('no-addressee', 'Das Zertifikat des Empfängers fehlt.', 'The certificate of the addressee is missing.', {
    reference: 'osci-1.2 §5.3', finding: 'osci-structure.certificate-missing', only: ['storeDelivery', 'partialStoreDelivery'],
    bend: { message: (m) => ({ ...m, certificates: (m.certificates ?? []).filter(({ role }) => role !== 'CipherCertificateAddressee') }) },
  }),
  inRequest('osci-structure', 'exchange', '9300', '9100')('no-content', 'Der Inhalt fehlt.', 'The content is missing.', {
    reference: 'osci-1.2 §2.0', finding: 'osci-structure.missing-block',
    only: ['storeDelivery', 'forwardDelivery', 'mediateDelivery', 'acceptDelivery', 'processDelivery'],
    bend: { message: ({ content: _none, ...m }) => ({ ...m, attachments: [] }) },
  }),
  chunks('9901')('chunk-number-zero', 'Die Paketnummer ist 0.', 'The chunk number is 0.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.number', only: UPLOAD, bend: chunk(() => ({ chunkNumber: 0 })),
  }),
  chunks('9901')('chunk-number-beyond', 'Die Paketnummer ist größer als die Zahl der Pakete.', 'The chunk number is beyond the number of chunks.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.number', only: UPLOAD, bend: chunk(({ totalChunkNumbers = 1 }) => ({ chunkNumber: totalChunkNumbers + 1 })),
  }),
  chunks('9902')('chunk-too-large', 'Das Paket nennt eine Größe über jeder Grenze.', 'The chunk names a size above every limit.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.too-large', only: UPLOAD, bend: chunk(() => ({ chunkSizeKilobytes: 2_000_000 })),
  }),
  chunks('9903')('chunk-too-small', 'Das Paket nennt die Größe 0.', 'The chunk names the size 0.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.too-small', only: UPLOAD, bend: chunk(() => ({ chunkSizeKilobytes: 0 })),
  }),
  chunks('9904')('whole-too-large', 'Die Gesamtnachricht nennt eine Größe über jeder Grenze.', 'The whole message names a size above every limit.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.message-too-large', only: UPLOAD, bend: chunk(() => ({ totalMessageSizeKilobytes: 2_000_000_000 })),
  }),
  chunks('9905')('chunk-totals', 'Zahl und Größe der Pakete ergeben nicht die Gesamtgröße.', 'Number and size of the chunks do not make the whole.', {
    reference: 'osci-1.2 §10.5', finding: 'chunk.totals', only: UPLOAD, bend: chunk(({ totalChunkNumbers = 1 }) => ({ totalChunkNumbers: totalChunkNumbers + 50 })),
  }),
  inRequest('osci-structure', 'exchange', '9905', '9300')('chunk-missing', 'Das Paket selbst fehlt.', 'The chunk itself is missing.', {
    reference: 'osci-1.2 §10.2', finding: 'chunk.blob', only: UPLOAD,
    bend: { message: (m) => ({ ...m, attachments: [], ...(m.content ? { content: { ...m.content, children: [] } } : {}) }) },
  }),

  inAnswer('osci-structure', '9300')('answers-something-else', 'Die Antwort gehört zu einem anderen Auftrag.', 'The answer is the one to another request.', {
    reference: 'osci-1.2 §9.9', finding: 'client.answer-type',
    bend: { message: ({ content: _none, ...m }) => ({ ...m, attachments: [], type: 'responseToExitDialog', order: { feedback: (m.order as never)['feedback'] } }) as unknown as OsciMessage, sealing: unsigned },
  }),
  inAnswer('osci-structure', '9811', '9808')('says-failed', 'Die Antwort sagt: nicht ausgeführt.', 'The answer says: not carried out.', {
    reference: 'osci-1.2 §8.5', finding: 'client.refused', refusal: true, bend: feedback('9811'),
  }),
  inAnswer('osci-structure', '9700', '9805')('says-refused', 'Die Antwort sagt: Zertifikat falsch.', 'The answer says: certificate wrong.', {
    reference: 'osci-1.2 §8.5', finding: 'client.refused', refusal: true, bend: feedback('9700'),
  }),
  inAnswer('osci-structure', '7777', '9805')('unknown-code', 'Die Antwort nennt eine Kennzahl, die es nicht gibt.', 'The answer names a code that does not exist.', {
    reference: 'osci-1.2 §8.1', finding: 'client.refused', refusal: true, bend: feedback('7777'),
  }),
  inAnswer('osci-structure', '9801', '9801')('reply-under-another-id', 'Die Zustellung in der Antwort hat eine andere MessageId.', 'The delivery in the answer has another MessageId.', {
    reference: 'osci-1.2 §9.7', finding: 'gateway.reply-id', only: ['processDelivery'], bend: order({ messageId: 'eine-andere' }),
  }),
  inAnswer('osci-structure', '9800', '9800')('reply-without-id', 'Der Zustellung in der Antwort fehlt die MessageId.', 'The delivery in the answer has no MessageId.', {
    reference: 'osci-1.2 §9.7', finding: 'gateway.reply-id', only: ['processDelivery'],
    bend: { message: (m) => {
      const { messageId: _id, subject: _subject, ...rest } = m.order as { readonly messageId?: string; readonly subject?: string }
      const { timestamps: _none, ...bare } = m
      return { ...bare, order: rest }
    } },
  }),
] // prettier-ignore
