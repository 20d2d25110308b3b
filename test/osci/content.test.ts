// SPDX-License-Identifier: EUPL-1.2
/**
 * Content: what sealContent builds, openContent reads back, with authors, readers, nesting and attachments; and what it refuses.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { certificateEntry } from '../../src/osci/certificates.js'
import { openContent } from '../../src/osci/content-read.js'
import { allContainers, itemsOf, type ContainerSpec, type ContentSpec, type OpenedContent } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { canonicalSignedInfo } from '../../tools/fixtures/signed-info.js'
import { AES256_GCM, envWith, OAEP_SHA256, party, processDeliveryOf, RSA_PSS_SHA256, SHA256, type Party } from './env.js'

const CIPHERS = ['aes128-gcm', 'aes192-gcm', 'aes256-gcm'].map((c) => `http://www.w3.org/2009/xmlenc11#${c}`)

describe('content of a delivery', () => {
  let author: Party, second: Party, reader: Party, other: Party, sender: Party
  let env: OsciEnv
  before(async () => {
    ;[author, second, reader, other, sender] = (await Promise.all(
      ['author-sign', 'author-ec-sign', 'reader-cipher', 'addressee-cipher', 'intermed-sign'].map(party),
    )) as [Party, Party, Party, Party, Party]
    env = envWith(reader.decrypter)
  })

  const signing = (who: Party, id: string, method = RSA_PSS_SHA256) => ({
    signer: who.signer,
    certificateId: id,
    signatureMethod: method,
    digestMethod: SHA256,
  })
  const certificates = () => [
    certificateEntry('SignatureCertificateOtherAuthor', author.certificate, 0),
    certificateEntry('SignatureCertificateOtherAuthor', second.certificate, 1),
    certificateEntry('CipherCertificateOtherReader', reader.certificate, 0),
    certificateEntry('CipherCertificateOtherReader', other.certificate, 1),
  ]
  const idOf = (at: number): string => certificates()[at]?.id ?? ''
  const bothReaders = (cipher = AES256_GCM, ivBytes: 12 | 16 = 12) => ({
    readers: [
      { certificate: reader.certificate, certificateId: idOf(2) },
      { certificate: other.certificate, certificateId: idOf(3) },
    ],
    cipher,
    keyTransport: OAEP_SHA256,
    ivBytes,
  })

  const wireBytes = (containers: readonly ContainerSpec[]): Promise<Uint8Array> =>
    processDeliveryOf(containers, certificates(), sender, env)
  const wire = async (containers: readonly ContainerSpec[]): Promise<OsciMessage> => osci.open(await wireBytes(containers), env)

  const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex')
  const seen = (c: OpenedContent) => itemsOf(c.containers).map((i) => [i.kind, i.id, hex(i.bytes)])
  const meant = (c: ContainerSpec): unknown[] => {
    const own = c.contents.flatMap((x) =>
      x.kind === 'data' ? [['content', x.id, hex(x.bytes)]] : x.kind === 'attachment' ? [['attachment', x.name, hex(x.bytes)]] : [],
    )
    return [...own, ...c.contents.flatMap((x) => (x.kind === 'container' ? meant(x.container) : []))]
  }

  it('open(seal(x)) equals x for nested containers, attachments, two authors and two readers', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    // an encrypted attachment has at least one byte: IV + 1 + tag (threat model E4)
    const attached = fc.uint8Array({ minLength: 1, maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(
        attached,
        bytes,
        attached,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(...CIPHERS),
        fc.constantFrom(12 as const, 16 as const),
        async (a, b, c, encrypt, encryptInner, cipher, iv) => {
          const how = bothReaders(cipher, iv)
          const inner: ContainerSpec = {
            id: 'inner',
            contents: [
              { kind: 'data', id: 'i0', bytes: b },
              { kind: 'attachment', id: 'i1', name: 'inner file.bin', bytes: c, contentType: 'application/pdf' },
            ],
            sign: [signing(author, idOf(0))],
            ...(encryptInner ? { encrypt: how } : {}),
          }
          const outer: ContainerSpec = {
            id: 'outer',
            contents: [
              { kind: 'data', id: 'o0', bytes: a },
              { kind: 'attachment', id: 'o1', name: 'outer.bin', bytes: a },
              { kind: 'container', id: 'o2', container: inner },
            ],
            sign: [signing(author, idOf(0)), signing(second, idOf(1), 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256')],
            ...(encrypt ? { encrypt: how } : {}),
          }
          const opened = await openContent(await wire([outer]), env)
          expect(
            opened.problems.map((p) => `${p.finding} ${p.message} ${String((p.cause as Error | undefined)?.message ?? '')}`).join('|'),
          ).to.equal('')
          expect(seen(opened)).to.have.deep.members(meant(outer))
          expect(allContainers(opened.containers).flatMap((x) => x.authors.map((s) => s.verdict))).to.deep.equal([
            'valid',
            'valid',
            'valid',
          ])
          const types = itemsOf(opened.containers).find((i) => i.id === 'inner file.bin')?.contentType
          expect(types).to.equal('application/pdf')
        },
      ),
      { numRuns: 12 },
    )
  })

  const one = (contents: readonly ContentSpec[], more: Partial<ContainerSpec> = {}): ContainerSpec => ({ id: 'c0', contents, ...more })

  it('content for somebody else stays sealed, with its readers named and T020', async () => {
    const message = await wire([one([{ kind: 'data', id: 'd', bytes: Buffer.from('x') }], { encrypt: bothReaders() })])
    const opened = await openContent(message, envWith())
    expect(opened.containers).to.deep.equal([])
    expect(opened.sealed[0]?.readers.map((r) => r.id)).to.deep.equal([idOf(2), idOf(3)])
    expect(opened.problems.map((p) => p.finding)).to.deep.equal(['content-encryption.no-key'])
  })

  it('an author signature over what stays closed is unchecked, never valid', async () => {
    const [forReader, forOther] = bothReaders().readers.map((one) => ({ ...bothReaders(), readers: [one] }))
    if (!forReader || !forOther) throw new Error('two readers')
    const closed: ContainerSpec = {
      id: 'inner',
      contents: [{ kind: 'attachment', id: 'a', name: 'n', bytes: Buffer.from('x') }],
      encrypt: forOther,
    }
    const spec = one([{ kind: 'container', id: 'k', container: closed }], { sign: [signing(author, idOf(0))], encrypt: forReader })
    const { containers, problems } = await openContent(await wire([spec]), env)
    expect(containers[0]?.authors.map(({ verdict }) => verdict)).to.deep.equal(['unchecked'])
    expect(problems.map((p) => p.finding)).to.include('author-signature.not-verifiable')
  })

  it('an author signature whose check failed to run is an error, never valid', async () => {
    const message = await wire([one([{ kind: 'data', id: 'd', bytes: Buffer.from('x') }], { sign: [signing(author, idOf(0))] })])
    const broken = {
      ...env.algorithms.signature,
      digest: (): never => {
        throw new TypeError('no digest today')
      },
    }
    const { containers, problems } = await openContent(message, { ...env, algorithms: { ...env.algorithms, signature: broken } })
    expect(containers[0]?.authors.map(({ verdict }) => verdict)).to.deep.equal(['error'])
    expect(problems.map((p) => p.finding)).to.deep.equal(['author-signature.check-failed'])
  })

  it('G3 a part that the message signature names twice, raw and percent-encoded, is refused (9602)', async () => {
    const attached: ContentSpec = { kind: 'attachment', id: 'a', name: 'my file.bin', bytes: Buffer.from('x') }
    const bytes = Buffer.from(await wireBytes([one([attached])])).toString('latin1')
    const [reference = '', name = ''] = /<ds:Reference URI="cid:([^"]*)">.*?<\/ds:Reference>/s.exec(bytes) ?? []
    const other = name.includes('%20') ? name.replace('%20', ' ') : name.replace(' ', '%20')
    expect(other).not.to.equal(name)
    const twice = bytes.replace(reference, reference + reference.replace(name, other))
    const value = await sender.signer.sign(RSA_PSS_SHA256, canonicalSignedInfo(Buffer.from(twice, 'latin1')))
    const signed = twice.replace(/(<ds:SignatureValue>)[^<]*/, `$1${Buffer.from(value).toString('base64')}`)
    const outcome = await osci.open(Buffer.from(signed, 'latin1'), env).then(() => 'opened', String)
    expect(outcome).to.contain('a part is signed twice')
  })

  it('an author signature over an attachment is over its plain bytes, the message signature over the ciphertext', async () => {
    const plain = Buffer.from('attached')
    const spec = one([{ kind: 'attachment', id: 'a', name: 'n', bytes: plain }], {
      sign: [signing(author, idOf(0))],
      encrypt: bothReaders(),
    })
    const message = await wire([spec])
    expect(hex(message.attachments[0]?.body ?? plain)).to.not.contain(hex(plain))
    const opened = await openContent(message, env)
    expect(itemsOf(opened.containers)[0]).to.include({ encrypted: true, id: 'n' })
    expect(itemsOf(opened.containers)[0]?.signedBy.length).to.equal(1)
  })

  for (const target of ['container', 'attachment'] as const) {
    it(`E4 a flipped bit anywhere in an encrypted ${target} gives the one finding undecryptable`, async () => {
      const spec = one(
        [
          { kind: 'data', id: 'd', bytes: Buffer.from('short') },
          { kind: 'attachment', id: 'a', name: 'n', bytes: Buffer.from('also short') },
        ],
        { encrypt: bothReaders() },
      )
      const message = await wire([spec])
      const part = message.attachments[0]
      if (!part) throw new Error('no part')
      if (target === 'attachment') {
        for (let at = 0; at < part.body.length; at++) {
          const body = Uint8Array.from(part.body)
          body[at] = (body[at] ?? 0) ^ 1
          const opened = await openContent({ ...message, attachments: [{ ...part, body }] }, env)
          expect(
            opened.problems.map((p) => p.finding),
            `byte ${at}`,
          ).to.deep.equal(['content-encryption.undecryptable'])
        }
      } else {
        const wrong = envWith({ ...reader.decrypter, unwrap: async () => Promise.resolve(new Uint8Array(32)) })
        expect((await openContent(message, wrong)).problems.map((p) => p.finding)).to.deep.equal(['content-encryption.undecryptable'])
      }
      expect((await openContent(message, env)).problems).to.deep.equal([])
    })
  }

  it('legacy ciphers are refused before the key is touched (no switch)', async () => {
    const cbc = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'
    const legacy = { ...env, algorithms: { ...env.algorithms, content: { ...env.algorithms.content, cipher: () => undefined } } }
    const message = await wire([one([{ kind: 'data', id: 'd', bytes: Buffer.from('x') }], { encrypt: bothReaders() })])
    const opened = await openContent(message, legacy)
    expect(opened.problems.map((p) => p.finding)).to.deep.equal(['content-encryption.algorithm'])
    expect(() => env.algorithms.content.cipher(cbc)).to.not.throw()
    expect(env.algorithms.content.cipher(cbc)).to.equal(undefined)
  })

  it('E10 every container, attachment and shell gets a key and an IV of its own, never derived, never twice', async () => {
    const seen = new Set<string>()
    let asked = 0
    const random = (bytes: number): Uint8Array => {
      const octets = env.random(bytes)
      asked++
      if (bytes >= 12) seen.add(hex(octets))
      return octets
    }
    const spec = (): ContainerSpec =>
      one(
        [
          { kind: 'data', id: 'd', bytes: Buffer.from('same') },
          { kind: 'attachment', id: 'a', name: 'n', bytes: Buffer.from('same') },
          { kind: 'attachment', id: 'b', name: 'm', bytes: Buffer.from('same') },
        ],
        { encrypt: bothReaders() },
      )
    const ciphertexts = new Set<string>()
    const rounds = 200
    for (let round = 0; round < rounds; round++) {
      const { attachments } = await sealContent([spec()], { ...env, random })
      for (const part of attachments) ciphertexts.add(hex(part.body.subarray(0, 12)))
    }
    // one key and one IV for the container and for each of the two attachments
    expect(asked).to.equal(rounds * 6)
    expect(seen.size).to.equal(asked)
    expect(ciphertexts.size).to.equal(rounds * 2)
  })
})
