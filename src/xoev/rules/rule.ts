// SPDX-License-Identifier: EUPL-1.2
/**
 * A rule over an XÖV document: a row of the findings table that knows how to look. It reads the parsed document and its head, never
 * bytes; what it throws is a failure of its layer, never of the message.
 * @module
 */
import type { XmlDocument, XmlElement } from '../../xml/tree.js'
import type { XoevHead } from '../header.js'
import type { SchemaTypes } from '../schema-types.js'
import type { XoevProfile } from '../standards.js'

/** A row of the findings table of the XÖV layers. */
export interface XoevFinding {
  /** `<layer>.<rule>`, stable. */
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  /** Code that a rejection would carry. */
  readonly rueckweisung?: string
  readonly de: string
  readonly en: string
}

/** `detail` is English and holds no content of the message. */
export interface RuleHit {
  readonly element: XmlElement
  readonly detail?: string
}

export interface RootView {
  readonly document: XmlDocument
  readonly profile: XoevProfile
}

export interface HeadView extends RootView {
  readonly head: XoevHead
  /** The moment that counts for dates; absent: none does. */
  readonly at?: Date
  /** For times without a zone. */
  readonly timeZone: string
}

export interface BodyView {
  readonly document: XmlDocument
  readonly head?: XoevHead
  readonly types: SchemaTypes
}

export interface XoevRule<View> extends XoevFinding {
  run(view: View): Iterable<RuleHit>
}

/** The row alone, for tables and documents. */
export const rowOf = ({ id, severity, reference, rueckweisung, de, en }: XoevFinding): XoevFinding => ({
  id,
  severity,
  reference,
  ...(rueckweisung === undefined ? {} : { rueckweisung }),
  de,
  en,
})
