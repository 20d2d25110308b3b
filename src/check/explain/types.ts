// SPDX-License-Identifier: EUPL-1.2
/**
 * What an explanation is made of: things inside things, each with its name on the wire, what it means, what it says here, and where it
 * lies. Values are masked before they get in, unless the reader asked for them: no form of output can show more than another.
 * @module
 */
import type { CheckResult, Finding, Layer } from '../types.js'

export interface Words {
  readonly de: string
  readonly en: string
}

/** Bytes [from, to) of one of the documents at hand. */
export interface BytePlace {
  readonly document: string
  readonly from: number
  readonly to: number
}

/** Where only the parsed tree is at hand: inside decrypted containers. Lines and columns count from 1. */
export interface LinePlace {
  readonly inside: Words
  readonly line: number
  readonly column: number
}

export type Place = BytePlace | LinePlace

export interface Fact {
  readonly label: Words
  readonly value: string | Words
  /** Wiring that a reader rarely asks for (Ids, SOAP attributes): text leaves it out. */
  readonly quiet?: true
}

export interface Thing {
  readonly title: Words
  /** As on the wire: an element name, a header name. */
  readonly name?: string
  /** What such a thing is for. */
  readonly meaning?: Words
  /** Where it is written down. */
  readonly reference?: string
  /** What can be said of this very one. */
  readonly says: readonly Words[]
  readonly facts: readonly Fact[]
  readonly place?: Place
  /** Layers of the check that judge this thing; their verdicts and findings stand with it. */
  readonly layers: readonly Layer[]
  /** Told in a thing of its own, too, or of little interest one by one: text does not go into it. */
  readonly folded?: true
  readonly parts: readonly Thing[]
}

/** Something whose bytes are at hand. */
export interface ShownDocument {
  readonly id: string
  readonly title: Words
  readonly bytes: Uint8Array
  /** Ranges [from, to) that may be seen, ascending and apart; everything else may hold values of persons. */
  readonly visible: readonly (readonly [from: number, to: number])[]
}

export interface Explanation {
  /** As the check gave it, but for values of persons in it. */
  readonly result: Pick<CheckResult, 'sha256' | 'verdict' | 'kind' | 'messageType' | 'layers'> & { readonly findings: readonly Finding[] }
  readonly things: readonly Thing[]
  /** Where the explanation ends before the message does, and why. */
  readonly stops: readonly Words[]
  readonly documents: readonly ShownDocument[]
  readonly showsValues: boolean
}

/** A thing with what it usually lacks left out. */
export function thing(title: Words, more: Partial<Omit<Thing, 'title'>> = {}): Thing {
  return { title, says: [], facts: [], layers: [], parts: [], ...more }
}

export const words = (de: string, en: string): Words => ({ de, en })

export const fact = (de: string, en: string, value: string | Words): Fact => ({ label: { de, en }, value })

export const byteCount = (count: number): Words => words(`${count} Bytes`, `${count} bytes`)

/** What the text of an element is, and so how it may be told (element-values.ts). */
export type Holds =
  'elements' | 'text' | 'personal' | 'message-id' | 'octets' | 'content' | 'secret' | 'opaque' | 'certificate' | 'subject' | 'feedback'

/** `folded`: told in a section of its own, too. */
export type ElementWords = readonly [name: string, holds: Holds, reference: string, de: string, en: string, folded?: 'folded']
