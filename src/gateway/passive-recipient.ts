// SPDX-License-Identifier: EUPL-1.2
/**
 * Role *passive recipient*: acceptDelivery and processDelivery of an intermediary, answered inside the HTTP call.
 *
 *   open → shape → admit → repeats → content → route → enter → put → taken → answer → seal
 *
 * Each step takes values and returns values; the first that throws names the code. On the event loop stay parsing, canonical form and
 * public-key verification (bounded by `limits`); private keys, XSD and envelope cryptography run off it.
 * Specs: osci-1.2 §2.8, §2.10, §9.8; product.md, Decisions.
 * @module
 */
import type { Reservation } from '../core/ports.js'
import { HttpError, TransportEncryptionError } from '../errors.js'
import type { OpenedEnvelope } from '../envelope/types.js'
import { slotEndMs } from './answer-slot.js'
import type { OsciAddress } from './app.js'
import { decryptFailures, type DecryptFailures } from './decrypt-failures.js'
import type { GatewayPorts, RecipientEndpoint } from './ports.js'
import type { RepeatOutcome } from './repeats.js'
import { isRefused, namesAnother } from './reply-linkage.js'
import { sealAnswer } from './recipient/answer.js'
import { readContent, type DeliveredContent } from './recipient/content.js'
import { awaitAnswer, awaitDelivered, awaitTaken, putRequest, SEALING_MS } from './recipient/handover.js'
import { admit, messageIdOf, openShape, repeatKey, type Admitted, type Call, type Shape } from './recipient/request.js'
import { routeDelivery } from './recipient/route.js'
import { DeliveryRefused, LegacyFailure, UNKNOWN, type Verdict } from './recipient/verdict.js'
import { errorCodeOf, findingOf, isFault, osciAnswer, renderFault, verdictOfError, type HttpAnswer } from './render-error.js'

/** What is known so far; filled from step to step so that an error is answered as well as it can be. */
interface Progress {
  shape?: Shape
  admitted?: Admitted
  content?: DeliveredContent
  reservedFor?: string
}

/** The role at one address. It throws {HttpError} 503 when nothing can be kept (full table of used ids). */
export function passiveRecipient(endpoint: RecipientEndpoint, ports: GatewayPorts): OsciAddress {
  const failures = decryptFailures(ports.clock, ports.log, ports.metrics)
  const mailbox = likelyMailbox(endpoint)
  return {
    path: endpoint.path,
    role: 'passiveRecipient',
    mode: endpoint.mode,
    ...(mailbox === undefined ? {} : { likelyMailbox: mailbox }),
    async answer(call, reservation) {
      const progress: Progress = {}
      try {
        const verdict = await deliver(call, progress, endpoint, ports, failures, reservation)
        return await respond(call, progress, await inStandard(verdict, progress, ports), endpoint, ports)
      } catch (error) {
        if (error instanceof HttpError) throw error
        const answer = await respondToError(call, progress, error, endpoint, ports, failures)
        return error instanceof LegacyFailure ? inSlot(answer, call, endpoint, ports) : answer
      } finally {
        reservation?.release()
      }
    },
  }
}

/** Its time of work is not to be seen; the deadline is kept as for every other answer. */
function inSlot(
  answer: HttpAnswer,
  { receivedAtMs }: Call,
  { answerWithinSeconds }: RecipientEndpoint,
  { clock }: GatewayPorts,
): HttpAnswer {
  const deadlineMs = receivedAtMs + answerWithinSeconds * 1000 - SEALING_MS
  return { ...answer, leavesAtMs: slotEndMs(receivedAtMs, clock.monotonicMs(), deadlineMs) }
}

/** The mailbox for which room is held before the body is read. */
const likelyMailbox = (endpoint: RecipientEndpoint): string | undefined => endpoint.defaultMailbox ?? endpoint.routes[0]?.mailbox

