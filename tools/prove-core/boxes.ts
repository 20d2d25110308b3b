// SPDX-License-Identifier: EUPL-1.2
/**
 * What the proof is run on: the mailboxes, what each process is told, and what it writes down.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { MailboxPolicy } from '../../src/core/ports.js'

export interface Box {
  readonly address: string
  readonly policy: MailboxPolicy
  /** Of all envelopes. */
  readonly share: number
  /** Connections of each taker that stand at this mailbox. */
  readonly lanes: number
  /** Pause of a lane before the next take, at random up to this; 0: it waits at the core instead. */
  readonly pauseMs: number
}

/** Two that are emptied at once, one with leases, one where takers look in so seldom that the deadline often wins. */
export const BOXES: readonly Box[] = [
  { address: 'prove:first', policy: { ttlSeconds: 10, handover: 'at-most-once' }, share: 0.44, lanes: 2, pauseMs: 0 },
  { address: 'prove:second', policy: { ttlSeconds: 10, handover: 'at-most-once' }, share: 0.44, lanes: 2, pauseMs: 0 },
  { address: 'prove:leased', policy: { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 1 }, share: 0.1, lanes: 1, pauseMs: 0 },
  { address: 'prove:late', policy: { ttlSeconds: 1, handover: 'at-most-once' }, share: 0.02, lanes: 1, pauseMs: 2500 },
]

/** How long a hand-over may take before the core calls it `unknown`. */
export const HANDOVER_SECONDS = 3

export const PARTICIPANTS = { sender: 'portal-1', taker: 'register-1' } as const

/** `<run><box>-<number>`: says by itself to which mailbox it went. @param run eight characters, other ones in every run */
export function envelopeId(run: string, box: number, number: number): string {
  return `${run}${box}-${String(number).padStart(16, '0')}`
}

export function boxOf(id: string): Box {
  const box = BOXES[Number(id[8])]
  if (box === undefined) throw new Error(`no id of this run: ${id}`)
  return box
}

/** Told to every process of a run; lies in the run's folder as `run.json`. Paths are absolute. */
export interface Setting {
  readonly folder: string
  readonly run: string
  readonly urls: readonly string[]
  readonly envelopes: number
  readonly putters: number
  readonly takers: number
}

/** Of the putter `index`. `a`: accepted (201) · `x`: no answer, so nobody knows · `o`: an outcome that its sender was told. */
export type PutNote = readonly ['a' | 'x', string] | readonly ['o', string, string]

/** Of a taker. `r`: first byte of an envelope arrived · `c`: is about to confirm · `d`: is about to refuse. */
export type TakeNote = readonly ['r' | 'c' | 'd', string]

export function readSetting(): { readonly setting: Setting; readonly index: number } {
  const [, , folder = '', index = '0'] = process.argv
  return { setting: JSON.parse(readFileSync(`${folder}/run.json`, 'utf8')) as Setting, index: Number(index) }
}
