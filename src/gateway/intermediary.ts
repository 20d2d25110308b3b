// SPDX-License-Identifier: EUPL-1.2
/**
 * Role *intermediary*: every request that an OSCI client starts, answered in its dialog.
 *
 *   open → dialog → client's certificate → signature, peer, policy → confirm what was handed out → exchange → answer → seal
 *
 * Before the signature is proven a fault or feedback is all that can come of a request. What an exchange hands out is acknowledged by
 * the next correct request of the dialog; when the answer itself cannot be sealed it is taken back at once.
 * Specs: osci-1.2 §3, §9.1; product.md, story 6.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { CertificateError, TransportEncryptionError, type FeedbackCode } from '../errors.js'
import { EXCHANGES } from '../osci/messages.js'
import type { OsciAddress } from './app.js'
import { decryptFailures, type DecryptFailures } from './decrypt-failures.js'
import { certificateSha256, digestOf } from './digest.js'
import { loneDialog, refusalOf, sealReply, type AnswerDialog, type SealedReply } from './intermediary/answer.js'
import { dialogTable, type DialogClient, type Dialogs, type OpenDialog, type Pending } from './intermediary/dialogs.js'
import { downloadTable } from './intermediary/downloads.js'
import type { ClientRequest, ClientRequestName, Exchange, Intermediary, Reply, StoreVerdict } from './intermediary/exchange.js'
import { mailroom } from './intermediary/mailroom.js'
import { mediations } from './intermediary/mediations.js'
import type { IntermediaryEndpoint, IntermediaryPorts } from './intermediary/ports.js'
import {
  assertOfDialog,
  clientCipher,
  needsDialog,
  openRequest,
  proveRequest,
  type ProvenRequest,
  type RequestShape,
} from './intermediary/request.js'
import { INTERMEDIARY_ROLE } from './intermediary/role.js'
import { uploadTable } from './intermediary/uploads.js'
import type { GatewayPorts, Peer } from './ports.js'
import type { Call } from './recipient/request.js'
import { DeliveryRefused } from './recipient/verdict.js'
import { errorCodeOf, findingOf, isFault, osciAnswer, outcomeOfRefusal, renderFault } from './render-error.js'

/** Closed after the core: what dialogs hold is given back, and every delivery has its end on its card. */
export interface IntermediaryAddress extends OsciAddress {
  close(): Promise<void>
}

/** What is known so far; filled from step to step so that an error is answered as well as it can be. */
interface Progress {
  shape?: RequestShape
  peer?: Peer
  cipher?: X509Certificate
  warnings: readonly FeedbackCode[]
  findings: readonly string[]
}

interface House extends Intermediary {
  readonly dialogs: Dialogs
  readonly failures: DecryptFailures
}

export function intermediary(endpoint: IntermediaryEndpoint, ports: GatewayPorts, own: IntermediaryPorts): IntermediaryAddress {
  const limits = { idleSeconds: endpoint.dialogIdleSeconds, maxDialogs: endpoint.maxDialogs, maxPerClient: endpoint.maxDialogsPerClient }
  const house: House = {
    endpoint,
    ports,
    own,
    mailroom: mailroom(ports, endpoint.dialogIdleSeconds * 1000),
    mediations: mediations(),
    uploads: uploadTable<StoreVerdict>({ spool: own.spool, limits: own.chunks, clock: ports.clock, startTimer: ports.startTimer }),
    downloads: downloadTable(own.chunks),
    dialogs: dialogTable(limits, ports.clock, ports.random, ports.startTimer),
    failures: decryptFailures(ports.clock, ports.log, ports.metrics),
  }
  return {
    path: endpoint.path,
    role: 'intermediary',
    mode: 'blind',
    async answer(call) {
      const progress: Progress = { warnings: [], findings: [] }
      try {
        return osciAnswer(await converse(call, progress, house))
      } catch (error) {
        if (error instanceof TransportEncryptionError && error.feedback === '9202') house.failures.count('unknown')
        const fault = renderFault(error, ports.faultStatus)
        record(call, progress, [fault.code], house, { failure: error })
        return fault
      }
    },
    async close() {
      await house.uploads.close()
      await house.dialogs.closeAll()
      await house.mailroom.close()
    },
  }
}