async function deliver(
  call: Call,
  progress: Progress,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
  failures: DecryptFailures,
  reservation: Reservation | undefined,
): Promise<Verdict> {
  const { log } = ports
  const hop = (event: string, envelopeId?: string) =>
    log.write('info', event, {
      requestId: call.requestId,
      durationMs: Math.round(ports.clock.monotonicMs() - call.receivedAtMs),
      ...(envelopeId === undefined ? {} : { envelopeId }),
    })
  const shape = (progress.shape = await openShape(call, endpoint, ports))
  hop('opened')
  const known = (progress.admitted = await admit(shape, endpoint, ports))
  hop('verified')
  const key = repeatKey(known)
  const before = ports.repeats.find(key)
  if (before) return repeated(before, known)
  const content = (progress.content = await openCounted(known, endpoint, ports, failures))
  hop('checked')
  const mailbox = routeDelivery(known, content, endpoint, ports)
  const keys = [
    key,
    ...(content.xoev?.messageUuid === undefined ? [] : [`uuid ${content.xoev.author ?? ''} ${content.xoev.messageUuid.toLowerCase()}`]),
  ]
  const other = await ports.repeats.enter(keys)
  if (other) return other.key === key ? repeated(other, known) : seenBefore(content)
  let outcome: RepeatOutcome = 'not-delivered'
  /** Of the document: whoever refuses it has seen it. */
  let carried: RepeatOutcome = outcome
  try {
    const fits = mailbox === likelyMailbox(endpoint)
    const subject = known.message.order.processCardBundle?.processCard.subject
    const dispatch = {
      mailbox,
      content,
      wantsAnswer: known.message.type === 'processDelivery',
      ...(subject === undefined ? {} : { subject }),
      receivedAtMs: call.receivedAtMs,
      takeWithinSeconds: endpoint.takeWithinSeconds,
      answerWithinSeconds: endpoint.answerWithinSeconds,
    }
    const handover = await putRequest(dispatch, ports, fits ? reservation : undefined)
    hop('put', handover.id)
    outcome = carried = 'unknown'
    const verdict = await awaitTaken(handover, ports)
    if (verdict) {
      outcome = 'not-delivered'
      if (verdict.outcome === 'not-taken') carried = outcome
      return verdict
    }
    hop('taken', handover.id)
    const result =
      known.message.type === 'acceptDelivery'
        ? await awaitDelivered(handover, ports)
        : await awaitAnswer(handover, (reply) => fitsRequest(reply, content, ports), ports)
    outcome = result.outcome === 'done' ? 'delivered' : result.outcome === 'unknown' ? 'unknown' : 'not-delivered'
    if (result.outcome === 'not-taken') carried = outcome
    hop('answered', handover.id)
    return result
  } catch (error) {
    if (error instanceof DeliveryRefused) {
      if (error.codes.includes('9810')) outcome = carried = 'unknown'
      throw error
    }
    // thrown before anything was put
    if (outcome !== 'unknown') throw error
    log.write('error', 'handover-lost', { requestId: call.requestId, error: errorCodeOf(error), findings: [findingOf(error)] })
    return { outcome: 'unknown', codes: UNKNOWN }
  } finally {
    // the delivery stands as it is: only after a restart would nobody know any more
    await ports.repeats
      .settle(keys, outcome, carried)
      .catch((error: unknown) => log.write('error', 'repeats-not-written', { requestId: call.requestId, error: errorCodeOf(error) }))
  }
}

/** A sender whose content failed to open too often loses CBC and RSA 1.5 for the hour. */
async function openCounted(
  admitted: Admitted,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
  failures: DecryptFailures,
): Promise<DeliveredContent> {
  const { peer, env } = admitted
  const open = async (legacyClosed: boolean): Promise<DeliveredContent> => {
    const algorithms = legacyClosed ? { ...env.algorithms, content: ports.algorithms.content } : env.algorithms
    try {
      return await readContent({ ...admitted, env: { ...env, algorithms } }, endpoint, ports)
    } catch (error) {
      if (findingOf(error) === 'content-encryption.undecryptable') failures.count(peer.name)
      throw error
    }
  }
  return peer.hasLegacy ? failures.inTurn(peer.name, open) : open(false)
}

/** Never a second delivery: accept waits for the first copy's end and says the same; process has no answer to give twice. */
async function repeated(
  entry: { readonly outcome: RepeatOutcome; readonly settled: Promise<RepeatOutcome> },
  { message }: Admitted,
): Promise<Verdict> {
  if (message.type === 'processDelivery') return { outcome: 'unknown', codes: UNKNOWN }
  const outcome = await entry.settled
  if (outcome === 'delivered') return { outcome: 'done', codes: ['0800'] }
  return outcome === 'unknown' ? { outcome: 'unknown', codes: UNKNOWN } : { outcome: 'not-taken', codes: ['9809', '9811'] }
}

function seenBefore(content: DeliveredContent): never {
  const text = 'this message was processed before'
  throw new DeliveryRefused('xoev-head.repeated', text, {
    reasons: [{ code: 'S100', text }],
    ...(content.document ? { document: content.document } : {}),
  })
}

