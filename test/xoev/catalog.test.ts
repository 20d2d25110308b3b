// SPDX-License-Identifier: EUPL-1.2
/**
 * Catalogs and self-contained schema sources: everything is found in the directory or reported, nothing is fetched.
 * @module
 */
import { expect } from 'chai'
import { CatalogResolver, joinPath, readCatalog } from '../../src/xoev/catalog.js'
import { readSchemaDocument, withoutDocumentType } from '../../src/xoev/schema-document.js'
import { buildSource } from '../../src/xoev/schema-source.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { bytesOf, deskOf, filesOf } from './fixtures.js'

const catalog = (entries: string): string => `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">${entries}</catalog>`
const schema = (namespace: string, body: string, more = ''): string =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="${namespace}" xmlns:t="${namespace}" elementFormDefault="qualified" version="7"${more}>${body}</xs:schema>`
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

const resolver = (entries: string, ...paths: readonly string[]): CatalogResolver => {
  const read = readCatalog('cat/catalog.xml', bytesOf(catalog(entries)))
  return new CatalogResolver(
    read ? [read] : [],
    paths.map((path) => ({ path, targetNamespace: 'urn:n' })),
  )
}

describe('OASIS catalogs', () => {
  it('answers system and uri entries alike', () => {
    const one = resolver(
      '<system systemId="http://a/x.xsd" uri="x.xsd"/><uri name="http://a/y.xsd" uri="sub/y.xsd"/>',
      'cat/x.xsd',
      'cat/sub/y.xsd',
    )
    expect(one.resolve('cat/e.xsd', 'http://a/x.xsd', 'urn:other')).to.equal('cat/x.xsd')
    expect(one.resolve('cat/e.xsd', 'http://a/y.xsd', 'urn:other')).to.equal('cat/sub/y.xsd')
  })

  it('answers by namespace where an import names no place', () => {
    expect(resolver('<uri name="urn:n" uri="x.xsd"/>', 'cat/x.xsd').resolve('cat/e.xsd', undefined, 'urn:n')).to.equal('cat/x.xsd')
  })

  it('takes the longest of the rewriting prefixes', () => {
    const one = resolver(
      '<rewriteSystem systemIdStartString="http://a/" rewritePrefix="far/"/><rewriteURI uriStartString="http://a/b/" rewritePrefix="near/"/>',
      'cat/far/b/x.xsd',
      'cat/near/x.xsd',
      'cat/far/y.xsd',
    )
    expect(one.resolve('cat/e.xsd', 'http://a/b/x.xsd', 'urn:other')).to.equal('cat/near/x.xsd')
    expect(one.resolve('cat/e.xsd', 'http://a/y.xsd', 'urn:other')).to.equal('cat/far/y.xsd')
  })

  it('keeps http and https apart', () => {
    const one = resolver('<system systemId="https://a/x.xsd" uri="z.xsd"/>', 'cat/z.xsd')
    expect(one.resolve('cat/e.xsd', 'https://a/x.xsd', 'urn:n')).to.equal('cat/z.xsd')
    expect(one.resolve('cat/e.xsd', 'http://a/x.xsd', 'urn:n')).to.equal(undefined)
  })

  it('follows xml:base of a group, and a rewriting that leads to another entry', () => {
    const one = resolver(
      '<group xml:base="deep/"><uri name="http://a/x" uri="x.xsd"/></group><rewriteURI uriStartString="http://b/" rewritePrefix="http://a/"/>',
      'cat/deep/x.xsd',
    )
    expect(one.resolve('e.xsd', 'http://a/x', undefined)).to.equal('cat/deep/x.xsd')
    expect(one.resolve('e.xsd', 'http://b/x', undefined)).to.equal('cat/deep/x.xsd')
  })

  it('never leaves the directory, and ends circles', () => {
    expect(joinPath('a', '../../etc/passwd')).to.equal(undefined)
    expect(joinPath('a/b', './.././c.xsd')).to.equal('a/c.xsd')
    const one = resolver(
      '<uri name="http://a/x" uri="../../../etc/passwd"/><uri name="http://c/" uri="http://d/"/><uri name="http://d/" uri="http://c/"/>',
      'cat/x.xsd',
    )
    expect(one.resolve('cat/e.xsd', 'http://a/x', undefined)).to.equal(undefined)
    expect(one.resolve('cat/e.xsd', 'http://c/', undefined)).to.equal(undefined)
  })

  it('finds a published file by name and namespace where no catalog is', () => {
    const one = new CatalogResolver(
      [],
      [
        { path: 'v1/x.xsd', targetNamespace: 'urn:1' },
        { path: 'v2/x.xsd', targetNamespace: 'urn:2' },
        { path: 'v2/lib/x.xsd', targetNamespace: 'urn:2' },
      ],
    )
    expect(one.resolve('v2/lib/e.xsd', 'https://somewhere/schema/x.xsd', 'urn:2')).to.equal('v2/lib/x.xsd')
    expect(one.resolve('v2/lib/e.xsd', 'https://somewhere/schema/x.xsd', 'urn:3')).to.equal(undefined)
    // an include says nothing of a namespace, so a name alone is not enough
    expect(one.resolve('v2/lib/e.xsd', 'https://somewhere/schema/x.xsd', undefined)).to.equal(undefined)
  })

  it('finds an included file by its published address where no catalog is: it speaks for the namespace that includes it, or for none', () => {
    const one = new CatalogResolver(
      [],
      [
        { path: 'v1/e.xsd', targetNamespace: 'urn:1' },
        { path: 'v1/x.xsd', targetNamespace: 'urn:1' },
        { path: 'v2/x.xsd', targetNamespace: 'urn:2' },
        { path: 'v2/y.xsd', targetNamespace: '' },
        { path: 'v3/e.xsd', targetNamespace: 'urn:3' },
      ],
    )
    expect(one.resolve('v1/e.xsd', 'http://somewhere/schema/x.xsd', undefined)).to.equal('v1/x.xsd')
    expect(one.resolve('v1/e.xsd', 'http://somewhere/schema/y.xsd', undefined)).to.equal('v2/y.xsd')
    expect(one.resolve('v3/e.xsd', 'http://somewhere/schema/x.xsd', undefined)).to.equal(undefined)
    // a part that is missing is no reason to include oneself, nor what lies elsewhere by chance
    expect(one.resolve('v1/x.xsd', 'http://somewhere/schema/x.xsd', undefined)).to.equal(undefined)
    expect(one.resolve('v1/e.xsd', 'parts/x.xsd', undefined)).to.equal(undefined)
  })

  it('passes over what is no catalog', () => {
    expect(readCatalog('catalog.xml', bytesOf('<catalog/>'))).to.equal(undefined)
  })
})

describe('schema documents', () => {
  it('drops the document type of a trusted file, internal subset included, and keeps the lines', () => {
    const given = '<?xml version="1.0"?>\n<!DOCTYPE schema PUBLIC "-//x>//" "y.dtd" [\n <!-- ]> -->\n <!ENTITY p \'a]>b\'>\n]>\n<a/>'
    const left = withoutDocumentType(given)
    expect(left).to.not.include('DOCTYPE')
    expect(left.split('\n').length).to.equal(given.split('\n').length)
    expect(left.trimEnd().endsWith('<a/>')).to.equal(true)
  })

  it('drops annotations, comments and hints, and keeps references in their place', () => {
    const document = readSchemaDocument(
      'a.xsd',
      bytesOf(
        schema(
          'urn:a',
          '<!-- <xs:import schemaLocation="no.xsd"/> -->\n<xs:annotation><xs:documentation>schemaLocation="no2.xsd" <![CDATA[<!-- ]]></xs:documentation></xs:annotation>\n<xs:include schemaLocation="b.xsd"/><xs:element name="r"/>',
          ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x y.xsd"',
        ),
      ),
    )
    expect(document?.text).to.not.match(/no2?\.xsd|y\.xsd|<!--/)
    const [reference] = document?.references ?? []
    expect(document?.text.slice(reference?.start).startsWith('<xs:include schemaLocation="b.xsd"')).to.equal(true)
    expect(document?.elements.has('r')).to.equal(true)
  })

  it('reads a file in an older encoding', () => {
    const latin = Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?>${schema('urn:a', '<xs:element name="Gr\u00fc\u00dfe"/>')}`,
      'latin1',
    )
    expect(readSchemaDocument('a.xsd', latin)?.elements.has('Gr\u00fc\u00dfe')).to.equal(true)
  })
})

