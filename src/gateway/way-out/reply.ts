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
import { sealEnvelope } from '../../envelope/seal.js'
import type { EnvelopeContent, OpenedEnvelope, OsciEvidence } from '../../envelope/types.js'
import type { GatewayPorts } from '../ports.js'
import type { Reason } from '../recipient/verdict.js'
import type { Fate } from './fate.js'
import type { IncomingReply } from './incoming.js'

const ANSWER_TTL_SECONDS = 30

type Saying = Pick<EnvelopeContent, 'kind' | 'outcome' | 'parts' | 'xoev' | 'osci'>

/** A text of blanks has no place in an envelope. */
const written = (reasons: readonly Reason[]) => reasons.map(({ code, text }) => ({ code, ...(text.trim() === '' ? {} : { text }) }))

/** @throws {CoreError} {EnvelopeError} the envelope asks for an answer, and it could not be put. */
async function say(asked: OpenedEnvelope, saying: Saying, { identity, clock, core, random }: GatewayPorts): Promise<void> {
  const { replyTo, replyKey } = asked
  if (replyTo === undefined || replyKey === undefined) return
  const header = { id: Buffer.from(random(18)).toString('base64url'), to: replyTo, ttlSeconds: ANSWER_TTL_SECONDS }
  const body = await sealEnvelope(
    { header, ...saying, sender: identity.participant, inReplyTo: asked.header.id, createdAt: clock.now().toISOString() },
    { recipient: replyKey, sender: identity.signing },
    random,
  )
  await core.put({ ...header, sender: identity.participant, body })
}

/** @param evidence of the answer, where a regular one came. */
export async function sayNotice(asked: OpenedEnvelope, fate: Fate, evidence: OsciEvidence | undefined, ports: GatewayPorts): Promise<void> {
  const status = fate.outcome === 'done' ? 'accepted' : 'rejected'
  const outcome = { status, reasons: written(fate.reasons) } as const
  await say(asked, { kind: 'notice', outcome, parts: [], ...(evidence ? { osci: evidence } : {}) }, ports)
}

/** The last word after an accepted notice; without parts where the party had nothing to say. */
export async function sayResult(
  asked: OpenedEnvelope,
  reply: IncomingReply | undefined,
  evidence: OsciEvidence | undefined,
  ports: GatewayPorts,
): Promise<void> {
  const osci = reply?.evidence ?? evidence
  const xoev = reply?.xoev
  const saying = { kind: 'result' as const, outcome: { status: 'done' as const }, parts: reply?.parts ?? [] }
  await say(asked, { ...saying, ...(xoev ? { xoev } : {}), ...(osci ? { osci } : {}) }, ports)
}
