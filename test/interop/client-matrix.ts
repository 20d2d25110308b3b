// SPDX-License-Identifier: EUPL-1.2
/**
 * The matrix of our OSCI client, the same rows against every intermediary: the Java library's mock, and our own. Whatever a row saw is
 * printed at the end.
 */
import { expect } from 'chai'
import type { X509Certificate } from 'node:crypto'
import { openPackage, fetchInChunks } from '../../src/client/osci/chunk-fetch.js'
import { packDelivery, storeInChunks } from '../../src/client/osci/chunk-store.js'
import { sourceOf } from '../../src/client/osci/chunks.js'
import { connectOsci, type ConnectOsciOptions, type OsciConnection } from '../../src/client/osci/connect.js'
import { cardOf, fetchAll, listMailbox } from '../../src/client/osci/deliveries.js'
import { exchange } from '../../src/client/osci/exchange.js'
import type { Feedback } from '../../src/client/osci/ports.js'
import { osciHttp, type OsciHttpConnections } from '../../src/client/osci/transport.js'
import { itemsOf } from '../../src/osci/content-types.js'
import { metaData } from '../client/osci/meta-data.js'
import type { PeerKeys } from './java.js'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

const RSA_SIGNATURES = [
  `${MORE07}sha256-rsa-MGF1`,
  `${MORE07}sha512-rsa-MGF1`,
  `${MORE07}sha3-256-rsa-MGF1`,
  `${MORE07}sha3-384-rsa-MGF1`,
  `${MORE07}sha3-512-rsa-MGF1`,
  `${MORE}rsa-sha256`,
  `${MORE}rsa-sha512`,
]
const DIGESTS = [`${ENC}sha256`, `${ENC}sha512`, `${MORE07}sha3-256`, `${MORE07}sha3-384`, `${MORE07}sha3-512`]
const CIPHERS = [128, 192, 256].map((bits) => `${ENC11}aes${bits}-gcm`)
const tail = (uri: string): string => uri.split('#').at(-1) ?? uri

export const DOCUMENT = new TextEncoder().encode('<nachricht>äöü ß €</nachricht>')
const BLOB = new Uint8Array(Array.from({ length: 150_000 }, (_, i) => (i * 7 + (i >> 8)) % 256))

export interface ClientTarget {
  readonly pki: PeerKeys
  /** Where a client calls that encrypts and signs, or leaves one of them out. */
  url(protection: { readonly encrypted: boolean; readonly signed: boolean }): string
  /** Passive recipients behind it, by name. */
  readonly receivers: Readonly<Record<string, string>>
  /** A delivery can be fetched again although its reception was acknowledged. */
  readonly keepsFetched: boolean
}

export interface MatrixTools {
  connect(who?: Who): Promise<OsciConnection>
  newId(osci: OsciConnection): Promise<string>
  addressee(): Promise<X509Certificate>
  saw(what: string, how: string, feedback: Feedback | string): void
}

export interface Who {
  readonly owner?: 'originator' | 'addressee'
  readonly signature?: string | false
  readonly clear?: boolean
  readonly url?: string
  readonly options?: Partial<ConnectOsciOptions>
}

/**
 * Declares the rows inside the caller's `describe`.
 * @param targetOf asked when tests run, not before.
 * @returns what further rows of one target need.
 */
