// SPDX-License-Identifier: EUPL-1.2
/**
 * `check --second-opinion`: an independent implementation judges every signature of the fixtures once more. It must come to our verdict
 * wherever it has one.
 */
import { expect } from 'chai'
import type { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { askSecondOpinion } from '../../src/check/second-opinion.js'
import { check } from '../../src/check/engine.js'
import { Journal } from '../../src/check/journal.js'
import type { SoapEnvelope } from '../../src/osci/types.js'
import { openContext, type OpenedContext } from '../../src/cli/commands/check-context.js'
import { childOf, elementsOf, type XmlElement } from '../../src/xml/tree.js'
import { DS } from '../../src/xml/names.js'
import { HOLDERS } from '../../tools/fixtures/keys.js'
import { AT, fixturesIn, KEYSTORE, PIN, SUITES, TRUST } from './suite.js'

describe('second opinion on signatures', function () {
  this.timeout(120_000)
  let opened: OpenedContext
  before(async () => {
    opened = await openContext({
      keystores: [{ file: KEYSTORE, pin: PIN }],
      trust: [TRUST],
      schemas: [],
      layers: new Set(['message-signature', 'author-signature']),
      at: new Date(AT),
      secondOpinion: true,
      workers: 1,
      warn: () => undefined,
    })
  })
  after(() => opened.close())

  it('is ours over all fixtures, or there is none and it says why', async () => {
    const counts: Record<string, number> = {}
    for (const { path, folder } of SUITES.flatMap(fixturesIn)) {
      if (!/signature|^valid/.test(folder)) continue
      const { findings } = await check(readFileSync(path), opened.context)
      for (const { id } of findings.filter((f) => f.rule.endsWith('second-opinion') || f.rule.endsWith('-differs'))) {
        expect(id, path).to.not.match(/differs$/)
        counts[id] = (counts[id] ?? 0) + 1
      }
    }
    expect(counts['message-signature.second-opinion']).to.be.greaterThan(80)
    expect(counts['author-signature.second-opinion']).to.be.greaterThan(0)
    expect(counts['author-signature.no-second-opinion']).to.be.greaterThan(0)
  })

  it('that differs makes the layer an error, whatever ours was: neither is claimed', async () => {
    let seen: SoapEnvelope | undefined
    const file = SUITES.flatMap(fixturesIn).find(({ path }) => path.endsWith('valid/storeDelivery.signed.mime'))?.path ?? ''
    const context = {
      ...opened.context,
      seen: (stage: string, what: unknown) => void (stage === 'message' && (seen = what as SoapEnvelope)),
    }
    await check(readFileSync(file), context)
    if (!seen) throw new Error('no message')
    const block = seen.header.find((b) => b.local === 'ClientSignature')
    const element = childOf(block as XmlElement, DS, 'Signature') ?? elementsOf(seen.body)[0]
    if (!element) throw new Error('no signature')
    const told = (certificate: X509Certificate, verdict: 'valid' | 'unchecked') => {
      const journal = new Journal(new Date(AT))
      askSecondOpinion([{ layer: 'message-signature', element, certificate, verdict, isStandard: true }], seen as SoapEnvelope, journal)
      return [journal.verdict, ...journal.findings.map(({ id }) => id)]
    }
    const { certificate } = HOLDERS.SignatureCertificateOriginator
    expect(told(certificate, 'valid')).to.deep.equal(['valid', 'message-signature.second-opinion'])
    expect(told(HOLDERS.CipherCertificateAddressee.certificate, 'valid')).to.deep.equal([
      'error',
      'message-signature.second-opinion-differs',
    ])
    expect(told(certificate, 'unchecked')).to.deep.equal(['unchecked'])
  })
})
