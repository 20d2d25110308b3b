// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings and layer verdicts while a document is checked. Details hold no content of the message.
 * @module
 */
import { xpathWriter, type XmlElement } from '../xml/tree.js'
import { xoevFinding } from './findings.js'
import type { XoevRule } from './rules/rule.js'

/** One thing found. `xpath`, `line` and `column` (from 1) are places in the bytes that were given. */
export interface Finding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly xpath?: string
  readonly line?: number
  readonly column?: number
  /** English, for people who repair messages; values are masked. */
  readonly detail?: string
}

export type LayerVerdict = 'valid' | 'invalid' | 'unchecked' | 'error'

const RANK: readonly LayerVerdict[] = ['valid', 'unchecked', 'error', 'invalid']

/** The one that counts: invalid before error before unchecked before valid [product.md "Fixed interface"]. */
export function worst(verdicts: readonly LayerVerdict[]): LayerVerdict {
  return RANK[Math.max(0, ...verdicts.map((v) => RANK.indexOf(v)))] ?? 'error'
}

/** Longer sentences list whole code lists, of which nobody reads the rest. */
const MOST_CHARACTERS = 2000

/**
 * Takes values out of the engine's sentences: they are content of the message, often of persons. A long value is cut by the engine, and
 * its sentence with it: then everything from its beginning goes.
 */
export function masked(message: string): string {
  const bare = message
    .replace(/(The (?:QName )?value )'(?:[\s\S]*'(?= (?:is|has|does|must|of)\b)|[\s\S]*)/, "$1'…'")
    .replace(/^((?:Element|Attribute) '[^']*'(?:, attribute '[^']*')?: )'(?:[\s\S]*'(?= is not )|[\s\S]*)/, "$1'…'")
    .replace(
      /^((?:Element|Attribute) '[^']*'(?:, attribute '[^']*')?: The actual value )'(?:[\s\S]*'(?= does not match )|[\s\S]*)/,
      "$1'…'",
    )
    .replace(/(key-sequence )\[(?:[\s\S]*\](?= (?:in|of) )|[\s\S]*)/, '$1[…]')
    .replace(/[\t\r\n]+/g, ' ')
    // that of DIN 91379 alone has three thousand characters
    .replace(/( by the pattern '[\s\S]{100})[\s\S]{100,}'(?=\.?$)/u, "$1…'")
  return bare.length > MOST_CHARACTERS ? bare.slice(0, MOST_CHARACTERS) + '…' : bare
}

/** Of one kind; a message with thousands of the same fault must not cost a path for each [threat model X5]. */
const MOST_OF_A_KIND = 100

export type LayerId = 'xoev-schema' | 'xoev-head' | 'code-lists' | 'rules'

export type LayerVerdicts = Partial<Readonly<Record<LayerId, LayerVerdict>>>

/** Findings and verdicts of one document, as they come. */
export class Checking {
  private readonly counts = new Map<string, number>()
  private readonly broken = new Set<LayerId>()
  private readonly pathOf = xpathWriter()
  readonly findings: Finding[] = []
  readonly layers: Partial<Record<LayerId, LayerVerdict>> = {}

  note(id: string, place: { xpath?: string; line?: number; column?: number } | XmlElement | undefined, detail?: string): void {
    const count = (this.counts.get(id) ?? 0) + 1
    this.counts.set(id, count)
    if (count > MOST_OF_A_KIND) return
    const row = xoevFinding(id)
    const where = place === undefined ? {} : 'kind' in place ? { xpath: this.pathOf(place), line: place.line, column: place.column } : place
    this.findings.push({ id, severity: row?.severity ?? 'error', ...where, ...(detail === undefined ? {} : { detail }) })
  }

  /** Runs rules of one layer. One that throws ends only itself, and its layer is `error`. */
  run<View>(layer: LayerId, rules: readonly XoevRule<View>[], view: View): void {
    for (const rule of rules) {
      try {
        for (const { element, detail } of rule.run(view)) this.note(rule.id, element, detail)
      } catch (cause) {
        this.fail(layer, `${layer}.check-failed`, `rule ${rule.id}: ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    }
  }

  /** What failed is on our side: nothing is said against the message, and the layer is `error`. */
  fail(layer: LayerId, id: string, detail: string): void {
    this.broken.add(layer)
    this.findings.push({ id, severity: 'warning', detail })
  }

  /** Ends a layer: invalid when it raised an error since `from`, error when a rule of it broke. */
  close(layer: LayerId, from: number): void {
    const invalid = this.findings.slice(from).some((f) => f.severity === 'error')
    this.layers[layer] = invalid ? 'invalid' : this.broken.has(layer) ? 'error' : 'valid'
  }
}
