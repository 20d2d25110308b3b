// SPDX-License-Identifier: EUPL-1.2
/**
 * Messages whose attachments are not in memory: they are read and written by the same rules as those that are, whatever the window.
 * @module
 */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { OsciError } from '../../src/errors.js'
import { packageGrammar } from '../../src/mime/grammar.js'
import type { Part } from '../../src/mime/parts.js'
import { outlineSource, WINDOW_BYTES } from '../../src/mime/source.js'
import { readMemory } from '../../src/mime/window.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { openLarge } from '../../src/osci/large/open.js'
import { partOctets, type LargeMessage } from '../../src/osci/large/part.js'
import { sealLarge } from '../../src/osci/large/seal.js'
import { joinSources, memorySource, sliceSource, type ByteSource } from '../../src/osci/large/source.js'
import { outgoingPart } from '../../src/osci/mime-stage.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { canonicalText } from '../../src/xml/c14n.js'
import { messageValue } from '../../tools/fixtures/values.js'
import { envWith, parties, RSA_PSS_SHA256, SHA256, type Parties } from './env.js'
import { needsMaterial } from '../needs.js'

const SHA512 = 'http://www.w3.org/2001/04/xmlenc#sha512'
const WIRE = new URL('../../../shared/osci-wire/17-partial-store-fetch-plain/', import.meta.url)

const filler = (bytes: number, seed = 1): Buffer => {
  const made = Buffer.alloc(bytes)
  for (let at = 0, state = seed; at < bytes; at++) made[at] = (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 16
  return made
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const whole = (source: ByteSource): Promise<Uint8Array> => source.read(0, source.bytes)

async function octets(part: LargeMessage['attachments'][number]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of partOctets(part)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof OsciError) return `${error.feedback} ${error.finding}`
    throw error
  }
  return 'opened'
}

