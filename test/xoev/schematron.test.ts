// SPDX-License-Identifier: EUPL-1.2
/**
 * Schematron files: what makes one unusable, and which messages a file speaks about. How rules are evaluated: rules.test.ts.
 * @module
 */
import { expect } from 'chai'
import { readSchematron, schematronFor, type PlacedSchema } from '../../src/xoev/schematron.js'
import { bytesOf } from './fixtures.js'

interface Written {
  readonly binding?: string
  readonly namespaces?: readonly string[]
}

const sch = (body: string, { binding = 'queryBinding="xslt2"', namespaces = ['urn:t'] }: Written = {}): string =>
  `<sch:schema xmlns:sch="http://purl.oclc.org/dsdl/schematron" ${binding}>` +
  namespaces.map((uri, index) => `<sch:ns prefix="n${index}" uri="${uri}"/>`).join('') +
  `${body}</sch:schema>`
const rule = (test: string, more = ''): string =>
  `<sch:rule context="a">${more}<sch:assert id="x" test="${test.replaceAll('<', '&lt;')}">x</sch:assert></sch:rule>`
const unusable = (text: string): string | undefined => readSchematron('t.sch', bytesOf(text))?.unusable

describe('Schematron files', () => {
  it('that leave rules to others than this file are not half of their rules', () => {
    expect(unusable(sch(`<sch:pattern><sch:title>t</sch:title><sch:p>p</sch:p>${rule('true()')}</sch:pattern>`))).to.equal(undefined)
    const inPattern = [
      '<sch:include href="x.sch"/>',
      '<sch:extends href="x.sch"/>',
      '<x:include xmlns:x="urn:x" href="x"/>',
      '<sch:param/>',
    ]
    for (const strange of inPattern)
      expect(unusable(sch(`<sch:pattern>${strange}${rule('true()')}</sch:pattern>`)), strange).to.match(/ is not supported$/)
    expect(unusable(sch(`<sch:pattern documents="'x.xml'">${rule('true()')}</sch:pattern>`))).to.match(/other documents/)
  })

  it('of a query language that nobody here speaks, or of the time before the standard, are unusable', () => {
    const bound = (binding: string): string | undefined => unusable(sch(`<sch:pattern>${rule('true()')}</sch:pattern>`, { binding }))
    for (const known of ['', ...['xslt', 'xpath', 'xslt2', 'XSLT3', 'xpath2', 'xpath31'].map((name) => `queryBinding="${name}"`)])
      expect(bound(known), known).to.equal(undefined)
    for (const unknown of ['stx', 'xquery', 'schemaless', ''])
      expect(bound(`queryBinding="${unknown}"`), unknown).to.match(/^queryBinding .*not supported$/)
    const old = sch('').replace('http://purl.oclc.org/dsdl/schematron', 'http://www.ascc.net/xml/schematron')
    expect(unusable(old)).to.match(/1\.5/)
  })

  const bound = (test: string, binding = ''): boolean =>
    unusable(sch(`<sch:pattern>${rule(test)}</sch:pattern>`, { binding })) === undefined

  it('of XPath 1 that order texts by number are unusable, others are not', () => {
    for (const test of [
      '@a < @b',
      "@a > '5'",
      '. <= ../b',
      'string(@a) >= string(@b)',
      'b[@c > @d]',
      '@a5 < @b',
      'count(b) > 1 and @a < @b',
      // names of functions, and none of them
      '@position < @last',
      'sum < n0:count',
    ])
      expect([bound(test), bound(test, 'queryBinding="xslt2"')], test).to.deep.equal([false, true])
    for (const test of [
      '@a < 5',
      '5 < @a',
      'count(b[@c = (1)]) > 0',
      '@a > count(b)',
      'number(@a) < number(@b)',
      'position() <= last()',
      "@a = '<'",
      'string-length(.) > 3',
    ])
      expect(bound(test), test).to.equal(true)
    const inLet = rule('$b', '<sch:let name="b" value="@a &lt; @b"/>')
    expect(unusable(sch(`<sch:pattern>${inLet}</sch:pattern>`, { binding: '' }))).to.match(/XPath 1/)
  })

  it('of XPath 1 that ask for nodes by comparing with true() are unusable, others are not', () => {
    for (const test of ['@a = true()', 'false() != b', 'not(@a) = b', "@b = contains(., 'x')", '@a = 1 or @lang = false()', '$a=true()'])
      expect([bound(test), bound(test, 'queryBinding="xslt2"')], test).to.deep.equal([false, true])
    for (const test of [
      'not(@a) = not(@b)',
      "contains(., 'x') = true()",
      '@a = 1',
      "@a = 'true()'",
      '@true = @false',
      'boolean(@a) and true()',
    ])
      expect(bound(test), test).to.equal(true)
  })

  it('whose abstract patterns or phases are not there, or hold what nobody here knows, are unusable', () => {
    const base = `<sch:pattern abstract="true" id="p">${rule('true()')}</sch:pattern>`
    const use = (more = ''): string => `<sch:pattern is-a="p">${more}</sch:pattern>`
    for (const [body, reason] of [
      [base + use(), undefined],
      [use(), /not there/],
      [base + use(rule('true()')), /rule is not supported/],
      [base + use('<sch:param name="x"/>'), /param without value/],
      [base.replace('<sch:pattern', '<sch:pattern documents="x"') + use(), /other documents/],
      [base.replace('<sch:rule', '<sch:include href="x.sch"/><sch:rule') + use(), /include is not supported/],
    ] as const) {
      const found = unusable(sch(body))
      if (reason === undefined) expect(found).to.equal(undefined)
      else expect(found).to.match(reason)
    }
    const phased = (body: string): string | undefined =>
      unusable(sch(body + `<sch:pattern id="a">${rule('true()')}</sch:pattern>`, { binding: 'queryBinding="xslt2" defaultPhase="f"' }))
    expect(phased('')).to.match(/default phase is not there/)
    expect(phased('<sch:phase id="f"><sch:active pattern="b"/></sch:phase>')).to.match(/names a pattern/)
    expect(phased('<sch:phase id="f"><sch:include href="x.sch"/></sch:phase>')).to.match(/include is not supported/)
  })

  it('a warning says so in German, too', () => {
    const severity = (role: string) =>
      readSchematron(
        't.sch',
        bytesOf(sch(`<sch:pattern><sch:rule context="a"><sch:assert role="${role}" test="1">x</sch:assert></sch:rule></sch:pattern>`)),
      )?.patterns[0]?.rules[0]?.checks[0]?.severity
    expect(['Warnung', 'warning', 'Hinweis', 'fehler'].map(severity)).to.deep.equal(['warning', 'warning', 'warning', 'error'])
  })

  describe('speak about', () => {
    const schema = (path: string, targetNamespace: string, roots: readonly string[] = ['r']): PlacedSchema => ({
      path,
      targetNamespace,
      elements: new Set(roots),
    })
    const HEAD = 'urn:head'
    const documents = [schema('one/xsd/a.xsd', 'urn:one'), schema('one/xsd/head.xsd', HEAD, []), schema('two/b.xsd', 'urn:two')]
    const speaks = (files: Readonly<Record<string, readonly string[]>>, file: string): string[] => {
      const all = Object.entries(files).flatMap(([path, namespaces]) => readSchematron(path, bytesOf(sch('', { namespaces }))) ?? [])
      return ['urn:one', 'urn:two'].filter((uri) => schematronFor(all, uri, documents, new Set([HEAD])).some((one) => one.file === file))
    }

    it('the standards that they declare', () => {
      expect(speaks({ 'one/rules.sch': [HEAD, 'urn:two'] }, 'one/rules.sch')).to.deep.equal(['urn:two'])
      expect(speaks({ 'one/rules.sch': ['urn:one:older'] }, 'one/rules.sch')).to.deep.equal([])
    })

    it('the standards of their neighbours, where they declare none', () => {
      const files = { 'one/sch/a.sch': ['urn:one', HEAD], 'one/sch/any.sch': [] }
      expect(speaks(files, 'one/sch/any.sch')).to.deep.equal(['urn:one'])
    })

    it('the standards whose schemas lie nearest, where nobody beside them declares one', () => {
      expect(speaks({ 'one/sch/any.sch': [] }, 'one/sch/any.sch')).to.deep.equal(['urn:one'])
      expect(speaks({ 'one/sch/head.sch': [HEAD, 'http://www.w3.org/2001/XMLSchema'] }, 'one/sch/head.sch')).to.deep.equal(['urn:one'])
      expect(speaks({ 'two/any.sch': [] }, 'two/any.sch')).to.deep.equal(['urn:two'])
      expect(speaks({ 'sch/any.sch': [] }, 'sch/any.sch')).to.deep.equal(['urn:one', 'urn:two'])
    })
  })
})
