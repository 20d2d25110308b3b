// SPDX-License-Identifier: EUPL-1.2
/**
 * One large delivery through the chunk engine, in a process of its own so that the kernel's high-water mark is this delivery's:
 *
 *   generator ─ signed storeDelivery ─ cut ─► uploads ─ spool ─ openLarge ─ sealLarge ─► downloads ─ cut ─► a client's openLarge
 *
 * The generator repeats a block of chance: nothing of the message is ever whole in memory. Arguments: megabytes of content, KB of a chunk.
 * Prints one line of JSON ({@link ChunksMeasured}).
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { GATEWAY_LIMITS } from '../../../src/env.js'
import { openSpool } from '../../../src/gateway/adapters/spool.js'
import { downloadTable } from '../../../src/gateway/intermediary/downloads.js'
import { uploadTable } from '../../../src/gateway/intermediary/uploads.js'
import { encodeBase64 } from '../../../src/mime/transfer.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { openLarge } from '../../../src/osci/large/open.js'
import { StoredPart, type LargeMessage } from '../../../src/osci/large/part.js'
import { sealLarge } from '../../../src/osci/large/seal.js'
import type { ByteSource } from '../../../src/osci/large/source.js'
import type { OsciEnv } from '../../../src/osci/types.js'
import { keyRing, makeSigner } from '../../../src/pki/keys.js'
import { readPkcs12 } from '../../../src/pki/keystore.js'
import { gatewayAlgorithms } from '../../../src/xml/algorithms.js'
import { messageValue } from '../../fixtures/values.js'
import { repeated, residentBytes } from './material.js'

/**
 * Bytes, and seconds of each leg. `growthBytes`: highest resident memory, of the sender's work too, against that before anything was
 * done.
 */
export interface ChunksMeasured {
  readonly messageBytes: number
  readonly chunks: number
  readonly growthBytes: number
  readonly uploadSeconds: number
  readonly openSeconds: number
  readonly sealSeconds: number
  readonly downloadSeconds: number
}

const MIB = 1024 * 1024
const KB = 1024
const PKI = new URL('../../../fixtures/foreign/osci-bibliothek-2.4.1/pki/intermed-sign.p12', import.meta.url)

