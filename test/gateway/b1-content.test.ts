// SPDX-License-Identifier: EUPL-1.2
/**
 * Hostile content from a browser or an online service (threat model B1): against the schema it is refused before the core has it; within
 * the schema it arrives as it was written, and is markup nowhere.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { elementsOf, textOf, type XmlElement } from '../../src/xml/tree.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House } from './support.js'

const INJECTIONS = [
  '</xp:name><xp:name>zweiter',
  ']]><xp:evil/>',
  '<!--', '-->', '<?php echo 1 ?>', '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&lt;script&gt;', '&amp;amp;', '&#x3c;b&#x3e;', '"onload="alert(1)',
  "'; DROP TABLE einwohner; --", '${7*7} {{7*7}} #{7*7}', '../../etc/passwd', '\u202eträgliche', 'a\u0301 ä Ǿ',
] // prettier-ignore

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const find = (e: XmlElement, local: string): XmlElement | undefined =>
  e.local === local ? e : elementsOf(e).reduce<XmlElement | undefined>((found, kid) => found ?? find(kid, local), undefined)
const countOf = (e: XmlElement): number => elementsOf(e).reduce((sum, kid) => sum + countOf(kid), 1)
const parsed = (document: Uint8Array): XmlElement => parseXml(document, { limits: GATEWAY_LIMITS, frame: 'content' }).root
const nameIn = (document: Uint8Array): string | undefined => {
  const [name] = elementsOf(find(parsed(document), 'familienname') ?? parsed(document))
  return name === undefined ? undefined : textOf(name)
}

describe('B1 hostile content', function () {
  this.timeout(120_000)
  let house: House
  const got: { readonly document: Uint8Array; readonly reading: string }[] = []
  before(async () => {
    house = await openHouse()
    await house.serve(async (request) => {
      const reading = request.content.parts.find((part) => part.role === 'reading')
      got.push({ document: request.document ?? new Uint8Array(), reading: decode(reading?.bytes) })
      await echo(request)
    })
  })
  after(async () => {
    await house.close()
    await removeDirectories()
  })

  it('B1 any text that XML can hold is written as text: never one element more, and read back as it was', () => {
    const elements = countOf(parsed(certificateRequest()))
    // what XML 1.0 cannot hold at all has no way to be written; line ends become LF by the rules of XML
    const text = fc.oneof(
      fc.constantFrom(...INJECTIONS),
      fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
      fc.stringMatching(/^[<>&"'\]!?\-/=;#a-z]{1,40}$/),
    )
    fc.assert(
      fc.property(text, (familienname) => {
        const document = certificateRequest({ familienname })
        expect(nameIn(document)).to.equal(familienname)
        expect(countOf(parsed(document))).to.equal(elements)
      }),
      { numRuns: 300 },
    )
  })

  it('B1 injection strings reach the register byte for byte, and in its reading as the same text', async () => {
    let arrivals = 0
    for (const familienname of INJECTIONS) {
      const document = certificateRequest({ familienname })
      const { codes } = await house.ride({ document })
      // the schema may know better what a name is; then it is refused, and nothing has arrived
      if (!codes.includes('0800') || got.length === 0) {
        expect(codes, familienname).to.include('9805')
        continue
      }
      const arrived = got.pop()
      arrivals += 1
      expect(Buffer.from(arrived?.document ?? []).equals(document), familienname).to.equal(true)
      expect(JSON.stringify(JSON.parse(arrived?.reading ?? '""'))).to.contain(JSON.stringify(familienname).slice(1, -1))
    }
    expect(arrivals).to.be.greaterThan(5)
    expect(got).to.deep.equal([])
  })

  it('B1 what the schema forbids is refused before the core has it, with X001 or X000, and the next request works', async () => {
    const good = decode(certificateRequest())
    const wrong: Record<string, string> = {
      'element too many': good.replace('</xp:vornamen>', '</xp:vornamen><xp:evil/>'),
      'element missing': good.replace(/<xp:vornamen>.*?<\/xp:vornamen>/s, ''),
      'order turned': good.replace(/(<xp:familienname>.*?<\/xp:familienname>)(\s*)(<xp:vornamen>.*?<\/xp:vornamen>)/s, '$3$2$1'),
      'wrong type': good.replace('1975-11-03', '1975-13-44'),
      'foreign namespace': good.replace('<xp:vornamen>', '<vornamen xmlns="urn:evil">').replace('</xp:vornamen>', '</vornamen>'),
      'attribute too many': good.replace('<xp:vornamen>', '<xp:vornamen onload="x">'),
      'not well-formed': good.replace('</xp:vornamen>', ''),
      'document type': good.replace(/^<\?xml[^>]*\?>/, '$&<!DOCTYPE a>'),
      'schema of the sender': good
        .replace(
          /(<xp:[^\s>]+)/,
          '$1 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://127.0.0.1:1/x.xsd"',
        )
        .replace('</xp:vornamen>', '</xp:vornamen><xp:evil/>'),
    }
    for (const [what, document] of Object.entries(wrong)) {
      expect(document, what).to.not.equal(good)
      const answer = await house.ride({ document: encode(document), type: 'acceptDelivery' })
      expect(answer.codes, what).to.include.members(['9805', '9811'])
      expect(answer.texts.join(), what).to.match(/X00[01]/)
      expect((await house.gateway.core.figures()).envelopes, what).to.equal(0)
    }
    expect(got).to.deep.equal([])
    expect((await house.ride()).codes).to.deep.equal(['0800'])
    expect(got).to.have.length(1)
  })
})