/** Phases 1 to 4, then the request in its dialog, or alone. @throws what ends as a fault. */
async function converse(call: Call, progress: Progress, house: House): Promise<Uint8Array> {
  const shape = (progress.shape = await openRequest(call, house.endpoint, house.ports))
  const { control } = shape.unverified
  const { dialog: kind } = EXCHANGES[shape.type]
  if (kind === 'opens' || control.conversationId === undefined) return serve(shape, progress, house)
  return house.dialogs.next(
    control,
    (dialog) => assertOfDialog(shape, dialog),
    (dialog, challenge) => {
      const { conversationId } = dialog
      return serve(shape, progress, house, dialog, { conversationId, challenge, staysOpen: kind !== 'closes' })
    },
    kind === 'closes',
  )
}

/** Phases 5 to 8 and the answer. */
async function serve(
  shape: RequestShape,
  progress: Progress,
  house: House,
  dialog?: OpenDialog,
  inDialog: AnswerDialog = loneDialog(house.ports.random),
): Promise<Uint8Array> {
  const { ports, own } = house
  const { cipher, warnings } = await clientCipher(shape, dialog, own, ports.clock.now())
  if (cipher) progress.cipher = cipher
  progress.warnings = warnings
  const heldBefore = new Set(dialog?.pending)
  const handedOut = (): Pending[] => [...(dialog?.pending ?? [])].filter((pending) => !heldBefore.has(pending))
  try {
    const { reply, opened } = await act(shape, progress, house, dialog)
    const { bytes, codes } = await seal(reply, opened ?? inDialog, shape, progress, house)
    record(shape.call, progress, codes, house, reply)
    // only now: whoever forges an exitDialog ends nothing
    if (dialog && EXCHANGES[shape.type].dialog === 'closes') await house.dialogs.close(dialog)
    return bytes
  } catch (error) {
    // nobody will ever see what was handed out in this request
    for (const pending of handedOut()) {
      dialog?.pending.delete(pending)
      await pending.giveBack()
    }
    if (isFault(error)) throw error
    const reply = replyOfError(error, shape, progress, house)
    const { bytes, codes } = await seal({ ...reply, codes: [...progress.warnings, ...reply.codes] }, inDialog, shape, progress, house)
    record(shape.call, progress, codes, house, { failure: error })
    return bytes
  }
}

interface Acted {
  readonly reply: Reply<ClientRequestName>
  /** Set by initDialog. */
  readonly opened?: AnswerDialog
}

async function act(shape: RequestShape, progress: Progress, house: House, dialog: OpenDialog | undefined): Promise<Acted> {
  const { endpoint, ports, own } = house
  const proven = await proveRequest(shape, dialog, endpoint, ports, own)
  progress.peer = proven.peer
  progress.findings = proven.findings
  progress.warnings = [...progress.warnings, ...proven.warnings]
  if (dialog && mayConfirm(proven, dialog)) await confirmHandedOut(dialog, house)
  if (!dialog && needsDialog(shape.type))
    throw new DeliveryRefused('control-block.no-dialog', 'this request needs an explicit dialog', { codes: ['9802'] })
  const opened = EXCHANGES[shape.type].dialog === 'opens' ? openFor(shape, proven, progress, house) : undefined
  const request = clientRequest(shape, proven, progress, dialog)
  const exchange = INTERMEDIARY_ROLE[shape.type] as Exchange<ClientRequestName>
  const reply = await exchange.answer(request, house)
  return { reply: { ...reply, codes: [...progress.warnings, ...reply.codes] }, ...(opened ? { opened } : {}) }
}

/** In a dialog in clear whoever reads along knows the challenge: where a signature opened it, a signature acknowledges. */
const mayConfirm = ({ signer }: ProvenRequest, { client }: OpenDialog): boolean =>
  client.encrypted || client.signerSha256 === undefined || signer !== undefined

