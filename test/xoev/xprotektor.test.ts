// SPDX-License-Identifier: EUPL-1.2
/**
 * Writer, reader and JSON reading of XProtektor-Demo agree with each other and with the schema, for generated messages too.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { ProtektorError } from '../../src/errors.js'
import { canonicalText } from '../../src/xml/c14n.js'
import { element, elementsOf, type XmlElement, type XmlNode } from '../../src/xml/tree.js'
import { readCodeList } from '../../src/xoev/codelists.js'
import { readHead } from '../../src/xoev/header.js'
import { readingOf } from '../../src/xoev/reading.js'
import {
  readXprotektor,
  readXprotektorRequest,
  referenceTo,
  rejectionOf,
  writeXprotektor,
  type RejectionOrder,
} from '../../src/xoev/xprotektor.js'
import type { XCertificateRequest, XNameOrNone, XPartlyKnownDate, XprotektorMessage } from '../../src/xoev/xprotektor-types.js'
import { deskOf, sample, sampleNames, samplesDirectory, sampleText, treeOf, xprotektorDirectory, type Desk } from './fixtures.js'

/** The same document without comments and without white space between elements [xoev.md §14 rule 6]. */
function bare(e: XmlElement): XmlElement {
  const children: XmlNode[] = []
  const mixed = elementsOf(e).length > 0
  for (const c of e.children) {
    if (c.kind === 'element') children.push(bare(c))
    else if (c.kind === 'text' && !(mixed && c.value.trim() === '')) children.push({ ...c })
  }
  return element(e.uri, e.prefix, e.local, { attributes: e.attributes, namespaces: e.namespaces, children })
}

const REQUEST: XCertificateRequest = {
  messageType: 'meldebescheinigung.anfrage.1000',
  produkt: 'Protektor',
  produkthersteller: 'Projekt Protektor',
  'nachrichtenkopf.g2g': {
    'identifikation.nachricht': {
      nachrichtenUUID: '11111111-1111-4111-8111-111111111111',
      nachrichtentyp: { code: '1000' },
      erstellungszeitpunkt: '2026-11-23T10:15:30.123+01:00',
    },
    leser: { verzeichnisdienst: { code: 'DVDV' }, kennung: 'ags:99001000', name: 'A' },
    autor: { verzeichnisdienst: { code: 'DVDV' }, kennung: 'mbp:99001', name: 'B' },
  },
  identifikation: {
    familienname: { name: 'Müßtermann' },
    vornamen: { nichtVorhanden: true },
    geburtsdatum: { jahr: '1980' },
    anschrift: {
      gemeindeschluessel: { code: '99001000', listVersionID: '2026-04-30' },
      postleitzahl: '99001',
      strasseUndHausnummer: 'Weg 1',
    },
  },
  datenumfang: { mindestumfang: true },
  zustellvariante: { code: '02' },
}

