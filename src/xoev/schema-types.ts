// SPDX-License-Identifier: EUPL-1.2
/**
 * What a schema set says about single elements: their type, whether they are mandatory, and which code list a code belongs to when
 * the message leaves the `fixed` attributes out. The verdict comes from the XSD engine; this only reads declarations along the path
 * of an element, with the same names and files.
 *
 * Elements that stand in for the head of their substitution group, and types that the message names (`xsi:type`), are followed. Known limit:
 * wildcards are not, elements below them have no declaration here.
 * Specs: [XSD1 §3.3, §3.4, §3.8], code types 1–4: xoev.md §4.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { parseXml } from '../xml/gate.js'
import type { SchemaSource } from '../xml/schema.js'
import { attributeOf, childOf, elementsOf, namespacesInScope, type XmlElement } from '../xml/tree.js'
import { XSD } from './schema-document.js'

interface Component {
  readonly node: XmlElement
  /** Target namespace of the file, or of the including one (a file without target namespace). */
  readonly namespace: string
  readonly qualified: boolean
}

/** What is known of one element of a document. */
export interface Declaration {
  /** Holds characters only. */
  readonly simple: boolean
  readonly mandatory: boolean
  readonly type: Component | undefined
  /** Of XSD itself, what its characters are in the end, e.g. `base64Binary`. */
  readonly builtIn: string | undefined
}

const XSI = 'http://www.w3.org/2001/XMLSchema-instance'

type DeclaredElement = readonly [element: XmlElement, declaration: Declaration]

/** Attributes that a code element's type fixes, or gives where the message leaves them out. */
export interface FixedCode {
  /** The schema lists the values itself (code type 1). */
  readonly enumerated: boolean
  readonly listUri?: string
  readonly version?: string
}

const qname = (uri: string, local: string): string => `{${uri}}${local}`

/** Declarations of one schema set. Parsing happens at construction: keep it with the compiled validator. */
export class SchemaTypes {
  private readonly components = new Map<string, Component>()
  /** Names of the elements that may stand in the place of one. */
  private readonly standIns = new Map<string, string[]>()
  private readonly particles = new WeakMap<XmlElement, Map<string, Declaration>>()
  private readonly codes = new WeakMap<XmlElement, FixedCode>()
  private readonly declared = new WeakMap<XmlElement, readonly DeclaredElement[]>()

  constructor(source: SchemaSource) {
    const roots = new Map<string, XmlElement>()
    for (const [name, bytes] of source.files) roots.set(name, parseXml(bytes, { limits: CHECK_LIMITS, frame: 'content' }).root)
    const adopted = new Map<string, string>()
    // a file without target namespace takes that of the file that includes it
    for (const [name, root] of roots)
      for (const e of elementsOf(root))
        if (e.uri === XSD && e.local === 'include')
          adopted.set(attributeOf(e, 'schemaLocation') ?? '', attributeOf(root, 'targetNamespace') ?? adopted.get(name) ?? '')
    for (const [name, root] of roots) {
      const namespace = attributeOf(root, 'targetNamespace') ?? adopted.get(name) ?? ''
      const qualified = attributeOf(root, 'elementFormDefault') === 'qualified'
      for (const node of elementsOf(root)) {
        const local = attributeOf(node, 'name')
        if (node.uri !== XSD || local === undefined) continue
        const kind = node.local === 'element' || node.local === 'group' ? node.local : 'type'
        const component = { node, namespace, qualified }
        this.components.set(`${kind} ${qname(namespace, local)}`, component)
        const head = attributeOf(node, 'substitutionGroup')
        if (head === undefined) continue
        const { uri, local: place } = this.reference(component, head.trim())
        this.standIns.set(qname(uri, place), [...(this.standIns.get(qname(uri, place)) ?? []), qname(namespace, local)])
      }
    }
  }

  /** Visits every element of a document that has a declaration, parents first. Documents do not change: several rules visit the same. */
  visit(root: XmlElement, seen: (e: XmlElement, declaration: Declaration) => void): void {
    let known = this.declared.get(root)
    if (!known) this.declared.set(root, (known = this.declaredIn(root)))
    for (const [e, declaration] of known) seen(e, declaration)
  }

