// SPDX-License-Identifier: EUPL-1.2
/**
 * Hand-over to the register and its answer, through the core.
 *
 *   put ──► taken? ──no──► withdraw → 9809+9811
 *             │yes
 *             ├─ refused ───────────────► 9805+9811
 *             ├─ notice rejected ───────► its document, else 9805+9811
 *             ├─ result ────────────────► 0800
 *             └─ deadline ─► accepted notice with document → 0800, else 9810+9811
 *
 * What comes back is opened, must be signed by the mailbox's owner and name the very envelope it answers; anything else is given
 * back and never delivered. After the deadline late answers are refused as such. Whatever fails once the register may have the request
 * leaves its fate `unknown`, never "nothing was processed".
 * Specs: product.md, Decisions, "deadlines", "notice and result", "feedback of the recipient role".
 * @module
 */
import type { Claim, OutcomeRecord, Reservation } from '../../core/ports.js'
import type { DirectoryParticipant } from '../../directory/ports.js'
import { trustedSenders, sealingKeyOf } from '../../envelope/keys.js'
import { openEnvelope } from '../../envelope/open.js'
import { sealEnvelope } from '../../envelope/seal.js'
import type { EnvelopeContent, OpenedEnvelope } from '../../envelope/types.js'
import type { GatewayPorts } from '../ports.js'
import type { DeliveredContent } from './content.js'
import { isCoreBusy, statusOf } from './room.js'
import { DeliveryRefused, NOT_TAKEN, REFUSED, sealingFailure, UNKNOWN, type Reason, type Verdict } from './verdict.js'

/** We stop this long before the deadline: sealing and sending need time too. */
export const SEALING_MS = 1000
/** A reply mailbox outlives the request's deadline by 60 s (core); late answers are refused until then. */
const LATE_MS = 60_000

