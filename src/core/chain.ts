// SPDX-License-Identifier: EUPL-1.2
/**
 * Outcome records as exact bytes, and the chain they form: each record names its node, counts on from the one before and carries that
 * one's SHA-256. A record that was left out, changed or written twice shows. Neither sender nor content is in it.
 *
 *   record 1 ── prev AAAA…        record 2 ── prev sha256(bytes of 1)        record 3 ── prev sha256(bytes of 2)
 *
 * The bytes are the payload of the signed record; whoever holds the JWS of a node's records can check the chain without us.
 * @module
 */
import { hash } from 'node:crypto'
import type { Outcome, OutcomeLink, OutcomeRecord } from './ports.js'

/** A record as it leaves: without the participant that put the envelope. */
export type OutcomeFacts = Omit<OutcomeRecord, 'sender'>

/** Where a node's chain stands: number and hash of its last record. */
export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['waiting', 'delivered', 'expired', 'refused', 'unknown'])

/** Base64url of 32 zero bytes: what the first record of a node follows. */
export const CHAIN_START: ChainHead = { seq: 0, hash: 'A'.repeat(43) }

/**
 * The exact bytes of a record: UTF-8 JSON without white space, members in the order id, outcome, claimed, reason?, at, node?, seq?, prev?.
 * This, and nothing else, is the payload of an outcome record's JWS (`typ: protektor-outcome+jws`) and what the chain hashes.
 */
export function outcomePayload(record: OutcomeFacts): Uint8Array {
  return new TextEncoder().encode(textOf(record))
}

function textOf({ id, outcome, claimed, reason, at, link }: OutcomeFacts): string {
  return JSON.stringify({ id, outcome, claimed, reason, at, node: link?.node, seq: link?.seq, prev: link?.prev })
}

/** @returns base64url SHA-256 of the record's payload: the `prev` of its successor. */
export function outcomeHash(record: OutcomeFacts): string {
  return hash('sha256', textOf(record), 'base64url')
}

/** @returns the record as the next one of the chain, and where the chain stands with it. */
export function linked(head: ChainHead, node: string, record: OutcomeRecord): { readonly record: OutcomeRecord; readonly head: ChainHead } {
  const link: OutcomeLink = { node, seq: head.seq + 1, prev: head.hash }
  const next = { ...record, link }
  return { record: next, head: { seq: link.seq, hash: outcomeHash(next) } }
}

/**
 * Reads a payload back. Only the exact bytes are accepted: what reads differently would hash differently.
 * @throws {TypeError} it is no outcome record.
 */
export function readOutcome(payload: Uint8Array): OutcomeFacts {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  if (typeof value !== 'object' || value === null) throw new TypeError('This is no outcome record.')
  const { id, outcome, claimed, reason, at, node, seq, prev } = value as Partial<Record<string, unknown>>
  const wellFormed = typeof id === 'string' && typeof claimed === 'boolean' && typeof at === 'string' && OUTCOMES.has(String(outcome))
  const facts = {
    id,
    outcome: outcome as Outcome,
    claimed,
    ...(reason === undefined ? {} : { reason }),
    at,
    ...(node === undefined ? {} : { link: { node, seq, prev } }),
  } as OutcomeFacts
  if (!wellFormed || Buffer.compare(outcomePayload(facts), payload) !== 0) throw new TypeError('This is no outcome record.')
  return facts
}

/** `gap`: records before it are missing. `fork`: its place is taken, or it does not follow the record before it. */
export type ChainRule = 'unlinked' | 'gap' | 'fork' | 'settled-twice'

export interface ChainFault {
  readonly rule: ChainRule
  readonly id: string
  readonly link?: OutcomeLink
}

/**
 * Checks records of any number of nodes, each node's in order. A chain may begin late (what is older than the retention is gone), but a
 * first record must follow nothing.
 * @returns nothing when every record follows its predecessor and no id settled twice.
 */
export function verifyChain(records: Iterable<OutcomeFacts>): readonly ChainFault[] {
  const faults: ChainFault[] = []
  const heads = new Map<string, ChainHead>()
  const ids = new Set<string>()
  for (const record of records) {
    const { id, link } = record
    const say = (rule: ChainRule): void => void faults.push({ rule, id, ...(link === undefined ? {} : { link }) })
    if (ids.has(id)) say('settled-twice')
    ids.add(id)
    if (link === undefined) {
      say('unlinked')
      continue
    }
    const head = link.seq === 1 ? (heads.get(link.node) ?? CHAIN_START) : heads.get(link.node)
    if (head !== undefined && link.seq > head.seq + 1) say('gap')
    else if (head !== undefined && (link.seq <= head.seq || link.prev !== head.hash)) say('fork')
    if (head === undefined || link.seq > head.seq) heads.set(link.node, { seq: link.seq, hash: outcomeHash(record) })
  }
  return faults
}
