// SPDX-License-Identifier: EUPL-1.2
/**
 * partialFetchDelivery: a delivery in chunks of a responseToFetchDelivery that was frozen with the first of them.
 *
 *   lease ─► answer as of fetchDelivery, sealed once ─► chunk 1 … n        all handed out + next correct request ─► Reception
 *
 * What fits into one chunk is answered as fetchDelivery would be. Specs: osci-1.2 §10.4; wire facts 55–58.
 * @module
 */
import { chunkContent } from '../../../client/osci/chunks.js'
import { sealLarge } from '../../../osci/large/seal.js'
import type { LargeMessage } from '../../../osci/large/part.js'
import { memorySource, type ByteSource } from '../../../osci/large/source.js'
import { buildAnswer, loneDialog, messageSigning } from '../answer.js'
import { bundleOf } from '../delivery.js'
import type { OpenDialog } from '../dialogs.js'
import type { ClientRequest, Exchange, Intermediary, Reply } from '../exchange.js'
import { intermediaryEnv } from '../request.js'
import { assertIdentified, echoOf, leaseFor, wholeReply, type HandedOut } from './fetch.js'

type PartialRequest = ClientRequest<'partialFetchDelivery'>

/** The complete answer to a fetchDelivery, as bytes that do not change any more. */
async function freeze({ leased, card }: HandedOut, request: PartialRequest, at: Intermediary): Promise<ByteSource> {
  const { endpoint, own, ports } = at
  const { content, certificates, custom, attachments, large } = leased.delivery
  const rule = request.message.order.selectionRule
  const whole = buildAnswer(
    {
      exchange: 'fetchDelivery',
      control: request.message.control,
      language: request.language,
      peer: request.peer,
      dialog: loneDialog(ports.random),
      reply: {
        codes: [],
        order: { fetchDelivery: echoOf(rule), ...(card ? { processCardBundle: bundleOf(card) } : {}) },
        content,
        certificates,
        custom,
      },
    },
    endpoint,
    own.chunks,
  )
  const parts =
    large?.parts ??
    attachments.map(({ body, ...head }) => ({ ...head, stored: memorySource(body), bytes: body.byteLength, digests: new Map() }))
  const message = { ...whole, attachments: parts } as unknown as LargeMessage<'responseToFetchDelivery'>
  return sealLarge(message, { ...intermediaryEnv(endpoint, ports), sealing: messageSigning(request.peer, endpoint) })
}

/** Leases, and ties the download to its dialog. */
async function begin(dialog: OpenDialog, request: PartialRequest, at: Intermediary): Promise<HandedOut> {
  at.downloads.assertRoom(dialog.conversationId)
  const handedOut = await leaseFor(dialog, request.message.order.selectionRule ?? {}, at)
  dialog.pending.add({ ...handedOut.pending, download: handedOut.leased.messageId })
  return handedOut
}

/** The download that a request continues. undefined: it begins one. */
function continued(dialog: OpenDialog, request: PartialRequest, at: Intermediary): string | undefined {
  const { selectionRule, chunkInformation } = request.message.order
  const held = [...dialog.pending].flatMap((pending) => pending.download ?? [])
  const asked = selectionRule?.messageId
  if (asked !== undefined) return held.includes(asked) ? asked : undefined
  return at.downloads.current(dialog.conversationId, chunkInformation.chunkNumber ?? 0)
}

/** The chunk that is asked for; the download holds the spool by itself, for as long as its chunks can be had. */
function chunkOf(request: PartialRequest, dialog: string, messageId: string, handedOut: HandedOut | undefined, at: Intermediary) {
  const { chunkNumber = 0, chunkSizeKilobytes = 0 } = request.message.order.chunkInformation
  let letGo: (() => void) | undefined
  const frozen = (): Promise<ByteSource> => {
    if (!handedOut) return Promise.reject(new TypeError('a download that goes on is frozen'))
    letGo = handedOut.leased.delivery.large?.hold()
    return freeze(handedOut, request, at)
  }
  return at.downloads.chunk({ dialog, messageId, chunkNumber, chunkSizeKilobytes }, frozen, () => letGo?.())
}

async function answerIn(
  dialog: OpenDialog,
  request: PartialRequest,
  known: string | undefined,
  handedOut: HandedOut | undefined,
  at: Intermediary,
): Promise<Reply<'partialFetchDelivery'>> {
  const { selectionRule } = request.message.order
  const messageId = known ?? handedOut?.leased.messageId ?? ''
  const given = await chunkOf(request, dialog.conversationId, messageId, handedOut, at)
  const codes = handedOut?.leased.more ? ['3800'] : []
  if (!given && handedOut) {
    for (const pending of dialog.pending) if (pending.download === messageId) dialog.pending.delete(pending)
    dialog.pending.add(handedOut.pending)
    const whole = await wholeReply(handedOut, selectionRule ?? {}, at)
    return { ...whole, type: 'responseToFetchDelivery' } as unknown as Reply<'partialFetchDelivery'>
  }
  if (!given) throw new TypeError('a download has more than one chunk')
  return {
    codes,
    order: {
      fetchDelivery: echoOf(selectionRule),
      chunkInformation: { chunkNumber: given.number, totalChunkNumbers: given.total, totalMessageSizeKilobytes: given.totalKilobytes },
      messageId,
    },
    ...(await chunkContent(given.bytes, intermediaryEnv(at.endpoint, at.ports))),
  }
}

export const partialFetchDelivery: Exchange<'partialFetchDelivery'> = {
  bare: ({ selectionRule, chunkInformation }) => ({
    fetchDelivery: echoOf(selectionRule),
    chunkInformation: { chunkNumber: chunkInformation.chunkNumber ?? 0 },
  }),
  async answer(request, at): Promise<Reply<'partialFetchDelivery'>> {
    const dialog = assertIdentified(request)
    const known = continued(dialog, request, at)
    const handedOut = known === undefined ? await begin(dialog, request, at) : undefined
    // also for an answer that needs no chunks
    const letGo = handedOut?.leased.delivery.large?.hold()
    try {
      return await answerIn(dialog, request, known, handedOut, at)
    } finally {
      letGo?.()
    }
  },
}
