// SPDX-License-Identifier: EUPL-1.2
/**
 * The Java library reads whatever tree of containers our writer builds: the same bytes, and every author signature valid to it.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateEntry } from '../../src/osci/certificates.js'
import type { ContainerSpec, ContentSpec } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { osci } from '../../src/osci/stages.js'
import { messageValue } from '../../tools/fixtures/values.js'
import { sha256 } from '../../src/check/contents.js'
import { AES256_GCM, envWith, OAEP_SHA256, party, RSA_PSS_SHA256, SHA256, type Party } from '../osci/env.js'
import { needsPeer, peer, SHARED } from './java.js'

const TREES = 40
const AUTHORS = ['author-sign', 'author-ec-sign'] as const
const ECDSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'

interface Tree {
  readonly contents: readonly (Uint8Array | { readonly file: Uint8Array } | Tree)[]
  readonly authors: readonly (typeof AUTHORS)[number][]
  readonly encrypted: boolean
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 90 })
const file = fc.record({ file: bytes })
const tree = (depth: number): fc.Arbitrary<Tree> =>
  fc.record({
    contents: fc.array(depth > 0 ? fc.oneof(bytes, file, tree(depth - 1)) : fc.oneof(bytes, file), { minLength: 1, maxLength: 3 }),
    authors: fc.subarray([...AUTHORS]),
    encrypted: fc.boolean(),
  })

const isTree = (one: Tree['contents'][number]): one is Tree => 'contents' in one

/** Of a box deep inside of encryption the library counts the attachments neither way: they would have no author outside of it. */
const isDeepWithFiles = (t: Tree, inside: number): boolean =>
  t.contents.some((one) =>
    isTree(one) ? isDeepWithFiles(one, inside + (t.encrypted || inside > 0 ? 1 : 0)) : 'file' in one && t.encrypted && inside > 1,
  )

describe('content of ours, read by the Java library', () => {
  let folder: string
  before(async function () {
    this.timeout(120_000)
    await needsPeer(this)
    folder = await mkdtemp(join(tmpdir(), 'protektor-trees-'))
  })
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it(`${TREES} trees of containers, signed and encrypted in every nesting`, async function () {
    this.timeout(120_000)
    const parties = new Map<string, Party>()
    for (const name of [...AUTHORS, 'reader-cipher', 'originator-sign', 'intermed-cipher', 'addressee-cipher'])
      parties.set(name, await party(name))
    const of = (name: string): Party => parties.get(name) as Party
    const env = envWith(of('reader-cipher').decrypter)
    const reader = certificateEntry('CipherCertificateOtherReader', of('reader-cipher').certificate, 0)
    const entries = AUTHORS.map((name, at) => certificateEntry('SignatureCertificateOtherAuthor', of(name).certificate, at))

    let count = 0
    const spec = (t: Tree): ContainerSpec => ({
      id: `container${count++}`,
      contents: t.contents.map((one): ContentSpec => {
        const id = `content${count++}`
        if (isTree(one)) return { kind: 'container', id, container: spec(one) }
        return 'file' in one ? { kind: 'attachment', id, name: `${id}.bin`, bytes: one.file } : { kind: 'data', id, bytes: one }
      }),
      sign: t.authors.map((name) => ({
        signer: of(name).signer,
        certificateId: entries[AUTHORS.indexOf(name)]?.id ?? '',
        signatureMethod: name === 'author-ec-sign' ? ECDSA_SHA256 : RSA_PSS_SHA256,
        digestMethod: SHA256,
      })),
      ...(t.encrypted
        ? {
            encrypt: {
              readers: [{ certificate: of('reader-cipher').certificate, certificateId: reader.id }],
              cipher: AES256_GCM,
              keyTransport: OAEP_SHA256,
              ivBytes: 12,
            },
          }
        : {}),
    })
    const carried = (t: Tree): string[] =>
      t.contents.flatMap((one) => (isTree(one) ? carried(one) : [sha256('file' in one ? one.file : one)]))

    const certificateOf = (role: Parameters<typeof certificateEntry>[0]) =>
      certificateEntry(role, of(role.startsWith('Cipher') ? 'addressee-cipher' : 'originator-sign').certificate)
    const trees = fc.sample(
      tree(2).filter((t) => !isDeepWithFiles(t, 0)),
      { numRuns: TREES, seed: 11 },
    )
    const values = fc.sample(messageValue('storeDelivery', { certificate: certificateOf }), { numRuns: TREES, seed: 11 })
    const files: string[] = []
    for (const [at, one] of trees.entries()) {
      const value = values[at]
      if (!value) throw new Error('too few messages')
      const built = await sealContent([spec(one)], env)
      const certificates = [...(value.certificates ?? []), reader, ...entries]
      const sealing = {
        sign: { signer: of('originator-sign').signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 },
        ...(at % 2 === 0
          ? {}
          : {
              encryptFor: {
                certificate: of('intermed-cipher').certificate,
                cipher: AES256_GCM,
                keyTransport: OAEP_SHA256,
                ivBytes: 12 as const,
              },
            }),
      }
      const path = join(folder, `${at}.osci`)
      await writeFile(path, await osci.seal({ ...value, ...built, certificates }, { ...env, sealing }))
      files.push(path)
    }
    const { out } = await peer('parse', ...files, '--pki', join(SHARED, 'osci-wire/pki'))
    const said = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { error?: string; content?: { sha256: string; signatureOk?: boolean }[] })
    expect(said.length).to.equal(TREES)
    for (const [at, { error, content = [] }] of said.entries()) {
      expect(error ?? null, `tree ${at}`).to.equal(null)
      const digests = content.map((one) => one.sha256)
      expect(digests.sort(), `tree ${at}`).to.deep.equal(carried(trees[at] as Tree).sort())
      expect(
        content.filter((one) => one.signatureOk === false),
        `tree ${at}: ${JSON.stringify(trees[at])}`,
      ).to.deep.equal([])
    }
    expect(said.flatMap(({ content = [] }) => content).filter((one) => one.signatureOk === true).length).to.be.greaterThan(TREES)
  })
})
