// SPDX-License-Identifier: EUPL-1.2
/**
 * What a package is said to be, before anything is compiled.
 * @module
 */
import { expect } from 'chai'
import { usualOrigin } from '../../src/xoev/schema-origins.js'
import { describePackage, partsOfSet } from '../../src/xoev/schema-package.js'
import { filesOf } from './fixtures.js'
import { madeUpStandard, namespaceOf, type Made } from './made-up-standard.js'

const schema = (namespace: string, content: string): string =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"${namespace === '' ? '' : ` targetNamespace="${namespace}"`}>${content}</xs:schema>`

describe('schema package', () => {
  it('names standard, version, entry and roots, from what the roots demand', () => {
    const { standards, codeLists, unresolved, broken } = describePackage(filesOf(madeUpStandard({ version: '1.0' })))
    expect(standards.map(({ content: _content, sources, ...facts }) => ({ ...facts, sources: sources.length }))).to.deep.equal([
      {
        namespace: namespaceOf({ version: '1.0' }),
        standard: 'XMuster',
        version: '1.0',
        entry: 'xsd/muster.xsd',
        roots: ['anlass.anfrage.0001', 'anlass.antwort.0002'],
        imported: false,
        sources: 1,
      },
    ])
    expect(codeLists.map(({ uri, version }) => `${uri} ${version}`)).to.deep.equal(['urn:example:codeliste:anlass 1'])
    expect([unresolved, broken]).to.deep.equal([[], []])
  })

  it('keeps schemas, catalogs and code lists, and leaves samples out', () => {
    const files = filesOf({ ...madeUpStandard({ version: '1.0' }), 'beispiele/a.xml': '<a/>', 'lies-mich.xml': '<text/>' })
    expect([...partsOfSet(files).keys()].sort()).to.deep.equal(Object.keys(madeUpStandard({ version: '1.0' })).sort())
  })

  it('finds everything that is asked for and not there, also where a smaller entry would do', () => {
    const facts = describePackage(
      filesOf({
        'driver.xsd': schema('urn:a', '<xs:include schemaLocation="one.xsd"/><xs:include schemaLocation="lost.xsd"/>'),
        'one.xsd': schema('urn:a', '<xs:element name="one"/>'),
        'two.xsd': schema(
          'urn:b',
          '<xs:import namespace="http://www.w3.org/2000/09/xmldsig#" schemaLocation="http://www.w3.org/x.xsd"/><xs:import namespace="urn:c"/>',
        ),
      }),
    )
    expect(facts.unresolved).to.deep.equal([
      { file: 'driver.xsd', namespace: '', location: 'lost.xsd' },
      { file: 'two.xsd', namespace: 'http://www.w3.org/2000/09/xmldsig#', location: 'http://www.w3.org/x.xsd' },
    ])
    expect(facts.standards.map(({ entry }) => entry)).to.deep.equal(['one.xsd'])
  })

  it('tells what a package is about from what it only builds on', () => {
    const { standards } = describePackage(
      filesOf({
        'a.xsd': schema(
          'urn:a',
          '<xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:include schemaLocation="none.xsd"/><xs:element name="a"/>',
        ),
        'b.xsd': schema('urn:b', '<xs:element name="b"/>'),
        'none.xsd': schema('', '<xs:element name="c"/>'),
      }),
    )
    expect(standards.map(({ namespace, roots, imported }) => [namespace, roots, imported])).to.deep.equal([
      ['', ['c'], true],
      ['urn:a', ['a', 'c'], false],
      ['urn:b', ['b'], true],
    ])
  })

  it('holds several versions of a standard, and tells which of them no message tells apart', () => {
    const packageOf = (...made: readonly Made[]) =>
      describePackage(
        filesOf(
          Object.fromEntries(made.flatMap((one, i) => Object.entries(madeUpStandard(one)).map(([path, text]) => [`${i}/${path}`, text]))),
        ),
      )
    const told = packageOf({ version: '1.0', namespace: '1' }, { version: '1.1', namespace: '1' })
    const main = told.standards.filter(({ imported }) => !imported)
    expect(main.map(({ version, entry, roots }) => [version, entry, roots.length])).to.deep.equal([
      ['1.0', '0/xsd/muster.xsd', 2],
      ['1.1', '1/xsd/muster.xsd', 2],
    ])
    expect(told.rivals).to.deep.equal([])
    const untold = packageOf({ version: '1.0' }, { version: '1.0', more: '<xs:element name="neu"/>' })
    expect(untold.rivals.map(({ root, entries }) => [root, entries])).to.deep.equal(
      ['anlass.anfrage.0001', 'anlass.antwort.0002'].map((root) => [root, ['0/xsd/muster.xsd', '1/xsd/muster.xsd']]),
    )
    // a copy is no edition
    const copied = packageOf({ version: '1.0' }, { version: '1.0' })
    expect([copied.rivals, copied.standards.filter(({ imported }) => !imported).length]).to.deep.equal([[], 1])
  })

  it('of standards that import each other, all are what the package is about', () => {
    const { standards } = describePackage(
      filesOf({
        'a.xsd': schema('urn:a', '<xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:element name="a"/>'),
        'b.xsd': schema('urn:b', '<xs:import namespace="urn:a" schemaLocation="a.xsd"/><xs:element name="b"/>'),
      }),
    )
    expect(standards.map(({ imported }) => imported)).to.deep.equal([false, false])
  })

  it('ends with files that include each other', () => {
    const { standards, unresolved } = describePackage(
      filesOf({
        'a.xsd': schema('urn:a', '<xs:include schemaLocation="b.xsd"/><xs:element name="a"/>'),
        'b.xsd': schema('urn:a', '<xs:include schemaLocation="a.xsd"/><xs:element name="b"/>'),
      }),
    )
    expect(standards.map(({ roots, sources }) => [roots, sources.length])).to.deep.equal([[['a', 'b'], 1]])
    expect(unresolved).to.deep.equal([])
  })

  describe('content', () => {
    const contentOf = (files: Record<string, string>): string | undefined => describePackage(filesOf(files)).standards[0]?.content
    const plain = madeUpStandard({ version: '1.0' })

    it('is the same in other folders, with other annotations and white space', () => {
      const moved = Object.fromEntries(Object.entries(plain).map(([path, text]) => [`neu/${path}`, text]))
      const remarked = { ...plain, 'xsd/eins.xsd': (plain['xsd/eins.xsd'] ?? '').replace(/<xs:element/g, '<!-- neu -->\n  <xs:element') }
      expect(contentOf(moved)).to.equal(contentOf(plain))
      expect(contentOf(remarked)).to.equal(contentOf(plain))
    })

    it('is another when one declaration is', () => {
      expect(contentOf(madeUpStandard({ version: '1.0', more: '<xs:element name="neu"/>' }))).to.not.equal(contentOf(plain))
      expect(contentOf({ ...plain, 'basis/basis.xsd': (plain['basis/basis.xsd'] ?? '').replace('xs:dateTime', 'xs:date') })).to.not.equal(
        contentOf(plain),
      )
    })
  })

  it('knows where parts usually come from, by namespace or address', () => {
    expect(usualOrigin('http://www.osci.de/xinneres/behoerde/7', undefined)?.en).to.match(/XInneres base module/)
    expect(usualOrigin('', 'http://xoev.de/schemata/code/1_0/xoev-code.xsd')?.en).to.match(/data type Code/)
    expect(usualOrigin('urn:example:a', 'a.xsd')).to.equal(undefined)
  })
})
