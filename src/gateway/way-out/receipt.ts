// SPDX-License-Identifier: EUPL-1.2
/**
 * Takes an envelope over from the core: opened and proven, then held until its fate is known.
 *
 *   at most once        claimed and confirmed before anything leaves: the core says *delivered*, the rest is for notices and the log
 *   lease and confirm   done ─► confirm      refused, not taken ─► refuse(code)      unknown ─► held beyond its life, then given up
 *
 * A lease outlives every envelope of its mailbox: what may have been processed must not come back to be sent again.
 * Specs: product.md, "The core", Decisions, "lease and confirm"; threat model J1–J3, P1.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Claim } from '../../core/ports.js'
import { trustedSenders } from '../../envelope/keys.js'
import { openEnvelope } from '../../envelope/open.js'
import type { OpenedEnvelope } from '../../envelope/types.js'
import { ProtektorError } from '../../errors.js'
import type { Fate, FateName } from './fate.js'
import type { WayOut, WayOutHouse } from './ports.js'

const SPARE_SECONDS = 30
const MAX_LEASE_SECONDS = 3600
/** Codes that a core takes as reason. */
const REASON = /^[A-Za-z0-9._-]{1,40}$/

/** Lease for the envelopes of a mailbox; without effect where they are handed out at most once. */
export const leaseMs = ({ mailbox, answerWithinSeconds }: WayOut, { ports }: Pick<WayOutHouse, 'ports'>): number =>
  Math.min(MAX_LEASE_SECONDS, Math.max(60, ports.mailboxTtlSeconds(mailbox)) + answerWithinSeconds + SPARE_SECONDS) * 1000

/**
 * Opens with our key, for this mailbox, by a registered participant: the one that put it.
 * @throws {ProtektorError} `envelope.…`, `policy.not-an-outgoing-envelope`
 */
export async function openClaimed({ envelope }: Claim, { way, ports }: WayOutHouse): Promise<OpenedEnvelope> {
  const sender = async (kid: string, id: string) => {
    const participant = ports.directory.participant(id)
    return participant && trustedSenders([participant])(kid, id)
  }
  // the core wipes its copy when the claim ends
  const bytes = Uint8Array.from(envelope.body)
  const expected = { id: envelope.id, to: way.mailbox, now: ports.clock.now() }
  const opened = await openEnvelope(bytes, { recipient: [ports.identity.receiving], sender }, expected)
  const isOurs = opened.kind === 'request' || opened.kind === 'message'
  if (!isOurs || opened.sender !== envelope.sender || opened.replyTo !== envelope.replyTo)
    throw new ProtektorError('policy.not-an-outgoing-envelope', 'the envelope is none that may leave here')
  return opened
}

/** Key in the table of used ids: an envelope leaves once, also when a core loses its memory. */
export const usedKey = ({ sender, header }: OpenedEnvelope): string =>
  createHash('sha256')
    .update(JSON.stringify(['way-out', sender, header.id]))
    .digest('base64url')

const reasonOf = ({ outcome, reasons }: Fate): string => {
  const code = reasons[0]?.code ?? ''
  return REASON.test(code) ? code : outcome
}

type Settle = (claim: Claim, fate: Fate, house: WayOutHouse) => Promise<void>

/** Beyond its life the core calls it unknown; before, it would hand it out again. */
const giveUp: Settle = async (claim, _fate, { own, ports }) => {
  await own.sleep(claim.remainingMs + 100, ports.stopping)
  if (!ports.stopping.aborted) await claim.broken()
}

const SETTLE: Readonly<Record<FateName, Settle>> = {
  done: (claim) => claim.confirm(),
  refused: (claim, fate) => claim.refuse(reasonOf(fate)),
  'not-taken': (claim, fate) => claim.refuse(reasonOf(fate)),
  unknown: giveUp,
}

/** Tells the core what became of a leased envelope. At most once: it was told when it was taken. */
export async function settleClaim(claim: Claim, fate: Fate, house: WayOutHouse): Promise<void> {
  if (claim.leaseMs !== undefined) await SETTLE[fate.outcome](claim, fate, house)
}
