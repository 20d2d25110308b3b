// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { parseXml } from '../../src/xml/gate.js'
import { attributeOf, elementsOf, textOf } from '../../src/xml/tree.js'
import { CHECK_LIMITS } from '../../src/env.js'
import { uncheckedResult } from '../../src/check/engine.js'
import { FORMATS, type FormatId } from '../../src/check/reports/formats.js'
import { wholeReport, type FileResult, type ReportHead } from '../../src/check/reports/report.js'
import type { Finding } from '../../src/check/types.js'
import type { ProtektorError } from '../../src/errors.js'
import { storedResults } from '../../src/web/report/stored.js'

const HEAD: ReportHead = {
  tool: 'protektor',
  version: '0.0.0',
  node: 'v20',
  at: '2026-11-26T12:00:00.000Z',
  schemaSets: [{ name: 'osci12', version: null, sha256: '00' }],
  codeLists: [],
}

const finding = (change: Partial<Finding>): Finding => ({
  id: 'xml.not-well-formed',
  layer: 'xml',
  severity: 'error',
  rule: 'not-well-formed',
  reference: '[XML10 §2.1]',
  xpath: null,
  line: 3,
  column: 7,
  document: 'file',
  message: { de: 'XML ist nicht wohlgeformt', en: 'XML is not well-formed' },
  detail: 'unclosed <tag> & "more"\u0001',
  rueckweisung: null,
  content: null,
  ...change,
})

const result = (file: string, change: Partial<FileResult>): FileResult => ({
  ...uncheckedResult('mime.message-too-large', ''),
  file,
  findings: [],
  layers: {},
  ...change,
})

const RESULTS: readonly FileResult[] = [
  result('good.bin', { verdict: 'valid', layers: { xml: 'valid', mime: 'valid' } }),
  result('a folder/bad "one".xml', {
    verdict: 'invalid',
    layers: { xml: 'invalid' },
    findings: [finding({}), finding({ document: 'decrypted', line: 9 })],
  }),
  result('closed.bin', { verdict: 'unchecked', layers: { 'transport-encryption': 'unchecked' } }),
  result('broken.bin', { verdict: 'error', layers: { rules: 'error' } }),
]

const PAGE = { script: 'let page', style: 'p { margin: 0 }' }
const whole = async (format: FormatId, ...rest: Parameters<typeof wholeReport> extends [unknown, ...infer R] ? R : never) =>
  wholeReport(await FORMATS[format]({ page: async () => PAGE }), ...rest)

const storedIn = (html: string) => storedResults(/id="results">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '')

/** A run with a suite: one file as broken as it should be, one that is not, one that nobody met. */
const SUITE_RESULTS: readonly FileResult[] = [
  result('broken.xml', { verdict: 'invalid', layers: { xml: 'invalid' }, findings: [finding({})], differences: [] }),
  result('sound.xml', {
    verdict: 'valid',
    layers: { xml: 'valid' },
    differences: [
      { kind: 'verdict', expected: 'invalid', found: 'valid' },
      { kind: 'finding-missing', id: 'xml.doctype' },
    ],
  }),
  result('other.xml', {
    verdict: 'invalid',
    layers: { xml: 'invalid' },
    findings: [finding({})],
    differences: [{ kind: 'finding-unexpected', id: 'xml.not-well-formed' }],
  }),
]
const SUITES = { files: 3, differing: 2, missing: ['gone "1".xml'] }