/** An envelope on its way. */
export interface Handover {
  readonly id: string
  readonly mailbox: string
  readonly owner: DirectoryParticipant
  readonly replyTo?: string
  readonly takeUntilMs: number
  readonly answerUntilMs: number
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What is put, and how long anybody waits. */
export interface Dispatch {
  readonly mailbox: string
  readonly content: Pick<DeliveredContent, 'parts' | 'evidence' | 'xoev'>
  readonly wantsAnswer: boolean
  readonly subject?: string
  /** Monotonic time of the request's last byte: deadlines count from here. */
  readonly receivedAtMs: number
  readonly takeWithinSeconds: number
  readonly answerWithinSeconds: number
}

/**
 * Seals for the mailbox's owner and puts.
 * @throws {DeliveryRefused} 9805+9811 nobody owns the mailbox, or no envelope holds so much; 9809+9811 the core is full; 9810+9811 nobody knows whether it was put.
 */
export async function putRequest(dispatch: Dispatch, ports: GatewayPorts, reservation?: Reservation): Promise<Handover> {
  const { clock, core, identity, random } = ports
  const { mailbox, content, wantsAnswer, subject } = dispatch
  const owner = ports.directory.ownerOf(mailbox)
  const recipient = owner && sealingKeyOf(owner)
  if (!owner || !recipient) throw new DeliveryRefused('policy.no-register', 'no register with a key is registered for this mailbox')
  const answerUntilMs = dispatch.receivedAtMs + dispatch.answerWithinSeconds * 1000 - SEALING_MS
  const putAtMs = clock.monotonicMs()
  const takeUntilMs = Math.min(putAtMs + dispatch.takeWithinSeconds * 1000, answerUntilMs)
  const leftSeconds = Math.floor((takeUntilMs - putAtMs) / 1000)
  const ttlSeconds = Math.max(1, Math.min(ports.mailboxTtlSeconds(mailbox), leftSeconds, 60))
  const id = Buffer.from(random(18)).toString('base64url')
  const replyTo = wantsAnswer ? `reply.${hex(random(16))}` : undefined
  const envelope: EnvelopeContent = {
    header: { id, to: mailbox, ttlSeconds },
    kind: wantsAnswer ? 'request' : 'message',
    sender: identity.participant,
    ...(replyTo === undefined ? {} : { replyTo, replyKey: identity.replyKey }),
    createdAt: clock.now().toISOString(),
    ...(subject === undefined ? {} : { subject }),
    ...(content.xoev ? { xoev: content.xoev } : {}),
    osci: content.evidence,
    parts: content.parts,
  }
  const body = await sealEnvelope(envelope, { recipient, sender: identity.signing }, random).catch((cause: unknown) => {
    throw sealingFailure(cause, REFUSED)
  })
  try {
    await core.put(
      { id, to: mailbox, sender: identity.participant, ttlSeconds, body, ...(replyTo === undefined ? {} : { replyTo }) },
      reservation,
    )
  } catch (error) {
    if (isCoreBusy(error)) throw new DeliveryRefused('core.full', 'the core has no room', { codes: NOT_TAKEN, cause: error })
    // the core's own refusals are certain; any other end of the call may have come after it took the envelope
    if (statusOf(error) !== undefined) throw error
    throw new DeliveryRefused('core.no-answer', 'it is not known whether the core has it', { codes: UNKNOWN, cause: error })
  }
  return { id, mailbox, owner, ...(replyTo === undefined ? {} : { replyTo }), takeUntilMs, answerUntilMs }
}

const outcomeIs = (record: OutcomeRecord | undefined, ...outcomes: readonly OutcomeRecord['outcome'][]): boolean =>
  record !== undefined && outcomes.includes(record.outcome)

const notTaken: Verdict = { outcome: 'not-taken', codes: NOT_TAKEN }
const unknown: Verdict = { outcome: 'unknown', codes: UNKNOWN }

const CODE = /^[A-Z]\d{3}$/
const refusedFor = (reason: string | undefined): Verdict => ({
  outcome: 'refused',
  codes: REFUSED,
  // a taker's code goes to the wire only in the form of the XÖV list
  reasons: reason !== undefined && CODE.test(reason) ? [{ code: reason, text: 'refused by the register' }] : [],
})

/** Waits until somebody has it. undefined: it is claimed or through; else the verdict. */
export async function awaitTaken(handover: Handover, ports: GatewayPorts): Promise<Verdict | undefined> {
  const { clock, core, ending } = ports
  let record = await core.settled(handover.id, Math.max(0, handover.takeUntilMs - clock.monotonicMs()), 'claimed', ending)
  if (record && record.outcome === 'waiting' && !record.claimed) {
    if (await core.withdraw(handover.id)) return notTaken
    record = await core.outcome(handover.id)
  }
  if (outcomeIs(record, 'expired')) return notTaken
  return outcomeIs(record, 'refused') ? refusedFor(record?.reason) : undefined
}

/** One-way: done when the register has taken it to the last byte, or confirmed. */
export async function awaitDelivered(handover: Handover, { clock, core, ending }: GatewayPorts): Promise<Verdict> {
  const record = await core.settled(handover.id, Math.max(0, handover.answerUntilMs - clock.monotonicMs()), 'settled', ending)
  if (outcomeIs(record, 'delivered')) return { outcome: 'done', codes: ['0800'] }
  if (outcomeIs(record, 'refused')) return refusedFor(record?.reason)
  return outcomeIs(record, 'expired') ? notTaken : unknown
}

/** At so many mailboxes at a time late answers are refused; beyond that they expire like any envelope. */
const MAX_LATE = 1000
let late = 0

/** Gives late answers back until the reply mailbox is gone. Its end is nobody's business. */
function refuseLate(replyTo: string, untilMs: number, { core, clock, log, stopping }: GatewayPorts): void {
  if (late >= MAX_LATE || stopping.aborted) return
  late++
  const loop = async (): Promise<void> => {
    for (let left = untilMs - clock.monotonicMs(); left > 0 && !stopping.aborted; left = untilMs - clock.monotonicMs()) {
      const claim = await core.take(replyTo, left, stopping)
      if (!claim) return
      await claim.refuse('too-late')
      log.write('warn', 'late-reply-refused', { participant: claim.envelope.sender })
    }
  }
  loop()
    .catch(() => undefined)
    .finally(() => late--)
}

type Answer = { readonly kind: 'notice' | 'result'; readonly envelope: OpenedEnvelope }

/** Opens what came; undefined when it does not belong to this request. */
async function openReply(claim: Claim, handover: Handover, ports: GatewayPorts): Promise<Answer | undefined> {
  const replyTo = handover.replyTo ?? ''
  try {
    const keys = { recipient: [ports.identity.opening], sender: trustedSenders([handover.owner]) }
    // the core wipes its copy when the claim ends
    const expected = { id: claim.envelope.id, to: replyTo, now: ports.clock.now() }
    const envelope = await openEnvelope(Uint8Array.from(claim.envelope.body), keys, expected)
    const belongs = envelope.sender === handover.owner.id && envelope.inReplyTo === handover.id
    const kind = envelope.kind
    return belongs && (kind === 'notice' || kind === 'result') ? { kind, envelope } : undefined
  } catch {
    return undefined
  }
}

export type ReplyCheck = (envelope: OpenedEnvelope) => Promise<boolean>

const documentsOf = (e: OpenedEnvelope) => e.parts.filter((p) => p.role !== 'reading')
const hasDocument = (e: OpenedEnvelope): boolean => e.parts.some((p) => p.role === 'document' || p.role === 'osci')
const reasonsOf = (e: OpenedEnvelope): Reason[] =>
  (e.outcome?.reasons ?? []).flatMap((r) => (CODE.test(r.code) ? [{ code: r.code, text: 'refused by the register' }] : []))

const answered = (e: OpenedEnvelope): Verdict => ({ outcome: 'done', codes: ['0800'], parts: documentsOf(e) })

/** The verdict that an answer makes at once; undefined: go on waiting. */
function verdictOf({ kind, envelope }: Answer): Verdict | undefined {
  const rejected = envelope.outcome?.status === 'rejected'
  if (kind === 'notice' && !rejected) return undefined
  if (hasDocument(envelope)) return answered(envelope)
  return rejected ? { outcome: 'refused', codes: REFUSED, reasons: reasonsOf(envelope) } : unknown
}

/**
 * Waits for the result of a request that was taken.
 * @param fits is the document's own word on what it answers (XÖV reply linkage).
 */
export async function awaitAnswer(handover: Handover, fits: ReplyCheck, ports: GatewayPorts): Promise<Verdict> {
  const { clock, core, log } = ports
  const over = new AbortController()
  const left = () => handover.answerUntilMs - clock.monotonicMs()
  let accepted: OpenedEnvelope | undefined
  const soFar = (): Verdict => (accepted ? answered(accepted) : unknown)
  // opening and checking a reply takes time as well, and whoever asked does not wait longer for that
  let disarm = (): void => undefined
  // by the timer, too: it may end a moment before the clock says so
  let isLate = false
  const late = new Promise<Verdict>((resolve) => {
    disarm = ports.startTimer(Math.max(0, left()), () => {
      isLate = true
      resolve(soFar())
    })
  })
  const watch = core.settled(handover.id, Math.max(0, left())).then((record): Promise<Verdict> | Verdict => {
    if (outcomeIs(record, 'refused')) return refusedFor(record?.reason)
    return new Promise<Verdict>(() => undefined)
  })
  const listen = async (): Promise<Verdict> => {
    while (left() > 0) {
      const claim = await core.take(handover.replyTo ?? '', left(), over.signal)
      if (!claim) break
      const about = { envelopeId: handover.id, participant: claim.envelope.sender }
      const answer = await openReply(claim, handover, ports)
      let isFit: boolean
      try {
        isFit = answer !== undefined && (await fits(answer.envelope))
      } catch (error) {
        await claim.refuse('not-checked')
        throw error
      }
      if (over.signal.aborted) {
        // the verdict stands: nobody would ever see it
        await claim.refuse('too-late')
        break
      }
      if (!answer || !isFit) {
        log.write('warn', 'reply-refused', { ...about, findings: ['policy.foreign-reply'] })
        await claim.refuse('not-a-reply')
        continue
      }
      // what is open in our hands is an answer, whatever the core can still note of it
      await claim.confirm().catch(() => log.write('warn', 'reply-not-confirmed', about))
      if (answer.kind === 'notice' && hasDocument(answer.envelope)) accepted = answer.envelope
      const verdict = verdictOf(answer)
      if (verdict) return verdict
    }
    return soFar()
  }
  try {
    return await Promise.race([listen(), watch, late])
  } finally {
    disarm()
    over.abort()
    if (handover.replyTo !== undefined && (isLate || left() <= 0)) refuseLate(handover.replyTo, handover.answerUntilMs + LATE_MS, ports)
  }
}
