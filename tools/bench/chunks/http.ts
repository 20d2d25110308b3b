// SPDX-License-Identifier: EUPL-1.2
/**
 * One large delivery over HTTP through `serve` in a process of its own, whose memory alone is measured:
 *
 *   this process ─ sealLarge ─ partialStoreDelivery … ─► serve (role intermediary) ─► partialFetchDelivery … ─► this process
 *
 * Every chunk is signed and encrypted both ways, as the policy demands. The digest of all that was fetched is taken, so that it is known to
 * be whole; the content is made by repeating a block of chance.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fetchInChunks } from '../../../src/client/osci/chunk-fetch.js'
import { storeInChunks } from '../../../src/client/osci/chunk-store.js'
import { connectOsci, type OsciConnection } from '../../../src/client/osci/connect.js'
import { sealingFor } from '../../../src/client/osci/suite.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { StoredPart, type LargeMessage } from '../../../src/osci/large/part.js'
import { sealLarge } from '../../../src/osci/large/seal.js'
import { readPkcs12, type KeyPair } from '../../../src/pki/keystore.js'
import { freePort, serve } from '../mediate/processes.js'
import { repeated, residentBytes } from './material.js'

/** `growthBytes`: highest resident memory of the gateway against that of the gateway at rest. */
export interface HttpChunksMeasured {
  readonly messageBytes: number
  readonly chunks: number
  readonly restBytes: number
  readonly growthBytes: number
  /** Resident ten seconds after the end. */
  readonly afterBytes: number
  readonly uploadSeconds: number
  readonly downloadSeconds: number
  /** Open files of the spool while the delivery lay there, and afterwards. */
  readonly spooled: readonly [during: number, after: number]
}

const MIB = 1024 * 1024
const PKI = fileURLToPath(new URL('../../../fixtures/foreign/osci-bibliothek-2.4.1/pki/', import.meta.url))
const OWNERS = ['intermed', 'originator', 'addressee'] as const
const BLOB_PART = { contentType: 'application/octet-stream', transferEncoding: '8-bit', headers: [] }

const configOf = (open: number, admin: number): string => `listen: { public: 127.0.0.1:${open}, admin: 127.0.0.1:${admin} }
dataDirectory: ./data
allowSmallOwnKeys: true
keyrings:
  im: { cipher: { pkcs12: intermed-cipher.p12, pinFile: pin }, signature: { pkcs12: intermed-sign.p12, pinFile: pin } }
peers:
  - { name: users, signatureCertificates: [ originator-sign.pem, addressee-sign.pem ] }
mailboxes:
  'osci:addressee': { ttlSeconds: 3600, slowPoller: true, cipherCertificates: [ addressee-cipher.pem ] }
endpoints:
  - { path: /osci/intermediary, role: intermediary, keys: im, peers: [ users ], dialogIdleSeconds: 900 }
`

/** Spool files have no name any more: they live as long as somebody holds them open. */
async function spoolFilesOf(pid: number): Promise<number> {
  const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return links.filter((link) => link.includes('/spool/')).length
}

/** The inner storeDelivery: a small sealed container, and an attachment of so many megabytes. */
async function largeDelivery(from: OsciConnection, to: KeyPair, messageId: string, megabytes: number) {
  const parts = await from.content({ document: new TextEncoder().encode('the large part is attached'), addressee: to.certificate })
  // the author's signature certificate is the originator's, and there already
  const certificates = [...(parts.certificates ?? []), certificateEntry('CipherCertificateOriginator', from.identity.cipher)]
  const message = {
    type: 'storeDelivery',
    control: { challenge: randomBytes(16).toString('base64'), sequenceNumber: 0 },
    languages: ['de'],
    timestamps: [
      { service: 'creation', quality: 'plain' },
      { service: 'reception', quality: 'plain' },
    ],
    order: { messageId, subject: 'bench' },
    certificates,
    custom: [],
    content: parts.content,
    attachments: [new StoredPart({ contentId: 'large', ...BLOB_PART }, repeated(randomBytes(999_983), megabytes * MIB))],
    evidence: {},
    remarks: [],
  } as unknown as LargeMessage<'storeDelivery'>
  const { encryptFor: _outside, ...sealing } = sealingFor(from.identity, from.peer)
  const limits = { ...from.identity.env.limits, messageBytes: 600 * MIB }
  const source = await sealLarge(message, { ...from.identity.env, limits, breathe: () => setImmediate(), sealing })
  return { source, certificates: parts.certificates ?? [] }
}

