// SPDX-License-Identifier: EUPL-1.2
/**
 * One envelope from the core to the OSCI party and back.
 *
 *   open ─► service ─► content ─► used id ─► dialog, delivery ─► answer ─► notice, result ─► claim settled
 *    └ T020     └ T080, T070   └ X…, T020      └ nothing leaves twice
 *
 * Whatever fails has one end: a fate, said to the sender, to the core and to the log. Nothing here throws.
 * Specs: product.md, story 6; docs/way-out.md.
 * @module
 */
import type { Claim, StoredEnvelope } from '../../core/ports.js'
import type { ServiceEntry } from '../../directory/ports.js'
import type { OpenedEnvelope, OsciEvidence } from '../../envelope/types.js'
import { feedbackRow } from '../../osci/feedback.js'
import { DeliveryRefused } from '../recipient/verdict.js'
import { errorCodeOf, findingOf } from '../render-error.js'
import { outgoingContent, type OutgoingContent } from './content.js'
import { WAYS, type Delivered } from './delivery.js'
import { fateOfBadReply, fateOfFailure, fateOfFeedback, type Fate } from './fate.js'
import { evidenceOfAnswer, incomingReply, type IncomingReply } from './incoming.js'
import { beginOuting, type Outing } from './outing.js'
import { identityOf, peerOf, stationOf } from './parties.js'
import type { WayOutHouse } from './ports.js'
import { openClaimed, settleClaim, usedKey } from './receipt.js'
import { sayNotice, sealResult } from './reply.js'
import { serviceOf } from './entry.js'

/** A reply mailbox outlives its envelope by 60 s (core); sealing and putting need some of it. */
const REPLY_LIFE_MS = 58_000

interface Ending {
  readonly fate: Fate
  readonly evidence?: OsciEvidence
  readonly reply?: IncomingReply
  /** Of what is done: the last word for the sender, if it wants one. */
  readonly result?: StoredEnvelope
  readonly messageId?: string
  readonly messageType?: string
  readonly mode?: ServiceEntry['mode']
  readonly error?: unknown
}

/** Sends what was prepared; the answer as the party gave it. */
function send(envelope: OpenedEnvelope, entry: ServiceEntry, content: OutgoingContent, outing: Outing, house: WayOutHouse) {
  const { way, own, ports } = house
  const how = WAYS[entry.delivery]
  const subject = envelope.subject ?? entry.subject
  return how.send({
    caller: own.caller,
    identity: identityOf(way, how.role, ports),
    peer: peerOf(stationOf(entry, how.station), way, outing.leftMs()),
    entry,
    parts: content.parts,
    ...(subject === undefined ? {} : { subject }),
    newMessageId: own.newMessageId,
    now: () => ports.clock.now(),
    outing,
  })
}

async function judge(
  envelope: OpenedEnvelope,
  delivered: Delivered,
  sent: OutgoingContent,
  entry: ServiceEntry,
  house: WayOutHouse,
): Promise<Ending> {
  const { way, ports } = house
  const { brokeDown } = WAYS[entry.delivery]
  const about = {
    evidence: evidenceOfAnswer(delivered, entry.mode),
    messageType: delivered.message.type,
    mode: entry.mode,
    ...(delivered.messageId === undefined ? {} : { messageId: delivered.messageId }),
  }
  const fate = fateOfFeedback({ feedback: delivered.feedback, received: delivered.received, brokeDown })
  if (fate.outcome !== 'done') return { ...about, fate }
  try {
    const reply = await incomingReply({ delivered, sent, way, ports }, entry.mode)
    const result = await sealResult(envelope, reply, about.evidence, ports)
    return { ...about, fate, ...(reply ? { reply } : {}), ...(result ? { result } : {}) }
  } catch (error) {
    return { ...about, fate: fateOfBadReply(error), error }
  }
}

/** @throws {DeliveryRefused} this very envelope left before. */
async function enterUsed(envelope: OpenedEnvelope, { ports }: WayOutHouse): Promise<string> {
  const key = usedKey(envelope)
  if (await ports.repeats.enter([key])) {
    const text = 'this envelope was sent before'
    throw new DeliveryRefused('policy.repeated-envelope', text, { reasons: [{ code: 'S100', text }] })
  }
  return key
}

const REPEATS = { done: 'delivered', refused: 'not-delivered', 'not-taken': 'not-delivered', unknown: 'unknown' } as const

