// SPDX-License-Identifier: EUPL-1.2
import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { canonicalize, canonicalText } from '../../src/xml/c14n.js'
import { attr, element, textOf, type XmlElement } from '../../src/xml/tree.js'
import { writeXml } from '../../src/xml/write.js'
import { DOCUMENT, documentOf } from './random-documents.js'
import { content, find, findingOf, osci, vector, VECTORS } from './support.js'

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

  it('is its own canonical form, and X6 the text read is the text signed', () => {
    fc.assert(
      fc.property(DOCUMENT, (s) => {
        const first = content(documentOf(s)).root
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

  it('leaves out declarations that are implied, and no other', () => {
    const { root } = content('<a:r xmlns:a="urn:a" xmlns:b="urn:b"><b:c Id="x"><a:d xmlns:a="urn:other"/></b:c></a:r>')
    const implied = [
      { prefix: 'a', uri: 'urn:a' },
      { prefix: 'b', uri: 'urn:elsewhere' },
    ]
    expect(canonicalText(find(root, 'c'), { implied })).to.equal('<b:c xmlns:b="urn:b" Id="x"><a:d xmlns:a="urn:other"></a:d></b:c>')
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
