// SPDX-License-Identifier: EUPL-1.2
/**
 * Threat model H6: a large message leaves the event loop to others, and its work has an end. Nothing here looks at a clock: turns are
 * counted.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { ProtektorError } from '../../src/errors.js'
import { openContent } from '../../src/osci/content-read.js'
import { sealContent } from '../../src/osci/content-write.js'
import { assertType, osci } from '../../src/osci/stages.js'
import type { OsciEnv } from '../../src/osci/types.js'
import { canonicalizeInTurns, canonicalize } from '../../src/xml/c14n.js'
import { parseXml, parseXmlInTurns } from '../../src/xml/gate.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import type { XmlElement } from '../../src/xml/tree.js'
import { AES256_GCM, envWith, FOREIGN, OAEP_SHA256, parties, party, RSA_PSS_SHA256, SHA256 } from './env.js'

/** 190,000 elements, 3.4 MB. */
const BOMB = `<w:x xmlns:w="urn:w" Id="w">${'<w:a b="c">d</w:a>'.repeat(190_000)}</w:x>`
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('large messages', function () {
  this.timeout(60_000)
  let env: OsciEnv
  let clear: string
  before(async () => {
    env = envWith((await party('addressee-cipher')).decrypter)
    clear = readFileSync(new URL('12-processDelivery.bin', FOREIGN), 'latin1')
  })

  /** The captured message with one more header block, and no signature that would forbid it. */
  const unsignedWith = (block: string): Buffer =>
    Buffer.from(
      clear.replace(/<osci:ClientSignature.*?<\/osci:ClientSignature>/s, '').replace('</soap:Header>', `${block}</soap:Header>`),
      'latin1',
    )

  /** Runs `work` while a chain of immediates counts how often others had their turn. */
  async function othersDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0
    let over = false
    const others = (async () => {
      for (; !over; turns++) await nextTurn()
    })()
    await work().finally(() => (over = true))
    await others
    return turns
  }

  it('H6 others have their turn all the time that 190,000 elements are opened', async () => {
    const breathing = { ...env, breathe: nextTurn }
    const turns = await othersDuring(async () => {
      expect((await osci.open(unsignedWith(BOMB), breathing)).custom).to.have.length(1)
    })
    // 3.4 MB in slices of at most 64 KB, and the walk over the Ids
    expect(turns).to.be.greaterThan(60)
  })

  it('H6 a large signed block is digested in turns, and holds or fails as ever', async () => {
    const { signer } = await parties()
    const block = `<w:x xmlns:w="urn:w" Id="w">${'<w:a b="c">d</w:a>'.repeat(20_000)}</w:x>`
    let turns = 0
    const counting = { ...env, breathe: () => (turns++, nextTurn()) }
    const message = assertType(await osci.open(unsignedWith(block), counting), 'processDelivery')
    const unsigned = turns
    const sealed = Buffer.from(
      await osci.seal(message, {
        ...env,
        sealing: { sign: { signer: signer.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 } },
      }),
    )
    turns = 0
    expect((await osci.open(sealed, counting)).evidence.signature?.covered.size).to.be.greaterThan(5)
    // 20,000 elements with a text and an end each
    expect(turns).to.be.greaterThan(unsigned + 10)
    sealed.write('b="C"', sealed.lastIndexOf('b="c"'))
    const refused = await osci.open(sealed, counting).catch((cause: unknown) => cause)
    expect((refused as ProtektorError).finding).to.equal('message-signature.digest-mismatch')
  })

  it('H6 large content is opened with turns in between', async () => {
    const { reader, author, signer } = await parties()
    const { content } = await sealContent(
      [
        {
          id: 'container',
          contents: [{ kind: 'data', id: 'c0', bytes: Buffer.alloc(3_000_000, 65) }],
          sign: [{ signer: author.signer, certificateId: 'author', signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 }],
          encrypt: {
            readers: [{ certificate: reader.certificate, certificateId: 'reader' }],
            cipher: AES256_GCM,
            keyTransport: OAEP_SHA256,
            ivBytes: 12,
          },
        },
      ],
      env,
    )
    const base = assertType(await osci.open(unsignedWith(''), env), 'processDelivery')
    const der = (of: typeof author): Uint8Array => new Uint8Array(of.certificate.raw)
    const message = {
      ...base,
      content,
      attachments: [],
      certificates: [
        { role: 'SignatureCertificateOriginator' as const, id: 'originator', der: der(signer) },
        { role: 'CipherCertificateAddressee' as const, id: 'reader', der: der(reader) },
        { role: 'SignatureCertificateOtherAuthor' as const, id: 'author', der: der(author) },
      ],
    }
    const ours = { ...envWith(reader.decrypter), breathe: nextTurn }
    const turns = await othersDuring(async () => {
      const opened = await openContent(message, ours)
      expect(opened.problems).to.deep.equal([])
      expect(opened.containers[0]?.authors[0]?.verdict).to.equal('valid')
    })
    expect(turns).to.be.greaterThan(1)
  })

  it('H6 five seconds of work end an opening, whatever others did in between', async () => {
    let now = 0
    const slow = { ...env, monotonicMs: () => (now += 100), breathe: nextTurn }
    const refused = await osci.open(unsignedWith(BOMB), slow).catch((cause: unknown) => cause)
    expect(refused).to.be.instanceOf(ProtektorError)
    expect([(refused as ProtektorError).finding, (refused as { feedback?: string }).feedback]).to.deep.equal([
      'osci-structure.too-costly',
      '9100',
    ])
    // the wait for others is no work
    const patient = { ...env, monotonicMs: () => now, breathe: () => ((now += 1000), nextTurn()) }
    expect((await osci.open(unsignedWith(BOMB), patient)).type).to.equal('processDelivery')
    // and one count for all steps of a message
    const spent = { ...patient, work: { milliseconds: 5001 } }
    expect(((await osci.open(unsignedWith(BOMB), spent).catch((cause: unknown) => cause)) as ProtektorError).finding).to.equal(
      'osci-structure.too-costly',
    )
  })

  it('H6 small messages take no turns', async () => {
    let turns = 0
    await osci.open(Buffer.from(clear, 'latin1'), { ...env, breathe: () => (turns++, nextTurn()) })
    expect(turns).to.equal(0)
  })

  it('reads and writes in turns what it reads and writes at once', async () => {
    const odd = 'x&amp;y\r\n]]&gt;\ud83d\ude00 <![CDATA[<a> & ]] >]]> "\t"'
    const pieces = [`<b c="${'v&#10;'.repeat(20)}" xmlns:p="urn:p"><p:q/>${odd}</b>`, odd.repeat(40), 'QUJD\n'.repeat(400), `<c>${odd}</c>`]
    const text = `<a>${Array.from({ length: 900 }, (_, at) => pieces[at % pieces.length]).join('<d/>')}${'&#65;\r\ud83d\ude00'.repeat(40_000)}</a>`
    const bytes = Buffer.from(text)
    const options = { limits: GATEWAY_LIMITS, frame: 'osci' } as const
    let turns = 0
    const turn = (): Promise<void> => Promise.resolve(void turns++)
    const whole = parseXml(bytes, options)
    const inTurns = await parseXmlInTurns(bytes, options, turn)
    expect(turns).to.be.greaterThan(5)
    const facts = (root: XmlElement): string => JSON.stringify(root, (key, value: unknown) => (key === 'parent' ? undefined : value))
    expect(facts(inTurns.root)).to.equal(facts(whole.root))
    expect(Buffer.from(await canonicalizeInTurns(inTurns.root, turn)).equals(canonicalize(whole.root))).to.equal(true)
  })
})
