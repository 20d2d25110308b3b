// SPDX-License-Identifier: EUPL-1.2
/**
 * The exchanges of an intermediary without sockets, in a time that stands still until a test lets it pass: real core, mailroom,
 * mediations, cards and envelopes; what is awaited may be made to wait for its turn.
 * @module
 */
import { randomBytes, randomUUID, type X509Certificate } from 'node:crypto'
import { openIdentity } from '../../../src/cli/compose/identity.js'
import { packageCodec } from '../../../src/cli/compose/package-codec.js'
import { oscCaller } from '../../../src/client/osci/caller.js'
import type { OsciHttp } from '../../../src/client/osci/ports.js'
import { memoryCore } from '../../../src/core/adapters/memory.js'
import type { Core } from '../../../src/core/ports.js'
import type { DirectoryParticipant, OsciReceiver } from '../../../src/directory/ports.js'
import { GATEWAY_LIMITS } from '../../../src/env.js'
import type { ClientRequest, Intermediary } from '../../../src/gateway/intermediary/exchange.js'
import { storeDelivery } from '../../../src/gateway/intermediary/exchanges/store.js'
import { mediateDelivery } from '../../../src/gateway/intermediary/exchanges/forward.js'
import { leaseFor } from '../../../src/gateway/intermediary/exchanges/fetch.js'
import type { OpenDialog } from '../../../src/gateway/intermediary/dialogs.js'
import { instantsIn } from '../../../src/gateway/intermediary/instants.js'
import { mailroom } from '../../../src/gateway/intermediary/mailroom.js'
import { mediations } from '../../../src/gateway/intermediary/mediations.js'
import { memoryCards } from '../../../src/gateway/intermediary/memory-cards.js'
import { messageIds } from '../../../src/gateway/intermediary/message-ids.js'
import type { CardRecord, CardStore } from '../../../src/gateway/intermediary/ports.js'
import type { GatewayIdentity, GatewayPorts } from '../../../src/gateway/ports.js'
import { sha256Hex } from '../../../src/gateway/digest.js'
import type { FetchRule } from '../../../src/osci/parts.js'
import type { CertificateEntry } from '../../../src/osci/types.js'
import { keyRing, makeDecrypter, makeSigner } from '../../../src/pki/keys.js'
import { pinnedTrust } from '../../../src/pki/pinned.js'
import { gatewayAlgorithms } from '../../../src/xml/algorithms.js'
import { FakeTime } from '../../core/fake-time.js'
import { keysOf, type PartyName } from './house.js'
import { inDirectory } from './stores.js'

export const PATH = '/osci/intermediary'
export const ANSWER_WITHIN_SECONDS = 20
/** One second before the caller's deadline nobody waits any more. */
export const WAITS_MS = (ANSWER_WITHIN_SECONDS - 1) * 1000
export const REGISTER_BOX = 'ags:99001000'
const CAROL_BOX = 'osci:carol'

/** Waits for its turn; default: it is always its turn. */
export type Turn = (step: string) => Promise<unknown>

export interface WorldOptions {
  readonly turn?: Turn
  readonly register?: DirectoryParticipant
  /** The way to passive recipients. */
  readonly http?: OsciHttp
}

export interface StandingWorld {
  readonly time: FakeTime
  readonly core: Core
  readonly at: Intermediary
  /** Ids of what was put into the core, in order. */
  readonly put: string[]
  card(messageId: string): CardRecord | undefined
  /** alice's mediateDelivery; never rejects. */
  mediate(receiver: OsciReceiver['kind']): Promise<{ readonly messageId: string; readonly told: Promise<Told> }>
  /** carol fetches in a dialog. `acknowledge` is what her next request of that dialog does first. */
  fetchedByCarol(rule?: FetchRule): Promise<{
    readonly dialog: OpenDialog
    readonly acknowledge: () => Promise<void>
    readonly giveBack: () => Promise<void>
  }>
  /** carol's storeDelivery to alice; never rejects. */
  answeredByCarol(dialog: OpenDialog, text: string): Promise<{ readonly messageId: string; readonly told: Promise<Told> }>
  close(): Promise<void>
}

export interface Told {
  /** Class 9 only. */
  readonly codes: readonly string[]
  /** Text of the content that came with it. */
  readonly text?: string
}

let identity: Promise<GatewayIdentity> | undefined
const identityOnce = (): Promise<GatewayIdentity> => (identity ??= inDirectory((directory) => openIdentity(directory)))

