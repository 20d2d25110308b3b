// SPDX-License-Identifier: EUPL-1.2
/**
 * Random documents as text, so that quotes, white space, CDATA, references and redundant declarations occur.
 * @module
 */
import fc from 'fast-check'

const prefixes = ['', 'a', 'b', 'c', 'Z']
const uris = ['urn:one', 'urn:two', 'http://example.org/#x', 'urn:one:']
const locals = ['e', 'f', '_g', 'Ähm', 'x-1', 'Id']
const piece = fc.oneof(
  fc.constantFrom(
    '&amp;',
    '&lt;',
    '&gt;',
    '&quot;',
    '&#13;',
    '&#xA;',
    '&#9;',
    '"',
    "'",
    '>',
    'ä€',
    '𝒳',
    '\r\n',
    '\r',
    '\n',
    '\t',
    ' ',
    ']]',
    'text',
  ),
  fc.string({ unit: fc.constantFrom(...'abcXYZ019+/= .:-'), maxLength: 8 }),
)
const pieces = fc.array(piece, { maxLength: 5 }).map((p) => p.join(''))
const plain = pieces.map((s) => s.replace(/\]\]>/g, ']] >').replace(/\]+$/, ''))
/** One element: indices into the lists above; what is not well-formed is left out when it is written. */
export interface Spec {
  name: [number, number]
  declared: [number, number][]
  attributes: [number, number, string][]
  xml: boolean
  children: (Spec | string | { cdata: string } | { pi: string })[]
}
export const DOCUMENT: fc.Arbitrary<Spec> = fc.letrec<{ node: Spec }>((tie) => ({
  node: fc.record({
    name: fc.tuple(fc.nat(4), fc.nat(5)),
    declared: fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(4)), { selector: (d) => d[0], maxLength: 3 }),
    attributes: fc.array(fc.tuple(fc.nat(4), fc.nat(5), pieces), { maxLength: 4 }),
    xml: fc.boolean(),
    children: fc.array(
      fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        plain,
        fc.record({ cdata: plain }),
        fc.record({ pi: fc.constantFrom('', 'x', 'a="b" &', '  two') }),
        tie('node'),
      ),
      { maxLength: 4 },
    ),
  }),
})).node

/** Writes what the spec says as far as it is well-formed: unbound prefixes and repeated attributes are left out. */
export function documentOf(s: Spec): string {
  const write = (n: Spec, above: ReadonlyMap<number, string>): string => {
    const scope = new Map(above)
    let declarations = ''
    for (const [p, u] of n.declared) {
      if (u === 4 && p !== 0) continue
      const uri = u === 4 ? '' : (uris[u] ?? '')
      scope.set(p, uri)
      declarations += ` xmlns${p === 0 ? '' : `:${prefixes[p]}`}="${uri}"`
    }
    const bound = (p: number): string => (p !== 0 && scope.has(p) ? `${prefixes[p]}:` : '')
    const seen = new Set<string>()
    let attributes = ''
    for (const [p, l, value] of n.attributes) {
      const key = `${bound(p) === '' ? '' : (scope.get(p) ?? '')} ${locals[l]}`
      if (seen.has(key)) continue
      seen.add(key)
      attributes += `${value.length % 2 ? ' ' : '\n\t'}${bound(p)}${locals[l]}='${value.replace(/'/g, '&apos;')}'`
    }
    if (n.xml) attributes += ' xml:lang="de" xml:space = "preserve"'
    const name = bound(n.name[0]) + (locals[n.name[1]] ?? 'e')
    const inner = n.children
      .map((c) => (typeof c === 'string' ? c : 'cdata' in c ? `<![CDATA[${c.cdata}]]>` : 'pi' in c ? `<?p ${c.pi}?>` : write(c, scope)))
      .join('')
    return inner === '' && n.xml ? `<${name}${attributes}${declarations}/>` : `<${name}${declarations}${attributes} >${inner}</${name}\n>`
  }
  return write(s, new Map())
}
