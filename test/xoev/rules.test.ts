// SPDX-License-Identifier: EUPL-1.2
/**
 * Every rule over XÖV documents, once broken and once kept; code lists at a moment; the request among other documents; Schematron.
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { readCodeList, CodeListStore } from '../../src/xoev/codelists.js'
import { HEAD_RULES } from '../../src/xoev/rules/head.js'
import { hasCheckDigit, IDNR_RULES, repeatsAsAllowed } from '../../src/xoev/rules/idnr.js'
import { TEXT_RULES } from '../../src/xoev/rules/text.js'
import { readSchematron, schematronFor } from '../../src/xoev/schematron.js'
import { schematronRunner, type SchematronRunner } from '../../src/xoev/schematron-runner.js'
import { needsMaterial } from '../needs.js'
import { bytesOf, deskOf, filesOf, idsOf, project, treeOf, type Desk } from './fixtures.js'

const UUID = '123e4567-e89b-42d3-a456-426614174000'
const ASKED = '123e4567-e89b-42d3-a456-426614174001'
const ANSWER = `<x:gruppe.antwort.1701 xmlns:x="http://www.osci.de/xmeld2511a" produkt="p" produkthersteller="h" standard="XMeld" version="25.11a" test="Test">
<nachrichtenkopf.g2g><identifikation.nachricht><nachrichtenUUID>${UUID}</nachrichtenUUID><nachrichtentyp><code>1701</code></nachrichtentyp>
<erstellungszeitpunkt>2026-11-24T08:00:00.000Z</erstellungszeitpunkt></identifikation.nachricht><leser><kennung>mbp:1</kennung><name>L</name></leser>
<autor><kennung>ags:99001000</kennung><name>Müller</name></autor></nachrichtenkopf.g2g>
<x:ursprungsnachricht><nachrichtenUUID>${ASKED}</nachrichtenUUID><nachrichtentyp><code>1700</code></nachrichtentyp>
<erstellungszeitpunkt>2026-11-24T07:59:00.000Z</erstellungszeitpunkt></x:ursprungsnachricht></x:gruppe.antwort.1701>`
const REQUEST = ANSWER.replaceAll('antwort.1701', 'anfrage.1700')
  .replace('<code>1701', '<code>1700')
  .replace(UUID, ASKED)
  .replace(/<x:ursprungsnachricht>[\s\S]*<\/x:ursprungsnachricht>/, '')
const at = new Date('2026-11-24T09:00:00Z')

/** By rule: what breaks it in the answer above, which breaks none. */
const EDITS: Readonly<Record<string, readonly [from: string | RegExp, to: string]>> = {
  'xoev-schema.not-normalized': ['Müller', 'Mu\u0308ller'],
  'xoev-schema.characters': ['Müller', 'M\u05d0ller'],
  'xoev-head.root-name': [/gruppe\.antwort\.1701/g, 'antwort'],
  'xoev-head.root-attributes': [' produkt="p"', ''],
  'xoev-head.qualified-attribute': [' produkt="p"', ' produkt="p" x:produkt="p"'],
  'xoev-head.version-differs': ['25.11a', '26.05'],
  'xoev-head.default-namespace': ['<x:ursprungsnachricht>', '<x:ursprungsnachricht xmlns="urn:other">'],
  'xoev-head.test-value': ['test="Test"', 'test="false"'],
  'xoev-head.uuid-nil': [UUID, '00000000-0000-0000-0000-000000000000'],
  'xoev-head.created-form': ['2026-11-24T08:00:00.000Z', '24.11.2026'],
  'xoev-head.created-in-future': ['2026-11-24T08:00:00.000Z', '2026-11-24T10:00:00.000Z'],
  'xoev-head.kennung-shape': ['ags:99001000', 'ags:9900100'],
  'xoev-head.reply-uuid-form': [ASKED, 'nothing'],
  'xoev-head.reply-to-itself': [ASKED, UUID],
  'xoev-head.reply-too-early': ['2026-11-24T07:59:00.000Z', '2026-11-24T08:59:00.000Z'],
}