describe('large messages', () => {
  let p: Parties
  let env: OsciEnv
  let value: OsciMessage
  before(async () => {
    p = await parties()
    env = envWith()
    const material = { certificate: (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, p.signer.certificate) }
    const [made] = fc.sample(messageValue('storeDelivery', material), { numRuns: 1, seed: 5 })
    if (!made) throw new Error('no value')
    value = made
  })

  const signing = (digestMethod = SHA256): OsciEnv => ({
    ...env,
    sealing: { sign: { signer: p.signer.signer, signatureMethod: RSA_PSS_SHA256, digestMethod } },
  })
  const base64 = (contentId: string, body: Uint8Array): Part => ({ ...outgoingPart(contentId, body), transferEncoding: 'base64' })
  /** The library's base64 of an encrypted message: by its type alone (wire fact 52). */
  const text64 = (contentId: string, body: Uint8Array): Part => ({
    ...outgoingPart(contentId, body, 'text/base64'),
    transferEncoding: '7bit',
  })
  const packed = (attachments: readonly Part[], sealing: OsciEnv) => osci.seal({ ...value, attachments }, sealing)
  const open = (bytes: Uint8Array, as: OsciEnv = env) => openLarge(memorySource(bytes), as, 'storeDelivery')

  for (const signed of [true, false]) {
    it(`open(seal(x)) equals x around the edges of windows, ${signed ? 'signed' : 'unsigned'}, binary and base64`, async () => {
      const how = signed ? signing() : env
      for (const size of [0, 1, 2, 3, 56, 57, 58, 4096, WINDOW_BYTES - 1, WINDOW_BYTES, WINDOW_BYTES + 1, 3 * WINDOW_BYTES + 7]) {
        const parts = [outgoingPart('a', filler(size)), base64('b', filler(size, 2)), text64('c', filler(5, 3))]
        const large = await open(await packed(parts, how), how)
        expect(large.evidence.signature !== undefined, `${size}`).to.equal(signed)
        const sealed = await sealLarge(large, how)
        const again = await openLarge(sealed, how, 'storeDelivery')
        for (const message of [large, again]) {
          expect(message.order).to.deep.equal(value.order)
          expect(message.attachments.map((part) => [part.contentId, part.bytes])).to.deep.equal([
            ['a', size],
            ['b', size],
            ['c', 5],
          ])
          for (const [at, part] of message.attachments.entries()) {
            const expected = parts[at]?.body ?? new Uint8Array(0)
            expect(sha256(await octets(part)), `${size} ${part.contentId}`).to.equal(sha256(expected))
            expect(Buffer.from(part.digests.get(SHA256) ?? []).toString('hex')).to.equal(sha256(expected))
          }
        }
        // and the reader of messages in memory sees the same
        const small = await osci.open(await whole(sealed), how)
        expect(small.attachments.map((part) => sha256(part.body))).to.deep.equal(parts.map((part) => sha256(part.body)))
        expect(small.evidence.signature !== undefined).to.equal(signed)
        if (value.content && small.content && again.content) expect(canonicalText(small.content)).to.equal(canonicalText(again.content))
      }
    })
  }

  it('any range of a sealed package is the same bytes as in the whole', async () => {
    const sealed = await sealLarge(
      await open(await packed([outgoingPart('a', filler(3000)), base64('b', filler(999))], signing())),
      signing(),
    )
    const bytes = Buffer.from(await whole(sealed))
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.nat(bytes.length), async (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        expect(bytes.subarray(from, to).equals(await sealed.read(from, to))).to.equal(true)
      }),
    )
    expect(await codeOfRange(sealed.read(0, bytes.length + 1))).to.equal('RangeError')
    const cut = joinSources([sliceSource(sealed, 0, 1000), memorySource(new Uint8Array(0)), sliceSource(sealed, 1000, bytes.length)])
    expect(bytes.equals(await whole(cut))).to.equal(true)
  })

  it('the grammar sees the same outline through windows of any size', async () => {
    const near = Buffer.from('x\r\n--b\r\n-b\r--\n--\r\n--c\r\r\n\r\n--'.repeat(9))
    const message = Buffer.concat([
      Buffer.from('\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary=bb; type=text/xml\r\n\r\n\r\n'),
      Buffer.from('--bb\r\nContent-Type: text/xml\r\nContent-ID: <r>\r\n\r\n<a/>\r\n--bb\r\n'),
      Buffer.from('Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <f>\r\n\r\n'),
      near,
      Buffer.from('\r\n--bb\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <g>\r\n\r\n\r\n--bb--\r\n\r\n'),
    ])
    const expected = readMemory(packageGrammar(message.length, GATEWAY_LIMITS), message)
    const [f, g] = expected.attachments
    expect(message.subarray(f?.from, f?.to).equals(near)).to.equal(true)
    expect([g?.from, g?.to].every((at) => at === g?.from)).to.equal(true)
    // lines are asked for whole, 8 KiB at least: smaller limits make windows that are really small
    const limits = { ...GATEWAY_LIMITS, mimeLineBytes: 80 }
    for (let windowBytes = 1; windowBytes < 120; windowBytes++)
      expect(await outlineSource(memorySource(message), limits, { windowBytes }), `${windowBytes}`).to.deep.equal(expected)
  })

  it('M2 finds through any window the boundary behind a bare line break, the missing end and what stands behind the end', async () => {
    const head = 'Content-Type: multipart/related; boundary=bb\r\n\r\n--bb\r\nContent-Type: text/xml\r\n\r\n<a/>'
    for (const [tail, finding] of [
      ['xxxxxxxxxxxx\n--bb--\r\n', 'mime.bare-line-break'],
      ['xxxxxxxxxxxx\r--bb--\r\nyyyyyy\r\n--bb--\r\n', 'mime.bare-line-break'],
      ['xxxxxxxxxxxxxxxxxxxxxxxxx\r\n--b', 'mime.no-end'],
      ['\r\n--bbb\r\n--bb--', 'mime.boundary-prefix'],
      ['\r\n--bb--\r\n\r\n\r\n\r\nx', 'mime.epilogue'],
      ['\r\n--bb--\r', 'mime.epilogue'],
    ] as const)
      for (let windowBytes = 1; windowBytes < 40; windowBytes++) {
        const limits = { ...GATEWAY_LIMITS, mimeLineBytes: 48 }
        const found = await codeOf(outlineSource(memorySource(Buffer.from(head + tail)), limits, { windowBytes }))
        expect(found, `${JSON.stringify(tail)} ${windowBytes}`).to.equal(`9100 ${finding}`)
      }
  })

  it('any flipped byte of a signed message ends in one named code, or changes nothing that is read', async () => {
    const bytes = await packed([outgoingPart('a', filler(900)), base64('b', filler(900, 2))], signing())
    const seen = new Set<string>()
    for (let at = 0; at < bytes.length; at += 13) {
      const bad = Buffer.from(bytes)
      bad[at] = (bad[at] ?? 0) ^ 0x04
      const found = await codeOf(
        open(bad).then(async (opened) => {
          expect(opened.evidence.signature, `byte ${at}`).to.not.equal(undefined)
          expect(sha256(Buffer.concat(await Promise.all(opened.attachments.map(octets)))), `byte ${at}`).to.equal(
            sha256(Buffer.concat([filler(900), filler(900, 2)])),
          )
        }),
      )
      if (found !== 'opened') seen.add(found.slice(0, 4))
    }
    expect([...seen].filter((code) => !['9100', '9300', '9400', '9601', '9602'].includes(code))).to.deep.equal([])
    expect(seen.has('9601')).to.equal(true)
  })

  it('G3 a part that the signature does not name is 9602, one byte more in a part is 9601', async () => {
    const bytes = Buffer.from(await packed([outgoingPart('a', filler(40))], signing())).toString('latin1')
    const end = bytes.lastIndexOf('\r\n--MIME_boundary_')
    const boundary = bytes.slice(end + 2, bytes.indexOf('--\r\n', end))
    const stray = `\r\n${boundary}\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <z>\r\n\r\nhello`
    const inserted = (what: string) =>
      Buffer.from((bytes.slice(0, end) + what + bytes.slice(end)).replace(/Content-Length: 40\r\n/, ''), 'latin1')
    expect(await codeOf(open(inserted(stray)))).to.equal('9602 message-signature.not-covered')
    expect(await codeOf(open(inserted('!')))).to.equal('9601 message-signature.digest-mismatch')
  })

  it('a signature whose value is wrong costs no reading of attachments beyond their bounds', async () => {
    const bytes = Buffer.from(await packed([outgoingPart('a', filler(4 * WINDOW_BYTES))], signing()))
    const at = bytes.indexOf('SignatureValue>') + 40
    bytes[at] = bytes[at] === 65 ? 66 : 65
    let read = 0
    const counted: ByteSource = {
      bytes: bytes.length,
      read: (from, to) => {
        read += to - from
        return Promise.resolve(bytes.subarray(from, to))
      },
    }
    expect(await codeOf(openLarge(counted, env, 'storeDelivery'))).to.equal('9601 message-signature.value-mismatch')
    expect(read).to.be.lessThan(bytes.length + 2 * WINDOW_BYTES)
  })

  it('keeps the digest that it will sign with, and makes a missing one', async () => {
    const bytes = await packed([outgoingPart('a', filler(500))], signing())
    const opened = await open(bytes, signing(SHA512))
    expect([...(opened.attachments[0]?.digests.keys() ?? [])].sort()).to.deep.equal([SHA256, SHA512].sort())
    const resealed = await openLarge(await sealLarge(await open(bytes), signing(SHA512)), env, 'storeDelivery')
    expect(resealed.evidence.signature?.digestMethods).to.deep.equal([SHA512])
  })

  it('M5 refuses what is no base64 in an unsigned message too', async () => {
    const bytes = Buffer.from(await packed([base64('b', filler(900))], env))
    const at = bytes.lastIndexOf('\r\n--MIME') - 10
    for (const byte of ['!', '=', ' ']) {
      const bad = Buffer.from(bytes)
      bad.write(byte, at, 'latin1')
      expect(await codeOf(open(bad)), byte).to.equal('9100 mime.base64')
    }
  })

  it('X5 M4 keeps to the limits: whole message, root part, number of parts', async () => {
    const bytes = await packed([outgoingPart('a', filler(100)), outgoingPart('b', filler(100))], env)
    const under = (limits: Partial<typeof GATEWAY_LIMITS>) => codeOf(open(bytes, { ...env, limits: { ...GATEWAY_LIMITS, ...limits } }))
    expect(await under({ messageBytes: bytes.length })).to.equal('opened')
    expect(await under({ messageBytes: bytes.length - 1 })).to.equal('9100 mime.message-size')
    expect(await under({ xmlBytes: 100 })).to.equal('9100 xml.too-large')
    expect(await under({ mimeParts: 2 })).to.equal('9100 mime.part-count')
  })

  it('opens what it is asked for only, and gives away no octets by mistake', async () => {
    const bytes = await packed([outgoingPart('a', filler(10))], env)
    expect(await codeOf(openLarge(memorySource(bytes), env, 'forwardDelivery'))).to.equal('9300 osci-structure.unexpected-message')
    const [part] = (await open(bytes)).attachments
    expect(() => (part as unknown as Part).body).to.throw(TypeError)
  })

  it('opens the packages that the reference library cuts into chunks', async function () {
    needsMaterial(this, existsSync(WIRE), 'osci-wire')
    const chunksOf = async (names: readonly string[]): Promise<ByteSource> => {
      const cut = await Promise.all(names.map((name) => osci.open(readFileSync(new URL(name, WIRE)), env)))
      return joinSources(cut.map((one) => memorySource(one.attachments[0]?.body ?? new Uint8Array(0))))
    }
    const stored = await chunksOf(['03', '05', '06', '07', '08', '09'].map((n) => `${n}-request-PartialStoreDelivery.bin`))
    const store = await openLarge(stored, env, 'storeDelivery')
    const fetched = await chunksOf([12, 13, 14, 15, 16, 17, 18, 19].map((n) => `${n}-response-ResponseToPartialFetchDelivery.bin`))
    const fetch = await openLarge(fetched, env, 'responseToFetchDelivery')
    expect(fetch.evidence.signature).to.not.equal(undefined)
    const digests = (m: LargeMessage) => m.attachments.map((part) => Buffer.from(part.digests.get(SHA256) ?? []).toString('hex'))
    expect(digests(fetch)).to.deep.equal(digests(store))
    expect(store.attachments.length).to.be.greaterThan(0)
  })
})

async function codeOfRange(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'read',
    (error: unknown) => (error instanceof Error ? error.name : 'thrown'),
  )
}
