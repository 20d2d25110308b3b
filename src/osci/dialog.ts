// SPDX-License-Identifier: EUPL-1.2
/**
 * Explicit dialogs as a reducer: what the supplier knows of one, and what the next request must carry.
 *
 *            initDialog              request: ConversationId, SequenceNumber n+1, Response = our last Challenge
 *   (none) ───────────► OPEN(-1, c) ──────────────────────────────────────────────────────────────────────► OPEN(n+1, c')
 *
 * Anything else is 9400 and leaves the state as it was. Specs: osci-1.2 §3.2–3.7; threat model P2.
 * @module
 */
import { timingSafeEqual } from 'node:crypto'
import { DialogError } from '../errors.js'
import type { ControlBlock } from './types.js'

export interface Dialog {
  /** Digits, at most 39. */
  readonly conversationId: string
  /** Of the last accepted request; -1 after initDialog. */
  readonly sequenceNumber: number
  /** Ours, outstanding: what the next request's Response must equal, as a string. */
  readonly challenge: string
}

/** 128 bit of chance as decimal digits, never a JavaScript number. */
export function newConversationId(random: (bytes: number) => Uint8Array): string {
  return BigInt('0x' + Buffer.from(random(16)).toString('hex')).toString(10)
}

/** 16 bytes of chance, Base64. */
export const newChallenge = (random: (bytes: number) => Uint8Array): string => Buffer.from(random(16)).toString('base64')

/** Compares opaque texts without telling by time where they differ. */
export function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')]
  return x.length === y.length && timingSafeEqual(x, y)
}

/**
 * The state after a request.
 * @param challenge our next one.
 * @throws {DialogError} 9400 another conversation, number or response.
 */
export function stepDialog(state: Dialog, block: ControlBlock, challenge: string): Dialog {
  if (block.conversationId === undefined || !sameText(block.conversationId, state.conversationId))
    throw new DialogError('control-block.wrong-conversation-id', 'the request belongs to another dialog')
  if (block.response === undefined || !sameText(block.response, state.challenge))
    throw new DialogError('control-block.wrong-response', 'Response is not the last Challenge')
  if (block.sequenceNumber !== state.sequenceNumber + 1)
    throw new DialogError('control-block.wrong-sequence-number', 'SequenceNumber is not the next one')
  return { ...state, sequenceNumber: block.sequenceNumber, challenge }
}
