// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { Finding, Severity } from '../../src/web/report/model.js'
import { linesOf, piecesOf } from '../../src/web/tester/lines.js'

const at = (column: number, severity: Severity = 'error'): Finding => ({
  id: 'xml.rule',
  layer: 'xml',
  severity,
  xpath: null,
  line: 1,
  column,
  document: 'file',
  detail: null,
  content: null,
})
const shown = (line: string, ...findings: readonly Finding[]): string =>
  piecesOf(line, findings)
    .map(({ text, severity }) => (severity === undefined ? text : `[${severity} ${text}]`))
    .join('')

describe('lines of the tester page', () => {
  it('end as for the parser: CR LF, LF, lone CR', () => {
    expect(linesOf('a\r\nb\rc\nd')).to.deep.equal(['a', 'b', 'c', 'd'])
  })

  it('mark the tag, the word or the end that a finding points at, once', () => {
    expect(shown('<a><b c="1"/></a>', at(4))).to.equal('<a>[error <b] c="1"/></a>')
    expect(shown('<a></wrong> x', at(4))).to.equal('<a>[error </wrong>] x')
    expect(shown('<a></wrong>', at(11))).to.equal('<a>[error </wrong>]')
    expect(shown('one two', at(5, 'warning'), at(5), at(1))).to.equal('[error one] [error two]')
    expect(shown('end', at(99))).to.equal('end[error ⏎]')
  })

  it('show of a long line what is around its marks, else its beginning', () => {
    const long = `${'x'.repeat(2000)}<y>${'z'.repeat(2000)}`
    const text = shown(long, at(2001))
    expect(text).to.contain(`${'x'.repeat(160)}[error <y]>${'z'.repeat(319)} …`)
    expect(text.length).to.be.lessThan(700)
    expect(shown(long)).to.equal(`${'x'.repeat(320)} … `)
  })

  it('hide nothing: signs without a shape and those that turn the direction are seen', () => {
    expect(shown('a\u0000b\u202ec\u0085\td')).to.equal('a␀b\ufffdc\ufffd\td')
  })
})
