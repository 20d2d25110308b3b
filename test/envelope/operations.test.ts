// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import { base64url } from 'jose'
import {
  generateEnvelopeKey,
  importOpeningKey,
  importSealingKey,
  importSigningKey,
  importVerifyingKey,
  publicJwkOf,
} from '../../src/envelope/keys.js'
import { operations } from '../../src/envelope/operations.js'
import { webOperations } from '../../src/envelope/web-operations.js'

const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
const fails = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => false,
    () => true,
  )

async function partyOf(enc: JWK, sig: JWK) {
  return {
    sealing: publicJwkOf(enc),
    opening: await importOpeningKey(enc),
    signing: await importSigningKey(sig),
    verifying: publicJwkOf(sig),
  }
}
const rsaJwk = () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey.export({ format: 'jwk' }) as JWK

describe('envelope operations', () => {
  it('reads on the spot what WebCrypto wrote, and the other way round; each refuses what the other refuses', async () => {
    expect(operations).not.to.equal(webOperations)
    const ec = await partyOf((await generateEnvelopeKey('enc')).privateJwk, (await generateEnvelopeKey('sig')).privateJwk)
    const rsa = await partyOf(rsaJwk(), rsaJwk())
    const plain = random(1000)
    const header = { typ: 'x', kid: 'y' }
    const ways = [
      [operations, webOperations],
      [webOperations, operations],
    ] as const
    for (const [writes, reads] of ways) {
      const [key, iv] = [random(32), random(12)]
      for (const bytes of [new Uint8Array(0), plain, random(300_000)]) {
        const block = await writes.sealBlock(key, iv, bytes)
        expect(Buffer.from(await reads.openBlock(key, iv, block)).equals(bytes)).to.equal(true)
        block[block.length - 1] = (block[block.length - 1] ?? 0) ^ 1
        expect(await fails(reads.openBlock(key, iv, block))).to.equal(true)
        expect(Buffer.from(await writes.sha256(bytes)).equals(await reads.sha256(bytes))).to.equal(true)
      }
      for (const party of [ec, rsa]) {
        const verifying = await importVerifyingKey(party.verifying)
        const jws = await writes.sign(header, plain, party.signing)
        expect(Buffer.from(await reads.verify(jws, verifying)).equals(plain)).to.equal(true)
        const [head, payload, value = ''] = jws.split('.')
        for (const other of [base64url.encode(random(base64url.decode(value).length)), value.slice(4), ''])
          expect(await fails(reads.verify([head, payload, other].join('.'), verifying))).to.equal(true)

        const jwe = await writes.encrypt(header, plain, await importSealingKey(party.sealing), random)
        expect(Buffer.from(await reads.decrypt(jwe, party.opening)).equals(plain)).to.equal(true)
        const segments = jwe.split('.')
        for (const [at, segment] of segments.entries()) {
          const octets = base64url.decode(segment)
          octets[octets.length >> 1] = (octets[octets.length >> 1] ?? 0) ^ 1
          const bad = segments.map((one, index) => (index === at ? base64url.encode(octets) : one)).join('.')
          expect(await fails(reads.decrypt(bad, party.opening)), `segment ${at}`).to.equal(true)
        }
      }
    }
  })
})