describe('self-contained schema sources', () => {
  const build = (files: Readonly<Record<string, string>>, entry: string) => {
    const documents = new Map(
      Object.entries(files).flatMap(([path, contents]) => {
        const document = readSchemaDocument(path, bytesOf(contents))
        return document ? [[path, document] as const] : []
      }),
    )
    return buildSource(entry, documents, new CatalogResolver([], documents.values()))
  }

  it('rewrites every reference to a flat name, `./` and folders alike, and takes each file once', () => {
    const { source, unresolved } = build(
      {
        'x/a.xsd': schema('urn:a', '<xs:include schemaLocation="./b.xsd"/><xs:include schemaLocation="../x/b.xsd"/><xs:element name="r"/>'),
        'x/b.xsd': schema('urn:a', '<xs:complexType name="T"/>'),
        'x/unused.xsd': schema('urn:a', '<xs:complexType name="U"/>'),
      },
      'x/a.xsd',
    )
    expect(unresolved).to.deep.equal([])
    expect(source.entry).to.equal('00-a.xsd')
    expect([...source.files.keys()]).to.deep.equal(['00-a.xsd', '01-b.xsd'])
    expect([...text(source.files.get('00-a.xsd')).matchAll(/schemaLocation="([^"]*)"/g)].map((m) => m[1])).to.deep.equal([
      '01-b.xsd',
      '01-b.xsd',
    ])
  })

  it('makes a driver where one namespace comes in two files, so that both are loaded', async () => {
    const files = {
      'e.xsd': schema(
        'urn:e',
        '<xs:import namespace="urn:k" schemaLocation="k1.xsd"/><xs:import namespace="urn:k" schemaLocation="k2.xsd"/>' +
          '<xs:element name="r"><xs:complexType><xs:sequence><xs:element name="a" type="k:A"/><xs:element name="b" type="k:B"/></xs:sequence></xs:complexType></xs:element>',
        ' xmlns:k="urn:k"',
      ),
      'k1.xsd': schema('urn:k', '<xs:simpleType name="A"><xs:restriction base="xs:int"/></xs:simpleType>'),
      'k2.xsd': schema('urn:k', '<xs:simpleType name="B"><xs:restriction base="xs:int"/></xs:simpleType>'),
    }
    const { source } = build(files, 'e.xsd')
    expect(text(source.files.get('driver-1.xsd')))
      .to.include('01-k1.xsd')
      .and.to.include('02-k2.xsd')
    const desk = await deskOf([filesOf(files)])
    try {
      expect((await desk.check('<r xmlns="urn:e"><a>1</a><b>2</b></r>')).verdict).to.equal('valid')
      const bad = await desk.check('<r xmlns="urn:e"><a>1</a><b>x</b></r>')
      expect([bad.verdict, bad.findings[0]?.id, bad.findings[0]?.xpath]).to.deep.equal(['invalid', 'xoev-schema.invalid', '/r/b'])
    } finally {
      await desk.close()
    }
  })

  it('uses the one file that includes the others instead of a driver', () => {
    const { source } = build(
      {
        'e.xsd': schema(
          'urn:e',
          '<xs:import namespace="urn:k" schemaLocation="k1.xsd"/><xs:import namespace="urn:k" schemaLocation="all.xsd"/>',
        ),
        'k1.xsd': schema('urn:k', '<xs:complexType name="A"/>'),
        'all.xsd': schema('urn:k', '<xs:include schemaLocation="k1.xsd"/>'),
      },
      'e.xsd',
    )
    expect([...source.files.keys()].filter((name) => name.startsWith('driver'))).to.deep.equal([])
    expect([...text(source.files.get('00-e.xsd')).matchAll(/schemaLocation="([^"]*)"/g)].map((m) => m[1])).to.deep.equal([
      '02-all.xsd',
      '02-all.xsd',
    ])
  })

  it('counts files of equal bytes as one', () => {
    const library = schema('urn:k', '<xs:complexType name="A"/>')
    const { source } = build(
      {
        'e.xsd': schema(
          'urn:e',
          '<xs:import namespace="urn:k" schemaLocation="one/k.xsd"/><xs:import namespace="urn:k" schemaLocation="two/k.xsd"/>',
        ),
        'one/k.xsd': library,
        'two/k.xsd': library,
      },
      'e.xsd',
    )
    expect([...source.files.keys()]).to.deep.equal(['00-e.xsd', '01-k.xsd'])
  })

  it('counts copies of a part as one that differ in white space and annotations, and what builds on them', async () => {
    const part = schema('urn:k', '\n<xs:complexType name="A"><xs:sequence/></xs:complexType>\n')
    const copy = part.replaceAll('\n', '\r\n').replace('<xs:complexType', '<xs:annotation/>\r\n  <xs:complexType')
    const onPart = (name: string): string =>
      schema('urn:l', `<xs:import namespace="urn:k" schemaLocation="k.xsd"/><xs:complexType name="${name}"/>`)
    const files = {
      'e.xsd': schema(
        'urn:e',
        '<xs:import namespace="urn:k" schemaLocation="one/k.xsd"/><xs:import namespace="urn:l" schemaLocation="one/l.xsd"/>' +
          '<xs:import namespace="urn:l" schemaLocation="two/l.xsd"/><xs:import namespace="urn:l" schemaLocation="two/other.xsd"/>' +
          '<xs:element name="r.0001" type="xs:int"/>',
      ),
      'one/k.xsd': part,
      'two/k.xsd': copy,
      'one/l.xsd': onPart('B'),
      'two/l.xsd': onPart('B'),
      'two/other.xsd': onPart('C'),
    }
    expect([...build(files, 'e.xsd').source.files.keys()]).to.deep.equal([
      '00-e.xsd',
      '01-k.xsd',
      '02-l.xsd',
      '03-other.xsd',
      'driver-1.xsd',
    ])
    const desk = await deskOf([filesOf(files)])
    expect((await desk.check('<e:r.0001 xmlns:e="urn:e">1</e:r.0001>')).verdict).to.equal('valid')
    await desk.close()
  })

  it('reports an import that no file answers, and takes its location away', () => {
    const { source, unresolved } = build(
      { 'e.xsd': schema('urn:e', '<xs:import namespace="urn:k" schemaLocation="http://k/k.xsd"/>') },
      'e.xsd',
    )
    expect(unresolved).to.deep.equal([{ file: 'e.xsd', namespace: 'urn:k', location: 'http://k/k.xsd' }])
    expect(text(source.files.get('00-e.xsd'))).to.not.include('http://k')
  })
})

