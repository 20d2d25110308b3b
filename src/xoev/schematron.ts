// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads Schematron files that come with a schema set: which nodes they look at, and what must hold there.
 *
 *   sch:schema ─ sch:ns* ─ sch:let* ─ sch:pattern ─ sch:rule @context ─ sch:let*, sch:assert @test, sch:report @test, sch:extends
 *
 * Abstract rules are put where they are extended, abstract patterns where they are used; of phases the default one counts. What this does
 * not know (inclusions, XSLT functions, other query languages) makes the file unusable, and says so: half of somebody's rules are not
 * their rules.
 * Specs: [ISO/IEC 19757-3 §5, §6]; xoev.md §12.1.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { parseXmlText } from '../xml/gate.js'
import { attributeOf, elementsOf, isElement, type XmlElement } from '../xml/tree.js'
import { trustedXml } from './schema-document.js'
import { otherMeaning } from './schematron-meaning.js'

export const SCHEMATRON = 'http://purl.oclc.org/dsdl/schematron'
/** Namespaces of XML itself, which rules name for functions and attributes. */
const W3C = 'http://www.w3.org/'
/** Of Schematron 1.5, before it became a standard. */
const OLD_SCHEMATRON = 'http://www.ascc.net/xml/schematron'

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

const QUIET = /^(?:warn(?:ing|ung)?|info(?:rmation)?|hint|hinweis)$/i

function checkOf(e: XmlElement, at: string): SchematronCheck {
  const role = attributeOf(e, 'role') ?? attributeOf(e, 'flag') ?? ''
  const kind = e.local === 'report' ? 'report' : 'assert'
  const severity = QUIET.test(role) ? 'warning' : 'error'
  return { id: attributeOf(e, 'id') ?? at, kind, test: required(e, 'test'), severity, text: sentence(e) }
}

