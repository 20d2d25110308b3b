// SPDX-License-Identifier: EUPL-1.2
/**
 * `check --second-opinion`: message and author signatures once more, by an implementation that shares no canonical form and no digest with
 * ours. Where the two differ one of them is wrong, and nothing is claimed about the signature.
 * Specs: threat model §5; docs/adr/0002.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { ProtektorError } from '../errors.js'
import type { SoapEnvelope } from '../osci/types.js'
import { secondOpinion, type Opinion } from '../xml/second-opinion.js'
import { elementsOf, type XmlElement } from '../xml/tree.js'
import type { Journal } from './journal.js'
import type { Verdict } from './types.js'

/** Its time grows with the square of the elements: a second or two at this many. */
const MOST_ELEMENTS = 4000
const MOST_BYTES = 1024 * 1024

/** Why a document is not handed to the other; undefined: it may be. */
export function tooLarge(root: XmlElement, { byteLength }: Uint8Array): string | undefined {
  let elements = 0
  const waiting = [root]
  for (let e = waiting.pop(); e; e = waiting.pop()) {
    elements++
    for (const child of elementsOf(e)) waiting.push(child)
  }
  return elements > MOST_ELEMENTS || byteLength > MOST_BYTES ? `${elements} elements, ${byteLength} bytes` : undefined
}

/** A signature that we have judged. */
export interface Judged {
  readonly layer: 'message-signature' | 'author-signature'
  readonly element: XmlElement
  readonly certificate: X509Certificate
  readonly verdict: Verdict
  /** false: it was read in a form that only the reference library knows. */
  readonly isStandard: boolean
  /** Why it is not valid. */
  readonly problem?: ProtektorError
}

/** The other speaks of value and digests; who may sign, and what must be covered, are no matter of his. */
const MATHEMATICS = ['value-mismatch', 'digest-mismatch']
const isMathematical = ({ layer, verdict, problem }: Judged): boolean =>
  verdict === 'valid' || (verdict === 'invalid' && MATHEMATICS.some((rule) => problem?.finding === `${layer}.${rule}`))

const rootOf = (e: XmlElement): XmlElement => (e.parent ? rootOf(e.parent) : e)

function opinionOn({ element, certificate, isStandard }: Judged, { document, parts }: SoapEnvelope): Opinion {
  const bytes = parts.root.body
  const sealed = rootOf(element) === document.root ? undefined : 'the signature lies in content that was sealed'
  const form = isStandard ? undefined : 'a digest was made without the namespace declarations of the canonical form'
  const reason = sealed ?? form ?? tooLarge(document.root, bytes)
  return reason === undefined ? secondOpinion(bytes, certificate.toString(), element.start) : { verdict: 'error', reasons: [reason] }
}

const FINDINGS = {
  'message-signature': {
    same: 'message-signature.second-opinion',
    other: 'message-signature.second-opinion-differs',
    none: 'message-signature.no-second-opinion',
  },
  'author-signature': {
    same: 'author-signature.second-opinion',
    other: 'author-signature.second-opinion-differs',
    none: 'author-signature.no-second-opinion',
  },
} as const

/** Says of each signature whose mathematics we have judged whether the other comes to the same, or that it has no verdict. */
export function askSecondOpinion(signatures: readonly Judged[], envelope: SoapEnvelope, journal: Journal): void {
  for (const judged of signatures.filter(isMathematical)) {
    const { layer, element, verdict: ours } = judged
    const { verdict, reasons } = opinionOn(judged, envelope)
    if (verdict === 'error') journal.raise(FINDINGS[layer].none, { element, detail: reasons.join('; ') })
    else if (verdict === ours) journal.raise(FINDINGS[layer].same, { element })
    else journal.raise(FINDINGS[layer].other, { element, detail: [`${ours}, ${verdict}`, ...reasons].join('; ') })
  }
}
