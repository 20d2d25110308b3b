// SPDX-License-Identifier: EUPL-1.2
/**
 * What rules of Schematron files say about a document: values of `let`, texts, contexts, abstract patterns, phases.
 * @module
 */
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { readSchematron } from '../../src/xoev/schematron.js'
import { schematronRunner, type SchematronRunner } from '../../src/xoev/schematron-runner.js'
import { bytesOf } from './fixtures.js'

const escaped = (xpath: string): string => xpath.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const letOf = (name: string, value: string): string => `<sch:let name="${name}" value="${escaped(value)}"/>`
const assertOf = (test: string, more = ''): string => `<sch:assert test="${escaped(test)}"${more}>x</sch:assert>`
const sch = (body: string, attributes = ''): string =>
  `<sch:schema xmlns:sch="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2"${attributes}>` +
  `<sch:ns prefix="xs" uri="http://www.w3.org/2001/XMLSchema"/>${body}</sch:schema>`

const DOCUMENT = '<r none="" n="5" day="2024-01-01+02:00"><c n="1">a</c><c n="2">b</c><e/></r>'

describe('Schematron rules', () => {
  let runner: SchematronRunner

  before(() => {
    runner = schematronRunner((url, options) => new Worker(url, options))
  })

  after(() => runner.close())

  const outcomeOf = async (schema: string, document = DOCUMENT): Promise<{ broken: string[]; failed: string[] }> => {
    const rules = readSchematron('t.sch', bytesOf(schema))
    if (rules?.unusable !== undefined) throw new Error(rules.unusable)
    const { hits, failures } = await runner.run(rules ? [rules] : [], document)
    return { broken: hits.map(({ check }) => check), failed: failures.map(({ check, reason }) => `${check} ${reason}`) }
  }

  it('get the value of a let as it is: nothing, many, attributes, texts, numbers, days', async () => {
    /** By value, for the root element and in the document alike: what holds of it. */
    const values: Readonly<Record<string, string>> = {
      '/r/nobody': 'empty($v) and not($v) and not(exists($v)) and count($v) = 0',
      '()': 'empty($v)',
      '/r/c': 'count($v) = 2 and $v/@n = 2 and $v[2] = "b" and $v',
      '/r/c/@n': 'count($v) = 2 and $v = 1 and sum($v) = 3 and $v/.. and count($v/parent::c) = 2',
      '/r/@none': 'exists($v) and $v and $v/.. and string-length($v) = 0',
      '/r/@n': '$v = 5 and name($v) = "n"',
      '/r/c/string(.)': 'count($v) = 2 and $v = "b"',
      'count(/r/c)': '$v = 2 and $v instance of xs:integer and (1, 2, 3)[$v] = 2',
      '(true(), false())': 'count($v) = 2 and $v[1] and not($v[2])',
      '1.5': '$v + 1 = 2.5 and $v instance of xs:decimal',
      'number("x")': '$v ne $v',
      'xs:date(/r/@day)': '$v lt xs:date("2024-01-02") and string($v) = "2024-01-01+02:00"',
      '/r/c/xs:date("2024-01-01")': 'count($v) = 2 and $v[2] instance of xs:date',
      'data(/r/@n)': '$v = 5 and $v = "5"',
      '(/r/c, 1)': 'count($v) = 3',
    }
    for (const [value, test] of Object.entries(values)) {
      const rule = (lets: string): string => `<sch:rule context="r">${lets}${assertOf(test)}</sch:rule>`
      const one = letOf('v', value)
      for (const schema of [`${one}<sch:pattern>${rule('')}</sch:pattern>`, `<sch:pattern>${one}${rule('')}</sch:pattern>`])
        expect(await outcomeOf(sch(schema)), `${value}: ${test}`).to.deep.equal({ broken: [], failed: [] })
      expect(await outcomeOf(sch(`<sch:pattern>${rule(one)}</sch:pattern>`)), `${value} of a rule`).to.deep.equal({
        broken: [],
        failed: [],
      })
    }
  })

  it('get the let that is nearest, and lets that name others', async () => {
    const day = 'xs:date("2024-01-01")'
    for (const [outer, inner] of [
      ['1', '2'],
      [day, '2'],
      ['1', `(${day}, 1)[2] + 1`],
      ['/r', 'count($v) + 1'],
      [day, 'year-from-date($v) - 2022'],
    ] as const)
      for (const [inPattern, inRule] of [
        [letOf('v', inner), ''],
        ['', letOf('v', inner)],
      ] as const) {
        const rule = `<sch:rule context="c[string($v) = ${inPattern ? "('2')" : 'string($v)'}]">${inRule}${assertOf('$v = 2')}${assertOf('false()')}</sch:rule>`
        const { broken, failed } = await outcomeOf(sch(`${letOf('v', outer)}<sch:pattern>${inPattern}${rule}</sch:pattern>`))
        expect([broken, failed], `${outer}, ${inner}`).to.deep.equal([
          ['pattern-1/1/' + (inRule ? 3 : 2), 'pattern-1/1/' + (inRule ? 3 : 2)],
          [],
        ])
      }
  })

  it('see the text of an element as one node, CDATA sections or not', async () => {
    const rules = sch(
      '<sch:pattern><sch:rule context="text()">' +
        `<sch:assert id="one" test="count(../text()) = 1">x</sch:assert><sch:report id="seen" test=". = '1 &lt; 2 &amp;amp;'">x</sch:report></sch:rule></sch:pattern>`,
    )
    const texts = ['1 &lt; <![CDATA[2 &amp;]]>', '<![CDATA[1 < 2]]><![CDATA[]]> &amp;amp;', '<![CDATA[1 < 2 &amp;]]>', '1 &lt; 2 &amp;amp;']
    for (const text of texts) expect(await outcomeOf(rules, `<r>${text}</r>`), text).to.deep.equal({ broken: ['seen'], failed: [] })
    const outside = '<?p <![CDATA[?><!-- <![CDATA[ --><r>1 &lt; 2 &amp;amp;</r><!-- ]]> -->'
    expect(await outcomeOf(rules, outside)).to.deep.equal({ broken: ['seen'], failed: [] })
  })

  it('that warn a hundred times hide no error under the same id', async () => {
    const rules = sch(
      `<sch:pattern><sch:rule id="base" abstract="true">${assertOf('false()', ' role="warning"')}</sch:rule>` +
        `<sch:rule context="c">${assertOf('. != "199"')}<sch:extends rule="base"/></sch:rule></sch:pattern>`,
    )
    const many = `<r>${Array.from({ length: 200 }, (_, index) => `<c>${index}</c>`).join('')}</r>`
    const [one] = [readSchematron('t.sch', bytesOf(rules))].flatMap((it) => it ?? [])
    const { hits } = await runner.run(one ? [one] : [], many)
    expect(hits.filter(({ severity }) => severity === 'error').map(({ path }) => path)).to.deep.equal([[199]])
  })

  it('behind one whose nodes nobody knows judge none of them', async () => {
    const second = `<sch:rule context="*">${assertOf('false()')}</sch:rule>`
    for (const [checks, failed] of [
      ['', ['context FORG0001']],
      ['<sch:assert id="a" test="true()">x</sch:assert>', ['a FORG0001', 'context FORG0001']],
    ] as const) {
      const rules = `<sch:pattern><sch:rule context="c[xs:date(.)]">${checks}</sch:rule>${second}</sch:pattern>`
      expect(await outcomeOf(sch(rules))).to.deep.equal({ broken: [], failed })
    }
  })

  it('of abstract patterns judge with the parameters of each use', async () => {
    const base =
      '<sch:pattern abstract="true" id="most"><sch:let name="found" value="$what"/>' +
      '<sch:rule context="$where"><sch:assert id="few" test="count($found) le $many">x</sch:assert></sch:rule></sch:pattern>'
    const use = (what: string, many: number): string =>
      `<sch:pattern is-a="most"><sch:param name="where" value="r"/><sch:param name="what" value="${what}"/><sch:param name="many" value="${many}"/></sch:pattern>`
    expect((await outcomeOf(sch(base))).broken).to.deep.equal([])
    expect(await outcomeOf(sch(use('//c', 2) + base + use('//e', 1)))).to.deep.equal({ broken: [], failed: [] })
    expect(await outcomeOf(sch(base + use('//c', 1) + use('//*', 3)))).to.deep.equal({ broken: ['few', 'few'], failed: [] })
    // a parameter that a use leaves out is a variable that nobody binds
    expect((await outcomeOf(sch(base + use('//c', 2).replace(/<sch:param name="many"[^>]*>/, '')))).failed).to.deep.equal(['few XPST0008'])
  })

  it('are those of the default phase, and all where there is none', async () => {
    const pattern = (id: string): string =>
      `<sch:pattern id="${id}"><sch:rule context="r"><sch:assert id="of-${id}" test="false()">x</sch:assert></sch:rule></sch:pattern>`
    const phases =
      '<sch:properties><sch:property id="p">x</sch:property></sch:properties>' +
      '<sch:phase id="first"><sch:active pattern="a"/></sch:phase><sch:phase id="second"><sch:let name="v" value="1"/><sch:active pattern="b"/></sch:phase>'
    const body = phases + pattern('a') + pattern('b')
    for (const [attribute, broken] of [
      ['', ['of-a', 'of-b']],
      [' defaultPhase="#ALL"', ['of-a', 'of-b']],
      [' defaultPhase="first"', ['of-a']],
      [' defaultPhase="second"', ['of-b']],
    ] as const)
      expect(await outcomeOf(sch(body, attribute)), attribute).to.deep.equal({ broken, failed: [] })
  })
})