export function clientMatrix(title: string, targetOf: () => ClientTarget): MatrixTools {
  const matrix: [string, string, string][] = []
  const connections: OsciConnection[] = []
  let http: OsciHttpConnections | undefined
  const pair = (name: string) => targetOf().pki.pair(name)

  before(() => {
    http = osciHttp()
  })
  after(() => {
    for (const connection of connections) connection.close()
    http?.close()
    if (matrix.length === 0) return
    const width = Math.max(...matrix.map(([what]) => what.length))
    const second = Math.max(...matrix.map(([, how]) => how.length))
    process.stdout.write(
      `\n      ${title}: ${matrix.length} rows\n${matrix.map((r) => `      ${r[0].padEnd(width)}  ${r[1].padEnd(second)}  ${r[2]}`).join('\n')}\n`,
    )
  })

  async function connect({
    owner = 'originator',
    signature = `${owner}-sign`,
    clear = false,
    url,
    options,
  }: Who = {}): Promise<OsciConnection> {
    const connection = await connectOsci({
      url: url ?? targetOf().url({ encrypted: !clear, signed: signature !== false }),
      keys: {
        cipher: await pair(`${owner}-cipher`),
        ...(signature === false ? {} : { signature: await pair(signature) }),
        readers: owner === 'addressee' ? [await pair('reader-cipher')] : [],
      },
      intermediary: {
        signatureCertificates: [(await pair('intermed-sign')).certificate],
        ...(clear ? {} : { cipherCertificate: (await pair('intermed-cipher')).certificate }),
      },
      ...(http ? { http } : {}),
      ...options,
    })
    connections.push(connection)
    return connection
  }

  const saw = (what: string, how: string, feedback: Feedback | string): void => {
    matrix.push([what, how, typeof feedback === 'string' ? feedback : feedback.entries.map((e) => e.code).join(' ')])
    if (typeof feedback !== 'string') expect(feedback.ok, JSON.stringify(feedback.entries)).to.equal(true)
  }

  const newId = async (osci: OsciConnection): Promise<string> => {
    const { message, feedback } = await osci.getMessageId({})
    expect(feedback.ok, JSON.stringify(feedback.entries)).to.equal(true)
    return message.order.messageId ?? ''
  }
  const addressee = async (): Promise<X509Certificate> => (await pair('addressee-cipher')).certificate

  /** Stores one delivery with a document and an attachment; its id. */
  async function store(osci: OsciConnection, how: string, over: Partial<Parameters<OsciConnection['content']>[0]> = {}): Promise<string> {
    const messageId = await newId(osci)
    const parts = await osci.content({
      document: DOCUMENT,
      attachments: [{ name: 'anlage.bin', bytes: BLOB }],
      addressee: await addressee(),
      ...over,
    })
    const { feedback, message } = await osci.storeDelivery({ messageId, subject: 'Prüfung <&> 1' }, parts)
    saw('storeDelivery', how, feedback)
    expect(message.order.processCardBundle?.messageId).to.equal(messageId)
    return messageId
  }

  /** Fetches by id as the addressee; content must be what was sent. */
  async function fetched(messageId: string, how: string, who: Pick<Who, 'clear' | 'signature'> = {}): Promise<void> {
    const osci = await connect({ owner: 'addressee', ...who })
    await osci.dialog(async (dialog) => {
      const { message, feedback, encrypted } = await dialog.fetchDelivery({ selectionRule: { messageId } })
      saw('fetchDelivery by id', how, feedback)
      expect(encrypted).to.equal(who.clear !== true)
      expect(message.order.processCardBundle?.messageId).to.equal(messageId)
      const opened = await osci.openContent(message)
      expect(opened.problems).to.deep.equal([])
      const [document, attachment] = itemsOf(opened.containers)
      expect(Buffer.from(document?.bytes ?? []).equals(DOCUMENT)).to.equal(true)
      expect(Buffer.from(attachment?.bytes ?? []).equals(BLOB)).to.equal(true)
    })
  }

  it('getMessageId: implicit and explicit, encrypted and in clear, signed and unsigned', async () => {
    for (const clear of [false, true])
      for (const signature of ['originator-sign', false] as const) {
        const osci = await connect({ clear, signature })
        const how = `${clear ? 'clear' : 'encrypted'}, ${signature === false ? 'unsigned' : 'signed'}`
        const implicit = await osci.getMessageId({})
        saw('getMessageId implicit', how, implicit.feedback)
        expect(implicit.message.order.messageId).to.be.a('string')
        await osci.dialog(async (dialog) => {
          saw('getMessageId explicit', how, (await dialog.getMessageId({})).feedback)
        })
      }
  })

  it('storeDelivery and fetchDelivery by id: all layers on, and in clear', async () => {
    await fetched(await store(await connect(), 'encrypted, signed'), 'encrypted')
    await fetched(await store(await connect({ clear: true }), 'clear, signed'), 'clear', { clear: true })
    await fetched(await store(await connect({ signature: false }), 'encrypted, unsigned'), 'encrypted, unsigned', { signature: false })
    await fetched(await store(await connect(), 'content in clear', { readers: [], sign: false }), 'content in clear')
    await fetched(
      await store(await connect(), 'two readers', { readers: [await addressee(), (await pair('reader-cipher')).certificate] }),
      'two readers',
    )
  })

  it('storeDelivery inside an explicit dialog', async () => {
    const osci = await connect()
    await osci.dialog(async (dialog) => {
      const { message } = await dialog.getMessageId({})
      const parts = await osci.content({ document: DOCUMENT, addressee: await addressee() })
      saw('storeDelivery explicit', 'encrypted', (await dialog.storeDelivery({ messageId: message.order.messageId ?? '' }, parts)).feedback)
    })
  })

  it('fetchDelivery since a date and without a rule; the mailbox listed and drained', async () => {
    const sender = await connect()
    const ids = [await store(sender, 'for the mailbox'), await store(sender, 'for the mailbox')]
    const osci = await connect({ owner: 'addressee' })
    await osci.dialog(async (dialog) => {
      const list = await listMailbox(dialog)
      expect(list.cards.map((c) => c.messageId)).to.include.members(ids)
      const one = await listMailbox(dialog, { limit: 1 })
      expect(one.more).to.equal(true)
      expect(one.cards.length).to.equal(1)
      const since = await dialog.fetchDelivery({ selectionRule: { receptionOfDelivery: '2020-01-01T00:00:00Z' } })
      saw('fetchDelivery since', 'encrypted', since.feedback)
      const got: string[] = []
      const drained = await fetchAll(dialog, ({ messageId }) => void got.push(messageId))
      expect(drained.failed).to.equal(undefined)
      expect(drained.fetched).to.deep.equal(got)
      saw('fetchDelivery no rule', 'encrypted, drained', `${got.length} deliveries`)
      expect((await listMailbox(dialog)).cards).to.deep.equal([])
      const nothing = await dialog.fetchDelivery({})
      expect(nothing.feedback.errors).to.deep.equal(['9803'])
      // 9xxx leaves the dialog open
      const again = await dialog.fetchDelivery({ selectionRule: { messageId: ids[0] ?? '' } })
      if (targetOf().keepsFetched) saw('fetchDelivery by id', 'same dialog, after 9803', again.feedback)
      else expect(again.feedback.errors).to.deep.equal(['9803'])
    })
  })

  it('fetchProcessCard: every selection', async () => {
    const osci = await connect()
    const first = await store(osci, 'for its card')
    const second = await store(osci, 'for its card')
    const old = '2020-01-01T00:00:00Z'
    await osci.dialog(async (dialog) => {
      const by = async (name: string, order: Parameters<typeof dialog.fetchProcessCard>[0]) => {
        const { message, feedback } = await dialog.fetchProcessCard(order)
        saw('fetchProcessCard', name, feedback)
        return message.order.processCardBundles
      }
      expect((await by('one id', { selectionRule: { messageIds: [first] } })).map((b) => b.messageId)).to.deep.equal([first])
      expect((await by('two ids', { selectionRule: { messageIds: [first, second] } })).length).to.equal(2)
      expect((await by('no rule', {})).length).to.be.greaterThan(1)
      for (const rule of ['ReceptionOfDelivery', 'RecentModification'] as const)
        for (const role of ['Originator', undefined] as const)
          for (const noReception of [true, undefined])
            await by(`${rule} ${role ?? '-'} ${noReception ?? '-'}`, {
              selectionRule: { by: rule, since: old, ...(role ? { role } : {}), ...(noReception ? { noReception } : {}) },
            })
      const { feedback } = await dialog.fetchProcessCard({
        selectionRule: { by: 'RecentModification', since: old },
        quantity: { limit: 1 },
      })
      expect(feedback.warnings).to.deep.equal(['3801'])
      saw('fetchProcessCard', 'Quantity 1', feedback)
      expect((await cardOf(dialog, first))?.processCard.subject).to.equal('Prüfung <&> 1')
      expect(await cardOf(dialog, 'nobody-1')).to.equal(undefined)
    })
  })

  it('forwardDelivery to each passive recipient: implicit and explicit, encrypted and in clear', async () => {
    for (const [receiver, uri] of Object.entries(targetOf().receivers))
      for (const clear of [false, true]) {
        const osci = await connect({ clear })
        const how = `${clear ? 'clear' : 'encrypted'}, to ${receiver}`
        const parts = await osci.content({ document: DOCUMENT, addressee: await addressee() })
        const order = async () => ({ contentReceiver: { uri }, messageId: await newId(osci), subject: 'Weiterleitung' })
        saw('forwardDelivery implicit', how, (await osci.forwardDelivery(await order(), parts)).feedback)
        await osci.dialog(async (dialog) =>
          saw('forwardDelivery explicit', how, (await dialog.forwardDelivery(await order(), parts)).feedback),
        )
      }
  })

  it('mediateDelivery to each passive recipient, with and without id, and its reply read', async () => {
    for (const [receiver, uri] of Object.entries(targetOf().receivers))
      for (const clear of [false, true])
        for (const withId of [true, false]) {
          const osci = await connect({ clear })
          const parts = await osci.content({ document: DOCUMENT, addressee: await addressee() })
          await osci.dialog(async (dialog) => {
            const id = withId ? { messageId: await newId(osci), subject: 'Abwicklung' } : {}
            const { message, feedback } = await dialog.mediateDelivery({ contentReceiver: { uri }, ...id }, parts)
            saw('mediateDelivery', `${clear ? 'clear' : 'encrypted'}, ${withId ? 'with' : 'without'} id, to ${receiver}`, feedback)
            const opened = await osci.openContent(message)
            expect(opened.problems).to.deep.equal([])
            expect(itemsOf(opened.containers).length).to.be.greaterThan(0)
          })
        }
  })

  it('a wrong control block gets fault 9400, and the dialog goes on for nobody', async () => {
    const osci = await connect()
    const dialog = await osci.openDialog()
    const line = { http: http ?? osciHttp(), identity: osci.identity, peer: osci.peer }
    const position = { conversationId: dialog.conversationId, sequenceNumber: 7, challenge: 'wrong' }
    const error = await exchange('fetchDelivery', {}, {}, line, position).catch((e: unknown) => e)
    expect(error).to.deep.include({ stage: 'fault', feedback: '9400', faultSide: 'Client' })
    saw('wrong control block', 'encrypted', 'fault 9400')
    await dialog.close()
  })

  for (const signatureMethod of RSA_SIGNATURES)
    it(`signs requests and content with ${tail(signatureMethod)}`, async () => {
      const osci = await connect({ options: { signatureMethod } })
      await fetched(await store(osci, `signed ${tail(signatureMethod)}`), `signed ${tail(signatureMethod)}`)
    })

  it('signs requests and content with ECDSA', async () => {
    const osci = await connect({ signature: 'originator-ec-sign' })
    await fetched(await store(osci, 'signed ecdsa-sha256'), 'signed ecdsa-sha256')
  })

  for (const digestMethod of DIGESTS)
    it(`digests with ${tail(digestMethod)}`, async () => {
      await fetched(
        await store(await connect({ options: { digestMethod } }), `digest ${tail(digestMethod)}`),
        `digest ${tail(digestMethod)}`,
      )
    })

  for (const cipher of CIPHERS)
    for (const ivBytes of [12, 16] as const)
      it(`encrypts with ${tail(cipher)}, ${ivBytes}-byte vector`, async () => {
        const how = `${tail(cipher)}, IV ${ivBytes}`
        await fetched(await store(await connect({ options: { cipher, ivBytes } }), how), how)
      })

  it('carries a custom header block', async () => {
    const osci = await connect()
    const parts = await osci.content({ document: DOCUMENT, addressee: await addressee() })
    const custom = [metaData('Rückfrage')]
    const { feedback } = await osci.storeDelivery({ messageId: await newId(osci) }, { ...parts, custom })
    saw('custom header', 'storeDelivery', feedback)
  })

  for (const clear of [false, true])
    it(`partialStoreDelivery and partialFetchDelivery, ${clear ? 'in clear' : 'encrypted'}`, async () => {
      const osci = await connect({ clear })
      const how = clear ? 'clear' : 'encrypted'
      const parts = await osci.content({
        document: DOCUMENT,
        attachments: [{ name: 'gross.bin', bytes: BLOB }],
        addressee: await addressee(),
      })
      const upload = async (): Promise<string> => {
        const messageId = await newId(osci)
        const whole = await packDelivery({ messageId, subject: 'in Teilen' }, parts, osci.identity, osci.peer)
        const order = { messageId, subject: 'in Teilen', source: sourceOf(whole), certificates: parts.certificates }
        await osci.dialog(async (dialog) => {
          const uploaded = await storeInChunks(dialog, order, osci.identity.env, { chunkKilobytes: 64 })
          expect(uploaded.sent).to.equal(Math.ceil(whole.byteLength / 65536))
          saw('partialStoreDelivery', `${how}, ${uploaded.sent} chunks of 64 KB`, uploaded.feedback)
          const again = await storeInChunks(dialog, order, osci.identity.env, { chunkKilobytes: 64, resume: true })
          expect(again.sent).to.equal(0)
          saw('partialStoreDelivery', `${how}, InfoOnly`, again.feedback)
        })
        return messageId
      }
      const ids = [await upload(), await upload(), await upload()] as const
      const reader = await connect({ owner: 'addressee', clear })
      await reader.dialog(async (dialog) => {
        const download = await fetchInChunks(dialog, { messageId: ids[0] }, reader.identity.env, { chunkKilobytes: 64 })
        expect(download.messageId).to.equal(ids[0])
        expect(download.chunks).to.be.greaterThan(2)
        const opened = download.message && (await reader.openContent(download.message))
        const items = opened ? itemsOf(opened.containers) : []
        expect(items.some((i) => Buffer.from(i.bytes).equals(BLOB))).to.equal(true)
        saw('partialFetchDelivery', `${how}, ${download.chunks} chunks of 64 KB`, 'assembled, content equal')
        const small = await fetchInChunks(dialog, { messageId: ids[1] }, reader.identity.env, { chunkKilobytes: 1000 })
        expect(small.chunks).to.equal(0)
        saw('partialFetchDelivery', `${how}, fits one chunk`, 'responseToFetchDelivery')
        const kept: Uint8Array[] = []
        const keep = async (chunk: Uint8Array) => Promise.resolve(void kept.push(chunk))
        await fetchInChunks(dialog, { messageId: ids[2] }, reader.identity.env, { chunkKilobytes: 64, keep })
        const opens = await openPackage(Buffer.concat(kept), reader.identity.env, ids[2])
        expect(opens.order.processCardBundle?.messageId).to.equal(ids[2])
      })
    })

  it('a chunk sent twice gets 9900, which ends neither dialog nor upload', async () => {
    const osci = await connect()
    const messageId = await newId(osci)
    const parts = await osci.content({ document: BLOB, addressee: await addressee() })
    const whole = await packDelivery({ messageId }, parts, osci.identity, osci.peer)
    const { chunkContent, kilobytesOf } = await import('../../src/client/osci/chunks.js')
    await osci.dialog(async (dialog) => {
      const chunkInformation = {
        chunkNumber: 1,
        chunkSizeKilobytes: 64,
        totalChunkNumbers: Math.ceil(whole.byteLength / 65536),
        totalMessageSizeKilobytes: kilobytesOf(whole.byteLength),
      }
      const first = { ...(await chunkContent(whole.subarray(0, 65536), osci.identity.env)), certificates: parts.certificates }
      const order = { messageId: `${messageId}_Partial`, chunkInformation }
      expect((await dialog.partialStoreDelivery(order, first)).feedback.ok).to.equal(true)
      expect((await dialog.partialStoreDelivery(order, first)).feedback.errors).to.deep.equal(['9900'])
      saw('partialStoreDelivery', 'chunk repeated', '9900')
      const upload = { messageId, source: sourceOf(whole), certificates: parts.certificates }
      const done = await storeInChunks(dialog, upload, osci.identity.env, { chunkKilobytes: 64, resume: true })
      expect(done.sent).to.equal(done.total - 1)
      saw('partialStoreDelivery', `resumed, ${done.sent} of ${done.total} sent`, done.feedback)
    })
  })

  return { connect, newId, addressee, saw }
}