describe('schema sets', () => {
  const standard = (version: string): Readonly<Record<string, string>> => ({
    [`v${version}/driver.xsd`]: schema(
      `urn:s:${version}`,
      '<xs:include schemaLocation="parts/one.xsd"/><xs:include schemaLocation="parts/two.xsd"/>',
    ),
    [`v${version}/parts/one.xsd`]: schema(`urn:s:${version}`, '<xs:element name="one.0001" type="xs:int"/>'),
    [`v${version}/parts/two.xsd`]: schema(`urn:s:${version}`, '<xs:element name="two.0002" type="xs:int"/>'),
  })

  it('keeps versions side by side, and one set serves all roots of a standard', () => {
    const sets = schemaSets([filesOf({ ...standard('1'), ...standard('2') })])
    const one = sets.forRoot('urn:s:1', 'one.0001')
    expect(one?.source.id).to.equal('v1/driver.xsd')
    expect(sets.forRoot('urn:s:1', 'two.0002')?.source).to.equal(one?.source)
    expect(sets.forRoot('urn:s:2', 'two.0002')?.source.id).to.equal('v2/driver.xsd')
    expect(sets.forRoot('urn:s:2', 'two.0002')?.version).to.equal('7')
    expect([...sets.namespaces()].sort()).to.deep.equal(['urn:s:1', 'urn:s:2'])
  })

  it('knows a namespace without knowing every root', () => {
    const sets = schemaSets([filesOf(standard('1'))])
    expect(sets.forRoot('urn:s:1', 'three.0003')).to.equal(undefined)
    expect(sets.knowsNamespace('urn:s:1')?.source.id).to.equal('v1/driver.xsd')
    expect(sets.knowsNamespace('urn:s:9')).to.equal(undefined)
  })

  it('passes over a driver with missing files', () => {
    const sets = schemaSets([
      filesOf({
        ...standard('1'),
        'v1/driver.xsd': schema('urn:s:1', '<xs:include schemaLocation="parts/one.xsd"/><xs:include schemaLocation="parts/lost.xsd"/>'),
      }),
    ])
    expect(sets.forRoot('urn:s:1', 'one.0001')?.source.id).to.equal('v1/parts/one.xsd')
  })

  it('gives an included file without namespace that of the including one', async () => {
    const desk = await deskOf([
      filesOf({
        'a.xsd': schema('urn:a', '<xs:include schemaLocation="part.xsd"/>'),
        'part.xsd': '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="r" type="xs:int"/></xs:schema>',
      }),
    ])
    try {
      expect((await desk.check('<r xmlns="urn:a">1</r>')).verdict).to.equal('valid')
      expect((await desk.check('<r xmlns="urn:a">x</r>')).verdict).to.equal('invalid')
    } finally {
      await desk.close()
    }
  })

  it('names files that cannot be read, and works with the others', () => {
    const sets = schemaSets([filesOf({ ...standard('1'), 'broken.xsd': '<xs:schema' })])
    expect(sets.forRoot('urn:s:1', 'one.0001')).to.not.equal(undefined)
    expect(sets.broken().map((one) => one.file)).to.deep.equal(['broken.xsd'])
  })

  it('asks directories in the order given', () => {
    const sets = schemaSets([
      filesOf({ 'first.xsd': schema('urn:a', '<xs:element name="r"/>') }),
      filesOf({ 'second.xsd': schema('urn:a', '<xs:element name="r"/>') }),
    ])
    expect(sets.forRoot('urn:a', 'r')?.source.id).to.equal('first.xsd')
  })
})
