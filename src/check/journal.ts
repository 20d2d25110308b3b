// SPDX-License-Identifier: EUPL-1.2
/**
 * Keeps what the layers say, and derives the verdicts: of a layer from its findings, of the file from its layers.
 *
 * A layer that broke is `error`, never `valid`; a layer that nobody entered has no verdict at all.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { Remark } from '../osci/types.js'
import { xpathOf } from '../xml/tree.js'
import { worst } from '../xoev/checking.js'
import { findingRow } from './findings.js'
import { LAYERS, type Finding, type Layer, type PlaceIn, type Raised, type Verdict } from './types.js'

/** Beyond these limits nothing is claimed about the file (product.md "limits"). */
const BEYOND_LIMITS: ReadonlySet<string> = new Set(['mime.message-too-large', 'mime.message-size', 'xml.too-large', 'xml.elements'])
/** Nothing is wrong, something is missing here. */
const NOT_AT_HAND: ReadonlySet<string> = new Set([
  'mime.content-coding',
  'mime.unread-rest',
  'transport-encryption.no-key',
  'content-encryption.no-key',
  'author-signature.not-verifiable',
  'author-signature.document-form',
  'certificates.no-trust',
  'certificates.unchecked',
  'xoev-schema.unknown-standard',
])
/** What is broken is on our side: the layer is `error`, and nothing is said against the file. */
const OURS: ReadonlySet<string> = new Set([
  'message-signature.second-opinion-differs',
  'author-signature.second-opinion-differs',
  'xoev-schema.not-judged',
  'xoev-schema.set-broken',
  'rules.schematron-failed',
])
/** Content that was sealed is a document of its own, which nobody is shown: its lines are not those of the message around it. */
const SEALED = /^\/(?:[^/:]+:)?ContentContainer(?:\/|$)/
const OF_MESSAGES: ReadonlySet<Layer> = new Set(['osci-structure', 'content-encryption', 'author-signature', 'policy'])

/** The same fact in the gateway's words. */
const RENAMED: Readonly<Record<string, string>> = { 'transport-encryption.not-our-key': 'transport-encryption.no-key' }

/** Findings of one id that are kept; a message with thousands of them must not cost a path for each (threat model X5). */
const MOST_OF_A_KIND = 100

/** Errors repeat their row where they know no more: told once is enough, and in the reader's language. */
const bare = (text: string): string => text.toLowerCase().replace(/\.$/, '')

function layerOf(id: string): Layer | undefined {
  const name = id.slice(0, id.indexOf('.'))
  return LAYERS.find((layer) => layer === name)
}

const behind = (layer: Layer): readonly Layer[] => LAYERS.slice(LAYERS.indexOf(layer) + 1)

/** What others stand on: where one of these does not hold, those may never have been reached. */
const GROUND: Partial<Readonly<Record<Layer, readonly Layer[]>>> = {
  mime: behind('mime'),
  xml: behind('xml'),
  'osci-structure': behind('osci-structure'),
  'transport-encryption': behind('transport-encryption'),
  'content-encryption': behind('content-encryption'),
  'xoev-schema': ['code-lists', 'rules'],
}

interface Entries {
  readonly findings: Finding[]
  readonly layers: Map<Layer, Verdict>
}

/** Findings and verdicts of one file. */
export class Journal {
  readonly #asked: ReadonlySet<Layer> | undefined
  readonly #told: Entries = { findings: [], layers: new Map() }
  /** Of layers that nobody asked for: they ran because others stand on them. */
  readonly #withheld: Entries = { findings: [], layers: new Map() }
  readonly #counts = new Map<string, number>()
  #document: PlaceIn = 'file'
  /** The moment that algorithms and keys are judged for. */
  readonly at: Date
  #linesBefore = 0

  /** @param asked layers whose word counts; absent: all. */
  constructor(at: Date, asked?: ReadonlySet<Layer>) {
    this.at = at
    this.#asked = asked
  }

  /** Whether a layer is asked for: what is dear need not run otherwise. */
  asks(...layers: readonly Layer[]): boolean {
    return layers.some((layer) => this.#asked?.has(layer) ?? true)
  }

  #entries(layer: Layer): Entries {
    return this.asks(layer) ? this.#told : this.#withheld
  }

  /** From now on places are those of this document; `linesBefore` of the file stand before it. */
  enter(document: PlaceIn, linesBefore = 0): void {
    this.#document = document
    this.#linesBefore = linesBefore
  }

  /** A layer has something to say; without a worse word it is `valid`. */
  note(layer: Layer, verdict: Verdict = 'valid'): void {
    const { layers } = this.#entries(layer)
    layers.set(layer, worst([verdict, layers.get(layer) ?? 'valid']))
  }

  /** What the pipeline remarked while it went on reading. */
  remark(remarks: readonly Remark[]): void {
    for (const { finding, element, detail } of remarks)
      this.raise(finding, { ...(element ? { element } : {}), ...(detail === undefined ? {} : { detail }) })
  }

