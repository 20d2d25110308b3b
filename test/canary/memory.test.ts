// SPDX-License-Identifier: EUPL-1.2
/**
 * Canaries in contents: sent through real processes, looked for everywhere afterwards (threat model C5, J4, L1).
 *
 * What is claimed: nothing that is alive holds a content, neither a string nor a buffer; of the core's envelopes no byte is left in the
 * whole process. What is not claimed: that the runtime has overwritten what it has freed of texts the gateway had to read (SECURITY.md).
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { KeysFile } from '../../src/cli/participant/keys-file.js'
import { BOX, Setup } from '../gateway/core-api-setup.js'
import { canary, GatewayHouse } from './gateway-house.js'
import { masked, scanFile, Watched, type Canaries, type Found } from './watched.js'
import { needsLinux } from '../needs.js'

const isLinux = process.platform === 'linux'

/** A feed never ends: what it says at first is enough. */
async function beginningOf(url: string): Promise<string> {
  let text = ''
  try {
    const { body } = await fetch(url, { signal: AbortSignal.timeout(5000) })
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString()
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error
  }
  return text
}

describe('canaries in gateway and core', function () {
  this.timeout(300_000)
  let house: GatewayHouse
  let envelopes: Canaries
  let sent: Awaited<ReturnType<GatewayHouse['sendDeliveries']>>
  let found: Found
  before(async () => {
    house = await GatewayHouse.start()
    // whatever is loaded at first use is loaded now
    await house.otherTraffic()
    envelopes = await house.sendEnvelopes()
    sent = await house.sendDeliveries()
    await house.otherTraffic()
    found = await house.watched.search({ ...envelopes, ...sent.canaries })
  })
  after(() => house.stop())

  const isEnvelope = (name: string): boolean => Object.hasOwn(envelopes, name)

  it('went through: the delivery was answered, the others refused', () => {
    expect(sent.codes).to.deep.equal(['0800'])
    expect(sent.answers).to.have.length(4)
    expect(Object.keys(envelopes)).to.have.length(18)
  })

  it('C5 core: after settlement, expiry or refusal no byte of an envelope is left in the whole process', function () {
    needsLinux(this)
    expect(found.memory.filter(isEnvelope)).to.deep.equal([])
    expect([...found.snapshot, ...found.buffers].filter(isEnvelope)).to.deep.equal([])
  })

  it('C5 gateway, terminating: after settlement no content is alive in a heap snapshot or in any buffer', () => {
    expect(found.snapshot).to.deep.equal([])
    expect(found.buffers).to.deep.equal([])
  })

  it('L1 no content in log, metrics, admin pages, outcome records or answers to refused messages', async () => {
    const paths = ['/metrics', '/readyz', '/healthz', '/operator/', '/operator/snapshot', '/operator/feed']
    const pages = await Promise.all(paths.map((path) => beginningOf(house.admin + path)))
    expect(pages[0]).to.contain('protektor_deliveries_total')
    const log = house.watched.output
    expect(log).to.contain('"event":"delivery"')
    const { id } = await putAndTake(house)
    const outcome = JSON.stringify(await house.portal.outcome(id, 5, 'settled'))
    const signed = /"jws":"[^.]+\.([^.]+)\./.exec(outcome)?.[1] ?? ''
    const record = outcome + Buffer.from(signed, 'base64url').toString()
    expect(record).to.contain('delivered')
    for (const [name, value] of Object.entries(sent.canaries))
      for (const [place, text] of Object.entries({ log, record, pages: pages.join(), answers: sent.answers.join() }))
        expect(text.includes(value), `${name} in ${place}`).to.equal(false)
  })

  it('J4 nothing of a content or an envelope is on disk: store, used ids, temporary files', () => {
    const files = house.files()
    expect(
      files.some((file) => file.endsWith('data.mdb')),
      files.join(),
    ).to.equal(true)
    const all = { ...envelopes, ...sent.canaries }
    for (const file of files) expect(scanFile(file, all, [[0, statSync(file).size]]), file).to.deep.equal([])
    const control = join(house.directory, 'control')
    writeFileSync(control, 'x' + (sent.canaries.document ?? ''))
    expect(scanFile(control, all, [[0, statSync(control).size]])).to.deep.equal(['document'])
  })

  it('C5 the search finds what is held, as a string, in a buffer, in memory, and no longer when it is let go', async () => {
    const [asString, asBuffer] = [canary(), canary()]
    await house.watched.ask({ call: 'hold', as: 'string', masked: masked(asString) })
    await house.watched.ask({ call: 'hold', as: 'buffer', masked: masked(asBuffer) })
    const held = await house.watched.search({ asString, asBuffer })
    expect(held).to.deep.equal({ snapshot: ['asString'], buffers: ['asBuffer'], memory: isLinux ? ['asBuffer', 'asString'] : [] })
    await house.watched.ask({ call: 'drop' })
    const { snapshot, buffers } = await house.watched.search({ asString, asBuffer })
    expect({ snapshot, buffers }).to.deep.equal({ snapshot: [], buffers: [] })
  })

  it('C5 serve: the kernel leaves private memory out of core dumps, and SIGUSR1 opens no debugger', async function () {
    needsLinux(this)
    const { pid } = house.watched.child
    expect(Number.parseInt(readFileSync(`/proc/${String(pid)}/coredump_filter`, 'utf8'), 16)).to.equal(0)
    process.kill(pid ?? 0, 'SIGUSR1')
    await putAndTake(house)
    expect(house.watched.output).to.not.contain('Debugger')
    expect(house.watched.output).to.not.contain('WARNING: the option')
  })
})