describe('reports', () => {
  it('json keeps the fixed shape and says what the verdicts depend on', async () => {
    const report = JSON.parse(await whole('json', HEAD, RESULTS, 'de')) as ReportHead & { results: FileResult[]; sum: object }
    expect(report).to.include({ tool: 'protektor', version: '0.0.0', at: HEAD.at })
    expect(report.schemaSets).to.deep.equal(HEAD.schemaSets)
    expect(report.results).to.deep.equal(RESULTS)
    expect(report.sum).to.deep.equal({ valid: 1, invalid: 1, unchecked: 1, error: 1 })
    expect((JSON.parse(await whole('json', HEAD, [], 'de')) as { results: unknown[] }).results).to.deep.equal([])
  })

  it('junit is XML whatever names and details hold, a case per layer', async () => {
    const xml = await whole('junit', HEAD, RESULTS, 'en')
    const { root } = parseXml(new TextEncoder().encode(xml), { limits: CHECK_LIMITS, frame: 'content' })
    expect(root.local).to.equal('testsuites')
    const suites = elementsOf(root)
    expect(suites.map((suite) => attributeOf(suite, 'name'))).to.deep.equal(RESULTS.map(({ file }) => file))
    const counts = (name: string) => suites.map((suite) => attributeOf(suite, name)).join(' ')
    expect([counts('tests'), counts('failures'), counts('skipped'), counts('errors')]).to.deep.equal([
      '2 1 1 1',
      '0 1 0 0',
      '0 0 1 0',
      '0 0 0 1',
    ])
    expect(xml).to.contain('3:7').and.not.contain('\u0001')
  })

  it('sarif 2.1.0 has a rule for every result, places only in the file itself, and says what was not checked', async () => {
    const sarif = JSON.parse(await whole('sarif', HEAD, RESULTS, 'de')) as {
      version: string
      runs: {
        results: {
          ruleId: string
          level: string
          locations: { physicalLocation: { artifactLocation: { uri: string }; region?: object } }[]
        }[]
        tool: { driver: { rules: { id: string }[] } }
        invocations: { executionSuccessful: boolean; toolExecutionNotifications: object[] }[]
      }[]
    }
    expect(sarif.version).to.equal('2.1.0')
    const [run] = sarif.runs
    expect(run?.results.map(({ ruleId, level }) => `${ruleId} ${level}`)).to.deep.equal(Array(2).fill('xml.not-well-formed error'))
    expect(run?.tool.driver.rules.map(({ id }) => id)).to.deep.equal(['xml.not-well-formed'])
    const places = run?.results.map(({ locations }) => locations[0]?.physicalLocation)
    expect(places?.[0]).to.deep.equal({
      artifactLocation: { uri: 'a%20folder/bad%20%22one%22.xml' },
      region: { startLine: 3, startColumn: 7 },
    })
    expect(places?.[1]).to.not.have.property('region')
    expect(run?.invocations[0]?.executionSuccessful).to.equal(false)
    expect(run?.invocations[0]?.toolExecutionNotifications).to.have.length(2)
  })

  it('sarif counts columns as the findings do: in UTF-16 units', async () => {
    let thrown: unknown
    try {
      parseXml(new TextEncoder().encode('<a>\u{1F600}\u{1F600}<!DOCTYPE x></a>'), { limits: CHECK_LIMITS, frame: 'content' })
    } catch (cause) {
      thrown = cause
    }
    const { line = 0, column = 0 } = (thrown as ProtektorError).place
    const written = await whole('sarif', HEAD, [result('a.xml', { findings: [finding({ line, column })] })], 'en')
    const { runs } = JSON.parse(written) as {
      runs: {
        columnKind: string
        results: { locations: { physicalLocation: { region: { startColumn: number } } }[] }[]
      }[]
    }
    const startColumn = runs[0]?.results[0]?.locations[0]?.physicalLocation.region.startColumn
    const before = '<a>\u{1F600}\u{1F600}'
    const width = { utf16CodeUnits: before.length, unicodeCodePoints: [...before].length }[runs[0]?.columnKind ?? '']
    expect(startColumn).to.equal(1 + (width ?? 0))
  })

  it('json names the differences from expected.yaml of each file and of the run, and neither where none speaks', async () => {
    const report = JSON.parse(await whole('json', HEAD, SUITE_RESULTS, 'de', SUITES)) as { results: FileResult[]; suites: object }
    expect(report.results.map(({ differences }) => differences)).to.deep.equal(SUITE_RESULTS.map(({ differences }) => differences))
    expect(report.suites).to.deep.equal(SUITES)
    expect(await whole('json', HEAD, RESULTS, 'de')).to.not.match(/"differences"|"suites"/)
  })

  it('junit leaves out no finding of a layer that failed or was skipped, and says what a line counts in', async () => {
    const told = (one: Partial<Finding>) => finding({ severity: 'warning', reference: 'R', detail: null, xpath: null, ...one })
    const findings = [
      told({ layer: 'mime', id: 'mime.coding-undone', line: null }),
      told({ layer: 'mime', id: 'mime.unread-rest', line: null, detail: '7 bytes' }),
      finding({ detail: null, document: 'decrypted' }),
      told({ id: 'xml.hint', document: 'content', content: 'c0' }),
    ]
    const all = result('a', { verdict: 'invalid', layers: { mime: 'unchecked', xml: 'invalid' }, findings })
    const xml = await whole('junit', HEAD, [all], 'en')
    const { root } = parseXml(Buffer.from(xml), { limits: CHECK_LIMITS, frame: 'content' })
    const cases = elementsOf(root).flatMap(elementsOf)
    const saying = 'XML is not well-formed'
    expect(cases.map((one) => elementsOf(one).map((e) => [e.local, textOf(e)]))).to.deep.equal([
      [
        ['skipped', ''],
        ['system-out', `mime.coding-undone · ${saying} · R\nmime.unread-rest · ${saying} · 7 bytes · R`],
      ],
      [
        ['failure', `xml.not-well-formed · ${saying} · decrypted 3:7 · [XML10 §2.1]`],
        ['system-out', `xml.hint · ${saying} · content c0 3:7 · R`],
      ],
    ])
  })

  it('junit has one case for a file of a suite: broken as expected passes, sound where broken was expected fails', async () => {
    const xml = await whole('junit', HEAD, SUITE_RESULTS, 'en', SUITES)
    const { root } = parseXml(new TextEncoder().encode(xml), { limits: CHECK_LIMITS, frame: 'content' })
    const cases = elementsOf(root).map((suite) => {
      const [only, ...more] = elementsOf(suite)
      expect(more).to.have.length(0)
      const failure = only && elementsOf(only).find(({ local }) => local === 'failure')
      expect(attributeOf(suite, 'tests')).to.equal('1')
      expect(attributeOf(suite, 'failures')).to.equal(failure ? '1' : '0')
      return [attributeOf(suite, 'name'), only && attributeOf(only, 'name'), failure && attributeOf(failure, 'message')]
    })
    expect(cases).to.deep.equal([
      ['broken.xml', 'expected.yaml', undefined],
      ['sound.xml', 'expected.yaml', 'verdict valid, expected invalid; expected finding is missing xml.doctype'],
      ['other.xml', 'expected.yaml', 'finding was not expected xml.not-well-formed'],
      ['gone "1".xml', 'expected.yaml', 'expected file is missing'],
    ])
  })

  it('sarif has a result for every difference, and suppresses what was expected', async () => {
    const sarif = JSON.parse(await whole('sarif', HEAD, SUITE_RESULTS, 'de', SUITES)) as {
      runs: {
        results: { ruleId: string; message: { text: string }; suppressions?: object[] }[]
        tool: { driver: { rules: { id: string; shortDescription: { text: string } }[]; properties: { suites: object } } }
      }[]
    }
    const [run] = sarif.runs
    expect(run?.results.map(({ ruleId, suppressions }) => [ruleId, suppressions !== undefined])).to.deep.equal([
      ['xml.not-well-formed', true],
      ['expected.verdict', false],
      ['expected.finding-missing', false],
      ['expected.finding-unexpected', false],
      ['xml.not-well-formed', false],
      ['expected.file-missing', false],
    ])
    expect(run?.results[1]?.message.text).to.equal('Urteil valid, erwartet invalid')
    const rules = run?.tool.driver.rules ?? []
    expect(new Set(rules.map(({ id }) => id))).to.deep.equal(new Set(run?.results.map(({ ruleId }) => ruleId)))
    expect(rules.find(({ id }) => id === 'expected.file-missing')?.shortDescription.text).to.equal('erwartete Datei fehlt')
    expect(run?.tool.driver.properties.suites).to.deep.equal(SUITES)
  })

  it('html holds the differences in both languages, and what the suites came to', async () => {
    const html = await whole('html', HEAD, SUITE_RESULTS, 'en', SUITES)
    const [broken, sound] = await storedIn(html)
    expect(broken?.differences).to.deep.equal([])
    expect(sound?.differences?.[0]).to.deep.equal({ de: 'Urteil valid, erwartet invalid', en: 'verdict valid, expected invalid' })
    expect(JSON.parse(/id="end">(.*?)<\/script>/.exec(html)?.[1] ?? '')).to.deep.include({ suites: SUITES })
  })

  it('L1 text holds nothing that turns the direction of writing: a verdict stands behind names and values', async () => {
    const turning = await whole('text', HEAD, [result('\u202egitl\u2066.xml', { verdict: 'invalid', messageId: '\u200fx\u2029' })], 'de')
    expect(turning)
      .to.match(/^\ufffdgitl\ufffd\.xml: UNGÜLTIG\n/)
      .and.not.to.match(/[\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
  })

  it('text ends with the sum', async () => {
    expect(await whole('text', HEAD, RESULTS, 'de')).to.match(/4 Dateien: 1 gültig, 1 UNGÜLTIG, 1 ungeprüft, 1 FEHLER DER PRÜFUNG\n$/)
  })

  it('text tells what stands in many places once, and where else it stands', async () => {
    const at = (line: number | null, detail: string | null): Finding => finding({ id: 'osci-structure.schema', line, detail })
    const told = async (lang: 'de' | 'en', ...findings: Finding[]): Promise<readonly string[]> =>
      (await whole('text', HEAD, [result('a.xml', { findings })], lang)).split('\n').filter((line) => / (?:error|Fehler|→)/.test(line))
    const many = Array.from({ length: 13 }, (_all, index) => at(index + 1, 'x'))
    expect((await told('de', ...many)).map((line) => line.trim().split(',')[0])).to.deep.equal([
      'Fehler: XML ist nicht wohlgeformt [osci-structure.schema',
      '→ Zeile 1',
      '→ dasselbe noch 12-mal',
    ])
    expect((await told('de', ...many)).at(-1)).to.match(/12-mal, Zeilen 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …$/)
    expect((await told('en', at(1, 'x'), at(7, 'x'))).at(-1)).to.equal('      → the same once more, line 7')
    expect((await told('en', at(null, 'x'), at(null, 'x'))).at(-1)).to.equal('      → the same once more')
    // without a detail, and with another one, it may be something else
    expect((await told('en', at(1, null), at(2, null), at(3, 'x'), at(4, 'y'))).filter((line) => line.includes('error'))).to.have.length(4)
  })

  it('text says what a line counts in: only what was encrypted is called decrypted', async () => {
    for (const [document, de, en] of [
      ['file', '→ Zeile', '→ line'],
      ['unpacked', '→ ausgepackte Nachricht, Zeile', '→ unpacked message, line'],
      ['decrypted', '→ entschlüsselte Nachricht, Zeile', '→ decrypted message, line'],
    ] as const) {
      const results = [result('a.xml', { findings: [finding({ document })] })]
      expect(await whole('text', HEAD, results, 'de')).to.contain(de)
      expect(await whole('text', HEAD, results, 'en')).to.contain(en)
    }
  })

  it('text and junit say of which package a MIME remark is, the shell or what was in it, with a line or without', async () => {
    const remark = (document: Finding['document']): FileResult =>
      result('a.bin', {
        layers: { mime: 'invalid' },
        findings: [finding({ id: 'mime.line-ends', layer: 'mime', line: null, column: null, document })],
      })
    for (const [document, inText, inJunit] of [
      ['file', undefined, undefined],
      ['decrypted', '      → decrypted message', ' · decrypted · '],
    ] as const) {
      const text = (await whole('text', HEAD, [remark(document)], 'en')).split('\n')
      expect(text.find((line) => line.includes('→'))).to.equal(inText)
      expect((await whole('junit', HEAD, [remark(document)], 'en')).match(/ · decrypted · /)?.[0]).to.equal(inJunit)
    }
  })

  it('B1 html holds what messages hold as data only, under a policy that names its one script', async () => {
    const html = await whole('html', HEAD, [result('</script><script>alert(1)</script><!--.xml', { verdict: 'valid' })], 'en')
    expect(html.match(/<script/g)).to.have.length(4)
    expect(html).to.not.contain('<!--').and.not.contain('alert(1)<')
    const hash = createHash('sha256').update(PAGE.script).digest('base64')
    expect(html).to.contain(`default-src 'none'; script-src 'sha256-${hash}'`)
    expect((await storedIn(html))[0]?.file).to.equal('</script><script>alert(1)</script><!--.xml')
  })

  it('html holds all results, however many blocks they fill, without what stands in their rows', async () => {
    const many = Array.from({ length: 700 }, (_, index) =>
      result(`${index}.bin`, { ...RESULTS[index % 4], messageId: `${index} ${'x'.repeat(700)}` }),
    )
    const html = await whole('html', HEAD, many, 'en')
    expect(html.match(/\n[A-Za-z0-9+/]{100,}={0,2}(?=\n)/g)?.length).to.be.greaterThan(1)
    const lean = many.map(({ findings, ...one }) => ({
      ...one,
      findings: findings.map(({ message: _message, reference: _reference, rule: _rule, ...rest }) => rest),
    }))
    expect(await storedIn(html)).to.deep.equal(lean)
    expect(await storedIn(await whole('html', HEAD, [], 'en'))).to.deep.equal([])
  })
})
