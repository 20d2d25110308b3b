// SPDX-License-Identifier: EUPL-1.2
/**
 * What a check takes and gives: the JSON of the fixed interface of `protektor check` (product.md), plus the verdict of every layer.
 * @module
 */
import type { OpeningKeys } from '../envelope/open.js'
import type { Clock, KeyRing, Limits, TrustStore } from '../env.js'
import type { SchemaValidator } from '../xml/schema.js'
import type { ContentContext } from '../xoev/check.js'
import type { XmlElement } from '../xml/tree.js'
import type { Witness } from './seen.js'

/** Layers in the order in which they are looked at. */
export const LAYERS = [
  'mime',
  'xml',
  'osci-structure',
  'control-block',
  'transport-encryption',
  'message-signature',
  'certificates',
  'content-encryption',
  'author-signature',
  'xoev-schema',
  'xoev-head',
  'code-lists',
  'rules',
  'policy',
] as const
export type Layer = (typeof LAYERS)[number]

/** Reads layers named with commas between them. @returns the first word that names none, where there is one. */
export function readLayers(named: string): ReadonlySet<Layer> | string {
  const words = named.split(',').map((word) => word.trim())
  const isLayer = (word: string): word is Layer => LAYERS.some((layer) => layer === word)
  return words.find((word) => !isLayer(word)) ?? new Set(words.filter(isLayer))
}

/** `unchecked`: no schema, no key, no trust at hand. `error`: the check itself failed. Neither is ever taken for `valid`. */
export type Verdict = 'valid' | 'invalid' | 'unchecked' | 'error'
export type Severity = 'error' | 'warning' | 'info'

/** A row of the findings table: what a finding id means, for everybody who shows or sends it. */
export interface FindingRow {
  /** `<layer>.<rule>`, stable. */
  readonly id: string
  readonly severity: Severity
  /** Where the rule is written down. */
  readonly reference: string
  /** OSCI feedback code that the gateway answers with. */
  readonly feedback?: string
  /** Code of the XÖV rejection list. */
  readonly rueckweisung?: string
  readonly de: string
  readonly en: string
}

/** Where a line counts: in the file as given, in the message inside its encoding or its encryption, in a content item. */
export type PlaceIn = 'file' | 'unpacked' | 'decrypted' | 'content'

/** One thing found. Lines and columns count from 1. */
export interface Finding {
  readonly id: string
  readonly layer: Layer
  readonly severity: Severity
  readonly rule: string
  readonly reference: string
  readonly xpath: string | null
  readonly line: number | null
  readonly column: number | null
  /** What `line` and `column` count in. */
  readonly document: PlaceIn
  readonly message: { readonly de: string; readonly en: string }
  /** What exactly, in English; never content, never a secret. */
  readonly detail: string | null
  /** Code of the XÖV rejection that this finding would cause. */
  readonly rueckweisung: string | null
  /** The content item that the place lies in; null for the message itself. */
  readonly content: string | null
}

export interface SignatureResult {
  /** Value, digests and coverage only; trust is the layer `certificates`. */
  readonly verdict: Verdict
  /** RFC 2253. */
  readonly signer: string | null
  /** Signature method URI. */
  readonly algorithm: string | null
}

export interface XoevResult {
  readonly standard: string | null
  readonly version: string | null
  readonly messageType: string | null
  readonly verdict: Verdict
  /** Of the signature inside the document; null: there is none. */
  readonly signature: SignatureResult | null
}

export interface ContentResult {
  readonly id: string
  readonly kind: 'content' | 'attachment'
  readonly encrypted: boolean
  /** Of the decoded, decrypted content. */
  readonly bytes: number
  readonly sha256: string
  /** RFC 2253 subjects of the authors whose signature is valid. */
  readonly signedBy: readonly string[]
  /** Of all author signatures over it, the worst; null when there is none. */
  readonly signatureVerdict: Verdict | null
  readonly xoev: XoevResult | null
}

/** One checked file; `file` is added by whoever knows it. */
export interface CheckResult {
  readonly sha256: string
  readonly verdict: Verdict
  readonly kind: 'osci' | 'xoev' | 'envelope' | 'unknown'
  /** What a recorder left around it; null: nothing. */
  readonly capture: 'http' | 'mail' | 'base64' | null
  /** OSCI element name, or the XÖV root element. */
  readonly messageType: string | null
  readonly transportEncrypted: boolean
  /** null: the message stayed closed, so nobody can know. */
  readonly signed: boolean | null
  readonly messageId: string | null
  /** Wire order; of a fault its one code. */
  readonly feedback: readonly string[]
  readonly messageSignature: SignatureResult | null
  readonly contents: readonly ContentResult[]
  readonly findings: readonly Finding[]
  /** Verdict of every layer that had something to say; `unchecked` for those of {@link notAsked}. */
  readonly layers: Partial<Readonly<Record<Layer, Verdict>>>
  /** Layers that were not to be checked: they do not count for the verdict. */
  readonly notAsked: readonly Layer[]
  /** Facts of a bare XÖV document. */
  readonly xoev: XoevResult | null
}

/** Something that was opened or decoded on the way, as bytes: what lines and columns of findings count in. */
export interface OpenedLayer {
  readonly document: Exclude<PlaceIn, 'file'>
  /** Id of the content item; null for the message itself. */
  readonly content: string | null
  readonly bytes: Uint8Array
}

/** A finding on its way in: what a row cannot know. */
export interface Raised {
  readonly line?: number
  readonly column?: number
  readonly xpath?: string
  readonly element?: XmlElement
  readonly detail?: string
  readonly content?: string
}

/** Everything from outside; the engine itself reads no file, no clock and holds no key (no oracle: `POST /v1/check`). */
export interface CheckContext extends Clock {
  random(bytes: number): Uint8Array
  readonly keys: KeyRing
  /** Absent: trust is not checked and says so. */
  readonly trust?: TrustStore
  /** Moment for which certificates are judged; default `now()`. */
  readonly at?: Date
  readonly limits?: Limits
  readonly httpContentType?: string
  /** Told of everything that is opened, for whoever shows it to the owner of the keys. */
  readonly opened?: (layer: OpenedLayer) => void
  /** Told of every stage that was reached, for whoever explains the message. */
  readonly seen?: Witness
  /** Layers to check; absent: all. What they stand on runs all the same, unheard. */
  readonly layers?: ReadonlySet<Layer>
  /** Signatures are judged once more, by another implementation. */
  readonly secondOpinion?: boolean
  /** What opens protector envelopes; absent: only their open header is read. */
  readonly envelopes?: OpeningKeys
  /** Compiled from `schemas/osci12/osci12.xsd`; absent: the OSCI schema is not looked at, and the file is `unchecked`. */
  readonly osciSchema?: SchemaValidator
  /** Schema sets and code lists; absent: XML contents are not looked at. */
  readonly xoev?: Omit<ContentContext, 'limits'>
}
