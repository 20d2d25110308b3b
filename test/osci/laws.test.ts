// SPDX-License-Identifier: EUPL-1.2
/**
 * The laws of the pipeline, over generated values: `open(seal(x)) = x` for every message, plain and encrypted, and for the fault; any
 * flipped byte of a signed or encrypted part ends in one named code.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { OsciError } from '../../src/errors.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { readFault, sealFault } from '../../src/osci/fault.js'
import { MESSAGE_TYPES, type MessageType } from '../../src/osci/messages.js'
import { frame, osci } from '../../src/osci/stages.js'
import { outgoingPart } from '../../src/osci/mime-stage.js'
import type { Fault, OsciEnv, OsciMessage, Sealing } from '../../src/osci/types.js'
import { ENVELOPE_NAMESPACES, SOAP } from '../../src/osci/names.js'
import { canonicalText } from '../../src/xml/c14n.js'
import { element, type XmlElement } from '../../src/xml/tree.js'
import { AES256_GCM, envWith, OAEP_SHA256, parties, RSA_PSS_SHA256, SHA256, type Parties } from './env.js'
import { messageValue } from '../../tools/fixtures/values.js'

const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
        : value

/** A message as a comparable value: trees by their canonical form, parts by what a reader may rely on. */
function comparable(m: OsciMessage): unknown {
  const { evidence: _evidence, remarks: _remarks, content, attachments, custom, ...rest } = m
  return {
    ...(plain(rest) as object),
    custom: custom.map((e) => canonicalText(e)),
    ...(content ? { content: canonicalText(content.start > 0 ? content : inEnvelope(content)) } : {}),
    attachments: attachments.map((part) => [part.contentId, plain(part.body)]),
  }
}

/** What we built, where it will stand: below the five names of every envelope. */
function inEnvelope(e: XmlElement): XmlElement {
  element(SOAP, 'soap', 'Body', { namespaces: ENVELOPE_NAMESPACES, children: [e] })
  return e
}

function sealingFor(p: Parties, encrypted: boolean): Sealing {
  return {
    sign: { signer: p.signer.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 },
    ...(encrypted
      ? { encryptFor: { certificate: p.cipher.certificate, cipher: AES256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 as const } }
      : {}),
  }
}

/** Whether the row has a header that can carry its signer's certificate. */
const signable = (type: MessageType): boolean =>
  type.signer === 'SignatureCertificateIntermediary' ? (type.intermediary ?? '0') !== '0' : (type.nonIntermediary ?? '0') !== '0'

describe('laws of the pipeline', () => {
  let p: Parties
  let env: OsciEnv
  before(async () => {
    p = await parties()
    env = envWith(p.cipher.decrypter)
  })

  for (const type of MESSAGE_TYPES) {
    for (const encrypted of [false, true]) {
      it(`open(seal(x)) equals x: ${type.name}, ${encrypted ? 'inside the encrypted envelope' : 'plain'}`, async () => {
        const material = { certificate: (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, p.signer.certificate) }
        await fc.assert(
          fc.asyncProperty(messageValue(type.name, material), fc.boolean(), async (generated, attached) => {
            const value = { ...generated, attachments: attached ? [outgoingPart('a.bin', Buffer.from([0, 1, 13, 10, 255]))] : [] }
            const sealing = sealingFor(p, encrypted)
            const { sign: _sign, ...unsigned } = sealing
            const bytes = await osci.seal(value, { ...env, sealing: signable(type) ? sealing : unsigned })
            const larger = Buffer.concat([Buffer.from('x'), bytes, Buffer.from('y')])
            const opened = await osci.open(new Uint8Array(larger.buffer, larger.byteOffset + 1, bytes.length), env)
            expect(comparable(opened)).to.deep.equal(comparable(value))
            expect(opened.evidence.transport !== undefined).to.equal(encrypted)
            expect(opened.evidence.signature !== undefined).to.equal(signable(type))
          }),
          { numRuns: 6 },
        )
      })
    }
  }

  it('open(seal(x)) equals x: the fault', async () => {
    const faults: fc.Arbitrary<Fault> = fc.record(
      {
        type: fc.constant('fault' as const),
        side: fc.constantFrom('Client' as const, 'Server' as const),
        text: fc.constantFrom('', 'Fehler <&> "ü"'),
        osciCode: fc.stringMatching(/^9[0-5]0[0-3]$/),
      },
      { requiredKeys: ['type', 'side', 'text'] },
    )
    await fc.assert(
      fc.asyncProperty(faults, async (fault) => {
        expect(readFault(await frame.open(sealFault(fault), env))).to.deep.equal(fault)
      }),
      { numRuns: 20 },
    )
  })

  for (const encrypted of [false, true]) {
    it(`any flipped byte of ${encrypted ? 'an encrypted' : 'a signed'} message ends in one named code`, async () => {
      const type = MESSAGE_TYPES.find((t) => t.name === 'processDelivery')
      if (!type) throw new Error('no row')
      const material = { certificate: (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, p.signer.certificate) }
      const [value] = fc.sample(messageValue(type.name, material), { numRuns: 1, seed: 7 })
      if (!value) throw new Error('no value')
      const message = { ...value, attachments: [outgoingPart('a.bin', Buffer.from('plain attachment'))] }
      const bytes = await osci.seal(message, { ...env, sealing: sealingFor(p, encrypted) })
      const good = comparable(await osci.open(bytes, env))
      const seen = new Set<string>()
      for (let at = 0; at < bytes.length; at += encrypted ? 7 : 11) {
        const bad = Buffer.from(bytes)
        bad[at] = (bad[at] ?? 0) ^ 0x04
        try {
          // what is neither signed nor encrypted (MIME names, white space) may change without changing what is read
          const opened = await osci.open(bad, env)
          expect(opened.evidence.signature, `byte ${at}`).to.not.equal(undefined)
          expect(comparable(opened), `byte ${at}`).to.deep.equal(good)
        } catch (error) {
          if (!(error instanceof OsciError)) throw error
          seen.add(error.feedback)
        }
      }
      expect(
        [...seen].every((code) => ['9100', '9200', '9202', '9300', '9400', '9601', '9602'].includes(code)),
        [...seen].join(),
      ).to.equal(true)
      expect(comparable(await osci.open(bytes, env))).to.deep.equal(good)
    })
  }
})
