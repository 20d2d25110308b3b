// SPDX-License-Identifier: EUPL-1.2
/**
 * What a deviation is: one thing wrong with one message, where it can be made, and what has to answer it.
 *
 *   request bent ──► supplier answers one of `codes`         `fault 9400`, `9601` (feedback), `http 413`
 *   answer bent  ──► the asker sees `finding` and `code`; an intermediary tells its client `onward` (osci-1.2 §9.7)
 * @module
 */
import type { Layer } from '../check/types.js'
import type { MessageType, RequestName } from '../osci/messages.js'
import type { Bend } from './bend.js'

export interface Words {
  readonly de: string
  readonly en: string
}

/** Where a request stands that is to be bent. */
export interface Where {
  readonly type: MessageType
  readonly inDialog: boolean
  readonly signed: boolean
  readonly encrypted: boolean
}

export interface Deviation {
  readonly name: string
  readonly layer: Layer | 'http'
  readonly text: Words
  readonly reference: string
  readonly bend: Bend
  /** `message`: seen before anybody knows which exchange it is, so that it is tried with one of them. */
  readonly scope: 'message' | 'exchange'
  /** Exchanges it makes sense for; absent: all. */
  readonly only?: readonly RequestName[]
  readonly fits?: (where: Where) => boolean
  /** Needs a right request before it in the same dialog. */
  readonly second?: true
  /** Seen only when the request is executed. */
  readonly executes?: true
  /** What it breaks is for the profile to demand. */
  readonly policy?: 'signed' | 'encrypted'
  /** A regular answer that says no: nothing is wrong with the dialog. */
  readonly refusal?: true
  /** The finding that our own reading of the message makes of it. */
  readonly finding: string
  /** What a supplier may answer; absent: it is no deviation of a request. */
  readonly request?: readonly string[]
  /** Absent: it is none of an answer. */
  readonly answer?: { readonly code?: string; readonly finding: string; readonly onward: string }
}

interface Row extends Pick<Deviation, 'second' | 'executes' | 'refusal'> {
  readonly reference: string
  readonly finding: string
  readonly bend: Bend
  readonly only?: readonly RequestName[]
  readonly fits?: (where: Where) => boolean
}

type Made = (name: string, de: string, en: string, row: Row) => Deviation

/** §9.7: a wrong signature of the recipient is 9807, everything else that is no usable answer 9810. */
const onwardOf = (code: string): string => (code.startsWith('96') ? '9807' : '9810')

/**
 * Rows of one layer that is judged alike in both directions.
 * @param codes of a request, the usual one first; a fault up to 9503, feedback from 9600 on.
 */
export const both =
  (layer: Deviation['layer'], scope: Deviation['scope'], ...codes: readonly [string, ...string[]]): Made =>
  (name, de, en, row) => ({
    name,
    layer,
    scope,
    text: { de, en },
    ...row,
    request: codes.map(token),
    answer: { code: codes[0], finding: row.finding, onward: onwardOf(codes[0]) },
  })

export const inRequest =
  (layer: Deviation['layer'], scope: Deviation['scope'], ...codes: readonly [string, ...string[]]): Made =>
  (name, de, en, row) => ({ name, layer, scope, text: { de, en }, ...row, request: codes.map(token) })

export const inAnswer =
  (layer: Deviation['layer'], code: string, onward = onwardOf(code)): Made =>
  (name, de, en, row) => ({ name, layer, scope: 'exchange', text: { de, en }, ...row, answer: { code, finding: row.finding, onward } })

/** Codes up to 9503 travel as faults (osci-1.2 §8.1). */
export const token = (code: string): string => (/^9[0-5]/.test(code) && !/^9[6-9]/.test(code) ? `fault ${code}` : code)