/** The request is correct: its client has what it was handed before (osci-1.2 §9.5 step 6). */
async function confirmHandedOut(dialog: OpenDialog, { downloads }: House): Promise<void> {
  const whole = new Set(downloads.takeReceived(dialog.conversationId))
  for (const pending of [...dialog.pending]) {
    if (pending.download !== undefined && !whole.has(pending.download)) continue
    dialog.pending.delete(pending)
    await pending.confirm()
  }
}

function clientRequest(
  shape: RequestShape,
  proven: ProvenRequest,
  progress: Progress,
  dialog: OpenDialog | undefined,
): ClientRequest<ClientRequestName> {
  const { cipher } = progress
  // a signature in a signed dialog, or the challenge that came back out of an encrypted one
  const identified = dialog ? dialog.client.encrypted || (proven.signer !== undefined && dialog.client.signerSha256 !== undefined) : false
  return {
    call: shape.call,
    frame: shape.frame,
    message: proven.message,
    peer: proven.peer,
    ...(cipher ? { cipher, cipherSha256: certificateSha256(cipher) } : {}),
    identified,
    ...(dialog ? { dialog } : {}),
    language: shape.language,
    warnings: progress.warnings,
    digest: digestOf(shape.call.bytes),
  }
}

function openFor(shape: RequestShape, { peer, signer }: ProvenRequest, { cipher }: Progress, { dialogs, downloads }: House): AnswerDialog {
  // the row demands one, but not that anybody can read it
  if (!cipher) throw new CertificateError('9500', 'certificates.no-answer-key', 'a dialog belongs to a certificate that can be read')
  const client: DialogClient = {
    peer,
    cipher,
    cipherSha256: certificateSha256(cipher),
    ...(signer ? { signerSha256: certificateSha256(signer) } : {}),
    encrypted: shape.encrypted,
  }
  const { dialog, challenge } = dialogs.open(client)
  // once for the dialog, however many downloads it makes
  dialog.ended.addEventListener('abort', () => downloads.end(dialog.conversationId))
  return { conversationId: dialog.conversationId, challenge, staysOpen: true }
}

/** A regular answer that says why nothing was done. */
function replyOfError(error: unknown, shape: RequestShape, { cipher }: Progress, house: House): Reply<ClientRequestName> {
  const exchange = INTERMEDIARY_ROLE[shape.type] as Exchange<ClientRequestName>
  const order = exchange.bare(shape.unverified.order, house, cipher ? certificateSha256(cipher) : '')
  return { ...refusalOf(error, shape.language), order }
}

function seal(
  reply: Reply<ClientRequestName>,
  dialog: AnswerDialog,
  shape: RequestShape,
  { peer, cipher }: Progress,
  { endpoint, own, ports }: House,
): Promise<SealedReply> {
  return sealReply({ reply, dialog, ...(peer ? { peer } : {}) }, shape, cipher, endpoint, own.chunks, ports)
}

/** @param codes as they were sent. */
function record(
  call: Call,
  { shape, peer, findings }: Progress,
  codes: readonly FeedbackCode[],
  { endpoint, ports }: House,
  { failure, receiverFailure }: Pick<Reply, 'failure' | 'receiverFailure'>,
): void {
  const error = failure ?? receiverFailure
  const bad = codes.filter((code) => code.startsWith('9'))
  const messageId = (shape?.unverified.order as { readonly messageId?: string } | undefined)?.messageId
  const outcome = bad.length === 0 ? 'done' : outcomeOfRefusal(bad, failure)
  ports.metrics.delivery('intermediary', outcome)
  for (const code of bad) ports.metrics.refusal(code)
  ports.log.write(bad.length > 0 ? 'warn' : 'info', 'request', {
    requestId: call.requestId,
    role: 'intermediary',
    mode: 'blind',
    endpoint: endpoint.path,
    ...(shape ? { messageType: shape.type } : {}),
    ...(peer ? { peer: peer.name } : {}),
    ...(messageId === undefined ? {} : { messageId }),
    feedback: codes,
    findings: [...findings, ...(error === undefined ? [] : [findingOf(error)])],
    ...(error === undefined ? {} : { error: errorCodeOf(error) }),
    bytes: call.bytes.byteLength,
    durationMs: Math.round(ports.clock.monotonicMs() - call.receivedAtMs),
    outcome,
  })
}