describe('XProtektor-Demo messages', () => {
  let desk: Desk
  before(async () => {
    desk = await deskOf()
  })
  after(() => desk.close())

  for (const file of sampleNames()) {
    it(`reads, writes and reads again without loss: ${file}`, async () => {
      const document = treeOf(readFileSync(join(samplesDirectory, file)))
      const message = readXprotektor(document)
      const written = writeXprotektor(message)
      expect(canonicalText(treeOf(written).root)).to.equal(canonicalText(bare(document.root)))
      expect(readXprotektor(treeOf(written))).to.deep.equal(message)
      expect((await desk.check(written)).verdict).to.equal('valid')
      // the other parser reads the same
      expect(readingOf(document).message).to.deep.equal(message)
      expect(JSON.parse(JSON.stringify(message))).to.deep.equal(message)
    })
  }

  it('writes one prefix on the root, a declaration, and no default namespace', () => {
    const text = new TextDecoder().decode(writeXprotektor(REQUEST))
    expect(
      text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<xp:meldebescheinigung.anfrage.1000 xmlns:xp="urn:example:xprotektor:1.0" '),
    ).to.equal(true)
    expect(text.match(/xmlns/g)?.length).to.equal(1)
    expect(text).to.include('<xp:nachrichtentyp><code>1000</code></xp:nachrichtentyp>')
  })

  it('keeps any text, however hostile, through writing, validation and both readings', async () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '<',
        '&',
        ']]>',
        '<![CDATA[x]]>',
        '&lt;',
        '&#x41;',
        '<!--',
        '"\'',
        'Müßtermann',
        'A\u0308\u0301',
        'ẞ',
        '𝒳',
        '__proto__',
        ' vorn',
        'hinten ',
        '<?pi?>',
        '&amp;amp;',
        '0012',
        'true',
        '1.0',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    )
    const textual = fc
      .array(hostile, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('').replace(/[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?'))
      .filter((value) => value.trim() !== '')
    const name: fc.Arbitrary<XNameOrNone> = fc.oneof(
      textual.map((value) => ({ name: value })),
      fc.constant({ nichtVorhanden: true as const }),
    )
    const two = (value: number): string => String(value).padStart(2, '0')
    const year = fc.integer({ min: 1900, max: 2026 }).map(String)
    const month = fc.tuple(year, fc.integer({ min: 1, max: 12 })).map(([y, m]) => `${y}-${two(m)}`)
    const date: fc.Arbitrary<XPartlyKnownDate> = fc.oneof(
      fc.tuple(month, fc.integer({ min: 1, max: 28 })).map(([m, d]) => ({ jahrMonatTag: `${m}-${two(d)}` })),
      month.map((jahrMonat) => ({ jahrMonat })),
      year.map((jahr) => ({ jahr })),
      fc.constant({ unbekannt: true as const }),
    )
    const place = { gemeindeschluessel: { code: '99001000', listVersionID: '2026-04-30' }, postleitzahl: '01234' }
    const anschrift = fc.oneof(
      textual.map((strasseUndHausnummer) => ({ ...place, strasseUndHausnummer })),
      fc.tuple(textual, fc.option(textual, { nil: undefined })).map(([strasse, hausnummer]) => ({
        ...place,
        strukturiert: { strasse, ...(hausnummer === undefined ? {} : { hausnummer }) },
      })),
    )
    const person = fc.record({ familienname: name, vornamen: name, geburtsdatum: date, anschrift })
    await fc.assert(
      fc.asyncProperty(person, textual, async (identifikation, test) => {
        const message: XprotektorMessage = { ...REQUEST, identifikation, test }
        const written = writeXprotektor(message)
        const document = treeOf(written)
        const report = await desk.check(written)
        expect(report.findings.filter((f) => f.severity === 'error')).to.deep.equal([])
        expect(readXprotektorRequest(document)).to.deep.equal(message)
        expect(readingOf(document).message).to.deep.equal(message)
        expect(Buffer.from(writeXprotektor(readXprotektor(document))).equals(Buffer.from(written))).to.equal(true)
      }),
      { numRuns: 150, seed: 20261123 },
    )
  })

  it('refuses to write what is no message of the standard', () => {
    const cases: unknown[] = [
      { ...REQUEST, messageType: 'meldebescheinigung.anfrage.9999' },
      { ...REQUEST, messageType: '__proto__' },
      { ...REQUEST, mehr: 'x' },
      { ...REQUEST, produkt: 5 },
      { ...REQUEST, identifikation: { ...REQUEST.identifikation, vornamen: { name: 'a\u0000b' } } },
      { ...REQUEST, identifikation: { ...REQUEST.identifikation, vornamen: { name: 'a\ud800b' } } },
      { ...REQUEST, identifikation: { ...REQUEST.identifikation, vornamen: { nichtVorhanden: 'true' } } },
      { ...REQUEST, datenumfang: { erweitert: { code: 'geburtsort' } } },
      { ...REQUEST, zustellvariante: '02' },
      { ...REQUEST, identifikation: 'x' },
    ]
    for (const given of cases) {
      // wrong on purpose: what a program without types could hand in
      expect(() => writeXprotektor(given as XprotektorMessage))
        .to.throw(ProtektorError)
        .with.property('finding', 'xoev-schema.unwritable')
    }
    expect(writeXprotektor(REQUEST).length).to.be.greaterThan(0)
  })

  it('refuses to read what is no request', () => {
    expect(() => readXprotektorRequest(treeOf(sample('administration.rueckweisung.0010'))))
      .to.throw()
      .with.property('rueckweisung', 'X001')
    expect(() => readXprotektor(treeOf('<meldebescheinigung.anfrage.1000/>')))
      .to.throw()
      .with.property('rueckweisung', 'X001')
    const twice = sampleText('selbstauskunft.anfrage.1100').replace(/(<xp:identifikation>[\s\S]*<\/xp:identifikation>)/, '$1$1')
    expect(() => readXprotektor(treeOf(twice)))
      .to.throw()
      .with.property('rueckweisung', 'X001')
  })

  describe('rejection 0010', () => {
    const order = (more: Partial<RejectionOrder> = {}): RejectionOrder => ({
      reasons: [{ code: 'X001', hints: ['Die Nachricht verletzt das Schema.'] }, { code: 'S999' }],
      author: { kennung: 'ags:99001000', name: 'Meldebehörde' },
      nachrichtenUUID: '99999999-9999-4999-8999-999999999999',
      erstellungszeitpunkt: '2026-11-23T10:15:31.000Z',
      product: { produkt: 'Protektor', produkthersteller: 'Projekt Protektor', produktversion: '0.1.0' },
      ...more,
    })

    it('answers a request: author and reader swapped, original message named, valid', async () => {
      const request = readHead(treeOf(sample('meldebescheinigung.anfrage.1000.mindestumfang')))
      if (!request) throw new Error('no head')
      const rejection = rejectionOf(order({ request, transport: { nachrichtenId: 'm1' } }))
      if (!rejection) throw new Error('no rejection')
      const report = await desk.check(writeXprotektor(rejection), { request })
      expect(report.findings.filter((f) => f.severity === 'error')).to.deep.equal([])
      expect(report.verdict).to.equal('valid')
      expect(report.head?.leser?.kennung).to.equal('mbp:99001')
      expect(rejection.ursprungsnachricht).to.deep.equal(
        referenceTo(readXprotektor(treeOf(sample('meldebescheinigung.anfrage.1000.mindestumfang')))),
      )
    })

    it('answers an unreadable request when it is told whom to answer, else not', async () => {
      expect(rejectionOf(order())).to.equal(undefined)
      expect(rejectionOf(order({ reader: { kennung: 'nonsense' } }))).to.equal(undefined)
      const rejection = rejectionOf(order({ reader: { kennung: 'mbp:99001' }, reasons: [{ code: 'T020' }] }))
      if (!rejection) throw new Error('no rejection')
      expect(rejection.ursprungsnachricht).to.equal(undefined)
      expect((await desk.check(writeXprotektor(rejection))).verdict).to.equal('valid')
    })

    it('never answers a rejection', () => {
      const request = readHead(treeOf(sample('administration.rueckweisung.0010')))
      if (!request) throw new Error('no head')
      expect(rejectionOf(order({ request }))).to.equal(undefined)
    })

    it('is valid, or not written, whatever the head of the request says', async () => {
      const request = sampleText('selbstauskunft.anfrage.1100')
      const inReader = (from: RegExp, to: string): string => request.replace(/<xp:leser>[\s\S]*?<\/xp:leser>/, (at) => at.replace(from, to))
      const rejected = async (text: string): Promise<string | undefined> => {
        const head = readHead(treeOf(text))
        const author = { kennung: head?.leser?.kennung ?? '', name: head?.leser?.name ?? '' }
        const rejection = head && rejectionOf(order({ request: head, author, ...(head.test === undefined ? {} : { test: head.test }) }))
        return rejection && (await desk.check(writeXprotektor(rejection))).verdict
      }
      const name = (text: string): string => inReader(/(<xp:name>)[^<]*/, `$1${text}`)
      for (const text of [request, name('x'.repeat(1001)), name('a&#9;b'), name(''), request.replace(/ test="[^"]*"/, ' test=""')])
        expect(await rejected(text), text).to.equal('valid')
      for (const kennung of ['Musterstadt', '', ' ags:99001000 '])
        expect(await rejected(inReader(/(<xp:kennung>)[^<]*/, `$1${kennung}`)), kennung).to.equal(undefined)
    })

    it('knows the codes of its list, and says S999 where a register has said another', async () => {
      const list = readCodeList(readFileSync(join(xprotektorDirectory, 'codelisten', 'rueckweisungsgrund_1.xml')))
      const codes = [...(list?.codes ?? [])]
      const written = (reasons: readonly string[]) =>
        rejectionOf(order({ reader: { kennung: 'mbp:99001' }, reasons: reasons.map((code) => ({ code })) }))
      expect(written(codes)?.rueckweisungsgrund.map(({ grund }) => grund.code)).to.deep.equal(codes)
      expect(written(Array.from({ length: 100 }, () => 'X001'))?.rueckweisungsgrund).to.have.length(50)
      const other = written(['X011', 'S000'])
      expect(other?.rueckweisungsgrund).to.deep.equal(
        ['X011', 'S000'].map((code) => ({ grund: { code: 'S999' }, hinweis: [`Code ${code}`] })),
      )
      expect(other && (await desk.check(writeXprotektor(other))).verdict).to.equal('valid')
    })

    it('names no original message that the standard could not name', async () => {
      const request = readHead(treeOf(sampleText('selbstauskunft.anfrage.1100').replace('2026-11-23T10:15:30.123+01:00', 'gestern')))
      if (!request) throw new Error('no head')
      const rejection = rejectionOf(order({ request }))
      if (!rejection) throw new Error('no rejection')
      expect(rejection.ursprungsnachricht).to.equal(undefined)
      expect((await desk.check(writeXprotektor(rejection))).verdict).to.equal('valid')
    })
  })
})

describe('JSON reading', () => {
  it('gives long texts whole, whatever marks the document itself holds', () => {
    const inhalt = 'QUJD'.repeat(5000)
    const document = readFileSync(
      new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/meldebescheinigung.antwort.1001.dokument.xml', import.meta.url),
      'utf8',
    )
      .replace(/(<xp:inhalt>)[^<]*/, `$1${inhalt}`)
      .replace(/(<xp:name>)[^<]*/, '$1long0 long-0 long--0')
    const reading = JSON.stringify(readingOf(treeOf(document)))
    expect(reading).to.contain(inhalt)
    expect(reading).to.contain('long0 long-0 long--0')
    // however the text is written, and cut into pieces
    for (const text of ['lo&#110;g0', 'lo<!-- -->ng0', 'lo<![CDATA[ng0]]>'])
      expect(JSON.stringify(readingOf(treeOf(document.replace('long0 long-0 long--0', text))))).to.contain('"long0"')
    for (const pieces of [`${inhalt}<!-- -->QUJD`, `QUJD<!-- -->${inhalt}`, `QUJD<![CDATA[${inhalt}]]>`])
      expect(JSON.stringify(readingOf(treeOf(document.replace(inhalt, pieces))))).to.contain(`"${inhalt}QUJD"`)
  })

  it('gives the head of any standard with a profile, and no message', () => {
    const reading = readingOf(
      treeOf(
        '<x:a.b.1700 xmlns:x="http://www.osci.de/xmeld2511a" standard="XMeld" version="25.11a"><nachrichtenkopf.g2g/><x:vornamen><name>Zoë</name></x:vornamen></x:a.b.1700>',
      ),
    )
    expect(reading).to.deep.equal({
      format: 'protektor-reading/1',
      namespace: 'http://www.osci.de/xmeld2511a',
      messageType: 'a.b.1700',
      head: {
        profile: 'xoev-g2g-unqualified',
        namespace: 'http://www.osci.de/xmeld2511a',
        messageType: 'a.b.1700',
        standard: 'XMeld',
        version: '25.11a',
      },
    })
    expect(readingOf(treeOf('<fremd/>'))).to.deep.equal({ format: 'protektor-reading/1', namespace: '', messageType: 'fremd' })
  })

  it('maps by name, never by prefix, and ignores comments, instructions and CDATA borders', () => {
    const name = 'meldebescheinigung.anfrage.1000.mindestumfang'
    const usual = readingOf(treeOf(sample(name))).message
    const other = sampleText(name)
      .replace(/xp:/g, 'q:')
      .replace('xmlns:xp', 'xmlns:q')
      .replace('>Müßtermann<', '><!-- x -->Müß<![CDATA[ter]]>mann<?y z?><')
    expect(readingOf(treeOf(other)).message).to.deep.equal(usual)
    const byDefault = sampleText(name)
      .replace(/<(\/?)xp:/g, '<$1')
      .replace('xmlns:xp', 'xmlns')
      .replace(/<code>/g, '<code xmlns="">')
    expect(readingOf(treeOf(byDefault)).message).to.deep.equal(usual)
  })

  it('keeps leading zeros, spaces and references as they were written', () => {
    const text = sampleText('selbstauskunft.anfrage.1100')
      .replace('>99001<', '>00012<')
      .replace('Müllerweg 7 a', ' A &amp;lt; &#65;&#xFC; "\'&gt; ')
    const message = readingOf(treeOf(text)).message as unknown as XCertificateRequest
    expect(message.identifikation.anschrift).to.deep.include({ postleitzahl: '00012', strasseUndHausnummer: ' A &lt; Aü "\'> ' })
  })

  it('always gives an array where the schema lets an element repeat', () => {
    const message = readingOf(treeOf(sample('administration.rueckweisung.0010'))).message
    expect(message?.rueckweisungsgrund).to.deep.equal([{ grund: { code: 'X001' }, hinweis: ['Die Nachricht verletzt das Schema.'] }])
  })

  it('X7 leaves a message with hostile names unread, and pollutes nothing', () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'prototype']) {
      const text = sampleText('selbstauskunft.anfrage.1100').replace(
        '<xp:identifikation>',
        `<xp:${name}><xp:polluted>1</xp:polluted></xp:${name}><xp:identifikation>`,
      )
      const reading = readingOf(treeOf(text))
      expect(reading.message).to.equal(undefined)
      expect(reading.head?.nachrichtentyp).to.equal('1100')
    }
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
    expect(readingOf(treeOf(sample('selbstauskunft.anfrage.1100'))).message).to.not.equal(undefined)
  })
})
