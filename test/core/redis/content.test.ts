// SPDX-License-Identifier: EUPL-1.2
/**
 * What of an envelope can be seen at the server, while it lies there and afterwards.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import type { Redis } from 'ioredis'
import { BOX, envelope, failure, LEASED, MAILBOXES, newId, taken } from '../opened.js'
import { generateEnvelopeKey, importSigningKey } from '../../../src/envelope/keys.js'
import { sealEnvelope } from '../../../src/envelope/seal.js'
import { needsCommand } from '../../needs.js'
import { until } from '../../until.js'
import { newPrefix, openNode, RedisServer } from './server.js'

/** Everything the server holds, keys and values. */
async function everything(client: Redis): Promise<string> {
  const parts: string[] = []
  const binary = async (command: string, ...args: string[]): Promise<void> => {
    const value: unknown = await client.callBuffer(command, args)
    const walk = (one: unknown): void => {
      if (Array.isArray(one)) one.forEach(walk)
      else parts.push(Buffer.isBuffer(one) ? one.toString('latin1') : String(one))
    }
    walk(value)
  }
  const read: Readonly<Record<string, (key: string) => Promise<void>>> = {
    string: (key) => binary('GET', key),
    hash: (key) => binary('HGETALL', key),
    list: (key) => binary('LRANGE', key, '0', '-1'),
    set: (key) => binary('SMEMBERS', key),
    zset: (key) => binary('ZRANGE', key, '0', '-1'),
  }
  for (const key of await client.keys('*')) {
    parts.push(key)
    await read[await client.type(key)]?.(key)
  }
  return parts.join('\n')
}

describe('content at the server of a core in Redis', () => {
  let redis: RedisServer
  let client: Redis

  before(async function () {
    needsCommand(this, 'redis-server', '--version')
    redis = await RedisServer.start()
    client = redis.client()
  })
  after(async () => {
    client?.disconnect()
    await redis?.stop()
  })

  const closing: (() => unknown)[] = []

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  async function open() {
    const core = await openNode(redis.url, newPrefix(), { handoverSeconds: 5 })
    closing.push(() => core.close())
    for (const [address, policy] of Object.entries(MAILBOXES)) await core.openMailbox(address, 'register-1', policy)
    return core
  }

  it('C5 J4 holds sealed bytes until the claim or the end, and none of them afterwards', async () => {
    const core = await open()
    const canary = () => `CANARY-${randomBytes(8).toString('hex')}`
    const ends: readonly [string, string, (id: string) => Promise<unknown>][] = [
      ['taken', BOX, async () => taken(core)],
      ['confirmed lease', LEASED, async () => (await taken(core, LEASED)).confirm()],
      ['refused lease', LEASED, async () => (await taken(core, LEASED)).refuse('X001')],
      ['withdrawn', BOX, (id) => core.withdraw(id)],
      ['expired', BOX, (id) => core.settled(id, 20_000)],
    ]
    for (const [what, to, end] of ends) {
      const mark = canary()
      const sent = envelope({ to, ttlSeconds: what === 'expired' ? 1 : 10, body: new TextEncoder().encode(mark.repeat(50)) })
      await core.put(sent)
      expect(await everything(client), `${what}: it lies there`).to.contain(mark)
      await end(sent.id)
      expect(await everything(client), what).to.not.contain(mark)
    }
  })

  it('C5 lets every key go by itself when no node looks after it any more, sealed bytes first', async () => {
    const core = await open()
    await core.put(envelope({ replyTo: 'reply.' + newId() }))
    await core.put(envelope({ to: LEASED, ttlSeconds: 60 }))
    await taken(core, LEASED)
    await core.put(envelope())
    await (await taken(core)).confirm()
    await core.reserve(BOX, 'portal-1', 100)
    await core.once.enter('a', 1000, 'p')
    await until(async () => (await client.pttl((await client.keys('*:hz'))[0] ?? '')) > 0, 'the sweeper came by')
    for (const key of await client.keys('*')) {
      const ms = await client.pttl(key)
      expect(ms, key).to.be.greaterThan(0)
      if (/:[bc]:/.test(key)) expect(ms, key).to.be.at.most(70_000)
    }
  })

  it('L1 names no content, id, mailbox or sender in an error', async () => {
    const core = await open()
    const mark = 'CANARY-IN-AN-ERROR'
    const body = () => new TextEncoder().encode(mark.repeat(1000))
    await client.config('SET', 'maxmemory', '1')
    const id = newId()
    const error = await core.put(envelope({ id, sender: 'portal-77', body: body() })).catch((reason: unknown) => reason)
    await client.config('SET', 'maxmemory', '0')
    const shown = inspect(error, { depth: 20, showHidden: true })
    for (const secret of [mark, id, BOX, 'portal-77']) expect(shown).to.not.contain(secret)
    await core.put(envelope({ id, body: body() }))
    // a step that fails in the middle
    const [key = ''] = await client.keys(`*:e:${id}`)
    await client.set(key, 'damaged')
    const damaged = await core.take(BOX, 0).catch((reason: unknown) => reason)
    expect(inspect(damaged, { depth: 20 }))
      .to.contain('AnswerLost')
      .and.not.contain(mark)
      .and.not.contain(id)
  })

  it('J4 MONITOR shows sealed bytes only as the argument of their upload, and never what was sealed', async () => {
    const core = await open()
    const seen: string[] = []
    const watching = redis.client()
    closing.push(() => watching.disconnect())
    const monitor = await watching.monitor()
    closing.push(() => monitor.disconnect())
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')))
    const plain = 'PLAIN-CANARY-ERIKA-MUSTERMANN'
    const [reader, sender] = [await generateEnvelopeKey('enc'), await generateEnvelopeKey('sig')]
    const id = newId()
    const sealed = await sealEnvelope(
      {
        header: { id, to: BOX, ttlSeconds: 10 },
        kind: 'message',
        sender: 'portal-1',
        createdAt: new Date().toISOString(),
        subject: plain,
        parts: [{ name: 'document', role: 'document', mediaType: 'application/xml', bytes: new TextEncoder().encode(plain) }],
      },
      { recipient: reader.publicJwk, sender: await importSigningKey(sender.privateJwk) },
      (bytes) => new Uint8Array(randomBytes(bytes)),
    )
    const mark = 'SEALED-CANARY'
    await core.put(envelope({ id, body: sealed }))
    await (await taken(core)).confirm()
    await core.put(envelope({ body: new TextEncoder().encode(mark) }))
    await (await taken(core)).confirm()
    await until(() => seen.some((line) => line.includes(mark)), 'it was seen')
    expect(seen.join('\n')).to.not.contain(plain)
    expect(seen.filter((line) => line.includes(mark)).map((line) => line.split(' ')[0]?.toLowerCase())).to.deep.equal(['mset'])
  })

  it('refuses a mailbox that another node opened for somebody else', async () => {
    const prefix = newPrefix()
    const [one, two] = [await openNode(redis.url, prefix), await openNode(redis.url, prefix)]
    closing.push(() => Promise.all([one.close(), two.close()]))
    await one.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    expect(await failure(two.openMailbox(BOX, 'register-2', { ttlSeconds: 10, handover: 'at-most-once' }))).to.equal('duplicate')
  })
})
