// SPDX-License-Identifier: EUPL-1.2
/**
 * A gateway that is killed in the middle of storing, fetching and mediating: what it acknowledged stands on its cards, nothing is said
 * delivered that was not, nothing is delivered twice, and used ids stay used (threat model P1, C6).
 * @module
 */
import { expect } from 'chai'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OsciCallError } from '../../../src/client/osci/ports.js'
import { generateEnvelopeKey } from '../../../src/envelope/keys.js'
import { freePort } from '../../free-port.js'
import { cardsOf, clientOf, keysOf, newDirectory, openThreatHouse, writeHouse } from './house.js'
import { openPassive, passiveAnswer } from './passive.js'
import { build, delivery, errorsOf, fetchedId, issueId, post, RawDialog, tell } from './raw.js'

const CHILD = fileURLToPath(new URL('gateway-child.ts', import.meta.url))
const ROUNDS = 2

/** Resolves when the child listens. */
async function started(configFile: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, configFile], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('close', () => reject(new Error('the gateway did not start')))
  })
  return child
}

const isBroken = (error: unknown): boolean => error instanceof TypeError && error.message === 'terminated'

/** Repeats until the gateway is gone. */
async function untilGone(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work()
  } catch (error) {
    // the connection broke; anything else is a failure of the test
    if (!(error instanceof TypeError && error.message === 'fetch failed') && !(error instanceof OsciCallError) && !isBroken(error))
      throw error
  }
}

describe('a killed gateway', () => {
  it('P1 has on its cards what it acknowledged, and delivers nothing twice', async () => {
    const directory = await newDirectory()
    const bobKeys = await keysOf('bob')
    const replay = new Map<string, Uint8Array>()
    const [acknowledged, confirmed, mediated] = [new Set<string>(), new Set<string>(), new Set<string>()]
    const [fetched, passed]: [string[], string[]] = [[], []]
    const passive = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks)
        void (async () => {
          const { order } = await openPassive(body)
          passed.push((order as { processCardBundle: { messageId: string } }).processCardBundle.messageId)
          response.end(await passiveAnswer(body, { content: 'reply' }))
        })()
      })
    })
    await new Promise<void>((resolve) => passive.listen(0, '127.0.0.1', resolve))
    const passiveUrl = `http://127.0.0.1:${(passive.address() as AddressInfo).port}`
    const key = await generateEnvelopeKey('enc')
    await writeFile(join(directory, 'register.json'), JSON.stringify({ keys: [key.publicJwk] }))
    for (let round = 0; round < ROUNDS; round++) {
      const port = await freePort()
      const child = await started((await writeHouse(directory, port, passiveUrl)).configFile)
      const url = `http://127.0.0.1:${port}/osci/intermediary/strict`
      const [alice, bob] = [await clientOf(url, 'alice'), await clientOf(url, 'bob')]
      const storing = untilGone(async () => {
        const messageId = await issueId(alice)
        const bytes = await build(alice, 'storeDelivery', undefined, await delivery(alice, bobKeys, messageId))
        replay.set(messageId, bytes)
        if (errorsOf(await tell(alice, await post(url, bytes))).length === 0) acknowledged.add(messageId)
      })
      const fetching = untilGone(async () => {
        const dialog = await RawDialog.open(bob)
        let held: string | undefined
        for (let n = 0; n < 5; n++) {
          const told = await dialog.ask('fetchDelivery')
          if (held !== undefined) confirmed.add(held)
          held = fetchedId(told)
          if (held !== undefined) fetched.push(held)
        }
        if ((await dialog.ask('exitDialog')).codes.includes('0800') && held !== undefined) confirmed.add(held)
      })
      const mediating = untilGone(async () => {
        const dialog = await RawDialog.open(alice)
        const messageId = await issueId(alice)
        const parts = await alice.content({ document: randomBytes(9), addressee: (await keysOf('town')).cipher.certificate })
        const told = await dialog.ask('mediateDelivery', { order: { messageId, contentReceiver: { uri: `${passiveUrl}/good` } }, parts })
        if (errorsOf(told).length === 0) mediated.add(messageId)
      })
      const goal = round + 1
      while (Math.min(acknowledged.size, confirmed.size, mediated.size) < goal && child.exitCode === null)
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), Promise.all([storing, fetching, mediating])])
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 700))
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
      await Promise.all([storing, fetching, mediating])
      alice.close()
      bob.close()
    }
    expect(Math.min(acknowledged.size, confirmed.size, mediated.size)).to.be.greaterThan(0)
    expect(new Set(fetched).size).to.equal(fetched.length)
    expect(new Set(passed).size).to.equal(passed.length)

    const cards = await cardsOf(directory)
    for (const id of [...acknowledged, ...mediated]) expect(cards.has(id), id).to.equal(true)
    for (const id of [...confirmed, ...mediated]) expect(cards.get(id)?.reception, id).not.to.equal(undefined)
    const had = new Set([...fetched, ...passed])
    // a reply's own card knows who was handed it: the client that mediated
    for (const [id, card] of cards) if (card.reception && (replay.has(id) || passed.includes(id))) expect(had.has(id), id).to.equal(true)

    const house = await openThreatHouse({ directory })
    try {
      const [alice, bob] = [await house.client('alice', 'strict'), await house.client('bob', 'strict')]
      const again: string[] = []
      for (const [id, bytes] of [...replay].slice(-25)) {
        const codes = errorsOf(await tell(alice, await post(alice.peer.url, bytes)))
        if (acknowledged.has(id) || cards.has(id)) expect(codes, id).to.deep.equal(['9801'])
        else if (codes.length === 0) again.push(id)
      }
      // only what had no card is there now: its first delivery
      const dialog = await RawDialog.open(bob)
      const now: string[] = []
      for (let id = fetchedId(await dialog.ask('fetchDelivery')); id !== undefined; id = fetchedId(await dialog.ask('fetchDelivery')))
        now.push(id)
      expect(now.sort()).to.deep.equal(again.sort())
      await dialog.ask('exitDialog')
      for (const [id, card] of cards) {
        if (card.reception || !replay.has(id)) continue
        const asking = await RawDialog.open(alice)
        const told = await asking.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [id] } } })
        expect(JSON.stringify(told.message?.order), id).not.to.contain('"reception"')
        break
      }
    } finally {
      await house.close()
      passive.closeAllConnections()
      passive.close()
    }
    for (const card of (await cardsOf(directory)).values()) expect(card.state).not.to.equal('stored')
  }).timeout(60_000)
})