  private declaredIn(root: XmlElement): readonly DeclaredElement[] {
    const found: DeclaredElement[] = []
    const global = this.components.get(`element ${qname(root.uri, root.local)}`)
    const stack: DeclaredElement[] = global ? [[root, this.declarationOf(global, true)]] : []
    for (let top = stack.pop(); top; top = stack.pop()) {
      const [e, declared] = top
      const declaration = this.asTyped(e, declared)
      found.push([e, declaration])
      if (!declaration.type) continue
      const children = this.childrenOf(declaration.type)
      for (const child of elementsOf(e).reverse()) {
        const known = children.get(qname(child.uri, child.local))
        if (known) stack.push([child, known])
      }
    }
    return found
  }

  /** With the type that the element itself names. */
  private asTyped(e: XmlElement, declared: Declaration): Declaration {
    const name = attributeOf(e, 'type', XSI)?.trim()
    if (name === undefined) return declared
    const colon = name.indexOf(':')
    const uri = namespacesInScope(e).get(name.slice(0, Math.max(0, colon))) ?? ''
    const local = name.slice(colon + 1)
    if (uri === XSD) return { ...declared, simple: local !== 'anyType', type: undefined, builtIn: local }
    const type = this.components.get(`type ${qname(uri, local)}`)
    return type ? { ...declared, simple: this.isSimple(type), type, builtIn: this.builtInOf(type) } : declared
  }

  /** Value that the schema fixes for an attribute of a root element, e.g. its `version`. */
  fixedRootAttribute(uri: string, local: string, name: string): string | undefined {
    const root = this.components.get(`element ${qname(uri, local)}`)
    return root && this.givenAttribute(this.declarationOf(root, true).type, name, ['fixed'])
  }

  /** List and version that the schema fixes for a code element, or gives it by default. */
  fixedCode({ type }: Declaration): FixedCode {
    if (!type) return { enumerated: false }
    let known = this.codes.get(type.node)
    if (!known) this.codes.set(type.node, (known = this.fixedCodeOf(type)))
    return known
  }

  private fixedCodeOf(type: Component): FixedCode {
    const listUri = this.givenAttribute(type, 'listURI', ['fixed', 'default'])
    const version = this.givenAttribute(type, 'listVersionID', ['fixed', 'default'])
    const code = this.childrenOf(type).get(qname('', 'code'))?.type?.node
    const restriction = code && childOf(code, XSD, 'restriction')
    const enumerated = restriction !== undefined && childOf(restriction, XSD, 'enumeration') !== undefined
    return { enumerated, ...(listUri === undefined ? {} : { listUri }), ...(version === undefined ? {} : { version }) }
  }

  private givenAttribute(type: Component | undefined, name: string, by: readonly ('fixed' | 'default')[]): string | undefined {
    for (let at = type, depth = 0; at && depth < 32; at = this.base(at), depth++) {
      const derivation = this.derivation(at)
      for (const holder of [at.node, ...(derivation ? [derivation] : [])]) {
        const attribute = elementsOf(holder).find((e) => e.uri === XSD && e.local === 'attribute' && attributeOf(e, 'name') === name)
        if (attribute) return by.map((how) => attributeOf(attribute, how)).find((value) => value !== undefined)
      }
    }
    return undefined
  }

  private reference(from: Component, value: string): { uri: string; local: string } {
    const colon = value.indexOf(':')
    const prefix = colon < 0 ? '' : value.slice(0, colon)
    const uri = namespacesInScope(from.node).get(prefix) ?? (prefix === '' ? from.namespace : '')
    return { uri, local: value.slice(colon + 1) }
  }

  private find(kind: 'element' | 'group' | 'type', from: Component, value: string): Component | undefined {
    const { uri, local } = this.reference(from, value.trim())
    return this.components.get(`${kind} ${qname(uri, local)}`)
  }

  private derivation(type: Component): XmlElement | undefined {
    const content = childOf(type.node, XSD, 'complexContent') ?? childOf(type.node, XSD, 'simpleContent')
    return content && (childOf(content, XSD, 'extension') ?? childOf(content, XSD, 'restriction'))
  }

