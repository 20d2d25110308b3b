// SPDX-License-Identifier: EUPL-1.2
/**
 * One exchange: request built, sent once, answer judged. Nothing is ever repeated: a repetition is the caller's decision, who knows what
 * `not-sent`, `no-answer` and `answered-wrongly` mean for the business at hand.
 * @module
 */
import { OsciError } from '../../errors.js'
import { EXCHANGES, messageType, responseTo, type OrderOf, type RequestName } from '../../osci/messages.js'
import { judgeAnswer, type Judged } from './answer.js'
import { OsciCallError, type OsciHttp, type OsciIdentity, type OsciPeer, type OsciRequestParts } from './ports.js'
import { requestType, sealRequest, type DialogPosition } from './request.js'
import { sealingFor } from './suite.js'

/** Below what the field's clients and proxies wait (osci-1.2 §7.7). */
const TIMEOUT_MS = 110_000

/** Both ends of a call, and how it reaches the other one. */
export interface Line {
  readonly http: OsciHttp
  readonly identity: OsciIdentity
  readonly peer: OsciPeer
  readonly signal?: AbortSignal | undefined
}

/**
 * @param position of the request in an explicit dialog; absent: an implicit one, or one that is to be opened.
 * @throws {OsciCallError}
 */
export async function exchange<N extends RequestName>(
  name: N,
  order: OrderOf<N>,
  parts: OsciRequestParts,
  line: Line,
  position?: DialogPosition,
): Promise<Judged<N>> {
  const { http, identity, peer, signal } = line
  const type = requestType(name, identity, position !== undefined)
  const sealing = sealingFor(identity, peer)
  const { bytes, challenge } = await sealRequest(type, order, parts, position, identity, peer, sealing)
  const answer = await http.post(peer.url, bytes, {
    timeoutMs: peer.timeoutMs ?? TIMEOUT_MS,
    maxBytes: peer.maxAnswerBytes ?? identity.env.limits.messageBytes,
    ...(signal ? { signal } : {}),
  })
  const { dialog } = EXCHANGES[name]
  const inDialog = position !== undefined || dialog === 'opens'
  const asked = {
    name,
    challenge,
    encrypted: sealing.encryptFor !== undefined && peer.answerEncryption !== 'optional',
    signed: sealing.sign !== undefined,
    ...(position ? { conversationId: position.conversationId } : {}),
    ...(type.control[3] === '-' ? {} : { sequenceNumber: position?.sequenceNumber ?? 0 }),
    continues: inDialog && messageType(responseTo(name))?.control[1] !== '-',
  }
  try {
    return await judgeAnswer(answer, asked, identity, peer)
  } catch (cause) {
    if (cause instanceof OsciCallError) throw cause
    // whatever it was, the peer has our request and we have no answer to rely on
    throw new OsciCallError('answered-wrongly', 'client.answer', 'The answer could not be read.', {
      cause,
      ...(cause instanceof OsciError ? { feedback: cause.feedback } : {}),
      httpStatus: answer.status,
    })
  }
}
