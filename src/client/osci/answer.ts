// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens an answer and judges it before anything in it is believed.
 *
 *   bytes ─► fault? ─► encrypted as the request was ─► its type ─► signature ─► ControlBlock ─► signer ─► feedback
 *
 * A SOAP fault is the peer's word and the only thing that may come in clear to an encrypted request. Every other deviation is our own
 * judgement: `answered-wrongly`, with the code that OSCI has for it. Specs: osci-1.2 §3.2–3.4, §9.9; osci-in-the-field §3 rows 1–7.
 * @module
 */
import { OsciError, type FeedbackCode } from '../../errors.js'
import { readFault } from '../../osci/fault.js'
import { responsesTo, type Control, type MessageType, type RequestName } from '../../osci/messages.js'
import { messageType } from '../../osci/messages.js'
import { frame, order as orderStage } from '../../osci/stages.js'
import type { ControlBlock, Fault, OsciEnv, OsciMessage, SoapEnvelope } from '../../osci/types.js'
import { feedbackOf } from './feedback.js'
import { OsciCallError, type CallErrorOptions, type OsciAnswer, type OsciHttp, type OsciIdentity, type OsciPeer } from './ports.js'

/** What was asked, as far as the answer must fit it. */
export interface Asked {
  readonly name: RequestName
  readonly challenge: string
  readonly encrypted: boolean
  readonly signed: boolean
  /** Of an explicit dialog. */
  readonly conversationId?: string
  /** As sent; absent where the request had none. */
  readonly sequenceNumber?: number
  /** The next request must have a challenge to answer. */
  readonly continues: boolean
}

type HttpAnswer = Awaited<ReturnType<OsciHttp['post']>>

/** Texts of a peer go to the log only, and not at any length. */
const MAX_DETAIL = 500

const wrong = (finding: string, message: string, feedback?: FeedbackCode, options: CallErrorOptions = {}): OsciCallError =>
  new OsciCallError('answered-wrongly', finding, message, { ...options, ...(feedback === undefined ? {} : { feedback }) })

function faultError(fault: Fault, httpStatus: number): OsciCallError {
  return new OsciCallError(
    'fault',
    'client.fault',
    `The peer answered with a fault${fault.osciCode === undefined ? '' : ` ${fault.osciCode}`}.`,
    {
      ...(fault.osciCode === undefined ? {} : { feedback: fault.osciCode }),
      faultSide: fault.side === 'Server' ? 'Server' : 'Client',
      httpStatus,
      detail: fault.text.slice(0, MAX_DETAIL),
    },
  )
}

/** A finding of our own stages about the answer: never the peer's verdict (osci-in-the-field §3 row 6). */
function unreadable(cause: unknown, httpStatus: number): unknown {
  if (!(cause instanceof OsciError)) return cause
  const ok = httpStatus >= 200 && httpStatus < 300
  return wrong(
    ok ? cause.finding : 'client.http-status',
    ok ? `The answer is not acceptable: ${cause.message}` : `The peer answered with HTTP status ${httpStatus} and no OSCI message.`,
    cause.feedback,
    { cause, httpStatus },
  )
}

/** The environment of opening: the peer's limit for a whole answer stands above the gateway's. */
function openingEnv(identity: OsciIdentity, maxBytes: number, contentType: string): OsciEnv {
  const { env } = identity
  return {
    ...env,
    ...(maxBytes === env.limits.messageBytes ? {} : { limits: { ...env.limits, messageBytes: maxBytes } }),
    ...(contentType === '' ? {} : { httpContentType: contentType }),
  }
}

/** Takes the transport off, and looks at what may be known before any signature is trusted. */
async function openFrame(http: HttpAnswer, asked: Asked, env: OsciEnv): Promise<SoapEnvelope> {
  const envelope = await frame.open(http.body, env)
  if (envelope.kind === 'fault') throw faultError(readFault(envelope), http.status)
  if (asked.encrypted && !envelope.evidence.transport) throw wrong('client.answer-in-clear', 'An encrypted request was answered in clear.')
  if (envelope.type === undefined || !responsesTo(asked.name).includes(envelope.type))
    throw wrong('client.answer-type', `${envelope.type ?? 'something else'} does not answer ${asked.name}.`, '9300')
  return envelope
}

const marked = (control: Control, at: 0 | 1 | 2 | 3): boolean => control[at] === '!'

/** Binds the answer to its request: challenge, dialog, place in the dialog (osci-1.2 §3.2–3.4). */
function assertControl(control: ControlBlock, type: MessageType, asked: Asked): void {
  const misfit = (what: string): OsciCallError =>
    wrong(`client.answer-${what}`, `The answer belongs to another request: its ${what} differs.`, '9400')
  if (control.response !== asked.challenge) throw misfit('response')
  if (asked.conversationId !== undefined && control.conversationId !== asked.conversationId) throw misfit('conversation-id')
  const counted = control.sequenceNumber !== undefined || marked(type.control, 3)
  if (counted && control.sequenceNumber !== asked.sequenceNumber) throw misfit('sequence-number')
  if (asked.continues && (control.challenge ?? '') === '')
    throw wrong('client.answer-challenge', 'The answer has no challenge, so the dialog cannot go on.', '9400')
}

/** Who signed, and whether that is this peer. Coverage was checked with the signature (message stage). */
async function assertSigner(message: OsciMessage, asked: Asked, identity: OsciIdentity, peer: OsciPeer): Promise<void> {
  const signer = message.evidence.signature?.signer
  if (!signer) {
    if ((peer.answerSignature ?? (asked.signed ? 'required' : 'optional')) === 'optional') return
    throw wrong('client.answer-unsigned', 'The answer is not signed.', '9600')
  }
  if (!peer.recognises) return
  let known: boolean
  try {
    known = await peer.recognises(signer, identity.env.now())
  } catch (cause) {
    throw wrong('client.answer-signer', 'Who signed the answer could not be checked.', '9603', { cause })
  }
  if (!known) throw wrong('client.answer-signer', 'The answer is signed by somebody else.', '9601')
}

/** The answer together with what only the dialog needs of it. */
export interface Judged<N extends RequestName> {
  readonly answer: OsciAnswer<N>
  readonly control: ControlBlock
}

/**
 * @throws {OsciCallError} `fault`, `answered-wrongly`.
 */
export async function judgeAnswer<N extends RequestName>(
  http: HttpAnswer,
  asked: Asked & { readonly name: N },
  identity: OsciIdentity,
  peer: OsciPeer,
): Promise<Judged<N>> {
  const env = openingEnv(identity, peer.maxAnswerBytes ?? identity.env.limits.messageBytes, http.contentType)
  let message: OsciMessage
  try {
    message = await orderStage.open(await openFrame(http, asked, env), env)
  } catch (cause) {
    throw unreadable(cause, http.status)
  }
  const type = messageType(message.type)
  if (!type) throw new TypeError('a message that was opened has a row')
  assertControl(message.control, type, asked)
  await assertSigner(message, asked, identity, peer)
  const signer = message.evidence.signature?.signer
  return {
    control: message.control,
    answer: {
      message: message as unknown as OsciAnswer<N>['message'],
      ...feedbackOf(message.order),
      ...(signer ? { signer } : {}),
      encrypted: message.evidence.transport !== undefined,
      bytes: http.body,
    },
  }
}
