// SPDX-License-Identifier: EUPL-1.2
/**
 * The shape table and the XSD of XProtektor-Demo say the same: every element, its order, whether it repeats, what it holds.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { attributeOf, elementsOf, type XmlElement } from '../../src/xml/tree.js'
import { XPROTEKTOR_SHAPES, type Member, type Shape } from '../../src/xoev/xprotektor-shape.js'
import { treeOf, xprotektorDirectory } from './fixtures.js'

const declarations = new Map<string, XmlElement>()
const roots: XmlElement[] = []

for (const file of readdirSync(xprotektorDirectory).filter((name) => name.endsWith('.xsd')))
  for (const e of elementsOf(treeOf(readFileSync(join(xprotektorDirectory, file))).root)) {
    const name = attributeOf(e, 'name')
    if (name === undefined) continue
    if (e.local === 'element') roots.push(e)
    else declarations.set(name, e)
  }

const inner = (e: XmlElement, ...locals: readonly string[]): XmlElement | undefined => elementsOf(e).find((c) => locals.includes(c.local))

/** Lines such as `identifikation/vornamen/name text`, `*` where an element repeats. */
function ofSchema(type: XmlElement, path: string): string[] {
  const content = inner(type, 'complexContent')
  const derivation = content && inner(content, 'extension', 'restriction')
  const lines: string[] = []
  const base = derivation && declarations.get(attributeOf(derivation, 'base')?.replace('xp:', '') ?? '')
  if (derivation?.local === 'extension' && base) lines.push(...ofSchema(base, path))
  const collect = (group: XmlElement): void => {
    for (const e of elementsOf(group)) {
      if (e.local === 'sequence' || e.local === 'choice') collect(e)
      if (e.local !== 'element') continue
      const here = `${path}/${attributeOf(e, 'name') ?? ''}${Number(attributeOf(e, 'maxOccurs') ?? '1') > 1 ? '*' : ''}`
      const typeName = attributeOf(e, 'type') ?? ''
      const named = declarations.get(typeName.replace('xp:', ''))
      if (typeName.startsWith('xp:Code')) lines.push(`${here} code`)
      else if (typeName === 'xs:boolean') lines.push(`${here} boolean`)
      else if (typeName === 'xp:Dokumentinhalt') lines.push(`${here} base64`)
      else if (named?.local === 'simpleType') lines.push(`${here} text`)
      else if (named) lines.push(...ofSchema(named, here))
      else throw new Error(`${here}: ${typeName}`)
    }
  }
  collect(derivation ?? type)
  return lines
}

function ofTable(shape: Shape, path: string): string[] {
  if (typeof shape === 'string') return [`${path} ${shape}`]
  return shape.flatMap((member: Member) => ofTable(member.shape, `${path}/${member.name}${member.many ? '*' : ''}`))
}

describe('XProtektor-Demo shape table', () => {
  it('has exactly the messages of the schema', () => {
    expect(Object.keys(XPROTEKTOR_SHAPES).sort()).to.deep.equal(roots.map((e) => attributeOf(e, 'name')).sort())
    expect(roots.length).to.equal(6)
  })

  for (const root of roots) {
    const name = attributeOf(root, 'name') ?? ''
    it(`says of ${name} what the schema says, in its order`, () => {
      const type = inner(root, 'complexType')
      const shape = Object.entries(XPROTEKTOR_SHAPES).find(([key]) => key === name)?.[1]
      if (!type || !shape) throw new Error('no declaration')
      const lines = ofSchema(type, '')
      expect(lines.length).to.be.greaterThan(10)
      expect(ofTable(shape, '')).to.deep.equal(lines)
    })
  }

  it('bounds every repetition at 50', () => {
    const all = [...declarations.values(), ...roots].flatMap((e) => [
      ...JSON.stringify(e, (key, value: unknown) => (key === 'parent' ? undefined : value)).matchAll(
        /"local":"maxOccurs","uri":"","value":"(\w+)"/g,
      ),
    ])
    expect(all.length).to.be.greaterThan(5)
    for (const [, count] of all) expect(Number(count)).to.be.within(2, 50)
  })
})
