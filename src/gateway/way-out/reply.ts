// SPDX-License-Identifier: EUPL-1.2
/**
 * What the sender of an envelope hears: a notice, then the result.
 *
 *   done      notice accepted (the feedback's codes) ─► result done (parts, where the party answered with content)
 *   else      notice rejected (reasons of the fate), and nothing after it
 *
 * Both are sealed for the key that the envelope names, signed by the gateway, and put into the reply mailbox that it names.
 * Specs: product.md, story 4; docs/envelope.md §5; docs/way-out.md.
 * @module
 */
import type { StoredEnvelope } from '../../core/ports.js'
import { EnvelopeError } from '../../envelope/errors.js'
import { sealEnvelope } from '../../envelope/seal.js'
import type { EnvelopeContent, OpenedEnvelope, OsciEvidence } from '../../envelope/types.js'
import type { GatewayPorts } from '../ports.js'
import type { Reason } from '../recipient/verdict.js'
import type { Fate } from './fate.js'
import type { IncomingReply } from './incoming.js'

const ANSWER_TTL_SECONDS = 30
/** Findings of content that is more than an envelope has room for. */
const NO_ROOM: ReadonlySet<string> = new Set(['envelope.metadata', 'envelope.size'])

type Saying = Pick<EnvelopeContent, 'kind' | 'outcome' | 'parts' | 'xoev' | 'osci'>

/** A text of blanks has no place in an envelope. */
const written = (reasons: readonly Reason[]) => reasons.map(({ code, text }) => ({ code, ...(text.trim() === '' ? {} : { text }) }))

/** @returns undefined: the envelope asks for no answer. @throws {EnvelopeError} what is to be said fits no envelope. */
async function sealed(
  asked: OpenedEnvelope,
  saying: Saying,
  { identity, clock, random }: GatewayPorts,
): Promise<StoredEnvelope | undefined> {
  const { replyTo, replyKey } = asked
  if (replyTo === undefined || replyKey === undefined) return undefined
  const header = { id: Buffer.from(random(18)).toString('base64url'), to: replyTo, ttlSeconds: ANSWER_TTL_SECONDS }
  const { participant, signing } = identity
  const seal = (what: Saying): Promise<Uint8Array> =>
    sealEnvelope(
      { header, ...what, sender: participant, inReplyTo: asked.header.id, createdAt: clock.now().toISOString() },
      { recipient: replyKey, sender: signing },
      random,
    )
  const { osci, ...bare } = saying
  const body = await seal(saying).catch((error: unknown) => {
    // names and process cards of a party may be longer than evidence has room for: that costs the evidence, not the answer
    if (osci !== undefined && error instanceof EnvelopeError && NO_ROOM.has(error.finding)) return seal(bare)
    throw error
  })
  return { ...header, sender: participant, body }
}

/**
 * @param evidence of the answer, where a regular one came.
 * @throws {CoreError} {EnvelopeError} the envelope asks for an answer, and it could not be put.
 */
export async function sayNotice(asked: OpenedEnvelope, fate: Fate, evidence: OsciEvidence | undefined, ports: GatewayPorts): Promise<void> {
  const status = fate.outcome === 'done' ? 'accepted' : 'rejected'
  const outcome = { status, reasons: written(fate.reasons) } as const
  const notice = await sealed(asked, { kind: 'notice', outcome, parts: [], ...(evidence ? { osci: evidence } : {}) }, ports)
  if (notice) await ports.core.put(notice)
}

/**
 * The last word after an accepted notice; without parts where the party had nothing to say. Sealed before the notice is put: *accepted*
 * is not said of what has no room in an envelope.
 * @returns undefined: the envelope asks for no answer. @throws {EnvelopeError} the answer fits no envelope.
 */
export async function sealResult(
  asked: OpenedEnvelope,
  reply: IncomingReply | undefined,
  evidence: OsciEvidence,
  ports: GatewayPorts,
): Promise<StoredEnvelope | undefined> {
  const osci = reply?.evidence ?? evidence
  const xoev = reply?.xoev
  const saying = { kind: 'result' as const, outcome: { status: 'done' as const }, parts: reply?.parts ?? [], osci }
  return sealed(asked, { ...saying, ...(xoev ? { xoev } : {}) }, ports)
}
