// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads Schematron files that come with a schema set: which nodes they look at, and what must hold there.
 *
 *   sch:schema ─ sch:ns* ─ sch:let* ─ sch:pattern ─ sch:rule @context ─ sch:let*, sch:assert @test, sch:report @test, sch:extends
 *
 * Abstract rules are put where they are extended. What this does not know (inclusions, abstract patterns, phases, XSLT functions) makes
 * the file unusable, and says so: half of somebody's rules are not their rules.
 * Specs: [ISO/IEC 19757-3 §5, §6]; xoev.md §12.1.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { parseXmlText } from '../xml/gate.js'
import { attributeOf, elementsOf, isElement, type XmlElement } from '../xml/tree.js'
import { trustedXml } from './schema-document.js'

export const SCHEMATRON = 'http://purl.oclc.org/dsdl/schematron'

export interface SchematronLet {
  readonly name: string
  readonly value: string
}

export interface SchematronCheck {
  readonly id: string
  /** XPath; an `assert` is broken when it is false, a `report` applies when it is true. */
  readonly kind: 'assert' | 'report'
  readonly test: string
  /** Roles and flags that say so make a warning of it. */
  readonly severity: 'error' | 'warning'
  /** The publisher's sentence, without values of the message. */
  readonly text: string
}

export interface SchematronRule {
  /** XPath for the document node: the nodes that the rule is about. */
  readonly context: string
  readonly lets: readonly SchematronLet[]
  readonly checks: readonly SchematronCheck[]
}

export interface SchematronPattern {
  /** Bound at the document node. */
  readonly lets: readonly SchematronLet[]
  /** The first that matches a node judges it. */
  readonly rules: readonly SchematronRule[]
}

/** Plain data: it goes to a thread as it is. */
export interface SchematronSchema {
  readonly file: string
  readonly namespaces: Readonly<Record<string, string>>
  readonly lets: readonly SchematronLet[]
  readonly patterns: readonly SchematronPattern[]
  /** Why the file cannot be used; its rules are empty then. */
  readonly unusable?: string
}

class Unusable extends Error {}

const named = (e: XmlElement, local: string): XmlElement[] => elementsOf(e).filter((c) => isElement(c, SCHEMATRON, local))
const required = (e: XmlElement, name: string): string => {
  const value = attributeOf(e, name)?.trim()
  if (value === undefined || value === '') throw new Unusable(`${e.local} without ${name}`)
  return value
}

/** Text of a check in document order; `value-of` and `name` would show content of the message. */
function sentence(e: XmlElement): string {
  const text = e.children.map((c) => (c.kind === 'text' ? c.value : c.kind !== 'element' ? '' : c.local === 'value-of' ? '…' : sentence(c)))
  return text.join('').replace(/\s+/g, ' ').trim().slice(0, 500)
}

const letsOf = (e: XmlElement): SchematronLet[] =>
  named(e, 'let').map((one) => ({ name: required(one, 'name'), value: required(one, 'value') }))

const QUIET = /^(?:warn(?:ing)?|info(?:rmation)?|hint|hinweis)$/i

function checkOf(e: XmlElement, at: string): SchematronCheck {
  const role = attributeOf(e, 'role') ?? attributeOf(e, 'flag') ?? ''
  const kind = e.local === 'report' ? 'report' : 'assert'
  const severity = QUIET.test(role) ? 'warning' : 'error'
  return { id: attributeOf(e, 'id') ?? at, kind, test: required(e, 'test'), severity, text: sentence(e) }
}

const IN_RULE: ReadonlySet<string> = new Set(['let', 'assert', 'report', 'extends', 'p'])

/** Lets and checks of a rule, those of the rules that it extends in their place. */
function contentOf(
  rule: XmlElement,
  abstract: ReadonlyMap<string, XmlElement>,
  at: string,
  depth = 0,
): Pick<SchematronRule, 'lets' | 'checks'> {
  if (depth > 16) throw new Unusable('rules extend each other in a circle')
  const lets = letsOf(rule)
  const checks: SchematronCheck[] = []
  for (const [index, e] of elementsOf(rule).entries()) {
    if (e.uri !== SCHEMATRON || !IN_RULE.has(e.local)) throw new Unusable(`${e.local} in a rule is not supported`)
    if (e.local === 'assert' || e.local === 'report') checks.push(checkOf(e, `${at}/${index + 1}`))
    if (e.local !== 'extends') continue
    const base = abstract.get(required(e, 'rule'))
    if (!base) throw new Unusable('a rule extends one that is not there')
    const inherited = contentOf(base, abstract, at, depth + 1)
    lets.push(...inherited.lets)
    checks.push(...inherited.checks)
  }
  return { lets, checks }
}