  /** Enters a finding. Ids without a row, or of no layer, are a fault of ours and make the file an `error`. */
  raise(foundId: string, at: Raised = {}): void {
    const id = RENAMED[foundId] ?? foundId
    const row = findingRow(id)
    const layer = layerOf(id)
    if (!row || !layer) {
      this.broke(layer ?? 'rules', new Error(`finding ${id} has no row`))
      return
    }
    const beyond = BEYOND_LIMITS.has(id)
    const ours = OURS.has(id) || id.endsWith('.check-failed')
    const severity = beyond ? 'info' : ours ? 'warning' : row.severity
    const quiet: Verdict = ours ? 'error' : beyond || NOT_AT_HAND.has(id) ? 'unchecked' : 'valid'
    this.note(layer, severity === 'error' ? 'invalid' : quiet)
    const count = (this.#counts.get(id) ?? 0) + 1
    if (count > MOST_OF_A_KIND) return
    this.#counts.set(id, count)
    const place = at.element && at.element.line > 0 ? { line: at.element.line, column: at.element.column } : {}
    const xpath = at.xpath ?? (at.element ? xpathOf(at.element) : undefined)
    const line = at.line ?? place.line
    const isLost = OF_MESSAGES.has(layer) && xpath !== undefined && SEALED.test(xpath)
    const finding: Finding = {
      id,
      layer,
      severity,
      rule: id.slice(layer.length + 1),
      reference: row.reference,
      xpath: xpath ?? null,
      line: line === undefined || isLost ? null : line + (at.content === undefined ? this.#linesBefore : 0),
      column: isLost ? null : (at.column ?? place.column ?? null),
      document: at.content === undefined ? this.#document : 'content',
      message: { de: row.de, en: row.en },
      detail: at.detail === undefined || bare(at.detail) === bare(row.en) ? null : at.detail,
      rueckweisung: row.rueckweisung ?? null,
      content: at.content ?? null,
    }
    const same = (f: Finding): boolean =>
      f.id === id &&
      f.xpath === finding.xpath &&
      f.line === finding.line &&
      f.column === finding.column &&
      f.detail === finding.detail &&
      f.content === finding.content
    const { findings } = this.#entries(layer)
    if (!findings.some(same)) findings.push(finding)
  }

  /** The check of a layer failed by itself. */
  broke(layer: Layer, cause: unknown): void {
    const id = `${layer}.check-failed`
    const row = findingRow(id)
    this.note(layer, 'error')
    this.#entries(layer).findings.push({
      id,
      layer,
      severity: 'warning',
      rule: 'check-failed',
      reference: row?.reference ?? '',
      xpath: null,
      line: null,
      column: null,
      document: this.#document,
      message: { de: row?.de ?? id, en: row?.en ?? id },
      detail: cause instanceof Error ? cause.message : String(cause),
      rueckweisung: null,
      content: null,
    })
  }

  /** Enters what a stage threw: a finding when it was meant, else a failure of this layer. */
  caught(layer: Layer, cause: unknown, content?: string): void {
    if (cause instanceof ProtektorError && layerOf(cause.finding) && findingRow(cause.finding))
      this.raise(cause.finding, { ...cause.place, detail: cause.message, ...(content === undefined ? {} : { content }) })
    else this.broke(layer, cause)
  }

  /** Asked for, and never reached because something in front of it does not hold. */
  #unreached(): Layer[] {
    const doubtful = new Set([...this.#withheld.layers].flatMap(([layer, verdict]) => (verdict === 'valid' ? [] : (GROUND[layer] ?? []))))
    return LAYERS.filter((layer) => doubtful.has(layer) && this.asks(layer) && !this.#told.layers.has(layer))
  }

  /** Whether an asked layer saw nothing, or not all: what `mime` left unread was read by no layer. */
  get #isPartial(): boolean {
    return this.#told.layers.size === 0 || this.#unreached().length > 0 || this.#withheld.layers.get('mime') === 'unchecked'
  }

  /** Findings of layers that nobody asked for are told only where they explain why an asked one did not run, or not over everything. */
  get findings(): readonly Finding[] {
    const { findings } = this.#told
    if (!this.#isPartial) return findings
    return [...findings, ...this.#withheld.findings.map((one) => (one.severity === 'error' ? { ...one, severity: 'info' as const } : one))]
  }

  /** In the order of {@link LAYERS}; what nobody asked for is unchecked. */
  get layers(): Partial<Record<Layer, Verdict>> {
    const unreached = this.#unreached()
    const known = LAYERS.flatMap((layer): [Layer, Verdict][] => {
      const verdict = this.asks(layer) && !unreached.includes(layer) ? this.#told.layers.get(layer) : 'unchecked'
      return verdict ? [[layer, verdict]] : []
    })
    return Object.fromEntries(known)
  }

  get notAsked(): readonly Layer[] {
    return LAYERS.filter((layer) => !this.asks(layer))
  }

  /** Nothing looked at is never valid. */
  get verdict(): Verdict {
    const verdicts = [...this.#told.layers.values()]
    if (this.#isPartial) verdicts.push('unchecked')
    return worst(verdicts)
  }
}
