// SPDX-License-Identifier: EUPL-1.2
/**
 * A watched gateway with its core, a register and a portal outside of it, and what was sent through it with canaries in it.
 * @module
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_REGISTER, openDemo, type Demo } from '../../src/cli/compose/demo-kit.js'
import { readParticipant, type ParticipantKeys } from '../../src/cli/compose/demo-keys.js'
import { buildDelivery, readAnswer, type DeliverySpec, type ReadAnswer } from '../../src/cli/compose/demo-request.js'
import type { Client } from '../../src/client/client.js'
import { connect } from '../../src/client/connect.js'
import { TransportError, type Transport } from '../../src/client/ports.js'
import { httpTransport } from '../../src/client/transport.js'
import { importSigningKey, type SigningKey } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import { certificateRequest } from '../gateway/support.js'
import { Watched, type Canaries } from './watched.js'

/** The configuration names port 0, and so does the audience of tokens. */
const AUDIENCE = 'http://127.0.0.1:0'
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes))

/** A text that occurs nowhere else. */
export const canary = (): string => 'Kanarienvogel' + randomBytes(10).toString('hex')

export class GatewayHouse {
  readonly directory: string
  readonly demo: Demo
  readonly watched: Watched
  readonly url: string
  readonly admin: string
  readonly register: Client
  readonly portal: Transport
  readonly #signing: SigningKey

  private constructor(
    directory: string,
    demo: Demo,
    watched: Watched,
    urls: readonly [string, string],
    register: Client,
    signing: SigningKey,
  ) {
    this.directory = directory
    this.demo = demo
    this.watched = watched
    ;[this.url, this.admin] = urls
    this.register = register
    this.#signing = signing
    this.portal = httpTransport({ url: this.url, audience: AUDIENCE, participant: 'portal-1', key: signing })
  }

  static async start(): Promise<GatewayHouse> {
    const directory = mkdtempSync(join(tmpdir(), 'protektor-canary-'))
    const demo = await openDemo(directory, { publicPort: 0, adminPort: 0, key: 'rsa-2048', topOptions: 'allowSmallOwnKeys: true' })
    const watched = new Watched('serve-child.ts', ['serve', '--config', demo.configFile, '--lang', 'en'], directory)
    const [, url = ''] = await watched.said(/^public: (\S+)$/m)
    const [, admin = ''] = await watched.said(/^admin: (\S+)$/m)
    const gateway = JSON.parse(readFileSync(join(directory, 'data', 'gateway.jwks.json'), 'utf8')) as { keys: ParticipantKeys['sign'][] }
    const portal = await readParticipant(join(directory, 'keys'), 'portal-1')
    const { participant, sign, open } = demo.register
    const senders = [
      { id: 'gateway', jwks: gateway.keys },
      { id: 'portal-1', jwks: [portal.sign] },
    ]
    const register = await connect({ url, audience: AUDIENCE, participant, key: sign, openingKeys: [open], senders })
    return new GatewayHouse(directory, demo, watched, [url, admin], register, await importSigningKey(portal.sign))
  }