const IDNR_SCHEMA =
  '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t"><xs:simpleType name="Identifikationsnummer"><xs:restriction base="xs:token"/></xs:simpleType>' +
  '<xs:element name="r"><xs:complexType><xs:sequence><xs:element name="nr" type="t:Identifikationsnummer"/></xs:sequence><xs:attribute name="test"/></xs:complexType></xs:element></xs:schema>'
const CODE_SCHEMA =
  '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><xs:element name="r"><xs:complexType><xs:sequence><xs:element name="code" type="xs:token"/></xs:sequence>' +
  '<xs:attribute name="listURI"/><xs:attribute name="listVersionID"/></xs:complexType></xs:element></xs:schema>'
const IDNR_CASES: Readonly<Record<string, readonly [broken: string, kept: string]>> = {
  'rules.idnr-check-digit': ['<nr>86095742718</nr>', '<nr>86095742719</nr>'],
  'rules.idnr-digits': ['<nr>12345678903</nr>', '<nr>65929970489</nr>'],
  'rules.idnr-test': ['<nr>02476291358</nr>', '<nr>86095742719</nr>'],
}

const genericode = (version: string, dates: string): Uint8Array =>
  bytesOf(
    `<gc:CodeList xmlns:gc="http://docs.oasis-open.org/codelist/ns/genericode/1.0/" xmlns:v="http://xoev.de/schemata/genericode/4"><Annotation><Description>${dates}</Description></Annotation>` +
      `<Identification><ShortName>l</ShortName><Version>${version}</Version><CanonicalUri>urn:l</CanonicalUri></Identification><ColumnSet><Column Id="c" Use="required"/><Key Id="k"><ColumnRef Ref="c"/></Key></ColumnSet>` +
      `<SimpleCodeList><Row><Value ColumnRef="c"><SimpleValue>1</SimpleValue></Value></Row></SimpleCodeList></gc:CodeList>`,
  )

const SCH = (body: string, ns = '<sch:ns prefix="t" uri="urn:t"/>'): string =>
  `<sch:schema xmlns:sch="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">${ns}${body}</sch:schema>`
const RULES = SCH(
  '<sch:pattern><sch:rule id="base" abstract="true"><sch:assert id="long" test="string-length(.) ge $least">too short: <sch:value-of select="."/></sch:assert></sch:rule>' +
    '<sch:rule context="nr"><sch:let name="least" value="11"/><sch:extends rule="base"/><sch:report id="hint" role="warning" test="starts-with(., \'9\')">begins with nine</sch:report></sch:rule>' +
    '<sch:rule context="*"><sch:assert id="first-match-only" test="not(self::nr)">judged twice</sch:assert></sch:rule></sch:pattern>',
)

