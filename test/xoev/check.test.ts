// SPDX-License-Identifier: EUPL-1.2
/**
 * The check of one document: verdicts, findings with places, and the rejection code of the first failing stage.
 * @module
 */
import { createServer } from 'node:http'
import { expect } from 'chai'
import { ProtektorError } from '../../src/errors.js'
import type { XoevReport } from '../../src/xoev/check.js'
import { masked } from '../../src/xoev/checking.js'
import { CodeListStore } from '../../src/xoev/codelists.js'
import { FINDINGS_XOEV } from '../../src/xoev/findings.js'
import { readHead } from '../../src/xoev/header.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { madeUpMessage, madeUpStandard } from './made-up-standard.js'
import { deskOf, errorsOf, filesOf, idsOf, sample, sampleText, treeOf, type Desk } from './fixtures.js'

const REQUEST = 'meldebescheinigung.anfrage.1000.mindestumfang'
const ANSWER = 'meldebescheinigung.antwort.1001.meldedaten'
const EXTENDED = 'meldebescheinigung.antwort.1001.meldedaten-erweitert'

describe('check of an XÖV document', () => {
  let desk: Desk
  before(async () => {
    desk = await deskOf()
  })
  after(() => desk.close())

  const afterwards = async (): Promise<void> => {
    expect((await desk.check(sample(REQUEST))).verdict).to.equal('valid')
  }

  describe('checkContent', () => {
    it('answers unchecked and V000 for a namespace nobody configured, never invalid', async () => {
      const report = await desk.check('<x:nachricht.1700 xmlns:x="http://www.osci.de/xmeld2511a"/>')
      expect([report.verdict, report.rueckweisung, report.messageType]).to.deep.equal(['unchecked', 'V000', 'nachricht.1700'])
      expect(idsOf(report)).to.deep.equal(['xoev-schema.unknown-standard', 'xoev-head.missing'])
      expect(errorsOf(report)).to.deep.equal([])
      await afterwards()
    })

    it('answers unchecked for bytes that are no XML', async () => {
      for (const bytes of [new Uint8Array([0x25, 0x50, 0x44, 0x46]), new Uint8Array(), new TextEncoder().encode('Guten Tag')]) {
        const report = await desk.check(bytes)
        expect([report.verdict, report.messageType, report.rueckweisung]).to.deep.equal(['unchecked', undefined, undefined])
        expect(idsOf(report)).to.deep.equal(['xoev-schema.not-xml'])
      }
    })

    it('answers X000 for broken XML, with its place', async () => {
      const report = await desk.check('<a>\n <b></a>')
      expect([report.verdict, report.rueckweisung]).to.deep.equal(['invalid', 'X000'])
      expect([report.findings[0]?.id, report.findings[0]?.line]).to.deep.equal(['xml.not-well-formed', 2])
      await afterwards()
    })

    it('X1 answers X000 for a document type, and reads no entity', async () => {
      const text = sampleText(REQUEST).replace('<xp:meld', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xp:meld')
      const report = await desk.check(text)
      expect([report.verdict, report.rueckweisung, report.findings[0]?.id]).to.deep.equal(['invalid', 'X000', 'xml.doctype'])
      await afterwards()
    })

    it('X3 answers S001 for UTF-16 and Latin-1', async () => {
      const text = sampleText(REQUEST).replace(/<\?xml[^>]*\?>/, '')
      for (const bytes of [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]), Buffer.from(text, 'latin1')]) {
        const report = await desk.check(bytes)
        expect([report.verdict, report.rueckweisung]).to.deep.equal(['invalid', 'S001'])
      }
      await afterwards()
    })

    it('X3 takes a byte order mark in content with a warning', async () => {
      const report = await desk.check(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), sample(REQUEST)]))
      expect(report.verdict).to.equal('valid')
      expect(idsOf(report)).to.include('xoev-schema.byte-order-mark')
    })

    it('X4 follows no schemaLocation of a message', async () => {
      let asked = 0
      const canary = createServer((_request, response) => {
        asked++
        response.end()
      })
      await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
      const address = canary.address()
      const port = typeof address === 'object' && address ? address.port : 0
      try {
        const hint = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:example:xprotektor:1.0 http://127.0.0.1:${port}/evil.xsd" produkt=`
        expect((await desk.check(sampleText(REQUEST).replace(' produkt=', hint))).verdict).to.equal('valid')
        expect((await desk.check(`<a xmlns="urn:unknown" ${hint.replace(' produkt=', '')}/>`)).verdict).to.equal('unchecked')
        expect(asked).to.equal(0)
      } finally {
        await new Promise((resolve) => canary.close(resolve))
      }
    })

    it('X7 takes hostile names for strangers', async () => {
      for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
        const report = await desk.check(sampleText(REQUEST).replace('<xp:datenumfang>', `<xp:${name}/><xp:datenumfang>`))
        expect(report.rueckweisung).to.equal('X001')
        expect((await desk.check(`<${name} xmlns="urn:example:xprotektor:1.0"/>`)).verdict).to.equal('invalid')
      }
      expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
      await afterwards()
    })

    it('names XPath, line and column of the original bytes, on one long line too', async () => {
      const text = sampleText(REQUEST).replace(/\n */g, '').replace('99001</xp:postleitzahl>', 'x</xp:postleitzahl>')
      const report = await desk.check(text)
      const [finding] = report.findings.filter((f) => f.id === 'xoev-schema.invalid')
      const before = text.slice(0, text.indexOf('<xp:postleitzahl>'))
      expect(finding?.xpath).to.equal('/xp:meldebescheinigung.anfrage.1000/xp:identifikation/xp:anschrift/xp:postleitzahl')
      expect(finding?.line).to.equal(1)
      expect(finding?.column).to.equal(before.length + 1)
    })

    it('keeps values of the message out of the details', async () => {
      const report = await desk.check(sampleText(REQUEST).replace('1980-02-29', "Geheim' is here").replace('99001</xp:p', 'Geheim</xp:p'))
      expect(errorsOf(report).length).to.be.greaterThan(0)
      expect(JSON.stringify(report.findings)).to.not.include('Geheim')
      expect(masked("Element 'a': [facet 'pattern'] The value 'Geheim' is not accepted by the pattern 'x'.")).to.not.include('Geheim')
      expect(masked("Element 'a', attribute 'b': 'Geheim' is not a valid value of the atomic type 'xs:int'.")).to.not.include('Geheim')
    })

    it('keeps values out of the details that are longer than a sentence, or go over several lines', async () => {
      const values = ['Geheim '.repeat(600), 'Geheim\nin zwei Zeilen', 'geht weiter\nGeheim', 'x'.repeat(70_000) + 'Geheim']
      for (const value of values) {
        const report = await desk.check(sampleText(REQUEST).replace('99001</xp:postleitzahl>', `${value}</xp:postleitzahl>`))
        expect(idsOf(report)).to.include('xoev-schema.invalid')
        expect(JSON.stringify(report.findings)).to.not.match(/Geheim|Zeilen|weiter|xxx/)
      }
      for (const sentence of [
        "Element 'a': [facet 'pattern'] The value 'Geheim",
        "Element 'a': 'Geheim",
        "Element 'a': The actual value 'Geheim' does not match the fixed value constraint 'x'.",
        "Element 'a': Duplicate key-sequence ['Geheim', 'b'] in unique identity-constraint 'k'.",
        "Element 'a': No match found for key-sequence ['Geheim",
        "Element 'a', attribute 'b': The QName value '{urn:a}Geheim' of the xsi:type attribute does not resolve to a type definition.",
      ])
        expect(masked(sentence)).to.not.include('Geheim')
      expect(
        masked(`Element 'a': [facet 'pattern'] The value 'Geheim' is not accepted by the pattern '([\\t-\n]|${'x|'.repeat(1500)}y)*'.`),
      ).to.match(/^Element 'a': \[facet 'pattern'\] The value '…' is not accepted by the pattern '\(\[.{98}…'\.$/)
      expect(masked("Element 'a': [facet 'maxExclusive'] The value 'Geheim' must be less than '100'.")).to.equal(
        "Element 'a': [facet 'maxExclusive'] The value '…' must be less than '100'.",
      )
      expect(masked("Element 'a': The actual value 'Geheim' does not match the fixed value constraint 'true'.")).to.equal(
        "Element 'a': The actual value '…' does not match the fixed value constraint 'true'.",
      )
    })

    it('answers error, not invalid, when the schema set is broken', async () => {
      const broken = await deskOf([
        filesOf({
          'a.xsd':
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns:k="urn:k"><xs:import namespace="urn:k" schemaLocation="k.xsd"/><xs:element name="r" type="k:T"/></xs:schema>',
        }),
      ])
      try {
        const report = await broken.check('<r xmlns="urn:a"/>')
        expect(report.verdict).to.equal('error')
        expect(idsOf(report)).to.include.members(['xoev-schema.unresolved-import', 'xoev-schema.set-broken'])
      } finally {
        await broken.close()
      }
    })

    it('tells a missing file once, with the number of places that ask for it, behind what is wrong', async () => {
      const schema = (name: string, rest: string): string =>
        `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a" xmlns:k="urn:k">${rest}<xs:element name="${name}" type="k:T"/></xs:schema>`
      const asks = (location: string): string => `<xs:import namespace="urn:k" schemaLocation="${location}"/>`
      const broken = await deskOf([
        filesOf({
          'a.xsd': schema('r', `<xs:include schemaLocation="sub/b.xsd"/><xs:include schemaLocation="c.xsd"/>${asks('k.xsd')}`),
          'sub/b.xsd': schema('s', asks('../k.xsd')),
          'c.xsd': schema('t', asks('sub/k.xsd')),
        }),
      ])
      try {
        const { findings } = await broken.check('<r xmlns="urn:a"/>')
        expect(findings.map(({ id }) => id)).to.deep.equal([
          'xoev-schema.set-broken',
          'xoev-schema.unresolved-import',
          'xoev-schema.unresolved-import',
        ])
        expect(findings.slice(1).map(({ detail }) => detail)).to.deep.equal(['a.xsd → k.xsd (places in all: 2)', 'c.xsd → sub/k.xsd'])
      } finally {
        await broken.close()
      }
    })

    it('answers error when the engine comes to no verdict', async () => {
      const report = await desk.check(sample(REQUEST), {
        validatorFor: () =>
          Promise.resolve({ validate: () => Promise.resolve({ verdict: 'error' as const, problems: [] }), close: () => Promise.resolve() }),
      })
      expect([report.verdict, report.layers['xoev-schema'], report.rueckweisung]).to.deep.equal(['error', 'error', undefined])
      expect(idsOf(report)).to.include('xoev-schema.not-judged')
    })

    it('finds what is no Base64 inside of Base64, however the schema says so', async () => {
      const documents = await deskOf([
        filesOf({
          'a.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b" xmlns="urn:b">
            <xs:simpleType name="Inhalt"><xs:restriction base="xs:base64Binary"><xs:maxLength value="99"/></xs:restriction></xs:simpleType>
            <xs:simpleType name="Kurz"><xs:restriction><xs:simpleType><xs:restriction base="Inhalt"/></xs:simpleType></xs:restriction></xs:simpleType>
            <xs:complexType name="Benannt"><xs:simpleContent><xs:extension base="Kurz"><xs:attribute name="name"/></xs:extension></xs:simpleContent></xs:complexType>
            <xs:element name="r"><xs:complexType><xs:choice maxOccurs="unbounded">
              <xs:element name="direkt" type="xs:base64Binary"/><xs:element name="benannt" type="Benannt"/>
              <xs:element name="kurz" type="Kurz"/><xs:element name="offen"/><xs:element name="text" type="xs:string"/>
            </xs:choice></xs:complexType></xs:element></xs:schema>`,
        }),
      ])
      const of = (content: string): Promise<XoevReport> =>
        documents.check(
          `<b:r xmlns:b="urn:b" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema">${content}</b:r>`,
        )
      const sound = (content: string): string =>
        ['direkt', 'kurz', 'benannt', 'offen xsi:type="xs:base64Binary"', 'text']
          .map((tag) => `<${tag}>${content}</${tag.replace(/ .*/, '')}>`)
          .join('\n')
      expect((await of(sound('QUJD\nRA=='))).verdict).to.equal('valid')
      const broken = await of(sound('QU-JD!RA=='))
      expect([broken.verdict, broken.rueckweisung]).to.deep.equal(['invalid', 'X001'])
      expect(broken.findings.map(({ id, xpath, line, column }) => [id, xpath, line, column === 1])).to.deep.equal(
        ['direkt', 'kurz', 'benannt', 'offen'].map((name, i) => ['xoev-schema.invalid', `/b:r/${name}`, i + 1, i > 0]),
      )
      expect((await of('<direkt>%PDF-1.7</direkt>')).verdict).to.equal('invalid')
      await documents.close()
    })

    it('is closed against an engine that says invalid without a reason, or cannot start', async () => {
      const silent = await desk.check(sample(REQUEST), {
        validatorFor: () =>
          Promise.resolve({
            validate: () => Promise.resolve({ verdict: 'invalid' as const, problems: [] }),
            close: () => Promise.resolve(),
          }),
      })
      expect([silent.verdict, silent.rueckweisung]).to.deep.equal(['invalid', 'X001'])
      const dead = await desk.check(sample(REQUEST), {
        validatorFor: () => Promise.reject(new ProtektorError('xoev-schema.set-broken', 'no')),
      })
      expect(dead.verdict).to.equal('error')
      expect((await desk.check(sample(REQUEST), { schemas: schemaSets([]) })).verdict).to.equal('unchecked')
    })

    it('X5 names at most a hundred faults of one kind, and stays invalid', async () => {
      const many = await deskOf([
        filesOf({
          'a.xsd':
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a"><xs:element name="r"><xs:complexType><xs:sequence><xs:element name="c" maxOccurs="unbounded"><xs:complexType>' +
            '<xs:sequence><xs:element name="code" type="xs:token" minOccurs="0"/></xs:sequence><xs:attribute name="listURI" fixed="urn:l"/><xs:attribute name="listVersionID" fixed="1"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>',
        }),
      ])
      const codeLists = new CodeListStore()
      codeLists.add({ uri: 'urn:l', version: '1', name: 'l', codes: new Set(['1']), sha256: '' })
      const message = (code: string): string => `<a:r xmlns:a="urn:a">${`<c><code>${code}</code></c>`.repeat(20_000)}</a:r>`
      // 140,000 children side by side: within the limits, and more than a call takes as arguments
      const wide = `<a:r xmlns:a="urn:a">${'<c/>'.repeat(140_000)}</a:r>`
      try {
        const report = await many.check(message('2'), { codeLists })
        expect([report.verdict, report.rueckweisung, report.findings.length]).to.deep.equal(['invalid', 'S011', 100])
        expect((await many.check(wide, { codeLists })).verdict).to.equal('valid')
        expect((await many.check(message('1'), { codeLists })).verdict).to.equal('valid')
      } finally {
        await many.close()
      }
    })

    it('has a row, in both languages, for every finding that it raises', () => {
      const ids = FINDINGS_XOEV.map((row) => row.id)
      expect(new Set(ids).size).to.equal(ids.length)
      for (const row of FINDINGS_XOEV) {
        expect(row.id).to.match(/^(xoev-schema|xoev-head|code-lists|rules)\.[a-z0-9-]+$/)
        expect(row.de.length * row.en.length).to.be.greaterThan(0)
      }
    })
  })

  describe('head of a message', () => {
    const xmeld = (head: string, more = ''): string =>
      `<m:gruppe.name.1701 xmlns:m="http://www.osci.de/xmeld2511a" standard="XMeld" version="25.11a" test="false" produkt="p"><nachrichtenkopf.g2g>${head}</nachrichtenkopf.g2g>${more}</m:gruppe.name.1701>`

    it('is read without namespace where the standard has it so', () => {
      const document = treeOf(
        xmeld(
          '<identifikation.nachricht><nachrichtenUUID>ABCDEF00-1111-4111-8111-111111111111</nachrichtenUUID><nachrichtentyp><code>1701</code></nachrichtentyp><erstellungszeitpunkt>2026-11-23T10:15:30</erstellungszeitpunkt></identifikation.nachricht>' +
            '<leser><kennung>mbp:1</kennung><name>L</name></leser><autor><kennung>ags:2</kennung><name>A</name></autor>',
          '<m:ursprungsnachricht><nachrichtenUUID>AAAAAAAA-1111-4111-8111-111111111111</nachrichtenUUID></m:ursprungsnachricht>',
        ),
      )
      expect(readHead(document)).to.deep.equal({
        profile: 'xoev-g2g-unqualified',
        namespace: 'http://www.osci.de/xmeld2511a',
        messageType: 'gruppe.name.1701',
        standard: 'XMeld',
        version: '25.11a',
        nachrichtenUUID: 'abcdef00-1111-4111-8111-111111111111',
        nachrichtentyp: '1701',
        erstellungszeitpunkt: '2026-11-23T10:15:30',
        autor: { kennung: 'ags:2', name: 'A' },
        leser: { kennung: 'mbp:1', name: 'L' },
        test: 'false',
        produkt: 'p',
        ursprungsnachricht: { nachrichtenUUID: 'aaaaaaaa-1111-4111-8111-111111111111' },
      })
    })

    it('names the original message of a receipt and of a rejection, whose modules have it in no namespace', () => {
      const named = '<nachrichtenUUID>AAAAAAAA-1111-4111-8111-111111111111</nachrichtenUUID>'
      for (const reply of [
        `<ursprungsnachricht>${named}</ursprungsnachricht>`,
        `<rueckweisung><idNachricht>${named}</idNachricht></rueckweisung>`,
      ]) {
        const text = `<q:quittungVonSachverhalten.quittung.0020 xmlns:q="http://www.osci.de/xinneres/quittung/5"><nachrichtenkopf.g2g/>${reply}</q:quittungVonSachverhalten.quittung.0020>`
        expect(readHead(treeOf(text))?.ursprungsnachricht).to.deep.equal({ nachrichtenUUID: 'aaaaaaaa-1111-4111-8111-111111111111' })
      }
    })

    it('is not read where a child is qualified that must not be', () => {
      expect(readHead(treeOf(xmeld('').replaceAll('nachrichtenkopf.g2g', 'm:nachrichtenkopf.g2g')))).to.equal(undefined)
    })

    it('is read in three namespaces where the standard has it so, whatever the prefixes', () => {
      const document = treeOf(
        '<b:kommunal.X.0401 xmlns:b="https://www.xleitstelle.de/xbeteiligung/12" xmlns:n2="http://xoev.de/schemata/basisnachricht/g2g/1_1" xmlns:n3="http://xoev.de/schemata/basisnachricht/behoerde/1_1" standard="XBeteiligung" version="1.2">' +
          '<n2:nachrichtenkopf.g2g><n2:identifikation.nachricht><n2:nachrichtenUUID>1</n2:nachrichtenUUID><n2:nachrichtentyp><code>0401</code></n2:nachrichtentyp></n2:identifikation.nachricht>' +
          '<n2:leser><n3:kennung>a:1</n3:kennung></n2:leser></n2:nachrichtenkopf.g2g></b:kommunal.X.0401>',
      )
      const head = readHead(document)
      expect([head?.profile, head?.nachrichtenUUID, head?.nachrichtentyp, head?.leser?.kennung]).to.deep.equal([
        'xoev-g2g-qualified',
        '1',
        '0401',
        'a:1',
      ])
    })

    it('is read without namespace from XBau, as is the message it refers to, in each of the places its schemas have for it', () => {
      const uuid = 'AAAAAAAA-1111-4111-8111-111111111111'
      const named = `<bezugNachricht><g:nachrichtenUUID>${uuid}</g:nachrichtenUUID><g:nachrichtentyp><code>0200</code></g:nachrichtentyp></bezugNachricht>`
      const read = (namespace: string, bezug: string): ReturnType<typeof readHead> =>
        readHead(
          treeOf(
            `<x:baugenehmigung.formellePruefung.0201 xmlns:x="http://www.xleitstelle.de/xbau/${namespace}" xmlns:g="http://xoev.de/schemata/basisnachricht/g2g/1_1" standard="XBau-Hochbau" version="2.6">` +
              '<nachrichtenkopf.g2g><identifikation.nachricht><nachrichtenUUID>1</nachrichtenUUID><nachrichtentyp><code>0201</code></nachrichtentyp></identifikation.nachricht>' +
              `<leser><kennung>a:1</kennung></leser><autor><kennung>b:2</kennung></autor></nachrichtenkopf.g2g>${bezug}</x:baugenehmigung.formellePruefung.0201>`,
          ),
        )
      const head = read('2/6', `<x:bezug><referenz>2</referenz>${named}</x:bezug>`)
      expect([head?.profile, head?.nachrichtenUUID, head?.nachrichtentyp, head?.leser?.kennung, head?.autor?.kennung]).to.deep.equal([
        'xoev-g2g-unqualified',
        '1',
        '0201',
        'a:1',
        'b:2',
      ])
      const reference = { nachrichtenUUID: uuid.toLowerCase(), nachrichtentyp: '0200' }
      expect(head?.ursprungsnachricht).to.deep.equal(reference)
      expect(read('2/6', `<x:bezug><x:mitAktenzeichen>${named}</x:mitAktenzeichen></x:bezug>`)?.ursprungsnachricht).to.deep.equal(reference)
      expect(read('kernmodul/1/3/0', `<bezug>${named}</bezug>`)?.ursprungsnachricht).to.deep.equal(reference)
      expect(read('2/6', '<x:bezug><referenz>2</referenz></x:bezug>')?.ursprungsnachricht).to.deep.equal({ nachrichtenUUID: '2' })
    })

    it('is read from xdomea, with the version of the namespace', () => {
      const document = treeOf(
        '<d:A.B.0503 xmlns:d="urn:xoev-de:xdomea:schema:3.0.0"><d:Kopf><d:ProzessID>1</d:ProzessID><d:Nachrichtentyp><code>0503</code></d:Nachrichtentyp>' +
          '<d:Absender><d:Behoerdenkennung><d:Behoerdenschluessel><code>7</code></d:Behoerdenschluessel><d:Praefix><code>ags</code></d:Praefix></d:Behoerdenkennung></d:Absender></d:Kopf></d:A.B.0503>',
      )
      const head = readHead(document)
      expect([head?.standard, head?.version, head?.autor?.kennung]).to.deep.equal(['xdomea', '3.0.0', 'ags:7'])
    })

    it('is nobody’s where no profile knows the namespace', () => {
      expect(readHead(treeOf('<nachrichtenkopf.g2g/>'))).to.equal(undefined)
      expect(readHead(treeOf(`<a xmlns="urn:${'x'.repeat(60_000)}"/>`))).to.equal(undefined)
    })
  })

  describe('rules of the head', () => {
    it('answers an error when the number of the root is not the message type', async () => {
      const report = await desk.check(sampleText(REQUEST).replace('<code>1000</code>', '<code>1100</code>'))
      expect(errorsOf(report)).to.deep.equal(['xoev-head.type-mismatch'])
      expect(report.findings.find((f) => f.id === 'xoev-head.type-mismatch')?.xpath).to.match(/xp:nachrichtentyp\/code$/)
    })

    it('warns of a time without milliseconds or zone', async () => {
      expect(idsOf(await desk.check(sampleText(REQUEST).replace('30.123+01:00', '30+01:00')))).to.include('xoev-head.no-milliseconds')
      expect(idsOf(await desk.check(sampleText(REQUEST).replace('30.123+01:00', '30.123')))).to.include('xoev-head.no-time-zone')
      expect(idsOf(await desk.check(sample(REQUEST)))).to.not.include.members(['xoev-head.no-milliseconds'])
      // what is no time at all is named as that, and lacks nothing
      const none = idsOf(await desk.check(sampleText(REQUEST).replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:30.123\+01:00/, '24.11.2026 09:00')))
      expect(none)
        .to.include('xoev-head.created-form')
        .and.not.include('xoev-head.no-time-zone')
        .and.not.include('xoev-head.no-milliseconds')
    })

    it('takes the attribute test for a test message whatever it says', async () => {
      expect(idsOf(await desk.check(sampleText(REQUEST).replace('test="Beispiel"', 'test="false"')))).to.include('xoev-head.test-message')
      expect(idsOf(await desk.check(sampleText(REQUEST).replace(' test="Beispiel"', '')))).to.not.include('xoev-head.test-message')
    })

    it('answers T080 when the reader is somebody else', async () => {
      expect((await desk.check(sample(REQUEST), { reader: 'ags:99001000' })).verdict).to.equal('valid')
      const report = await desk.check(sample(REQUEST), { reader: 'ags:99002000' })
      expect([report.verdict, report.rueckweisung]).to.deep.equal(['invalid', 'T080'])
    })

    it('gives the code of the first stage that fails', async () => {
      const text = sampleText(REQUEST).replace('<code>1000</code>', '<code>1100</code>')
      expect((await desk.check(text, { reader: 'ags:99002000' })).rueckweisung).to.equal('T080')
      expect((await desk.check(text.replace('99001</xp:p', 'x</xp:p'), { reader: 'ags:99002000' })).rueckweisung).to.equal('X001')
    })

    it('warns of text that is not in normal form C, and does not change it', async () => {
      const report = await desk.check(sampleText(REQUEST).replace('Müßtermann', 'Mu\u0308ßtermann'))
      expect(report.verdict).to.equal('valid')
      expect(idsOf(report)).to.include('xoev-schema.not-normalized')
    })

    it('answers S030 for an empty mandatory code, and only remarks an empty optional element', async () => {
      const report = await desk.check(
        sampleText('meldebescheinigung.anfrage.1000.erweitert').replace('<code>geburtsort</code>', '<code> </code>'),
      )
      expect(errorsOf(report)).to.include('xoev-head.empty-string')
      // both codes and strings are wrong: the code list comes first in the order of the codes
      expect(report.rueckweisung).to.equal('S011')
      const alone = await desk.check(sampleText(REQUEST).replace('<code>99001000</code>', '<code/>'))
      expect([alone.verdict, alone.rueckweisung, ...errorsOf(alone)]).to.deep.equal(['invalid', 'S030', 'xoev-head.empty-string'])
      expect(alone.findings.find((f) => f.id === 'xoev-head.empty-string')?.xpath).to.match(/gemeindeschluessel\/code$/)
      const optional = await desk.check(
        sampleText('administration.rueckweisung.0010.unlesbare-anfrage').replace(
          '<code>schluessel</code>',
          '<code>schluessel</code><name/>',
        ),
      )
      expect(optional.verdict).to.equal('valid')
      expect(idsOf(optional)).to.include('xoev-head.empty-element')
    })

    it('takes nothing for an empty string that may hold elements', async () => {
      const made = { version: '1', more: '<xs:element name="frei" type="xs:anyType"/><xs:element name="text" type="xs:string"/>' }
      const free = await deskOf([filesOf(madeUpStandard(made))])
      const created = '2026-01-15T12:00:00.000+01:00'
      expect(errorsOf(await free.check(madeUpMessage(made, created, '<frei/><text>x</text>')))).to.deep.equal([])
      const empty = await free.check(madeUpMessage(made, created, '<frei/><text/>'))
      expect(empty.findings.filter(({ severity }) => severity === 'error').map(({ xpath }) => xpath)).to.deep.equal([
        '/m:anlass.anfrage.0001/text',
      ])
      await free.close()
    })

    it('links an answer to its request', async () => {
      const request = readHead(treeOf(sample(REQUEST)))
      expect(request).to.not.equal(undefined)
      if (!request) return
      expect((await desk.check(sample(ANSWER), { request })).verdict).to.equal('valid')
      const other = await desk.check(sampleText(ANSWER).replace(/(<xp:ursprungsnachricht>\s*<xp:nachrichtenUUID>)1/, '$12'), { request })
      expect([other.verdict, other.rueckweisung]).to.deep.equal(['invalid', 'T099'])
      expect(other.findings.find((f) => f.id === 'xoev-head.reply-mismatch')?.detail).to.equal('nachrichtenUUID')
      const upper = { ...request, nachrichtenUUID: '11111111-1111-4111-8111-111111111111' }
      expect((await desk.check(sampleText(ANSWER), { request: upper })).verdict).to.equal('valid')
      // a code is a token: line breaks around it are not part of it
      const spaced = sampleText(ANSWER).replace(/(<xp:ursprungsnachricht>[\s\S]*?<code>)(\d+)(<\/code>)/, '$1\n  $2\n$3')
      expect(spaced).to.match(/<code>\n/)
      expect((await desk.check(spaced, { request })).verdict).to.equal('valid')
      const rejection = await desk.check(
        sampleText('administration.rueckweisung.0010').replace(/<xp:ursprungsnachricht>[\s\S]*<\/xp:ursprungsnachricht>/, ''),
        { request },
      )
      expect(errorsOf(rejection)).to.deep.equal(['xoev-head.reply-missing'])
    })
  })

  describe('rules of XProtektor-Demo beyond its schema', () => {
    const against = (requestName: string, text: string) => desk.check(text, { requestDocument: treeOf(sample(requestName)) })
    const withVariant = (variant: string): ReturnType<typeof treeOf> =>
      treeOf(sampleText(REQUEST).replace('<xp:zustellvariante><code>02</code>', `<xp:zustellvariante><code>${variant}</code>`))

    it('wants data for delivery 02 and a document for 03', async () => {
      const document = sample('meldebescheinigung.antwort.1001.dokument')
      expect(errorsOf(await desk.check(document, { requestDocument: withVariant('03') }))).to.deep.equal([])
      expect(errorsOf(await desk.check(document, { requestDocument: withVariant('02') }))).to.deep.equal(['rules.xprotektor-status'])
      expect(errorsOf(await desk.check(sample(ANSWER), { requestDocument: withVariant('03') }))).to.deep.equal(['rules.xprotektor-status'])
    })

    it('wants no certificate with status 02, and one with 01', async () => {
      const two = await desk.check(sampleText(ANSWER).replace('<xp:ergebnisstatus><code>01</code>', '<xp:ergebnisstatus><code>02</code>'))
      expect(errorsOf(two)).to.deep.equal(['rules.xprotektor-status'])
      const one = await desk.check(
        sampleText('meldebescheinigung.antwort.1001.versand-folgt').replace('<code>02</code>', '<code>01</code>'),
      )
      expect(errorsOf(one)).to.deep.equal(['rules.xprotektor-status'])
    })

    it('lets an answer to the minimum hold no more than the minimum', async () => {
      expect((await against(REQUEST, sampleText(ANSWER))).verdict).to.equal('valid')
      const report = await against(REQUEST, sampleText(EXTENDED))
      expect(new Set(errorsOf(report))).to.deep.equal(new Set(['rules.xprotektor-minimum']))
      expect(
        report.findings.filter((f) => f.id === 'rules.xprotektor-minimum').map((f) => f.xpath?.split('xp:').at(-1)),
      ).to.include.members(['geburtsname', 'ort', 'einzug', 'familienstand'])
    })

    it('wants antwortErwartetBis after the creation time', async () => {
      const text = sampleText('meldebescheinigung.anfrage.1000.erweitert')
      const report = await desk.check(text.replace('T10:15:50.123+01:00', 'T09:15:30.123Z'))
      expect(errorsOf(report)).to.deep.equal(['rules.xprotektor-expected-by'])
      expect((await desk.check(text)).verdict).to.equal('valid')
    })

    it('answers T080 for a request to somebody who is no registration authority', async () => {
      const report = await desk.check(sampleText(REQUEST).replace('ags:99001000', 'mbp:99001000'))
      expect([report.rueckweisung, ...errorsOf(report)]).to.deep.equal(['T080', 'rules.xprotektor-reader'])
    })

    it('wants author and reader swapped in the answer', async () => {
      const report = await against(REQUEST, sampleText(ANSWER).replace('mbp:99001', 'mbp:99002'))
      expect([report.rueckweisung, ...errorsOf(report)]).to.deep.equal(['T099', 'rules.xprotektor-parties'])
    })

    it('wants a hint with S999', async () => {
      const report = await desk.check(
        sampleText('administration.rueckweisung.0010.unlesbare-anfrage').replace(/<xp:hinweis>[^<]*<\/xp:hinweis>/, ''),
      )
      expect(errorsOf(report)).to.deep.equal(['rules.xprotektor-reason'])
    })

    it('compares the digest of a document with its content', async () => {
      for (const name of ['selbstauskunft.auskunft.1102', 'meldebescheinigung.antwort.1001.dokument']) {
        const report = await desk.check(sampleText(name).replace(/<xp:sha256>[0-9a-f]{64}/, '<xp:sha256>' + '0'.repeat(64)))
        expect(errorsOf(report)).to.deep.equal(['rules.xprotektor-digest'])
      }
    })
  })
})
