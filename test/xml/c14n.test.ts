// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { canonicalize, canonicalText } from '../../src/xml/c14n.js'
import { attr, element, textOf, type XmlElement } from '../../src/xml/tree.js'
import { writeXml } from '../../src/xml/write.js'
import { needsCommand } from '../needs.js'
import { content, find, findingOf, osci, vector, VECTORS } from './support.js'

/* Random documents as text, so that quotes, white space, CDATA, references and redundant declarations occur. */
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
interface Spec {
  name: [number, number]
  declared: [number, number][]
  attributes: [number, number, string][]
  xml: boolean
  children: (Spec | string | { cdata: string } | { pi: string })[]
}
const spec: fc.Arbitrary<Spec> = fc.letrec<{ node: Spec }>((tie) => ({
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
function document(s: Spec): string {
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

/** Text and attribute values in document order, as read from a tree. */
const values = (e: XmlElement): string[] => [
  ...[...e.attributes].map((a) => `${a.uri} ${a.local}=${a.value}`).sort(),
  ...e.children.flatMap((c) => (c.kind === 'text' ? [c.value] : c.kind === 'element' ? values(c) : [])),
]

describe('canonical XML 1.0', () => {
  for (const file of readdirSync(VECTORS + 'c14n').filter((f) => f.endsWith('.xml'))) {
    it(`agrees with libxml2 on ${file}`, () => {
      expect(canonicalText(content(vector(`c14n/${file}`)).root)).to.equal(vector(`c14n/${file.replace(/xml$/, 'c14n')}`).toString('utf8'))
    })
  }

  it('agrees with xmllint --c14n on 500 random documents', function () {
    this.timeout(60_000)
    needsCommand(this, 'xmllint')
    const documents = fc.sample(spec, 500).map(document)
    const folder = mkdtempSync(join(tmpdir(), 'protektor-c14n-'))
    try {
      const files = documents.map((text, i) => {
        const file = join(folder, `${i}.xml`)
        writeFileSync(file, text)
        return file
      })
      const run = spawnSync('xmllint', ['--nonet', '--c14n', ...files], { maxBuffer: 256 * 1024 * 1024 })
      expect(run.stderr.toString()).to.equal('')
      let rest = run.stdout.toString('utf8')
      for (const text of documents) {
        const ours = canonicalText(content(text).root)
        expect(rest.slice(0, ours.length), text).to.equal(ours)
        rest = rest.slice(ours.length)
      }
      expect(rest).to.equal('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is its own canonical form, and X6 the text read is the text signed', () => {
    fc.assert(
      fc.property(spec, (s) => {
        const first = content(document(s)).root
        const once = canonicalText(first)
        const again = content(once).root
        expect(canonicalText(again)).to.equal(once)
        expect(values(again).join('')).to.equal(values(first).join(''))
      }),
      { numRuns: 300 },
    )
  })

  it('takes namespaces in scope and xml:* attributes of the ancestors to the apex', () => {
    const xml =
      '<r xmlns="urn:d" xmlns:b="urn:b" xmlns:c="urn:c" xml:lang="de" xml:base="x"><m xmlns:c="urn:c2" xml:lang="en"><a xmlns="" xml:base="y" Id="1"><i/></a></m></r>'
    const { root } = content(xml)
    expect(canonicalText(find(root, 'a'))).to.equal('<a xmlns:b="urn:b" xmlns:c="urn:c2" Id="1" xml:base="y" xml:lang="en"><i></i></a>')
    expect(canonicalText(find(root, 'i'))).to.equal('<i xmlns:b="urn:b" xmlns:c="urn:c2" xml:base="y" xml:lang="en"></i>')
  })

  it('leaves out comments and omitted elements, keeps the text around them', () => {
    const { root } = content('<a>x<!-- y -->z<b><c/></b><b/></a>')
    expect(canonicalText(root)).to.equal('<a>xz<b><c></c></b><b></b></a>')
    expect(canonicalText(root, { omit: new Set([find(root, 'b')]) })).to.equal('<a>xz<b></b></a>')
  })

  it('orders names by code point, not by UTF-16 unit', () => {
    expect(canonicalText(content('<a 𐐀="1" ﹰ="2" z="3"/>').root)).to.equal('<a z="3" ﹰ="2" 𐐀="1"></a>')
  })

  it('gives the same octets for a built tree as for its parsed twin', () => {
    const inner = element('urn:p', 'p', 'b', { attributes: [attr('z', '<"\n'), attr('Id', '1')], children: ['a & b\r'] })
    const built = element('urn:p', 'p', 'a', { namespaces: [{ prefix: 'p', uri: 'urn:p' }, { prefix: '', uri: '' }], children: [inner] }) // prettier-ignore
    const written = writeXml(built, { declaration: true })
    expect(Buffer.from(written).toString()).to.equal(
      '<?xml version="1.0" encoding="UTF-8"?>\r\n\r\n<p:a xmlns:p="urn:p"><p:b Id="1" z="&lt;&quot;&#xA;">a &amp; b&#xD;</p:b></p:a>',
    )
    const { root } = osci(written)
    expect(Buffer.from(canonicalize(root)).equals(canonicalize(built))).to.equal(true)
    expect(Buffer.from(canonicalize(find(root, 'b'))).equals(canonicalize(inner))).to.equal(true)
    expect(textOf(find(root, 'b'))).to.equal('a & b\r')
  })

  it('writes no prefix that nobody declares', () => {
    expect(findingOf(() => writeXml(element('urn:p', 'p', 'a')))).to.equal('xml.unbound-prefix')
    expect(
      findingOf(() => writeXml(element('', '', 'a', { attributes: [{ prefix: 'q', local: 'b', uri: 'urn:q', value: '' }] }))),
    ).to.equal('xml.unbound-prefix')
    expect(findingOf(() => writeXml(element('urn:d', '', 'a')))).to.equal('xml.unbound-prefix')
    expect(Buffer.from(writeXml(element('', '', 'a'))).toString()).to.equal('<a></a>')
  })

  it('G6 throws where there is no canonical form, and is never empty', () => {
    const relative = content('<a><b xmlns:p="relative/uri"><c/></b></a>').root
    for (const e of [relative, find(relative, 'b'), find(relative, 'c')])
      expect(findingOf(() => canonicalize(e))).to.equal('xml.relative-namespace')
    const { root } = content('<a/>')
    expect(findingOf(() => canonicalize(root, { omit: new Set([root]) }))).to.equal('xml.empty-canonical-form')
    expect(canonicalize(root)).to.have.length(7)
  })

  it('X5 depth costs no stack', () => {
    let e = element('', '', 'a')
    for (let i = 0; i < 100_000; i++) e = element('', '', 'a', { children: [e] })
    expect(canonicalText(e)).to.have.length(100_001 * 7)
  })
})