  async stop(): Promise<void> {
    await this.watched.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** A sealed envelope of the portal for the register. */
  async envelope(bytes: number, ttlSeconds = 10): Promise<{ id: string; to: string; ttlSeconds: number; body: Uint8Array }> {
    const header = { id: randomBytes(16).toString('hex'), to: DEMO_REGISTER, ttlSeconds }
    const parts = [{ name: 'content0', mediaType: 'application/xml', role: 'document' as const, bytes: random(bytes) }]
    const content = { header, kind: 'message' as const, sender: 'portal-1', createdAt: new Date().toISOString(), parts }
    const body = await sealEnvelope(content, { recipient: this.demo.register.open, sender: this.#signing }, random)
    return { ...header, body }
  }

  /** Puts envelopes that end in every way, and gives back pieces of their bytes. */
  async sendEnvelopes(): Promise<Canaries> {
    const canaries: Record<string, Uint8Array> = {}
    const keep = (name: string, { body }: { body: Uint8Array }) => {
      // as the core gets them: sealed metadata, sealed part, padding
      for (const [place, at] of [
        ['metadata', 1500],
        ['middle', body.length >> 1],
        ['end', body.length - 64],
      ] as const)
        // prettier-ignore
        canaries[`${name} ${place}`] = body.slice(at, at + 32)
    }
    for (const bytes of [3000, 200_000]) {
      const one = await this.envelope(bytes)
      keep(`delivered ${bytes}`, one)
      await this.portal.put(one)
      if ((await this.register.take(DEMO_REGISTER, { waitSeconds: 20 }))?.id !== one.id) throw new Error('another envelope came')
    }
    const waiting = this.register.take(DEMO_REGISTER, { waitSeconds: 20 })
    const awaited = await this.envelope(3000)
    keep('awaited', awaited)
    await this.portal.put(awaited)
    await waiting
    const expired = await this.envelope(3000, 1)
    keep('expired', expired)
    await this.portal.put(expired)
    if ((await this.portal.outcome(expired.id, 20, 'settled'))?.outcome !== 'expired') throw new Error('did not expire')
    // ids are used once; a broken frame is none
    const repeated = { ...(await this.envelope(3000)), id: awaited.id }
    const broken = await this.envelope(3000)
    broken.body[0] = 0
    for (const [name, one] of [
      ['broken', broken],
      ['repeated', { ...repeated, body: awaited.body }],
    ] as const) {
      // prettier-ignore
      keep(name, one)
      const refused = await this.portal.put(one).catch((error: unknown) => error)
      if (!(refused instanceof TransportError) || refused.status === undefined) throw new Error('was not refused')
    }
    return canaries
  }

  async #post(body: Uint8Array): Promise<Uint8Array> {
    const reply = await fetch(`${this.url}/osci/recipient`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/xml' },
      body: Buffer.from(body),
    })
    return new Uint8Array(await reply.arrayBuffer())
  }

  /** One processDelivery, answered by the register with `answer`. */
  async ride(spec: DeliverySpec, answer: string): Promise<ReadAnswer> {
    const ridden = this.#post(await buildDelivery({ document: certificateRequest(), ...spec }, this.demo.keys))
    const request = await this.register.take(DEMO_REGISTER, { waitSeconds: 30 })
    await request?.notice({ reasons: [{ code: 'X001', text: answer }] })
    await request?.result({ document: text(`<antwort>${answer}</antwort>`) })
    return readAnswer(await ridden, this.demo.keys)
  }

  /** A message that is refused. @returns what a peer reads, or the bytes of a fault. */
  async refused(message: Uint8Array): Promise<string> {
    const bytes = await this.#post(message)
    const { texts, fault } = await readAnswer(bytes, this.demo.keys)
    return fault === undefined ? texts.join('\n') : Buffer.from(bytes).toString('latin1')
  }

  /** Deliveries with a canary in every place that is sealed from others, and what was answered to those that are refused. */
  async sendDeliveries(): Promise<{
    readonly canaries: Readonly<Record<string, string>>
    readonly answers: readonly string[]
    readonly codes: readonly string[]
  }> {
    const [document, attachment, attachmentName, subject, answer, wrong, foreign, garbage] = Array.from({ length: 8 }, canary)
    const canaries = { document, attachment, attachmentName, subject, answer, wrong, foreign, garbage } as Record<string, string>
    const { codes } = await this.ride(
      {
        document: certificateRequest({ familienname: document ?? '' }),
        attachments: [{ name: attachmentName ?? '', bytes: text(attachment ?? '') }],
        subject: subject ?? '',
      },
      answer ?? '',
    )
    const seal = (spec: DeliverySpec) => buildDelivery(spec, this.demo.keys)
    const invalid = new TextDecoder()
      .decode(certificateRequest({ familienname: wrong ?? '' }))
      .replace('<xp:vornamen>', '<xp:vornamen><xp:zuviel/>')
    const answers = [
      await this.refused(await seal({ type: 'acceptDelivery', document: text(invalid) })),
      await this.refused(
        await seal({
          document: certificateRequest({ familienname: foreign ?? '' }),
          signer: this.demo.keys['portal-author'],
          subject: foreign ?? '',
        }),
      ),
      await this.refused(text(`<${garbage ?? ''}>`)),
      await fetch(`${this.url}/core/v1/mailboxes/${garbage ?? ''}/take`, { method: 'POST' }).then((reply) => reply.text()),
    ]
    return { canaries, answers, codes }
  }

  /** Other people's messages: what is used again is overwritten, and what the next call replaces is replaced. */
  async otherTraffic(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await this.ride({ subject: 'Ruhe', attachments: [{ name: `ruhe-${randomUUID()}`, bytes: random(100) }] }, 'Ruhe')
      await this.portal.put(await this.envelope(400_000))
      await this.register.take(DEMO_REGISTER, { waitSeconds: 20 })
    }
  }

  /** Every file below the directory but keys, which the operator wrote, and configuration. */
  files(): string[] {
    return readdirSync(this.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('keys'))
      .map((entry) => join(entry.parentPath, entry.name))
  }
}