/** A result whose own head names another request, or that its schema does not allow, is not delivered. */
async function fitsRequest(reply: OpenedEnvelope, content: DeliveredContent, ports: GatewayPorts): Promise<boolean> {
  const document = reply.parts.find((p) => p.role === 'document')
  if (!document || !content.xoev) return true
  const report = await ports.desk.check(document.bytes)
  return !isRefused(report) && !namesAnother(report, content.xoev)
}

/** Behind a legacy decryption the log alone knows what it was. */
function findingsOf(error: unknown): string[] {
  if (error === undefined) return []
  return [...new Set([findingOf(error), ...(error instanceof LegacyFailure ? [findingOf(error.cause)] : [])])]
}

function record(
  call: Call,
  { shape, admitted }: Progress,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
  verdict: Verdict,
  error?: unknown,
): void {
  const bad = verdict.codes.some((c) => c.startsWith('9'))
  const messageId = admitted && messageIdOf(admitted.message)
  ports.metrics.delivery('passiveRecipient', verdict.outcome)
  for (const code of verdict.codes) if (code.startsWith('9')) ports.metrics.refusal(code)
  ports.log.write(bad ? 'warn' : 'info', 'delivery', {
    requestId: call.requestId,
    role: 'passiveRecipient',
    mode: endpoint.mode,
    endpoint: endpoint.path,
    ...(shape ? { messageType: shape.unverified.type } : {}),
    ...(admitted ? { peer: admitted.peer.name } : {}),
    ...(messageId === undefined ? {} : { messageId }),
    feedback: verdict.codes,
    findings: [...(admitted?.findings ?? []), ...findingsOf(error)],
    ...(error === undefined ? {} : { error: errorCodeOf(error) }),
    bytes: call.bytes.byteLength,
    durationMs: Math.round(ports.clock.monotonicMs() - call.receivedAtMs),
    outcome: verdict.outcome,
  })
}

async function respond(
  call: Call,
  progress: Progress,
  verdict: Verdict,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
  error?: unknown,
): Promise<HttpAnswer> {
  const { shape, admitted, content } = progress
  if (!shape) throw new TypeError('an answer needs the shape of its request')
  const input = { shape, ...(admitted ? { peer: admitted.peer } : {}), ...(content ? { content } : {}) }
  const warnings = admitted?.warnings ?? []
  const said = (told: Verdict): Verdict => ({ ...told, codes: [...warnings, ...told.codes] })
  let sealed: Uint8Array
  try {
    sealed = await sealAnswer({ ...input, verdict }, warnings, endpoint, ports)
  } catch (cause) {
    // the register has acted, but its answer cannot be brought into OSCI form
    if (!verdict.parts) throw cause
    const codes = { outcome: 'unknown', codes: UNKNOWN } as const
    record(call, progress, endpoint, ports, said(codes), cause)
    return osciAnswer(await sealAnswer({ ...input, verdict: codes }, warnings, endpoint, ports))
  }
  record(call, progress, endpoint, ports, said(verdict), error)
  return osciAnswer(sealed)
}

/** A refusal in the request's own standard, where we can write one: 0800 with the rejection document (processDelivery only). */
async function inStandard(
  verdict: Verdict,
  { admitted, content }: Progress,
  ports: GatewayPorts,
  document = content?.document,
): Promise<Verdict> {
  const { outcome, reasons = [] } = verdict
  if (outcome !== 'refused' || verdict.parts || reasons.length === 0 || !document || admitted?.message.type !== 'processDelivery')
    return verdict
  const rejection = await ports.desk.reject(document, reasons)
  if (!rejection) return verdict
  return { outcome, codes: ['0800'], parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: rejection }] }
}

async function respondToError(
  call: Call,
  progress: Progress,
  error: unknown,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
  failures: DecryptFailures,
): Promise<HttpAnswer> {
  const { shape } = progress
  if (error instanceof TransportEncryptionError && error.feedback === '9202') failures.count('unknown')
  if (shape && !isFault(error)) {
    try {
      const document = error instanceof DeliveryRefused ? error.document : undefined
      const verdict = await inStandard(verdictOfError(error), progress, ports, document)
      return await respond(call, progress, verdict, endpoint, ports, error)
    } catch (second) {
      ports.log.write('error', 'answer-failed', { requestId: call.requestId, error: errorCodeOf(second), findings: [findingOf(second)] })
    }
  }
  const fault = renderFault(error, ports.faultStatus)
  // what a caller sent is no failure of this house
  record(call, progress, endpoint, ports, { outcome: isFault(error) ? 'denied' : 'failed', codes: [fault.code] }, error)
  return fault
}
