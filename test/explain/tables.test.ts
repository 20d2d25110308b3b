// SPDX-License-Identifier: EUPL-1.2
/**
 * The tables of explanations against the schema set: nothing of it is without words, in both languages.
 * @module
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { attributeRow } from '../../src/check/explain/attributes.js'
import { elementRow, messageTitle, PURPOSES } from '../../src/check/explain/elements.js'
import { CHECK_LIMITS } from '../../src/env.js'
import { MESSAGE_TYPES, REQUEST_NAMES } from '../../src/osci/messages.js'
import { OSCI, SOAP } from '../../src/osci/names.js'
import { parseXml } from '../../src/xml/gate.js'
import { XML } from '../../src/xml/names.js'
import { attributeOf, elementsOf, type XmlElement } from '../../src/xml/tree.js'

const SCHEMAS = new URL('../../schemas/osci12/', import.meta.url)
const PREFIXES: Readonly<Record<string, string>> = { [SOAP]: 'soap:', [XML]: 'xml:' }

interface Named {
  readonly file: string
  readonly uri: string
  readonly name: string
  readonly kind: 'element' | 'attribute'
}

/** Everything that a schema gives a name, with the namespace it has in messages. */
function namesIn(file: string): Named[] {
  const { root } = parseXml(readFileSync(new URL(file, SCHEMAS)), { limits: CHECK_LIMITS, frame: 'content' })
  const uri = attributeOf(root, 'targetNamespace') ?? ''
  const found: Named[] = []
  const walk = (e: XmlElement, depth: number): void => {
    const name = attributeOf(e, 'name')
    if (name !== undefined && e.local === 'element')
      found.push({ file, name, kind: 'element', uri: attributeOf(e, 'form') === 'unqualified' ? '' : uri })
    // global attributes have the namespace of their schema, local ones none
    if (name !== undefined && e.local === 'attribute')
      found.push({
        file,
        name: (depth === 1 || attributeOf(e, 'form') === 'qualified' ? (PREFIXES[uri] ?? '') : '') + name,
        kind: 'attribute',
        uri,
      })
    for (const child of elementsOf(e)) walk(child, depth + 1)
  }
  walk(root, 0)
  return found
}

const names = readdirSync(SCHEMAS)
  .filter((file) => file.endsWith('.xsd'))
  .flatMap(namesIn)

describe('explanations: tables', () => {
  it('have words for every element of the schema set', () => {
    const elements = names.filter(({ kind }) => kind === 'element')
    expect(elements.length).to.be.greaterThan(150)
    const missing = elements.filter(({ uri, name }) => elementRow(uri, name) === undefined).map(({ file, name }) => `${file}: ${name}`)
    expect([...new Set(missing)]).to.deep.equal([])
  })

  it('have words for every attribute of the schema set', () => {
    const attributes = names.filter(({ kind }) => kind === 'attribute')
    expect(attributes.length).to.be.greaterThan(60)
    const missing = attributes.filter(({ name }) => attributeRow(name) === undefined).map(({ file, name }) => `${file}: ${name}`)
    expect([...new Set(missing)]).to.deep.equal([])
  })

  it('say something else in German than in English, with a reference', () => {
    for (const { uri, name, kind } of names) {
      const row = kind === 'element' ? elementRow(uri, name) : undefined
      if (!row) continue
      expect(row.meaning.de, name).to.not.equal(row.meaning.en)
      expect(row.meaning.de.endsWith('.') || row.meaning.de.endsWith('?'), name).to.equal(true)
      expect(row.reference, name).to.match(/^[A-Z]/)
    }
  })

  it('point at the section that speaks of the element', () => {
    const sections = { ClientSignature: '§7.4', DesiredLanguages: '§6.7', Subject: '§6.7', QualityOfTimestamp: '§6.5', InspectionReport: '§6.6', SelectionRule: '§9.5, §9.6' }
    for (const [name, section] of Object.entries(sections)) expect(elementRow(OSCI, name)?.reference, name).to.equal(`OSCI12 ${section}`)
    expect(elementRow(OSCI, 'SelectionRule')?.meaning.de).to.contain('bei fetchProcessCard alle')
    expect(elementRow(OSCI, 'CipherCertificateIntermediary')?.meaning.de).to.contain('dafür werden Antworten an ihn verschlüsselt')
  }) // prettier-ignore

  it('name all 24 messages by the message table', () => {
    for (const { name, exchange, uri } of MESSAGE_TYPES) {
      expect(messageTitle(name)?.de).to.contain(name)
      expect(elementRow(uri, name)?.meaning.de.length, name).to.be.greaterThan(10)
      expect(Object.keys(PURPOSES)).to.contain(exchange)
    }
    expect(Object.keys(PURPOSES)).to.deep.equal([...REQUEST_NAMES])
    expect(messageTitle('noSuchMessage')).to.equal(undefined)
  })
})