async function travel(envelope: OpenedEnvelope, outing: Outing, house: WayOutHouse): Promise<Ending> {
  let mode: ServiceEntry['mode'] | undefined
  let key: string | undefined
  let ending: Ending
  try {
    const entry = await outing.before(serviceOf(house.way, house.own.services))
    mode = entry.mode
    const { role } = WAYS[entry.delivery]
    const content = await outgoingContent({ envelope, entry, way: house.way, role, ports: house.ports })
    key = await enterUsed(envelope, house)
    ending = await judge(envelope, await send(envelope, entry, content, outing, house), content, entry, house)
  } catch (error) {
    ending = { fate: fateOfFailure(error, outing.delivering), error, ...(mode === undefined ? {} : { mode }) }
  }
  if (key !== undefined) await house.ports.repeats.settle([key], REPEATS[ending.fate.outcome]).catch(() => undefined)
  return ending
}

/** The sender hears it: the notice, and the party's answer also where the notice could not be put. @returns what first kept it from hearing. */
async function tell(envelope: OpenedEnvelope, { fate, evidence, result }: Ending, { ports }: WayOutHouse): Promise<unknown> {
  const failures: unknown[] = []
  const tried = (saying: Promise<void>): Promise<unknown> => saying.catch((error: unknown) => failures.push(error))
  await tried(sayNotice(envelope, fate, evidence, ports))
  if (result) await tried(ports.core.put(result))
  return failures[0]
}

interface Recorded extends Ending {
  readonly claim: Claim
  readonly startedMs: number
  /** Absent: it could not be opened. */
  readonly sender?: string
}

function record({ claim, startedMs, sender, fate, error, mode, messageType, messageId, reply }: Recorded, house: WayOutHouse): void {
  const { way, ports } = house
  // words of the party's stay out of log and metrics; of its codes only those that OSCI knows
  const feedback = fate.reasons.map(({ code }) => code).filter((code) => feedbackRow(code) !== undefined)
  const findings = [...(reply?.findings ?? []), ...(error === undefined ? [] : [findingOf(error)])]
  ports.metrics.delivery('wayOut', fate.outcome)
  for (const code of feedback) if (code.startsWith('9')) ports.metrics.refusal(code)
  ports.log.write(fate.outcome === 'done' ? 'info' : 'warn', 'way-out', {
    envelopeId: claim.envelope.id,
    role: 'wayOut',
    ...(mode === undefined ? {} : { mode }),
    endpoint: way.mailbox,
    peer: way.peer.name,
    ...(sender === undefined ? {} : { participant: sender }),
    ...(messageType === undefined ? {} : { messageType }),
    ...(messageId === undefined ? {} : { messageId }),
    feedback,
    findings,
    ...(error === undefined ? {} : { error: errorCodeOf(error) }),
    bytes: claim.envelope.body.byteLength,
    durationMs: Math.round(ports.clock.monotonicMs() - startedMs),
    outcome: fate.outcome,
  })
}

const lost = (event: string, envelopeId: string, error: unknown, { ports }: WayOutHouse): void =>
  ports.log.write('error', event, { envelopeId, role: 'wayOut', findings: [findingOf(error)], error: errorCodeOf(error) })

/** Ends when the sender, the core and the log know; only the giving up of a leased envelope whose fate is unknown may take longer. */
export async function leave(claim: Claim, house: WayOutHouse): Promise<void> {
  const { way, ports } = house
  const startedMs = ports.clock.monotonicMs()
  const { id } = claim.envelope
  let envelope: OpenedEnvelope
  try {
    envelope = await openClaimed(claim, house)
  } catch (error) {
    await claim.refuse('T020').catch((cause: unknown) => lost('claim-lost', id, cause, house))
    return record({ claim, startedMs, fate: { outcome: 'refused', reasons: [{ code: 'T020', text: '' }] }, error }, house)
  }
  if (claim.leaseMs === undefined) {
    try {
      await claim.confirm()
    } catch (error) {
      // somebody waited too long between claim and now: whose it is nobody knows, so it does not leave
      return lost('claim-lost', id, error, house)
    }
  }
  const patienceMs = Math.min(way.answerWithinSeconds * 1000, claim.remainingMs + REPLY_LIFE_MS)
  const outing = beginOuting(startedMs + claim.remainingMs, startedMs + patienceMs, house)
  const ending = await travel(envelope, outing, house)
  const unheard = await tell(envelope, ending, house)
  if (unheard !== undefined) lost('way-out-reply-lost', id, unheard, house)
  record({ ...ending, claim, startedMs, sender: envelope.sender }, house)
  const settled = settleClaim(claim, ending.fate, house).catch((error: unknown) => lost('claim-lost', id, error, house))
  // what is unknown is held beyond its life; that needs nobody's waiting
  await Promise.all([outing.end(), ...(ending.fate.outcome === 'unknown' ? [] : [settled])])
}