const packages = packageCodec(GATEWAY_LIMITS)
/** What an exchange hands on unread. */
export const contentOf = (text: string) =>
  packages.read(
    Buffer.from(`<osci:ContentPackage xmlns:osci="http://www.osci.de/2002/04/osci"><osci:x>${text}</osci:x></osci:ContentPackage>`),
  )
const textOf = (content: ReturnType<typeof contentOf>): string =>
  /<osci:x>(.*)<\/osci:x>/.exec(Buffer.from(packages.write(content)).toString())?.[1] ?? ''

const entry = (role: string, certificate: X509Certificate): CertificateEntry =>
  ({ role, id: role, der: new Uint8Array(certificate.raw) }) as CertificateEntry

async function told(work: Promise<{ codes: readonly string[]; content?: ReturnType<typeof contentOf> | undefined }>): Promise<Told> {
  try {
    const { codes, content } = await work
    return { codes: codes.filter((code) => code.startsWith('9')), ...(content ? { text: textOf(content) } : {}) }
  } catch (error) {
    const { codes, feedback } = error as { codes?: readonly string[]; feedback?: string }
    if (codes === undefined && feedback === undefined) throw error
    return { codes: codes ?? [feedback ?? ''] }
  }
}

export async function openWorld({ turn = () => Promise.resolve(), register, http }: WorldOptions = {}): Promise<StandingWorld> {
  const time = new FakeTime()
  const { startTimer } = time
  const real = memoryCore({ clock: time, startTimer })
  await real.openMailbox(CAROL_BOX, 'gateway', { ttlSeconds: 60, handover: 'lease-and-confirm' })
  await real.openMailbox(REGISTER_BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
  const put: string[] = []
  const core = Object.assign(Object.create(real) as Core, {
    put: async (...args: Parameters<Core['put']>) => {
      put.push(args[0].id)
      await real.put(...args)
    },
    take: async (...args: Parameters<Core['take']>) => {
      const claim = await real.take(...args)
      await turn('taken')
      return claim
    },
    withdraw: async (id: string) => {
      const done = await real.withdraw(id)
      await turn('withdrawn')
      return done
    },
    outcome: async (id: string) => {
      const record = await real.outcome(id)
      await turn('asked')
      return record
    },
    settled: async (...args: Parameters<Core['settled']>) => {
      const record = await real.settled(...args)
      await turn('settled')
      return record
    },
  })
  // methods of a class with private fields must see the real one
  for (const name of ['openMailbox', 'owner', 'reserve', 'figures', 'drain', 'close'] as const)
    Object.assign(core, { [name]: (real[name] as (...args: never[]) => unknown).bind(real) })
  const cards = memoryCards({ clock: time, startTimer, toInstant: instantsIn('Europe/Berlin'), keepDays: 30 })
  const slowCards: CardStore = {
    ...cards,
    add: async (tenant, card) => {
      await turn('card added')
      return cards.add(tenant, card)
    },
    change: async (tenant, messageId, change) => {
      await turn(`card ${change.state}`)
      return cards.change(tenant, messageId, change)
    },
  }
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
  const ids = messageIds({ clock: time, random, unusedIdHours: 24 })
  const [im, town, alice, carol] = await Promise.all((['im', 'town', 'alice', 'carol'] as const).map((name: PartyName) => keysOf(name)))
  if (!im || !town || !alice || !carol) throw new TypeError('keys')
  const carolSha256 = sha256Hex(new Uint8Array(carol.cipher.certificate.raw))
  const receivers: { readonly [K in OsciReceiver['kind']]: OsciReceiver } = {
    passive: {
      kind: 'passive',
      uri: 'http://passive.example/',
      cipherCertificate: town.cipher.certificate,
      signatureCertificates: [town.signature.certificate],
    },
    participant: { kind: 'participant', uri: 'urn:participant', mailbox: REGISTER_BOX },
    active: { kind: 'active', uri: 'urn:active', mailbox: CAROL_BOX },
  }
  const stopping = new AbortController()
  const inspector = async () => Promise.resolve({ inspections: [], warnings: [] })
  const ports = {
    clock: time,
    startTimer,
    random,
    core,
    env: { now: () => time.now(), monotonicMs: () => time.monotonicMs(), random, trust: pinnedTrust([]), limits: GATEWAY_LIMITS },
    algorithms: {
      transport: gatewayAlgorithms({ where: 'transport' }),
      signature: gatewayAlgorithms({ where: 'signature' }),
      content: gatewayAlgorithms({ where: 'content' }),
    },
    directory: { ownerOf: (mailbox: string) => (mailbox === REGISTER_BOX ? register : undefined) },
    mailboxTtlSeconds: () => 10,
    identity: await identityOnce(),
    packages,
    log: { write: () => undefined },
    limits: { messageBytes: GATEWAY_LIMITS.messageBytes },
    stopping: stopping.signal,
    ending: stopping.signal,
  } as unknown as GatewayPorts
  const rooms = mailroom(ports, 120_000)
  const at = {
    endpoint: {
      path: PATH,
      keys: {
        ring: keyRing([await makeDecrypter(im.cipher.certificate, im.cipher.privateKey)]),
        cipher: im.cipher.certificate,
        signature: makeSigner(im.signature.certificate, im.signature.privateKey),
      },
      takeWithinSeconds: 10,
      answerWithinSeconds: ANSWER_WITHIN_SECONDS,
    },
    ports,
    own: {
      cards: slowCards,
      ids,
      inspector: { delivery: inspector, single: inspector },
      directory: {
        mailboxOf: (sha256: string) => (sha256 === carolSha256 ? { mailbox: CAROL_BOX, cipherSha256: [carolSha256] } : undefined),
        receiver: (uri: string) => Object.values(receivers).find((one) => one.uri === uri),
      },
      ...(http ? { caller: oscCaller(http) } : {}),
      toInstant: instantsIn('Europe/Berlin'),
      startTimer,
      sleep: (ms: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          const cancel = startTimer(ms, resolve)
          signal.addEventListener('abort', () => {
            cancel()
            resolve()
          })
        }),
    },
    mailroom: rooms,
    mediations: mediations(),
  } as unknown as Intermediary

  const requestOf = (from: X509Certificate, to: X509Certificate, order: object, text: string, dialog?: OpenDialog) =>
    ({
      call: { requestId: randomUUID(), bytes: new Uint8Array(), receivedAtMs: time.monotonicMs() },
      frame: { evidence: {} },
      message: {
        type: 'storeDelivery',
        control: {},
        order,
        certificates: [entry('CipherCertificateAddressee', to), entry('CipherCertificateOriginator', from)],
        custom: [],
        content: contentOf(text),
        attachments: [],
        evidence: {},
        remarks: [],
      },
      peer: { name: 'client', sendingSignature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' },
      cipherSha256: sha256Hex(new Uint8Array(from.raw)),
      identified: dialog !== undefined,
      ...(dialog ? { dialog } : {}),
      language: 'de',
      warnings: [],
      digest: new Uint8Array(32),
    }) as unknown as ClientRequest<'storeDelivery'> & ClientRequest<'mediateDelivery'>
  const addresseeOf = { passive: town, participant: town, active: carol }

  return {
    time,
    core,
    at,
    put,
    card: (messageId) => cards.get(PATH, messageId),
    async mediate(receiver) {
      const messageId = await ids.issue(PATH, 'alice')
      const order = { messageId, contentReceiver: { uri: receivers[receiver].uri } }
      const request = requestOf(alice.cipher.certificate, addresseeOf[receiver].cipher.certificate, order, 'request')
      return { messageId, told: told(mediateDelivery.answer(request, at)) }
    },
    async fetchedByCarol(rule = {}) {
      const dialog: OpenDialog = {
        client: { peer: {} as never, cipher: carol.cipher.certificate, cipherSha256: carolSha256, encrypted: true },
        openedAtMs: time.monotonicMs(),
        usedAtMs: time.monotonicMs(),
        conversationId: randomUUID(),
        pending: new Set(),
        ended: new AbortController().signal,
      }
      const { pending } = await leaseFor(dialog, rule, at)
      return { dialog, acknowledge: () => pending.confirm(), giveBack: () => pending.giveBack() }
    },
    async answeredByCarol(dialog, text) {
      const messageId = await ids.issue(PATH, 'carol')
      const request = requestOf(carol.cipher.certificate, alice.cipher.certificate, { messageId }, text, dialog)
      return { messageId, told: told(storeDelivery.answer(request, at)) }
    },
    async close() {
      stopping.abort()
      await real.close()
      await rooms.close()
    },
  }
}