  private base(type: Component): Component | undefined {
    const derivation = this.derivation(type)
    const base = derivation && attributeOf(derivation, 'base')
    return base === undefined ? undefined : this.find('type', { ...type, node: derivation ?? type.node }, base)
  }

  private declarationOf(component: Component, mandatory: boolean): Declaration {
    const name = attributeOf(component.node, 'type')
    const inner = childOf(component.node, XSD, 'complexType') ?? childOf(component.node, XSD, 'simpleType')
    const type = inner ? { ...component, node: inner } : name === undefined ? undefined : this.find('type', component, name)
    const named = name === undefined ? undefined : this.reference(component, name.trim())
    const builtIn = type ? this.builtInOf(type) : named?.uri === XSD ? named.local : undefined
    return { simple: type ? this.isSimple(type) : builtIn !== undefined && builtIn !== 'anyType', mandatory, type, builtIn }
  }

  private builtInOf(type: Component): string | undefined {
    for (let at: Component | undefined = type, depth = 0; at && depth < 32; depth++) {
      const derivation: XmlElement | undefined = at.node.local === 'simpleType' ? childOf(at.node, XSD, 'restriction') : this.derivation(at)
      if (!derivation) return undefined
      const from: Component = { ...at, node: derivation }
      const base = attributeOf(derivation, 'base')
      const inner = childOf(derivation, XSD, 'simpleType')
      if (base === undefined) at = inner && { ...at, node: inner }
      else {
        const { uri, local } = this.reference(from, base.trim())
        if (uri === XSD) return local
        at = this.find('type', from, base)
      }
    }
    return undefined
  }

  private isSimple(type: Component): boolean {
    return type.node.local === 'simpleType' || childOf(type.node, XSD, 'simpleContent') !== undefined
  }

  private childrenOf(type: Component): Map<string, Declaration> {
    const known = this.particles.get(type.node)
    if (known) return known
    const found = new Map<string, Declaration>()
    this.particles.set(type.node, found)
    const derivation = this.derivation(type)
    const base = derivation?.local === 'extension' ? this.base(type) : undefined
    if (base) for (const [name, declaration] of this.childrenOf(base)) found.set(name, declaration)
    this.collect({ ...type, node: derivation ?? type.node }, true, found, 0)
    return found
  }

  private collect(from: Component, mandatory: boolean, into: Map<string, Declaration>, depth: number): void {
    if (depth > 64) return
    for (const node of elementsOf(from.node)) {
      if (node.uri !== XSD) continue
      const here: Component = { ...from, node }
      const needed = mandatory && attributeOf(node, 'minOccurs') !== '0'
      if (node.local === 'sequence' || node.local === 'all') this.collect(here, needed, into, depth + 1)
      // one branch of a choice is there or not: when it is there, it must say something
      else if (node.local === 'choice') this.collect(here, needed, into, depth + 1)
      else if (node.local === 'group') {
        const group = this.find('group', here, attributeOf(node, 'ref') ?? '')
        if (group) this.collect(group, needed, into, depth + 1)
      } else if (node.local === 'element') this.particle(here, needed, into)
    }
  }

  private particle(here: Component, needed: boolean, into: Map<string, Declaration>): void {
    const ref = attributeOf(here.node, 'ref')
    if (ref !== undefined) {
      const { uri, local } = this.reference(here, ref)
      const names = new Set([qname(uri, local)])
      for (const name of names) {
        const global = this.components.get(`element ${name}`)
        if (global) into.set(name, this.declarationOf(global, needed))
        for (const standIn of this.standIns.get(name) ?? []) names.add(standIn)
      }
      return
    }
    const form = attributeOf(here.node, 'form')
    const qualified = form === undefined ? here.qualified : form === 'qualified'
    into.set(qname(qualified ? here.namespace : '', attributeOf(here.node, 'name') ?? ''), this.declarationOf(here, needed))
  }
}

// types of a schema set live as long as its source
const typesOf = new WeakMap<SchemaSource, SchemaTypes>()

/** Declarations of a set, parsed when first asked for. */
export function schemaTypesOf(source: SchemaSource): SchemaTypes {
  let known = typesOf.get(source)
  if (!known) typesOf.set(source, (known = new SchemaTypes(source)))
  return known
}