/** The branches of a union; as one where quotes or brackets do not pair. */
function branchesOf(context: string): string[] {
  const cuts: number[] = []
  let depth = 0
  for (const { 0: token, index } of context.matchAll(/"[^"]*"|'[^']*'|["'()[\]|]/g)) {
    if (token === '(' || token === '[') depth += 1
    if (token === ')' || token === ']') depth -= 1
    if (token === '"' || token === "'" || depth < 0) return [context]
    if (token === '|' && depth === 0) cuts.push(index)
  }
  return depth === 0 ? [...cuts, context.length].map((end, at) => context.slice(at === 0 ? 0 : (cuts[at - 1] ?? 0) + 1, end)) : [context]
}

/**
 * A context is a match pattern: a relative branch matches wherever it is found below some node, one that begins at the root only there.
 * What joins branches by a word is looked for below every node, which is right for both and slower.
 */
const fromDocument = (context: string): string =>
  branchesOf(context)
    .map((branch) => branch.trim())
    .map((branch) => (branch.startsWith('/') && !/\b(?:union|intersect|except)\b/.test(branch) ? branch : `//(${branch})`))
    .join(' | ')

function patternOf(pattern: XmlElement, number: number): SchematronPattern {
  if (attributeOf(pattern, 'abstract') === 'true' || attributeOf(pattern, 'is-a') !== undefined)
    throw new Unusable('abstract patterns are not supported')
  const rules = named(pattern, 'rule')
  const isAbstract = (e: XmlElement): boolean => attributeOf(e, 'abstract') === 'true'
  const abstract = new Map(rules.filter(isAbstract).map((e) => [required(e, 'id'), e]))
  return {
    lets: letsOf(pattern),
    rules: rules
      .filter((e) => !isAbstract(e))
      .map((e, index) => {
        const content = contentOf(e, abstract, `${attributeOf(pattern, 'id') ?? `pattern-${number}`}/${index + 1}`)
        return { context: fromDocument(required(e, 'context')), ...content }
      }),
  }
}

const IN_SCHEMA: ReadonlySet<string> = new Set(['title', 'p', 'ns', 'let', 'pattern', 'diagnostics'])

/** What stands for a file whose rules nobody can run: whom they would have judged, nobody knows. */
export const unusableSchematron = (file: string, unusable: string): SchematronSchema => ({
  file,
  namespaces: {},
  lets: [],
  patterns: [],
  unusable,
})

/**
 * @returns undefined when the file is XML of another kind; what is Schematron and cannot be used says why.
 * @throws {StructureError | TypeError | RangeError} when it is not XML.
 */
export function readSchematron(file: string, bytes: Uint8Array): SchematronSchema | undefined {
  const { root } = parseXmlText(trustedXml(bytes), { limits: CHECK_LIMITS, frame: 'content' })
  if (!isElement(root, SCHEMATRON, 'schema')) return undefined
  let namespaces: Readonly<Record<string, string>> = {}
  try {
    namespaces = Object.fromEntries(named(root, 'ns').map((e) => [required(e, 'prefix'), required(e, 'uri')]))
    const strange = elementsOf(root).find((e) => e.uri !== SCHEMATRON || !IN_SCHEMA.has(e.local))
    if (strange) throw new Unusable(`${strange.local} is not supported`)
    const patterns = named(root, 'pattern').map((pattern, index) => patternOf(pattern, index + 1))
    return { file, namespaces, lets: letsOf(root), patterns }
  } catch (cause) {
    if (!(cause instanceof Unusable)) throw cause
    return { ...unusableSchematron(file, cause.message), namespaces }
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/**
 * The files that speak about messages of a namespace: they declare it, or lie beside one that does and declare no other standard's
 * (rules for any element, as "no element is empty"). What cannot be used and names no namespace may speak about any.
 */
export function schematronFor(schemas: readonly SchematronSchema[], rootNamespace: string): readonly SchematronSchema[] {
  const declares = (one: SchematronSchema): boolean => Object.values(one.namespaces).includes(rootNamespace)
  const folders = new Set(schemas.filter(declares).map(({ file }) => folderOf(file)))
  const isForAny = (one: SchematronSchema): boolean =>
    Object.keys(one.namespaces).length === 0 && (one.unusable !== undefined || folders.has(folderOf(one.file)))
  return schemas.filter((one) => declares(one) || isForAny(one))
}