/** What is left out would be missed by nobody. */
function refuseStrangers(e: XmlElement, known: ReadonlySet<string>): void {
  const strange = elementsOf(e).find((c) => c.uri !== SCHEMATRON || !known.has(c.local))
  if (strange) throw new Unusable(`${strange.local} is not supported`)
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
  refuseStrangers(rule, IN_RULE)
  for (const [index, e] of elementsOf(rule).entries()) {
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

/** The element and all in it, with values for the parameters that its attributes name; a `$name` that is none is a variable. */
function withParameters(e: XmlElement, values: ReadonlyMap<string, string>): XmlElement {
  const filled = (text: string): string =>
    text.replace(/\$([\p{L}_][\p{L}\p{N}\p{M}._-]*)/gu, (found, name: string) => values.get(name) ?? found)
  return {
    ...e,
    attributes: e.attributes.map((one) => ({ ...one, value: filled(one.value) })),
    children: e.children.map((child) => (child.kind === 'element' ? withParameters(child, values) : child)),
  }
}

const isAbstract = (e: XmlElement): boolean => attributeOf(e, 'abstract')?.trim() === 'true'
const IN_INSTANCE: ReadonlySet<string> = new Set(['title', 'p', 'param'])

/** The patterns that judge, those made of an abstract one with its rules. */
function instancesOf(patterns: readonly XmlElement[]): XmlElement[] {
  if (patterns.some((one) => attributeOf(one, 'documents') !== undefined))
    throw new Unusable('patterns for other documents are not supported')
  return patterns
    .filter((pattern) => !isAbstract(pattern))
    .map((pattern) => {
      const name = attributeOf(pattern, 'is-a')?.trim()
      if (name === undefined) return pattern
      const base = patterns.find((one) => isAbstract(one) && attributeOf(one, 'id') === name)
      if (!base) throw new Unusable('a pattern is made of one that is not there')
      refuseStrangers(pattern, IN_INSTANCE)
      const values = new Map(named(pattern, 'param').map((one) => [required(one, 'name'), required(one, 'value')]))
      return { ...withParameters(base, values), attributes: pattern.attributes }
    })
}

const IN_PHASE: ReadonlySet<string> = new Set(['p', 'let', 'active'])

/** What is run where nobody asks for a phase: the patterns of the default one, or all. */
function activeIn(root: XmlElement): { readonly lets: readonly SchematronLet[]; readonly patterns: readonly XmlElement[] } {
  const patterns = instancesOf(named(root, 'pattern'))
  const id = attributeOf(root, 'defaultPhase')?.trim() ?? '#ALL'
  if (id === '#ALL') return { lets: letsOf(root), patterns }
  const phase = named(root, 'phase').find((one) => attributeOf(one, 'id') === id)
  if (!phase) throw new Unusable('the default phase is not there')
  refuseStrangers(phase, IN_PHASE)
  const names = named(phase, 'active').map((one) => required(one, 'pattern'))
  const active = patterns.filter((one) => names.includes(attributeOf(one, 'id') ?? ''))
  if (active.length < new Set(names).size) throw new Unusable('the default phase names a pattern that is not there')
  return { lets: [...letsOf(root), ...letsOf(phase)], patterns: active }
}

const IN_PATTERN: ReadonlySet<string> = new Set(['title', 'p', 'let', 'rule'])

function patternOf(pattern: XmlElement, number: number): SchematronPattern {
  refuseStrangers(pattern, IN_PATTERN)
  const rules = named(pattern, 'rule')
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

/** @throws {Unusable} its expressions would mean something else here. */
function assertSameMeaning(root: XmlElement, lets: readonly SchematronLet[], patterns: readonly SchematronPattern[]): void {
  const rules = patterns.flatMap((pattern) => pattern.rules)
  const values = [lets, ...patterns.map((one) => one.lets), ...rules.map((one) => one.lets)].flat().map(({ value }) => value)
  const tests = rules.flatMap(({ context, checks }) => [context, ...checks.map(({ test }) => test)])
  const why = otherMeaning(attributeOf(root, 'queryBinding'), [...values, ...tests])
  if (why !== undefined) throw new Unusable(why)
}

const IN_SCHEMA: ReadonlySet<string> = new Set(['title', 'p', 'ns', 'let', 'phase', 'pattern', 'diagnostics', 'properties'])

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
  if (isElement(root, OLD_SCHEMATRON, 'schema')) return unusableSchematron(file, 'Schematron 1.5 is not supported')
  if (!isElement(root, SCHEMATRON, 'schema')) return undefined
  let namespaces: Readonly<Record<string, string>> = {}
  try {
    namespaces = Object.fromEntries(named(root, 'ns').map((e) => [required(e, 'prefix'), required(e, 'uri')]))
    refuseStrangers(root, IN_SCHEMA)
    const { lets, patterns: active } = activeIn(root)
    const patterns = active.map((pattern, index) => patternOf(pattern, index + 1))
    assertSameMeaning(root, lets, patterns)
    return { file, namespaces, lets, patterns }
  } catch (cause) {
    if (!(cause instanceof Unusable)) throw cause
    return { ...unusableSchematron(file, cause.message), namespaces }
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** What the choice of rules must know of a schema file. */
export interface PlacedSchema {
  readonly path: string
  readonly targetNamespace: string
  /** Root elements. */
  readonly elements: ReadonlySet<string>
}

/** Namespaces with root elements in the folder of a file, or in the first one above it that has any. */
function nearestTo(file: string, documents: readonly PlacedSchema[]): ReadonlySet<string> {
  for (let folder = folderOf(file); ; folder = folderOf(folder.slice(0, -1))) {
    const found = documents.filter(({ path, elements }) => elements.size > 0 && path.startsWith(folder))
    if (found.length > 0 || folder === '') return new Set(found.map(({ targetNamespace }) => targetNamespace))
  }
}

/**
 * The files that speak about messages of a namespace: they declare it; or they declare no standard at all (rules for any element, as "no
 * element is empty", or for the parts that standards share), and lie beside one that declares it, or, without such neighbours, nearest to its
 * schemas. What cannot be used and names no namespace may speak about any.
 * @param documents schemas of the directory.
 * @param parts namespaces that others build on.
 */
export function schematronFor(
  schemas: readonly SchematronSchema[],
  rootNamespace: string,
  documents: readonly PlacedSchema[],
  parts: ReadonlySet<string>,
): readonly SchematronSchema[] {
  const declared = ({ namespaces }: SchematronSchema): string[] => Object.values(namespaces).filter((uri) => !uri.startsWith(W3C))
  const isForAny = (one: SchematronSchema): boolean => declared(one).every((uri) => parts.has(uri))
  const beside = ({ file }: SchematronSchema): SchematronSchema[] =>
    schemas.filter((other) => !isForAny(other) && folderOf(other.file) === folderOf(file))
  const speaks = (one: SchematronSchema): boolean => {
    if (declared(one).includes(rootNamespace)) return true
    if (!isForAny(one)) return false
    if (one.unusable !== undefined && declared(one).length === 0) return true
    const neighbours = beside(one)
    return neighbours.length > 0
      ? neighbours.some((other) => declared(other).includes(rootNamespace))
      : nearestTo(one.file, documents).has(rootNamespace)
  }
  return schemas.filter(speaks)
}
