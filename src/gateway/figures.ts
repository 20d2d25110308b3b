// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be said of a running gateway: sizes, states, dates, counts. Names are the configured ones; there is no content, no id, and
 * nobody's identity in it (threat model L1), since no type here has a place for them.
 * @module
 */
import type { CoreFigures } from '../core/ports.js'

/** A certificate of ours. `keyring` is a configured name, or the listener's for TLS; `use` as in the configuration. */
export interface CertificateFigure {
  readonly keyring: string
  readonly use: string
  /** ISO 8601, UTC. */
  readonly notAfter: string
}

/**
 * Something that the gateway leans on.
 *
 *   core       ok · away · persists (see {@link CoreFigures})
 *   schemas    ok · starting · fallback (the resident engine failed its test: slow, still safe) · broken (files cannot be read, or a set does
 *              not compile: what it should judge is an error; other sets serve)
 *   directory  ok · not-taken (the file was changed and is not good; the last good one is in force)
 *   dvdv       ok · away (answers come from what is kept)
 *   keyring    ok · broken (what needs it answers 503)
 *   data       ok · full, read-only, away (`dataDirectory`: nothing new can be recorded, so nothing is taken in; not ready)
 */
export interface PartFigure {
  readonly part: 'core' | 'schemas' | 'directory' | 'dvdv' | 'keyring' | 'data'
  /** Of the adapter or the keyring; empty where there is only one. */
  readonly name: string
  readonly state: 'ok' | 'starting' | 'away' | 'persists' | 'fallback' | 'not-taken' | 'broken' | 'full' | 'read-only'
}

/** An OSCI address of ours, and whether the gateway stands inside the end-to-end boundary there. */
export interface AddressEntry {
  readonly path: string
  readonly role: 'passiveRecipient' | 'intermediary'
  readonly mode: 'terminating' | 'blind'
}

export interface GatewayFigures {
  readonly version: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly state: 'not-ready' | 'ready' | 'draining'
  /** `waiting` holds configured mailboxes, `reply` for all reply mailboxes, `other` for all that this node does not know. */
  readonly core: CoreFigures
  readonly parts: readonly PartFigure[]
  readonly endpoints: readonly AddressEntry[]
  /** Keys of the configuration that are warned of at the start: weak or legacy modes, and what is unfit for production. */
  readonly warnings: readonly string[]
  readonly certificates: readonly CertificateFigure[]
  /** Threads that validate. */
  readonly schemaThreads: number
}

export type ReadFigures = () => Promise<GatewayFigures>

/** Envelopes of the mailboxes that this node was configured with; those of all others together under `other`. */
export function knownMailboxesOnly(figures: CoreFigures, known: ReadonlySet<string>): CoreFigures {
  const waiting: Record<string, number> = Object.fromEntries([...known].map((mailbox) => [mailbox, 0]))
  for (const [mailbox, count] of Object.entries(figures.waiting)) {
    const name = known.has(mailbox) || mailbox === 'reply' ? mailbox : 'other'
    waiting[name] = (waiting[name] ?? 0) + count
  }
  return { ...figures, waiting }
}