/** One delivery there and back. @throws {Error} it did not come through. */
export async function measureChunksOverHttp(megabytes: number, chunkKilobytes: number): Promise<HttpChunksMeasured> {
  const folder = await mkdtemp(join(tmpdir(), 'protektor-chunks-http-'))
  const pairs = new Map<string, KeyPair>()
  for (const owner of OWNERS)
    for (const use of ['cipher', 'sign'] as const) {
      const file = await readFile(join(PKI, `${owner}-${use}.p12`))
      const [pair] = readPkcs12(file, 'test')
      if (!pair) throw new Error('the throwaway keystore holds no key')
      pairs.set(`${owner}-${use}`, pair)
      await writeFile(join(folder, `${owner}-${use}.p12`), file, { mode: 0o600 })
      await writeFile(join(folder, `${owner}-${use}.pem`), pair.certificate.toString())
    }
  const keyOf = (name: string): KeyPair => {
    const pair = pairs.get(name)
    if (!pair) throw new TypeError(name)
    return pair
  }
  const [open, admin] = [await freePort(), await freePort()]
  await writeFile(join(folder, 'pin'), 'test\n', { mode: 0o600 })
  await writeFile(join(folder, 'gateway.yaml'), configOf(open, admin), { mode: 0o600 })
  const gateway = await serve(join(folder, 'gateway.yaml'), admin)
  const clients: OsciConnection[] = []
  const client = async (owner: 'originator' | 'addressee'): Promise<OsciConnection> => {
    const connection = await connectOsci({
      url: `http://127.0.0.1:${open}/osci/intermediary`,
      keys: { cipher: keyOf(`${owner}-cipher`), signature: keyOf(`${owner}-sign`) },
      intermediary: {
        cipherCertificate: keyOf('intermed-cipher').certificate,
        signatureCertificates: [keyOf('intermed-sign').certificate],
      },
    })
    clients.push(connection)
    return connection
  }
  try {
    const pid = gateway.child.pid ?? 0
    const [from, to] = [await client('originator'), await client('addressee')]
    const messageId = (await from.getMessageId({})).message.order.messageId ?? ''
    const { source, certificates } = await largeDelivery(from, keyOf('addressee-cipher'), messageId, megabytes)
    const rest = residentBytes(pid, 'VmRSS')
    const began = performance.now()
    const uploaded = await from.dialog((dialog) =>
      storeInChunks(
        dialog,
        { messageId, source: { size: source.bytes, read: source.read.bind(source) }, certificates },
        from.identity.env,
        {
          chunkKilobytes,
        },
      ),
    )
    const stored = performance.now()
    const during = await spoolFilesOf(pid)
    const digest = createHash('sha256')
    const downloaded = await to.dialog((dialog) =>
      fetchInChunks(dialog, { messageId }, to.identity.env, {
        chunkKilobytes,
        maxBytes: 600 * MIB,
        keep: async (chunk) => Promise.resolve(void digest.update(chunk)),
      }),
    )
    const fetched = performance.now()
    const high = residentBytes(pid, 'VmHWM')
    if (downloaded.bytes < megabytes * MIB) throw new Error('less came back than was sent')
    await pause(10_000)
    return {
      messageBytes: source.bytes,
      chunks: uploaded.total,
      restBytes: rest,
      growthBytes: high - rest,
      afterBytes: residentBytes(pid, 'VmRSS'),
      uploadSeconds: (stored - began) / 1000,
      downloadSeconds: (fetched - stored) / 1000,
      spooled: [during, await spoolFilesOf(pid)],
    }
  } finally {
    for (const one of clients) one.close()
    await gateway.end()
    await rm(folder, { recursive: true, force: true })
  }
}
