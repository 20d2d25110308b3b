// SPDX-License-Identifier: EUPL-1.2
/**
 * The XSD of XProtektor-Demo: its samples are valid, and for every rule there is a message that breaks just this one.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readCodeList } from '../../src/xoev/codelists.js'
import { deskOf, errorsOf, project, sample, sampleNames, samplesDirectory, sampleText, xprotektorDirectory, type Desk } from './fixtures.js'
import { needsCommand } from '../needs.js'

const REQUEST = 'meldebescheinigung.anfrage.1000.mindestumfang'
const ANSWER = 'meldebescheinigung.antwort.1001.meldedaten-erweitert'
const DISCLOSURE = 'selbstauskunft.auskunft.1102'
const STATUS = 'selbstauskunft.status.1101.angenommen'
const REJECTION = 'administration.rueckweisung.0010'

/** Rule, sample, what is replaced, by what. */
const BROKEN: readonly (readonly [string, string, string | RegExp, string])[] = [
  ['produkt is required', REQUEST, ' produkt="Protektor"', ''],
  ['produkthersteller is required', REQUEST, / produkthersteller="[^"]*"/, ''],
  ['standard is fixed', REQUEST, 'standard="XProtektor-Demo"', 'standard="XMeld"'],
  ['standard is required', REQUEST, ' standard="XProtektor-Demo"', ''],
  ['version is fixed', REQUEST, ' version="1.0">', ' version="1.1">'],
  ['test is not empty', REQUEST, 'test="Beispiel"', 'test=""'],
  ['there are no other attributes', REQUEST, ' test=', ' weiteres="x" test='],
  ['the head comes first', REQUEST, /<xp:nachrichtenkopf\.g2g>[\s\S]*<\/xp:nachrichtenkopf\.g2g>/, ''],
  ['elements are qualified', REQUEST, /xp:familienname/g, 'familienname'],
  ['code is unqualified', REQUEST, '<code>1000</code>', '<xp:code>1000</xp:code>'],
  ['the UUID has its form', REQUEST, '11111111-1111-4111-8111-111111111111', '1111-1111'],
  ['message types are the six numbers', REQUEST, '<code>1000</code>', '<code>1002</code>'],
  ['the list of message types is fixed', REQUEST, '<xp:nachrichtentyp>', '<xp:nachrichtentyp listURI="urn:example:other">'],
  ['a moment has a zone', REQUEST, '2026-11-23T10:15:30.123+01:00', '2026-11-23T10:15:30.123'],
  ['a moment exists', REQUEST, '2026-11-23T10:15:30.123+01:00', '2026-13-23T10:15:30.123+01:00'],
  ['the reader comes before the author', REQUEST, /(<xp:leser>[\s\S]*<\/xp:leser>)(\s*)(<xp:autor>[\s\S]*<\/xp:autor>)/, '$3$2$1'],
  ['a kennung has a prefix', REQUEST, 'ags:99001000', '99001000'],
  ['the prefix of a kennung is lower case', REQUEST, 'ags:99001000', 'AGS:99001000'],
  ['the directory is DVDV', REQUEST, '<code>DVDV</code>', '<code>LDAP</code>'],
  ['a name is not empty', REQUEST, '<xp:name>Müßtermann</xp:name>', '<xp:name/>'],
  ['a name has no line break', REQUEST, '<xp:name>Müßtermann</xp:name>', '<xp:name>Müß\ntermann</xp:name>'],
  ['a name has no control character', REQUEST, '<xp:name>Müßtermann</xp:name>', '<xp:name>Müß\u0085termann</xp:name>'],
  ['a name has at most 1000 characters', REQUEST, '<xp:name>Müßtermann</xp:name>', `<xp:name>${'ü'.repeat(1001)}</xp:name>`],
  [
    'a name is there or not, never both',
    REQUEST,
    '<xp:name>Müßtermann</xp:name>',
    '<xp:name>A</xp:name><xp:nichtVorhanden>true</xp:nichtVorhanden>',
  ],
  ['nichtVorhanden is true', REQUEST, '<xp:name>Müßtermann</xp:name>', '<xp:nichtVorhanden>false</xp:nichtVorhanden>'],
  ['a day of birth exists', REQUEST, '1980-02-29', '1981-02-29'],
  ['a day has no zone', REQUEST, '1980-02-29', '1980-02-29Z'],
  ['a postal code has five digits', REQUEST, '>99001<', '>9900<'],
  ['the municipality names the version of its list', REQUEST, ' listVersionID="2026-04-30"', ''],
  [
    'street and number stand in one form',
    REQUEST,
    '<xp:strasseUndHausnummer>',
    '<xp:strukturiert><xp:strasse>A</xp:strasse></xp:strukturiert><xp:strasseUndHausnummer>',
  ],
  [
    'the scope is a choice',
    REQUEST,
    '<xp:mindestumfang>true</xp:mindestumfang>',
    '<xp:mindestumfang>true</xp:mindestumfang><xp:erweitert><code>geburtsort</code></xp:erweitert>',
  ],
  [
    'the scope repeats at most 20 times',
    REQUEST,
    '<xp:mindestumfang>true</xp:mindestumfang>',
    '<xp:erweitert><code>geburtsort</code></xp:erweitert>'.repeat(21),
  ],
  ['ways of delivery are 01 to 03', REQUEST, '<code>02</code>', '<code>04</code>'],
  ['a request has no other elements', REQUEST, '</xp:meldebescheinigung.anfrage.1000>', '<xp:mehr/></xp:meldebescheinigung.anfrage.1000>'],
  ['text between elements is refused', REQUEST, '<xp:datenumfang>', 'Text<xp:datenumfang>'],
  ['an answer names its original message', ANSWER, /<xp:ursprungsnachricht>[\s\S]*<\/xp:ursprungsnachricht>/, ''],
  ['a certificate has status 01 or 02', ANSWER, '<xp:ergebnisstatus><code>01</code>', '<xp:ergebnisstatus><code>03</code>'],
  [
    'an answer is a refusal or an answer',
    ANSWER,
    '<xp:auskunft>',
    '<xp:grundDerNichterteilung><code>01</code></xp:grundDerNichterteilung><xp:auskunft>',
  ],
  ['a residence has a status', ANSWER, '<xp:status><code>1</code></xp:status>', ''],
  ['statuses of residences are 0 to 2', ANSWER, '<xp:status><code>1</code></xp:status>', '<xp:status><code>3</code></xp:status>'],
  ['register data name at least one residence', ANSWER, /<xp:wohnung>[\s\S]*<\/xp:wohnung>/, ''],
  [
    'blocks stand in a self-disclosure only',
    ANSWER,
    '</xp:meldedaten>',
    '<xp:sperren listVersionID="1"><code>A</code></xp:sperren></xp:meldedaten>',
  ],
  ['a block names the version of its list', DISCLOSURE, '<xp:sperren listVersionID="1">', '<xp:sperren>'],
  ['a document is a PDF', DISCLOSURE, 'application/pdf', 'text/html'],
  ['a digest is 64 lower-case digits', DISCLOSURE, /<xp:sha256>../, '<xp:sha256>ZZ'],
  ['a document has content', DISCLOSURE, /<xp:inhalt>[^<]*/, '<xp:inhalt>'],
  ['content is Base64', DISCLOSURE, /<xp:inhalt>[^<]*/, '<xp:inhalt>%%%%'],
  ['a self-disclosure is accepted with 03', STATUS, '<code>03</code>', '<code>01</code>'],
  ['a rejection has a reason', REJECTION, /<xp:rueckweisungsgrund>[\s\S]*<\/xp:rueckweisungsgrund>/, ''],
  [
    'a code of type 4 names its list',
    'administration.rueckweisung.0010.unlesbare-anfrage',
    / listURI="[^"]*" listVersionID="1"/,
    ' listVersionID="1"',
  ],
  ['a code of type 4 names its version', 'administration.rueckweisung.0010.unlesbare-anfrage', / listVersionID="1"/, ''],
  ['a message of another number does not exist', REQUEST, /meldebescheinigung\.anfrage\.1000/g, 'meldebescheinigung.anfrage.1003'],
]

