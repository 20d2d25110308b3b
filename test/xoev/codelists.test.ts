// SPDX-License-Identifier: EUPL-1.2
/**
 * Code lists: the column is found by the key, and every outcome has its finding.
 * @module
 */
import { expect } from 'chai'
import { AGS, checkCodes, CodeListStore, readCodeList } from '../../src/xoev/codelists.js'
import { xpathOf } from '../../src/xml/tree.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { schemaTypesOf } from '../../src/xoev/schema-types.js'
import { bytesOf, deskOf, filesOf, idsOf, sampleText, treeOf, type Desk } from './fixtures.js'

interface ListSpec {
  readonly uri: string
  readonly version: string
  readonly columns: readonly string[]
  readonly keys: readonly (readonly [column: string, recommended: boolean])[]
  readonly rows: readonly (readonly string[])[]
}

const genericode = ({ uri, version, columns, keys, rows }: ListSpec): string =>
  `<?xml version="1.0" encoding="UTF-8"?><gc:CodeList xmlns:gc="http://docs.oasis-open.org/codelist/ns/genericode/1.0/" xmlns:x="urn:x"><Identification><ShortName>n</ShortName>` +
  `<Version>${version}</Version><CanonicalUri>${uri}</CanonicalUri></Identification><ColumnSet>` +
  columns.map((c) => `<Column Id="${c}" Use="optional"><ShortName>${c}</ShortName></Column>`).join('') +
  keys
    .map(
      ([c, recommended]) =>
        `<Key Id="k-${c}">${recommended ? '<Annotation><AppInfo><x:recommendedKeyColumn/></AppInfo></Annotation>' : ''}<ColumnRef Ref="${c}"/></Key>`,
    )
    .join('') +
  `</ColumnSet><SimpleCodeList>` +
  rows
    .map(
      (row) => `<Row>${row.map((v, i) => `<Value ColumnRef="${columns[i] ?? ''}"><SimpleValue>${v}</SimpleValue></Value>`).join('')}</Row>`,
    )
    .join('') +
  `</SimpleCodeList></gc:CodeList>`

const list = (spec: Partial<ListSpec> = {}) =>
  readCodeList(
    bytesOf(
      genericode({
        uri: 'urn:l',
        version: '1',
        columns: ['Beschreibung', 'Nachricht'],
        keys: [['Nachricht', false]],
        rows: [
          ['eins', '01'],
          ['zwei', '02'],
        ],
        ...spec,
      }),
    ),
  )

