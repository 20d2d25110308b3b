// SPDX-License-Identifier: EUPL-1.2
/**
 * Ids of a document: only the unprefixed attribute `Id` is one, each value once, NCNames only [threat model G2].
 *
 * The map binds references to nodes, not to strings: a caller demands `ids.get(reference) === theNodeIProcess` (§5 rule 6).
 * @module
 */
import { StructureError, type StageName } from '../errors.js'
import { isNcName } from './names.js'
import { xpathOf, type XmlElement } from './tree.js'

/**
 * All Ids below `root`, it included.
 *
 * @param frame namespaces whose elements may carry no other attribute called "id" in any case or prefix (soap, osci, ds, xenc …).
 * @throws {StructureError} `xml.duplicate-id`, `xml.foreign-id`, `xml.id-syntax` (9100).
 */
export function collectIds(root: XmlElement, frame: ReadonlySet<string>, stage: StageName = 'soap'): ReadonlyMap<string, XmlElement> {
  const ids = new Map<string, XmlElement>()
  const refuse = (rule: string, message: string, e: XmlElement): never => {
    throw new StructureError(stage, `xml.${rule}`, message, { line: e.line, column: e.column, xpath: xpathOf(e) })
  }
  const stack: XmlElement[] = [root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    for (const a of e.attributes) {
      if (a.uri === '' && a.local === 'Id') {
        if (ids.has(a.value)) refuse('duplicate-id', 'two elements with the same Id', e)
        if (!isNcName(a.value) && frame.has(e.uri)) refuse('id-syntax', 'Id is no NCName', e)
        ids.set(a.value, e)
      } else if (a.local.toLowerCase() === 'id' && frame.has(e.uri))
        refuse('foreign-id', 'Id attribute in another spelling or namespace', e)
    }
    for (let i = e.children.length - 1; i >= 0; i--) {
      const c = e.children[i]
      if (c?.kind === 'element') stack.push(c)
    }
  }
  return ids
}
