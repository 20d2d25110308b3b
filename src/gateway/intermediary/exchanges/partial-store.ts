// SPDX-License-Identifier: EUPL-1.2
/**
 * partialStoreDelivery: a storeDelivery in chunks. What the chunks make is opened, checked and stored like any other, once.
 *
 *   chunk ─► upload … whole ─► open (digests, signature) ─► accept ─► mailbox         InsideFeedback, 3950, 9950
 *
 * An inner message without signature is taken: every chunk of it came in a message of the client that keeps the peer's policy; an inner
 * signature must hold, and be of a peer. The id is the inner one's, used when the whole is stored.
 * Specs: osci-1.2 §10.2, §10.3; osci-in-the-field §3 row 44; wire facts 55–58.
 * @module
 */
import { createHash } from 'node:crypto'
import { OrderError, OsciError } from '../../../errors.js'
import { feedbackEntries } from '../../../osci/feedback.js'
import { openLarge } from '../../../osci/large/open.js'
import type { LargeMessage } from '../../../osci/large/part.js'
import type { ByteSource } from '../../../osci/large/source.js'
import type { OrderOf } from '../../../osci/messages.js'
import type { OsciMessage } from '../../../osci/types.js'
import { assertPeer } from '../../admission.js'
import { sha256Hex } from '../../digest.js'
import { DeliveryRefused } from '../../recipient/verdict.js'
import { refusalOf, verdictCodes } from '../answer.js'
import { bundleOf, takeId } from '../delivery.js'
import type { ClientRequest, Exchange, Intermediary, OrderBesidesFeedback, Reply, StoreVerdict } from '../exchange.js'
import { intermediaryEnv } from '../request.js'
import { largeAttachments } from '../stored.js'
import type { Assembled, UploadReport } from '../uploads.js'
import { storeDelivered } from './store.js'

type PartialRequest = ClientRequest<'partialStoreDelivery'>

const BLOB = 'ChunkBlobStoreDelivery'
/** MIME header and boundaries of a message that is as large as allowed. */
const FRAME_BYTES = 64 * 1024
const WINDOW_BYTES = 1024 * 1024

/** The issued id: partial messages carry it with a suffix (osci-1.2 §4). */
const plainId = ({ messageId }: OrderOf<'partialStoreDelivery'>): string => messageId.replace(/_Partial$/, '')

const keyOf = (order: OrderOf<'partialStoreDelivery'>, client: string, at: Intermediary) => ({
  tenant: at.endpoint.path,
  messageId: plainId(order),
  client,
})

async function digestOfSource(source: ByteSource): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for (let from = 0; from < source.bytes; from += WINDOW_BYTES)
    hash.update(await source.read(from, Math.min(from + WINDOW_BYTES, source.bytes)))
  return new Uint8Array(hash.digest())
}

/** Opens what the chunks made. @throws {OsciError} as for any message; {OrderError} 9905 it has another id. */
async function openWhole(request: PartialRequest, source: ByteSource, at: Intermediary): Promise<LargeMessage<'storeDelivery'>> {
  const env = intermediaryEnv(at.endpoint, at.ports)
  const messageBytes = at.own.chunks.messageKilobytes * 1024 + FRAME_BYTES
  const inner = await openLarge(source, { ...env, limits: { ...env.limits, messageBytes } }, 'storeDelivery')
  if (inner.order.messageId !== plainId(request.message.order))
    throw new OrderError('chunk.other-message', 'the whole message has another MessageId', { feedback: '9905' })
  const signer = inner.evidence.signature?.signer
  if (signer) await assertPeer(at.endpoint.peers, signer, at.ports.clock.now())
  return inner
}

/** Processes the whole once. Everything that speaks against the message is a result, for InsideFeedback. */
async function storeWhole(request: PartialRequest, { source, claim, keep }: Assembled, at: Intermediary): Promise<StoreVerdict> {
  try {
    const { attachments, ...inner } = await openWhole(request, source, at)
    const release = keep()
    const large = largeAttachments(attachments, release)
    const letGo = large.hold()
    try {
      const message: OsciMessage<'storeDelivery'> = { ...inner, attachments: [] }
      const whole: ClientRequest<'storeDelivery'> = { ...request, message, digest: await digestOfSource(source), large, claim }
      const { card, warnings } = await storeDelivered(whole, at)
      return { warnings, card }
    } finally {
      letGo()
    }
  } catch (error) {
    if (error instanceof DeliveryRefused || error instanceof OsciError) return { refusal: error }
    throw error
  }
}

const informationOf = (number: number, report: Pick<UploadReport<StoreVerdict>, 'received' | 'total'>) => ({
  chunkNumber: number,
  receivedChunks: report.received,
  totalChunkNumbers: report.total,
})

/** What an upload says of itself, in the words of §10.3. */
function replyOf(
  report: UploadReport<StoreVerdict>,
  number: number,
  working: '3951' | '3952',
  request: PartialRequest,
): Reply<'partialStoreDelivery'> {
  const chunkInformation = informationOf(number, report)
  const { language, peer } = request
  const { verdictFirst } = peer
  if (report.state === 'failed') return { ...refusalOf(report.error, language), order: { chunkInformation }, failure: report.error }
  if (report.state !== 'finished') return { codes: report.state === 'working' ? [working] : [], order: { chunkInformation } }
  if ('refusal' in report.result) {
    const { refusal } = report.result
    const { codes, detail } = refusalOf(refusal, language)
    const inside = feedbackEntries(codes, language, { verdictFirst, ...(detail ? { detail } : {}) })
    return { codes: ['9950'], order: { insideFeedback: { entries: inside }, chunkInformation }, failure: refusal }
  }
  const { warnings, card } = report.result
  // the inner message is an implicit dialog of its own: 0800
  const inside = feedbackEntries(verdictCodes(warnings, false), language, { verdictFirst })
  const processCardBundle = bundleOf(card, { forwarding: false, reception: false })
  return { codes: [], order: { insideFeedback: { entries: inside }, processCardBundle, chunkInformation } }
}

/** Certificates that must be the same in every chunk. */
const certificatesOf = ({ message }: PartialRequest): string =>
  (message.certificates ?? [])
    .map(({ role, der }) => `${role} ${sha256Hex(der)}`)
    .sort()
    .join('\n')

export const partialStoreDelivery: Exchange<'partialStoreDelivery'> = {
  bare(order, at, client): OrderBesidesFeedback<'partialStoreDelivery'> {
    const { chunkNumber = 0, totalChunkNumbers } = order.chunkInformation ?? {}
    const receivedChunks = at.uploads.received(keyOf(order, client, at))
    return { chunkInformation: { chunkNumber, receivedChunks, ...(totalChunkNumbers === undefined ? {} : { totalChunkNumbers }) } }
  },
  async answer(request, at) {
    const { order, attachments } = request.message
    const key = keyOf(order, request.cipherSha256 ?? '', at)
    const { chunkInformation } = order
    if (!chunkInformation) {
      const report = at.uploads.info(key)
      return replyOf(report, report.received.at(-1) ?? 0, '3952', request)
    }
    const [blob, more] = attachments
    if (!blob || more || blob.contentId !== BLOB)
      throw new OrderError('chunk.blob', 'a chunk travels as one attachment', { feedback: '9905' })
    const report = await at.uploads.put(
      { ...key, certificates: certificatesOf(request), information: chunkInformation, bytes: blob.body },
      { begin: () => takeId(key.messageId, at), process: (assembled) => storeWhole(request, assembled, at) },
    )
    return replyOf(report, chunkInformation.chunkNumber ?? 0, '3951', request)
  },
}