describe('XProtektor-Demo 1.0 schema', () => {
  let desk: Desk
  before(async () => {
    desk = await deskOf()
  })
  after(() => desk.close())

  for (const file of sampleNames()) {
    it(`takes the sample ${file}`, async () => {
      const report = await desk.check(readFileSync(join(samplesDirectory, file)))
      expect(report.findings.filter((f) => f.severity === 'error')).to.deep.equal([])
      expect(report.verdict).to.equal('valid')
      expect(report.standard).to.equal('XProtektor-Demo')
      expect(report.version).to.equal('1.0')
    })
  }

  it('has a sample of each of the six messages', () => {
    const numbers = new Set(sampleNames().map((name) => /\.(\d{4})\./.exec(name)?.[1]))
    expect([...numbers].sort()).to.deep.equal(['0010', '1000', '1001', '1100', '1101', '1102'])
  })

  for (const [rule, name, from, to] of BROKEN) {
    it(`answers X001: ${rule}`, async () => {
      const before = sampleText(name)
      const after = before.replace(from, to)
      expect(after).to.not.equal(before)
      const report = await desk.check(after)
      expect(report.verdict).to.equal('invalid')
      expect(report.rueckweisung).to.equal('X001')
      const places = report.findings.filter((f) => f.id === 'xoev-schema.invalid')
      expect(places).to.not.deep.equal([])
      for (const f of places) {
        expect(f.xpath).to.match(/^\/xp:/)
        expect(f.line).to.be.greaterThan(3)
        expect(f.column).to.be.greaterThan(0)
      }
      // the next valid message still works
      expect((await desk.check(sample(name))).verdict).to.equal('valid')
    })
  }

  it('refuses a document of more than 5 MiB', async () => {
    const content = Buffer.alloc(5 * 1024 * 1024 + 1, 1).toString('base64')
    const report = await desk.check(
      sampleText(DISCLOSURE)
        .replace(/<xp:sha256>[^<]*<\/xp:sha256>/, '')
        .replace(/<xp:inhalt>[^<]*/, `<xp:inhalt>${content}`),
    )
    expect(errorsOf(report)).to.include('xoev-schema.invalid')
    expect(report.findings.every((f) => (f.detail ?? '').length < 1000)).to.equal(true)
  })

  it('compiles and judges alike in xmllint', function () {
    needsCommand(this, 'xmllint')
    const run = (xml: string): number | null =>
      spawnSync('xmllint', ['--nonet', '--noout', '--schema', join(xprotektorDirectory, 'xprotektor.xsd'), '-'], { input: xml }).status
    for (const file of sampleNames()) expect(run(readFileSync(join(samplesDirectory, file), 'utf8')), file).to.equal(0)
    for (const [rule, name, from, to] of BROKEN) expect(run(sampleText(name).replace(from, to)), rule).to.be.oneOf([3, 4])
  })

  it('has code lists that say what the schema enumerates, named as they should be', () => {
    const folder = join(xprotektorDirectory, 'codelisten')
    const lists = readdirSync(folder).map((file) => {
      const list = readCodeList(readFileSync(join(folder, file)))
      expect(`${list?.uri ?? ''}_${list?.version ?? ''}`).to.equal(`urn:example:xprotektor:codeliste:${file.replace('.xml', '')}`)
      return list
    })
    const codes = new Map(lists.map((list) => [list?.uri.split(':').at(-1), [...(list?.codes ?? [])]]))
    expect(codes.get('nachrichtentyp')).to.deep.equal(['0010', '1000', '1001', '1100', '1101', '1102'])
    expect(codes.get('zustellvariante')).to.deep.equal(['01', '02', '03'])
    expect(codes.get('rueckweisungsgrund')).to.include.members(['T020', 'V000', 'X000', 'X001', 'S100', 'S999'])
    expect(lists.every((list) => (list?.codes.size ?? 0) > 0)).to.equal(true)
  })

  it('says everywhere that it is a demo, and needs no file from elsewhere', () => {
    const walk = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(folder, e.name)) : [join(folder, e.name)]))
    for (const file of walk(xprotektorDirectory)) {
      const text = readFileSync(file, 'utf8')
      if (!file.endsWith('catalog.xml')) expect(text, file).to.include('kein amtlicher XÖV-Standard')
      expect(text, file).to.include('SPDX-License-Identifier: EUPL-1.2')
      for (const [, location] of text.matchAll(/schemaLocation="([^"]*)"/g))
        expect(existsSync(join(xprotektorDirectory, location ?? '')), location).to.equal(true)
    }
    expect(existsSync(join(project, 'schemas', 'xprotektor', '1.0', 'spezifikation.md'))).to.equal(true)
  })
})
