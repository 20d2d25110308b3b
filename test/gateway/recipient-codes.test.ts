// SPDX-License-Identifier: EUPL-1.2
/**
 * Feedback codes of a running passive recipient beside the verdict: warnings about whoever calls, what its log says, and in which words.
 * @module
 */
import { expect } from 'chai'
import { feedbackRow } from '../../src/osci/feedback.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './intermediary/house.js'
import { ask, delivery, type Bend, type Told } from './intermediary/raw.js'

describe('codes of the passive recipient', () => {
  let house: ThreatHouse
  before(async () => (house = await openThreatHouse()))
  after(() => house.close())

  /** A processDelivery that nobody takes. */
  async function called(cipherOf: 'im' | 'expired', bend: Bend = {}): Promise<Told> {
    const [im, town] = [await keysOf('im'), await keysOf('town')]
    const from = await house.client('im', 'recipient', {
      keys: { cipher: (await keysOf(cipherOf)).cipher, signature: im.signature },
      intermediary: { cipherCertificate: town.cipher.certificate, signatureCertificates: [town.signature.certificate] },
    })
    const { parts } = await delivery(from, town, undefined)
    return ask(from, 'processDelivery', { order: {}, ...bend, parts: { ...parts, ...bend.parts } })
  }
  const logged = (): readonly string[] => (JSON.parse(house.lines.findLast((line) => line.includes('"delivery"')) ?? '{}') as Line).feedback

  it('3500 where the certificate that the answer is encrypted for is out of its period, in the log as well', async () => {
    expect((await called('im')).codes).to.deep.equal(['9809', '9811'])
    expect((await called('expired')).codes).to.deep.equal(['3500', '9809', '9811'])
    expect(logged()).to.deep.equal(['3500', '9809', '9811'])
  })

  it('9811 to a request in clear, which says what was missing in the language that was asked for', async () => {
    const clear: Bend['sealing'] = ({ sign }) => (sign ? { sign } : {})
    const texts: string[] = []
    for (const language of ['de', 'en']) {
      const told = await called('im', { sealing: clear, parts: { languages: [language] } })
      expect(told.codes).to.deep.equal(['9811'])
      texts.push(...told.texts)
    }
    expect(texts).to.deep.equal(['Der Endpunkt verlangt Transportverschlüsselung.', 'The endpoint demands transport encryption.'])
    const [, other] = (await called('im')).texts
    expect(other).to.equal(feedbackRow('9811')?.de)
  })
})

interface Line {
  readonly feedback: readonly string[]
}