async function putAndTake(house: GatewayHouse): Promise<{ id: string }> {
  const one = await house.envelope(100)
  await house.portal.put(one)
  await house.register.take(one.to, { waitSeconds: 20 })
  return one
}

describe('canaries in a client', function () {
  this.timeout(300_000)
  let setup: Setup
  let directory: string
  let watched: Watched
  before(async () => {
    setup = await Setup.start()
    directory = mkdtempSync(join(tmpdir(), 'protektor-canary-'))
    const { portal, register } = setup
    const keys: KeysFile = {
      participant: portal.id,
      sign: portal.sig.privateJwk,
      recipient: register.enc.publicJwk,
      senders: [{ id: register.id, jwks: register.jwks }],
      url: setup.url,
    }
    writeFileSync(join(directory, 'portal.json'), JSON.stringify(keys), { mode: 0o600 })
    watched = new Watched('client-child.ts', [join(directory, 'portal.json'), BOX], directory)
    await watched.said(/ready/)
  })
  after(async () => {
    await watched.stop()
    await setup.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  /** One question of the client, answered in all ways. */
  async function ask(question: string, answer: string): Promise<void> {
    const register = await setup.client(setup.register)
    const asked = watched.ask({ call: 'ask', masked: masked(`<frage>${question}</frage>`) })
    const request = await register.take(BOX, { waitSeconds: 30 })
    expect(Buffer.from(request?.document ?? []).toString()).to.equal(`<frage>${question}</frage>`)
    await request?.notice({ reasons: [{ code: 'X001', text: answer }], document: Buffer.from(answer) })
    await request?.result({ document: Buffer.from(`<antwort>${answer}</antwort>`) })
    expect(await asked).to.deep.equal([1])
  }

  it('C5 client: when a question is over nothing of question and answer is alive, nor written or said', async () => {
    await ask('Ruhe', 'Ruhe')
    const [question, answer] = [canary(), canary()]
    await ask(question, answer)
    for (let i = 0; i < 3; i++) await ask('Ruhe', 'Ruhe')
    const { snapshot, buffers } = await watched.search({ question, answer })
    expect({ snapshot, buffers }).to.deep.equal({ snapshot: [], buffers: [] })
    expect(watched.output).to.not.contain(question).and.not.contain(answer)
  })
})
