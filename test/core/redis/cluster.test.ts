// SPDX-License-Identifier: EUPL-1.2
/**
 * Three servers that share the slots: the contract of the core holds there as well, and two nodes meet in every partition.
 * @module
 */
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import { systemClock } from '../../../src/core/adapters/timers.js'
import { memoryJournal } from '../../../src/core/outcomes.js'
import type { CoreEvent } from '../../../src/core/ports.js'
import { needsCommand } from '../../needs.js'
import { until } from '../../until.js'
import { coreContract } from '../contract.js'
import { envelope } from '../opened.js'
import { later, newPrefix, openNode, RedisServer } from './server.js'
import { freePort } from '../../free-port.js'

const SLOTS = 16_384
const SERVERS = 3

describe('core in a Redis cluster', function () {
  this.timeout(120_000)
  const servers: RedisServer[] = []

  before(async function () {
    needsCommand(this, 'redis-server', '--version')
    for (let i = 0; i < SERVERS; i += 1)
      servers.push(await RedisServer.start('--cluster-enabled', 'yes', '--cluster-port', String(await freePort())))
    const clients = servers.map((server) => server.client())
    try {
      const [first] = clients
      for (const [i, client] of clients.entries()) {
        const [from, end] = [Math.ceil((i * SLOTS) / SERVERS), Math.ceil(((i + 1) * SLOTS) / SERVERS)]
        await client.call('CLUSTER', 'ADDSLOTSRANGE', from, end - 1)
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
        const port = /tcp_port:(\d+)/.exec(await client.info('server'))?.[1] ?? ''
        const bus = String((await client.config('GET', 'cluster-port'))[1])
        if (first !== undefined && first !== client) await first.call('CLUSTER', 'MEET', '127.0.0.1', port, bus)
      }
      const isWhole = async (client: Redis) => {
        const info = String(await client.call('CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${SERVERS}`)
      }
      await until(async () => (await Promise.all(clients.map(isWhole))).every(Boolean), 'the cluster is whole')
    } finally {
      for (const client of clients) client.disconnect()
    }
  })
  after(async () => {
    for (const server of servers) await server.stop()
  })

  const urls = (): { urls: readonly string[]; cluster: true } => ({ urls: servers.map(({ url }) => url), cluster: true })

  coreContract('Redis cluster', async (limits, mailboxes) => {
    const events: CoreEvent[] = []
    const journal = memoryJournal({ ...MEMORY_CORE_LIMITS, ...limits, clock: systemClock, node: 'node-1' })
    const core = await openNode('', newPrefix(), { ...limits, ...urls(), journal, observe: (event) => events.push(event) })
    for (const [address, policy] of Object.entries(mailboxes)) await core.openMailbox(address, 'register-1', policy)
    return { core, events, pass: later, close: () => core.close() }
  })

  it('C1 put at one node, taken at the other, which waited; in mailboxes of every server', async () => {
    const prefix = newPrefix()
    const [one, two] = await Promise.all([openNode('', prefix, urls()), openNode('', prefix, urls())])
    try {
      const boxes = Array.from({ length: 24 }, (_, i) => `box.${i}`)
      for (const core of [one, two])
        for (const box of boxes) await core.openMailbox(box, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
      const waiting = boxes.map((box) => two.take(box, 10_000))
      const sent = boxes.map((to) => envelope({ to }))
      for (const each of sent) await one.put(each)
      const claims = await Promise.all(waiting)
      expect(claims.map((claim) => claim?.envelope.id)).to.deep.equal(sent.map(({ id }) => id))
      for (const claim of claims) await claim?.confirm()
      for (const { id } of sent) expect((await one.settled(id, 5000))?.outcome).to.equal('delivered')
      const keys = await Promise.all(
        servers.map(async (server) => {
          const client = server.client()
          const size = await client.dbsize()
          client.disconnect()
          return size
        }),
      )
      for (const size of keys) expect(size, 'every server has its part').to.be.greaterThan(0)
    } finally {
      await Promise.all([one.close(), two.close()])
    }
  })

  it('is the user of the address at servers, too, that no address names', async () => {
    const clients = servers.map((server) => server.client())
    for (const client of clients) await client.call('ACL', 'SETUSER', 'core', 'on', '>secret', '~*', '&*', '+@all')
    const first = servers[0]?.url.replace('//', '//core@') ?? ''
    const core = await openNode('', newPrefix(), { urls: [first], cluster: true, password: 'secret' })
    try {
      for (const box of Array.from({ length: 24 }, (_, i) => `box.${i}`))
        await core.openMailbox(box, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
      for (const client of clients) expect(String(await client.call('CLIENT', 'LIST'))).to.contain(' user=core ')
    } finally {
      await core.close()
      for (const client of clients) client.disconnect()
    }
  })

  /** Deletes on whichever server holds it. */
  async function lose(matches: (key: string) => boolean): Promise<void> {
    let lost = 0
    for (const server of servers) {
      const client = server.client()
      for (const key of (await client.keys('*')).filter(matches)) lost += await client.del(key)
      client.disconnect()
    }
    expect(lost).to.be.greaterThan(0)
  }

  it('C6 knows what it accepted when the server of the index was lost, also after its restart; and what is lost itself is unknown', async () => {
    const prefix = newPrefix()
    const journal = memoryJournal({ ...MEMORY_CORE_LIMITS, outcomeSeconds: 60, clock: systemClock, node: 'node-1' })
    const policy = { ttlSeconds: 20, handover: 'at-most-once' } as const
    const open = () => openNode('', prefix, { ...urls(), journal })
    let core = await open()
    try {
      await core.openMailbox('box', 'register-1', policy)
      const [kept, lost] = [envelope({ to: 'box', ttlSeconds: 20 }), envelope({ to: 'box', ttlSeconds: 20 })]
      for (const each of [kept, lost]) await core.put(each)
      await lose((key) => key.startsWith(`${prefix}:i:`))
      for (const { id } of [kept, lost]) expect((await core.outcome(id))?.outcome, 'without index').to.equal('waiting')
      await core.close()
      await lose((key) => key.endsWith(`:e:${lost.id}`))
      core = await open()
      expect((await core.outcome(kept.id))?.outcome, 'found again').to.equal('waiting')
      expect(await core.settled(lost.id, 5000)).to.include({ outcome: 'unknown', sender: 'portal-1' })
      const claim = await core.take('box', 0)
      expect(claim?.envelope.id, 'what is lost is not handed out').to.equal(kept.id)
      await claim?.confirm()
      expect((await core.settled(kept.id, 5000))?.outcome).to.equal('delivered')
    } finally {
      await core.close()
    }
  })
})