async function ride(megabytes: number, chunkKilobytes: number, directory: string): Promise<ChunksMeasured> {
  const [pair] = readPkcs12(readFileSync(PKI), 'test')
  if (!pair) throw new Error('the throwaway keystore holds no key')
  const random = (n: number): Uint8Array => randomBytes(n)
  const algorithms = gatewayAlgorithms({ where: 'signature' })
  const env: OsciEnv = {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random,
    keys: keyRing([]),
    trust: { check: () => Promise.resolve({ verdict: 'unchecked', path: [] }) },
    limits: { ...GATEWAY_LIMITS, messageBytes: 600 * MIB },
    algorithms: { transport: algorithms, signature: algorithms, content: algorithms },
    breathe: () => setImmediate(),
    sealing: {
      sign: {
        signer: makeSigner(pair.certificate, pair.privateKey),
        signatureMethod: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
        digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
      },
    },
  }
  const certificate = (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, pair.certificate)
  const [value] = fc.sample(messageValue('storeDelivery', { certificate }), { numRuns: 1, seed: 5 })
  if (!value) throw new Error('no value')
  const part = (contentId: string, transferEncoding: string, stored: ByteSource) =>
    new StoredPart({ contentId, contentType: 'application/octet-stream', transferEncoding, headers: [] }, stored)
  const text = Buffer.concat([encodeBase64(randomBytes(57 * 9001)), Buffer.from('\n')])
  const lines = Math.floor((megabytes * MIB * 0.3) / text.length)
  const attachments = [
    part('binary', '8-bit', repeated(randomBytes(999_983), Math.floor(megabytes * MIB * 0.7))),
    part('text', 'base64', repeated(text, lines * text.length)),
  ]
  const before = process.memoryUsage.rss()
  const sent = await sealLarge({ ...value, attachments } as LargeMessage<'storeDelivery'>, env)

  const spool = await openSpool({ directory, maxBytes: 1300 * MIB, maxFiles: 8, random })
  const limits = {
    minKilobytes: 16,
    maxKilobytes: 16_384,
    messageKilobytes: 512_000,
    idleSeconds: 900,
    answerWithinSeconds: 30,
    maxUploadsPerClient: 8,
  }
  const startTimer = (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
  const uploads = uploadTable<LargeMessage<'storeDelivery'>>({ spool, limits, clock: env, startTimer })
  const chunkBytes = chunkKilobytes * KB
  const total = Math.ceil(sent.bytes / chunkBytes)
  const at = { open: 0, opened: 0 }

  const began = performance.now()
  // the odd ones first: chunks lie in the spool in another order than in the message
  const numbers = Array.from({ length: total }, (_, index) => index + 1).sort((a, b) => (b % 2) - (a % 2) || a - b)
  let stored: LargeMessage<'storeDelivery'> | undefined
  for (const number of numbers) {
    const from = (number - 1) * chunkBytes
    const report = await uploads.put(
      {
        tenant: '/osci',
        messageId: 'id',
        client: 'c',
        certificates: 'x',
        bytes: await sent.read(from, Math.min(from + chunkBytes, sent.bytes)),
        information: {
          chunkNumber: number,
          chunkSizeKilobytes: chunkKilobytes,
          totalChunkNumbers: total,
          totalMessageSizeKilobytes: Math.floor(sent.bytes / KB),
        },
      },
      {
        begin: () => ({ used: (enter) => enter(), giveBack: () => undefined }),
        async process({ source, claim, keep }) {
          at.open = performance.now()
          const message = await openLarge(source, env, 'storeDelivery')
          at.opened = performance.now()
          keep()
          await claim.used(() => Promise.resolve())
          return message
        },
      },
    )
    if (report.state === 'failed') throw report.error
    if (report.state === 'finished') stored = report.result
  }
  if (!stored?.evidence.signature) throw new Error('the delivery was not stored, or nobody signed it')

  const downloads = downloadTable(limits)
  const beganSeal = performance.now()
  let sealed = beganSeal
  const answer: LargeMessage<'responseToFetchDelivery'> = {
    type: 'responseToFetchDelivery',
    control: { response: 'r', challenge: 'c', conversationId: '1', sequenceNumber: 1 },
    order: { feedback: { entries: [{ code: '0801', text: 'x', lang: 'de' }] }, fetchDelivery: {} },
    intermediaryCertificates: [certificate('SignatureCertificateIntermediary')],
    ...(stored.content ? { content: stored.content } : {}),
    custom: [],
    attachments: stored.attachments,
    evidence: {},
    remarks: [],
  }
  const freeze = async (): Promise<ByteSource> => {
    const source = await sealLarge(answer, env)
    sealed = performance.now()
    return source
  }
  // what the client holds is another file: it is not the gateway's memory, and it is read after the measurement
  const client = await spool.create()
  for (let number = 1, last = 1; number <= last; number++) {
    const chunk = await downloads.chunk({ dialog: 'd', messageId: 'id', chunkNumber: number, chunkSizeKilobytes: chunkKilobytes }, freeze)
    if (!chunk) throw new Error('so much does not fit into one chunk')
    last = chunk.total
    await client.append(chunk.bytes)
  }
  const ended = performance.now()
  const high = residentBytes('self', 'VmHWM')
  if (downloads.takeReceived('d')[0] !== 'id') throw new Error('not all was handed out')
  const received = await openLarge(client, env, 'responseToFetchDelivery')
  if (!received.evidence.signature) throw new Error('the answer is not signed')
  await uploads.close()
  await spool.close()
  return {
    messageBytes: sent.bytes,
    chunks: total,
    growthBytes: high - before,
    uploadSeconds: (at.open - began) / 1000,
    openSeconds: (at.opened - at.open) / 1000,
    sealSeconds: (sealed - beganSeal) / 1000,
    downloadSeconds: (ended - sealed) / 1000,
  }
}

const [megabytes, chunkKilobytes] = process.argv.slice(2).map(Number)
if (megabytes && chunkKilobytes) {
  const directory = mkdtempSync(join(tmpdir(), 'protektor-chunks-'))
  try {
    console.log(JSON.stringify(await ride(megabytes, chunkKilobytes, join(directory, 'spool'))))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