describe('genericode', () => {
  it('takes the code from the column of the key, whatever its name', () => {
    expect([...(list()?.codes ?? [])]).to.deep.equal(['01', '02'])
  })

  it('prefers the recommended key', () => {
    const two = list({
      columns: ['lang', 'kurz'],
      keys: [
        ['lang', false],
        ['kurz', true],
      ],
      rows: [['eins', '1']],
    })
    expect([...(two?.codes ?? [])]).to.deep.equal(['1'])
  })

  it('counts columns where a value names none', () => {
    const spec = {
      uri: 'urn:l',
      version: '1',
      columns: ['a', 'Nachricht', 'c'],
      keys: [['Nachricht', false] as const],
      rows: [
        ['eins', '01', 'x'],
        ['zwei', '02', 'y'],
      ],
    }
    const codesOf = (text: string) => [...(readCodeList(bytesOf(text))?.codes ?? [])]
    expect(codesOf(genericode(spec).replaceAll(/ ColumnRef="[^"]*"/g, ''))).to.deep.equal(['01', '02'])
    // the column behind the one that was named
    expect(codesOf(genericode(spec).replaceAll(' ColumnRef="Nachricht"', ''))).to.deep.equal(['01', '02'])
    expect(codesOf(genericode(spec).replaceAll('<Value ColumnRef="a"><SimpleValue>eins</SimpleValue></Value>', ''))).to.deep.equal([
      '01',
      '02',
    ])
  })

  it('passes over what is no code list or has no key', () => {
    expect(readCodeList(bytesOf('<CodeList/>'))).to.equal(undefined)
    expect(list({ columns: [], keys: [], rows: [] })).to.equal(undefined)
  })

  it('knows four outcomes', () => {
    const store = new CodeListStore()
    const one = list()
    if (one) store.add(one)
    expect(store.lookUp('urn:l', '1', '01')).to.equal('ok')
    expect(store.lookUp('urn:l', '1', '1')).to.equal('unknown-code')
    expect(store.lookUp('urn:l', '2', '01')).to.equal('unknown-version')
    expect(store.lookUp('urn:l', undefined, '01')).to.equal('unknown-version')
    expect(store.lookUp('urn:m', '1', '01')).to.equal('unknown-list')
    expect(store.size).to.equal(1)
  })

  it('loads the lists of a directory, in UTF-16 too, and names those that cannot be used', () => {
    const spec = { version: '1', columns: ['c'], keys: [['c', true]], rows: [['x']] } as const
    const utf16 = Buffer.from('\ufeff' + genericode({ ...spec, uri: 'urn:u' }).replace('UTF-8', 'UTF-16'), 'utf16le')
    const store = CodeListStore.from([
      new Map<string, Uint8Array>([
        ['u.xml', utf16],
        ['v.xml', Buffer.from(utf16.toString('utf16le').replace('urn:u', 'urn:v'), 'utf16le').swap16()],
      ]),
      filesOf({
        'a.xml': genericode({ ...spec, uri: 'urn:a' }),
        'b.xml': '<gc:CodeList genericode',
        'c.xml': '<other/>',
        'd.xml': genericode({ ...spec, uri: 'urn:d' }).replace('<ColumnRef Ref="c"/>', '<ColumnRef Ref="d"/>'),
        'e.xml': genericode({ ...spec, uri: 'urn:e' }).replace(/<Version>.*<\/Version>/, ''),
        'f.xml': '<other genericode=""/>',
      }),
    ])
    expect(store.all().map(({ uri }) => uri)).to.deep.equal(['urn:u', 'urn:v', 'urn:a'])
    expect(store.lookUp('urn:v', '1', 'x')).to.equal('ok')
    // not a list in which every code would be unknown
    expect(store.lookUp('urn:d', '1', 'x')).to.equal('unknown-list')
    expect(store.broken.map(({ set, file }) => [set, file])).to.deep.equal(['b.xml', 'd.xml', 'e.xml'].map((file) => [1, file]))
    expect(store.broken.map(({ detail }) => detail).join()).to.match(/unexpected end.*column.*Version/)
  })
})

describe('codes of a document', () => {
  const store = new CodeListStore()
  before(() => {
    for (const one of [list(), list({ uri: AGS, version: '2026' })]) if (one) store.add(one)
  })
  const ids = (xml: string): string[] => checkCodes(treeOf(xml), store).map((f) => `${f.id.replace('code-lists.', '')} ${f.element.local}`)
  const use = (uri: string, version: string, code: string, name = 'c'): string =>
    `<${name} listURI="${uri}" listVersionID="${version}"><code>${code}</code></${name}>`

  it('finds each unknown code at its place', () => {
    expect(ids(`<r>${use('urn:l', '1', '01')}${use('urn:l', '1', '9', 'd')}${use('urn:l', '1', '8', 'e')}</r>`)).to.deep.equal([
      'unknown-code d',
      'unknown-code e',
    ])
  })

  it('collapses white space as xs:token does', () => {
    expect(ids(`<r>${use('urn:l', '1', '\n 01 ')}</r>`)).to.deep.equal([])
    // in lists, too; other blanks than those of XML make another code
    const spaced = list({ rows: [['drei', '\n 0  3 ']] })
    expect(spaced && [...spaced.codes]).to.deep.equal(['0 3'])
    const others = ['01\u00a0', '\u200301', '\ufeff01', '01\u2028']
    for (const other of others) expect(ids(`<r>${use('urn:l', '1', other)}</r>`), encodeURI(other)).to.deep.equal(['unknown-code c'])
    const kept = list({ rows: others.map((other) => ['x', other]) })
    expect(kept && [...kept.codes]).to.deep.equal(others)
  })

  it('reports a missing list or version once', () => {
    expect(
      ids(`<r>${use('urn:x', '1', '01')}${use('urn:x', '1', '02')}${use('urn:l', '7', '01')}${use('urn:l', '7', '02')}</r>`),
    ).to.deep.equal(['unknown-list c', 'unknown-version c'])
  })

  it('takes list and version from the schema where the message leaves them out, fixed or by default', () => {
    const schemaOf = (version: string): string =>
      `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a"><xs:complexType name="C"><xs:sequence>` +
      `<xs:element name="code" type="xs:token"/></xs:sequence><xs:attribute name="listURI" fixed="urn:l"/>` +
      `<xs:attribute name="listVersionID" ${version}/></xs:complexType><xs:element name="r"><xs:complexType><xs:sequence>` +
      `<xs:element name="c" type="C" maxOccurs="9"/></xs:sequence></xs:complexType></xs:element></xs:schema>`
    const found = (version: string, codes: string): string[] => {
      const choice = schemaSets([filesOf({ 'a.xsd': schemaOf(version) })]).forRoot('urn:a', 'r')
      const types = choice && schemaTypesOf(choice.source)
      const document = treeOf(`<a:r xmlns:a="urn:a">${codes}</a:r>`)
      return checkCodes(document, store, undefined, types).map((f) => `${f.id.replace('code-lists.', '')} ${f.version ?? ''}`)
    }
    for (const given of ['fixed="1"', 'default="1"']) {
      expect(found(given, '<c><code>01</code></c>'), given).to.deep.equal([])
      expect(found(given, '<c><code>9</code></c>'), given).to.deep.equal(['unknown-code 1'])
    }
    expect(found('default="1"', '<c listVersionID="7"><code>01</code></c>')).to.deep.equal(['unknown-version 7'])
    expect(found('use="optional"', '<c><code>01</code></c>')).to.deep.equal(['unknown-version '])
  })

  it('finds the types of files without a namespace of their own, included by another such file', () => {
    const xsd = (attributes: string, content: string): string =>
      `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" ${attributes}>${content}</xs:schema>`
    const files = filesOf({
      'a.xsd': xsd(
        'targetNamespace="urn:a" xmlns:a="urn:a"',
        '<xs:include schemaLocation="b.xsd"/><xs:element name="r"><xs:complexType><xs:sequence><xs:element name="c" type="a:C"/></xs:sequence></xs:complexType></xs:element>',
      ),
      'b.xsd': xsd('', '<xs:include schemaLocation="c.xsd"/>'),
      'c.xsd': xsd(
        '',
        '<xs:complexType name="C"><xs:sequence><xs:element name="code" type="xs:token"/></xs:sequence><xs:attribute name="listURI" fixed="urn:l"/><xs:attribute name="listVersionID" fixed="1"/></xs:complexType>',
      ),
    })
    const choice = schemaSets([files]).forRoot('urn:a', 'r')
    const types = choice && schemaTypesOf(choice.source)
    const document = treeOf('<a:r xmlns:a="urn:a"><c><code>9</code></c></a:r>')
    expect(checkCodes(document, store, undefined, types).map(({ id }) => id)).to.deep.equal(['code-lists.unknown-code'])
  })

  it('finds codes below elements that stand in for another, and below types that the message names', () => {
    const schema =
      `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a"><xs:element name="r"><xs:complexType>` +
      `<xs:sequence><xs:element ref="place"/><xs:element name="typed" type="Base"/></xs:sequence></xs:complexType></xs:element>` +
      `<xs:element name="place" type="Base" abstract="true"/><xs:element name="nearer" type="Base" substitutionGroup="place"/>` +
      `<xs:element name="farther" type="Wide" substitutionGroup="nearer"/><xs:complexType name="Base"/>` +
      `<xs:complexType name="Wide"><xs:complexContent><xs:extension base="Base"><xs:sequence><xs:element name="c"><xs:complexType>` +
      `<xs:sequence><xs:element name="code" type="xs:token"/></xs:sequence><xs:attribute name="listURI" fixed="urn:l"/>` +
      `<xs:attribute name="listVersionID" fixed="1"/></xs:complexType></xs:element></xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:schema>`
    const choice = schemaSets([filesOf({ 'a.xsd': schema })]).forRoot('urn:a', 'r')
    const types = choice && schemaTypesOf(choice.source)
    const named = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type'
    const found = (farther: string, typed: string): string[] => {
      const content = `<a:farther><c><code>${farther}</code></c></a:farther><typed ${named}="a:Wide"><c><code>${typed}</code></c></typed>`
      return checkCodes(treeOf(`<a:r xmlns:a="urn:a">${content}</a:r>`), store, undefined, types).map((f) => xpathOf(f.element))
    }
    expect(found('01', '01')).to.deep.equal([])
    expect(found('9', '9')).to.deep.equal(['/a:r/a:farther/c', '/a:r/typed/c'])
  })

  it('only warns for the AGS', () => {
    expect(ids(`<r>${use(AGS, '2026', '99001000')}</r>`)).to.deep.equal(['doubtful-code c'])
  })

  it('ignores an empty list name and elements that only look like codes', () => {
    expect(
      ids(
        '<r><c listURI="" listVersionID=""><code>1</code></c><d><code>1</code></d><e listURI="urn:l" listVersionID="1"><x:code xmlns:x="urn:x">9</x:code></e></r>',
      ),
    ).to.deep.equal([])
  })
})

describe('code types 1 to 4 of XProtektor-Demo', () => {
  let desk: Desk
  before(async () => {
    desk = await deskOf()
  })
  after(() => desk.close())

  it('type 2: answers S011 for a code outside the list that the schema fixes', async () => {
    const report = await desk.check(
      sampleText('meldebescheinigung.anfrage.1000.erweitert').replace('<code>geburtsort</code>', '<code>schuhgroesse</code>'),
    )
    expect([report.verdict, report.rueckweisung]).to.deep.equal(['invalid', 'S011'])
    const [finding] = report.findings.filter((f) => f.id === 'code-lists.unknown-code')
    expect(finding?.xpath).to.equal('/xp:meldebescheinigung.anfrage.1000/xp:datenumfang/xp:erweitert[1]')
    expect(report.layers['code-lists']).to.equal('invalid')
  })

  it('type 3: the version comes from the message', async () => {
    const wrong = await desk.check(sampleText('selbstauskunft.auskunft.1102').replace('<code>A</code>', '<code>Z</code>'))
    expect(wrong.rueckweisung).to.equal('S011')
    const newer = await desk.check(sampleText('selbstauskunft.auskunft.1102').replace(/(<xp:sperren listVersionID=")1/g, '$12'))
    expect(newer.verdict).to.equal('valid')
    expect(idsOf(newer)).to.include('code-lists.unknown-version')
  })

  it('type 4: list and version come from the message', async () => {
    const text = sampleText('administration.rueckweisung.0010.unlesbare-anfrage')
    expect((await desk.check(text.replace('>schluessel<', '>anderes<'))).rueckweisung).to.equal('S011')
    const other = await desk.check(text.replace('codeliste:protektorfehler', 'codeliste:fremd'))
    expect(other.verdict).to.equal('valid')
    expect(idsOf(other)).to.include('code-lists.unknown-list')
  })

  it('type 1: the schema judges, no list is needed', async () => {
    const report = await desk.check(sampleText('selbstauskunft.status.1101.angenommen'), { codeLists: new CodeListStore() })
    expect(idsOf(report).filter((id) => id.startsWith('code-lists.'))).to.deep.equal([])
  })

  it('warns of referenced lists that are not there', async () => {
    const report = await desk.check(sampleText('meldebescheinigung.anfrage.1000.mindestumfang'))
    expect(report.findings.filter((f) => f.id === 'code-lists.unknown-list').map((f) => f.detail)).to.deep.equal([
      'urn:de:xoev:codeliste:erreichbarkeit 3',
      'urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags 2026-04-30',
    ])
  })
})