describe('rules over XÖV documents', function () {
  this.timeout(30_000)
  let desk: Desk
  let idnr: Desk
  let runner: SchematronRunner
  before(async () => {
    desk = await deskOf([])
    idnr = await deskOf([filesOf({ 't.xsd': IDNR_SCHEMA })])
    runner = schematronRunner((url, options) => new Worker(url, options))
  })
  after(async () => {
    await Promise.all([desk.close(), idnr.close(), runner.close()])
  })

  it('have a case each', () => {
    expect(Object.keys(EDITS).sort()).to.deep.equal([...TEXT_RULES, ...HEAD_RULES].map(({ id }) => id).sort())
    expect(Object.keys(IDNR_CASES).sort()).to.deep.equal(IDNR_RULES.map(({ id }) => id).sort())
  })

  it('raise nothing where nothing is wrong', async () => {
    const ids = idsOf(await desk.check(ANSWER, { at }))
    expect(ids.filter((id) => Object.hasOwn(EDITS, id))).to.deep.equal([])
  })

  for (const [id, [from, to]] of Object.entries(EDITS))
    it(`${id} is raised, with its place`, async () => {
      const report = await desk.check(ANSWER.replace(from, to), { at })
      expect(report.findings.find((finding) => finding.id === id)?.xpath, idsOf(report).join()).to.match(/^\//)
    })

  it('a picture is no character of a name, © ® ™ and all signs of the standard are', async () => {
    const foreign = async (name: string): Promise<boolean> =>
      idsOf(await desk.check(ANSWER.replace('Müller', name), { at })).includes('xoev-schema.characters')
    expect([await foreign('M\u{1f600}'), await foreign('M\u2764'), await foreign('M\u{1d400}')]).to.deep.equal([true, true, true])
    expect(await foreign('©®™ … „“ ‚‘ † ‡ ‰ ′ ″ ‹ › ⁰ ₉ € ∞ ≤ ≥ ˈ ˌ')).to.equal(false)
  })

  it('the 30th of February is no day of a moment, the 29th of a leap year is', async () => {
    const created = async (day: string): Promise<boolean> =>
      idsOf(await desk.check(ANSWER.replace('2026-11-24T08:00:00.000Z', `${day}T08:00:00.000Z`), { at })).includes('xoev-head.created-form')
    expect([await created('2026-02-30'), await created('2024-02-29'), await created('2025-02-29')]).to.deep.equal([true, false, true])
  })

  it('a time without zone is judged in the time zone, and in the hour that is shown twice in favour of the message', async () => {
    const inFuture = async (created: string, moment: string, timeZone = 'Europe/Berlin'): Promise<boolean> => {
      const report = await desk.check(ANSWER.replace('2026-11-24T08:00:00.000Z', created), { at: new Date(moment), timeZone })
      return idsOf(report).includes('xoev-head.created-in-future')
    }
    expect(await inFuture('2026-11-24T10:10:00.000', '2026-11-24T09:00:00Z')).to.equal(true)
    expect(await inFuture('2026-11-24T10:10:00.000', '2026-11-24T09:00:00Z', 'Europe/Moscow')).to.equal(false)
    expect(await inFuture('2026-10-25T02:30:00.000', '2026-10-25T00:35:00Z')).to.equal(false)
  })

  it('a default namespace is named also where it hides the head', async () => {
    const hidden = ANSWER.replace('<nachrichtenkopf.g2g>', '<nachrichtenkopf.g2g xmlns="http://www.osci.de/xmeld2511a">')
    const { findings } = await desk.check(hidden, { at })
    expect(findings.filter(({ id }) => id.startsWith('xoev-head.')).map(({ id, line }) => [id, line])).to.deep.equal([
      ['xoev-head.missing', 1],
      ['xoev-head.default-namespace', 2],
    ])
  })

  it('judges no date without a moment', async () => {
    const report = await desk.check(ANSWER.replace('2026-11-24T08:00:00.000Z', '2999-01-01T00:00:00.000Z'))
    expect(idsOf(report)).to.not.include('xoev-head.created-in-future')
  })

  for (const [id, [broken, kept]] of Object.entries(IDNR_CASES))
    it(`${id} is raised, and is not`, async () => {
      const document = (inner: string): string => `<t:r xmlns:t="urn:t">${inner}</t:r>`
      const report = await idnr.check(document(broken))
      expect(idsOf(report)).to.include(id)
      expect(report.findings.map(({ detail }) => detail ?? '').join()).to.not.match(/\d{11}/)
      expect(idsOf(await idnr.check(document(kept)))).to.not.include(id)
    })

  it('knows check digits and repetitions of identification numbers', () => {
    expect(['86095742719', '47036892816', '65929970489'].every((nr) => hasCheckDigit(nr) && repeatsAsAllowed(nr))).to.equal(true)
    expect(hasCheckDigit('86095742718')).to.equal(false)
    // no repetition · two digits twice · three side by side · four times
    for (const nr of ['01234567890', '11223456780', '11123456780', '10121314560']) expect(repeatsAsAllowed(nr), nr).to.equal(false)
  })

  it('finds the request among other documents, and compares', async () => {
    const requestFor = (uuid: string) => Promise.resolve(uuid === ASKED ? treeOf(REQUEST) : undefined)
    expect(idsOf(await desk.check(ANSWER, { at, requestFor }))).to.include('xoev-head.reply-parties')
    const other = await desk.check(ANSWER.replace('<code>1700', '<code>1708'), { at, requestFor })
    expect(other.findings.find(({ id }) => id === 'xoev-head.reply-mismatch')?.detail).to.equal('nachrichtentyp')
    expect(idsOf(await desk.check(ANSWER.replace(ASKED, UUID.replace('7', '8')), { at, requestFor }))).to.not.include(
      'xoev-head.reply-mismatch',
    )
  })

  it('judges code lists at a moment: not yet, no longer, a newer one', () => {
    const store = new CodeListStore()
    for (const [version, dates] of [
      ['1', '<v:validFrom>2024-01-01</v:validFrom><v:validTo>2024-12-31</v:validTo>'],
      ['2', '<v:datumGueltigkeitAb>2025-01-01</v:datumGueltigkeitAb>'],
      ['3', '<v:validFrom>2026-06-01</v:validFrom>'],
      ['4', ''],
    ] as const) {
      const list = readCodeList(genericode(version, dates))
      if (!list) throw new Error(version)
      store.add(list)
    }
    expect(['1', '2', '3', '4', '5'].map((version) => store.validity('urn:l', version, '2026-01-01'))).to.deep.equal([
      'no-longer-valid',
      undefined,
      'not-yet-valid',
      undefined,
      undefined,
    ])
    expect(store.validity('urn:l', '2', '2026-07-01')).to.equal('newer-version')
  })

  it('the day of a moment is that of the time zone', async () => {
    const codeLists = new CodeListStore()
    for (const list of [readCodeList(genericode('1', '<v:validFrom>2026-01-01</v:validFrom>'))]) if (list) codeLists.add(list)
    const own = await deskOf([filesOf({ 't.xsd': CODE_SCHEMA })])
    try {
      const message = '<t:r xmlns:t="urn:t" listURI="urn:l" listVersionID="1"><code>1</code></t:r>'
      const idsAt = async (moment: string, timeZone?: string) =>
        idsOf(await own.check(message, { codeLists, at: new Date(moment), ...(timeZone === undefined ? {} : { timeZone }) }))
      expect(await idsAt('2025-12-31T22:59:59Z')).to.include('code-lists.not-yet-valid')
      expect(await idsAt('2025-12-31T23:00:00Z')).to.not.include('code-lists.not-yet-valid')
      expect(await idsAt('2025-12-31T23:00:00Z', 'UTC')).to.include('code-lists.not-yet-valid')
    } finally {
      await own.close()
    }
  })

  describe('Schematron', () => {
    const withRules = (sch: string): Promise<Desk> => deskOf([filesOf({ 't.xsd': IDNR_SCHEMA, 'rules/t.sch': sch })])
    const short = '<t:r xmlns:t="urn:t"><nr>912</nr></t:r>'

    it('of a set is run: ids, sentences without values, places, abstract rules, first match', async () => {
      const own = await withRules(RULES)
      try {
        const report = await own.check(short, { schematron: runner })
        expect(report.findings.map(({ id, detail, xpath }) => [id, detail, xpath])).to.deep.equal([
          ['rules.schematron', 'long: too short: …', '/t:r/nr'],
          ['rules.schematron-warning', 'hint: begins with nine', '/t:r/nr'],
        ])
        expect([report.verdict, report.layers.rules]).to.deep.equal(['invalid', 'invalid'])
        const good = await own.check(short.replace('912', '86095742719'), { schematron: runner })
        expect([good.verdict, good.layers.rules]).to.deep.equal(['valid', 'valid'])
      } finally {
        await own.close()
      }
    })

    it('that cannot be evaluated makes the layer an error, never the message wrong', async () => {
      const cases = [
        SCH('<sch:pattern><sch:rule context="nr"><sch:assert id="a" test="nobody-knows(.)">x</sch:assert></sch:rule></sch:pattern>'),
        SCH('<sch:include href="other.sch"/>'),
        SCH('<sch:pattern><sch:rule context="nr"><sch:extends rule="nowhere"/></sch:rule></sch:pattern>'),
      ]
      for (const sch of cases) {
        const own = await withRules(sch)
        try {
          const report = await own.check(short, { schematron: runner })
          expect([report.verdict, report.layers.rules, idsOf(report)]).to.deep.equal(['error', 'error', ['rules.schematron-failed']])
        } finally {
          await own.close()
        }
      }
    })

    it('L1 that fails at a value of the message tells the code of the failure and nothing of the value', async () => {
      const cases = ['xs:date(.)', 'error((), .)', "xs:integer(concat(., '')) = 1", "matches('a', .)"].map((test) =>
        SCH(`<sch:pattern><sch:rule context="nr"><sch:assert id="a" test="${test}">x</sch:assert></sch:rule></sch:pattern>`),
      )
      cases.push(SCH('<sch:let name="day" value="xs:date(//nr)"/><sch:pattern/>'))
      cases.push(SCH('<sch:pattern><sch:let name="day" value="xs:date(//nr)"/></sch:pattern>'))
      for (const sch of cases) {
        const own = await withRules(sch)
        try {
          const report = await own.check(short.replace('912', 'Geheim('), { schematron: runner })
          expect(
            report.findings.map(({ id, detail }) => [
              id,
              /^rules\/t\.sch (?:a|let): (?:[A-Z]{4}\d{4}|cannot be evaluated)$/.test(detail ?? ''),
            ]),
            sch,
          ).to.deep.equal([['rules.schematron-failed', true]])
        } finally {
          await own.close()
        }
      }
    })

    it('that cannot be read is a failure of every check by its set, also when it is the only file', async () => {
      const broken = [SCH('<sch:pattern>'), SCH('', '<sch:ns prefix="t"/>'), SCH('<sch:include href="x.sch"/>', '')]
      for (const sch of broken) {
        const own = await withRules(sch)
        try {
          const report = await own.check(short, { schematron: runner })
          expect([report.verdict, report.layers.rules, idsOf(report)], sch).to.deep.equal(['error', 'error', ['rules.schematron-failed']])
          expect(own.schemas.broken().map(({ file }) => file)).to.deep.equal(sch === broken[0] ? ['rules/t.sch'] : [])
        } finally {
          await own.close()
        }
      }
    })

    it('looks at every branch of a context, and binds the variables of a pattern at the document', async () => {
      const rule = (context: string): string =>
        SCH(`<sch:pattern><sch:rule context="${context}"><sch:report id="seen" test="true()">x</sch:report></sch:rule></sch:pattern>`)
      const placesOf = async (sch: string): Promise<string[]> => {
        const own = await withRules(sch)
        try {
          const { findings } = await own.check(short, { schematron: runner })
          return findings.map(({ id, xpath }) => (id === 'rules.schematron' ? (xpath ?? '') : id))
        } finally {
          await own.close()
        }
      }
      const ROOT = '/t:r'
      const CHILD = '/t:r/nr'
      for (const [context, places] of [
        ['/t:r | nr', [ROOT, CHILD]],
        ['nr | /t:r', [ROOT, CHILD]],
        ['/nobody|//nr[. = "a|b" or true()]', [CHILD]],
        ["/t:r[nr = ('|', '912')] | nobody", [ROOT]],
        ['(/t:r | nr)[true()]', [ROOT, CHILD]],
        ['/t:r union nr', [ROOT, CHILD]],
        ["(: it's | one :) nr", [CHILD]],
        ['t:r/nr', [CHILD]],
        ['/nr', []],
      ] as const)
        expect(await placesOf(rule(context.replaceAll('"', '&quot;'))), context).to.deep.equal(places)
      const lets =
        '<sch:let name="count" value="count(t:r)"/><sch:rule context="nr"><sch:assert id="a" test="$count = 1">x</sch:assert></sch:rule>'
      expect(await placesOf(SCH(`<sch:pattern>${lets}</sch:pattern>`))).to.deep.equal([])
    })

    it('whose place is not in the document is a failure, not a place somewhere else', async () => {
      const own = await withRules(RULES)
      const hit = { file: 't.sch', check: 'a', severity: 'error', text: 'x', path: [0, 7] } as const
      try {
        const report = await own.check(short, { schematron: { run: () => Promise.resolve({ hits: [hit], failures: [] }) } })
        expect([report.verdict, idsOf(report)]).to.deep.equal(['error', ['rules.schematron-failed']])
      } finally {
        await own.close()
      }
    })

    it('that does not end is ended, and the next document is judged', async () => {
      const endless = SCH(
        '<sch:pattern><sch:rule context="nr"><sch:assert id="a" test="count(for $i in 1 to 100000, $k in 1 to 100000 return $i) = 0">x</sch:assert></sch:rule></sch:pattern>',
      )
      const impatient = schematronRunner((url, options) => new Worker(url, options), 3000)
      const read = (sch: string) => [readSchematron('t.sch', bytesOf(sch))].flatMap((one) => one ?? [])
      try {
        const { hits, failures } = await impatient.run(read(endless), short)
        expect([hits.length, failures.map(({ reason }) => reason)]).to.deep.equal([0, ['no result within 3000 ms']])
        expect((await impatient.run(read(RULES), short)).hits).to.have.length(2)
      } finally {
        await impatient.close()
      }
    })

    it('is not looked at where a set has none, and judges only its own standard', async () => {
      expect((await idnr.check('<t:r xmlns:t="urn:t"><nr>86095742719</nr></t:r>')).layers.rules).to.equal(undefined)
      const [mine, any] = [
        ['a/t.sch', SCH('')],
        ['a/any.sch', SCH('', '')],
      ].map(([file = '', text = '']) => readSchematron(file, bytesOf(text)))
      const all = [mine, any].flatMap((one) => one ?? [])
      const rulesFor = (uri: string): number => schematronFor(all, uri, [], new Set()).length
      expect([rulesFor('urn:t'), rulesFor('urn:other')]).to.deep.equal([2, 0])
    })

    it('of XBau runs, every assert of it', async function () {
      const folder = join(project, '..', 'shared', 'official-schemas', 'xbau-2.6', 'schematron')
      needsMaterial(this, existsSync(folder), 'the official sets (../shared)')
      const all = readdirSync(folder).flatMap((file) => readSchematron(file, readFileSync(join(folder, file))) ?? [])
      expect(all.map(({ unusable }) => unusable)).to.deep.equal([undefined, undefined])
      const namespaces = Object.assign({}, ...all.map((one) => one.namespaces)) as Record<string, string>
      const checks = new Map(
        all.flatMap(({ patterns }) =>
          patterns.flatMap(({ rules }) => rules).flatMap((rule) => rule.checks.map((check) => [check.id, check] as const)),
        ),
      )
      const rules = [{ context: '//*', lets: [], checks: [...checks.values()] }]
      const everyCheck = { file: 'all', namespaces, lets: [], patterns: [{ lets: [], rules }] }
      const message =
        '<x:statistik.bauabgang.0426 xmlns:x="http://www.xleitstelle.de/xbau/2/6"><x:allgemeineAngaben/></x:statistik.bauabgang.0426>'
      const { hits, failures } = await runner.run([everyCheck], message)
      expect(failures).to.deep.equal([])
      expect([...new Set(hits.map(({ check }) => check))]).to.include.members(['sch-stat-001', 'sch-stat-002', 'sch-xbau-gen-001'])
    })
  })
})
