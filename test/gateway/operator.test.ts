// SPDX-License-Identifier: EUPL-1.2
/**
 * Metrics and the operator's feed: fed by what happens, bounded, and without anything that L1 forbids.
 * @module
 */
import { expect } from 'chai'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import type { CoreEvent, CoreFigures } from '../../src/core/ports.js'
import { coreCounter } from '../../src/gateway/core-counter.js'
import { knownMailboxesOnly, type GatewayFigures } from '../../src/gateway/figures.js'
import { gatewayMetrics, type MetricCounts } from '../../src/gateway/metrics.js'
import { COUNTED, DWELL_BUCKETS, READ } from '../../src/gateway/metrics-table.js'
import { MAX_LISTENERS, MAX_MAILBOXES, operatorFeed, sampleOf, type FeedMessage } from '../../src/gateway/operator-feed.js'
import { until } from '../until.js'
import { echo, openHouse, removeDirectories, type House } from './support.js'

const CORE: CoreFigures = {
  adapter: 'memory',
  state: 'ok',
  bytes: 7,
  maxBytes: 100,
  envelopes: 3,
  waiters: 2,
  outcomes: 5,
  waiting: { 'ags:1': 2, reply: 1 },
}

const figuresWith = (more: Partial<GatewayFigures> = {}): GatewayFigures => ({
  version: '0',
  startedAt: '2026-01-01T00:00:00.000Z',
  state: 'ready',
  core: CORE,
  parts: [{ part: 'core', name: 'memory', state: 'ok' }],
  endpoints: [{ path: '/osci/recipient', role: 'passiveRecipient', mode: 'blind' }],
  certificates: [{ keyring: 'town', use: 'cipher', notAfter: '2026-01-02T00:00:00.000Z' }],
  warnings: [],
  schemaThreads: 1,
  ...more,
})

const none: MetricCounts = { deliveries: {}, refusals: {}, dwell: DWELL_BUCKETS.map(() => 0).concat(0) }

const settled = (mailbox: string, outcome: 'delivered' | 'expired', dwellMs: number): CoreEvent => ({
  kind: 'settled',
  id: 'x',
  mailbox,
  outcome,
  dwellMs,
})

describe('metrics', () => {
  it('counts what the core does: outcomes as role core, times of hand-overs and of what nobody took, slow pollers apart', async () => {
    const metrics = gatewayMetrics()
    const observe = coreCounter(metrics, new Set(['slow']))
    observe({ kind: 'put', id: 'x', mailbox: 'ags:1', bytes: 10 })
    observe({ kind: 'claimed', id: 'x', mailbox: 'ags:1', dwellMs: 3 })
    observe(settled('ags:1', 'delivered', 9))
    observe(settled('reply', 'expired', 10_000))
    observe({ kind: 'claimed', id: 'x', mailbox: 'slow', dwellMs: 1_800_000 })
    const counts = await metrics.counts()
    expect(counts.deliveries).to.deep.equal({ core: { delivered: 1, expired: 1 } })
    expect(counts.dwell.map((count, index) => (count > 0 ? DWELL_BUCKETS[index] : undefined)).filter(Boolean)).to.deep.equal([0.005, 10])
    const { body } = await metrics.text()
    expect(body).to.contain('protektor_dwell_seconds_count 2')
    expect(body).to.contain('protektor_slow_poller_dwell_seconds_count 1')
  })

  it('reads gauges anew at each scrape: what is gone is not shown at its last value', async () => {
    const metrics = gatewayMetrics(() => new Date('2026-01-01T00:00:00.000Z'))
    expect((await metrics.text()).body).not.to.match(/^protektor_core_waiting\{/m)
    let now = figuresWith()
    metrics.watch(() => Promise.resolve(now))
    const { body } = await metrics.text()
    for (const line of [
      'protektor_state{state="ready"} 1',
      'protektor_part_state{part="core",name="memory",state="ok"} 1',
      'protektor_endpoint_mode{endpoint="/osci/recipient",role="passiveRecipient",mode="blind"} 1',
      'protektor_core_bytes 7',
      'protektor_core_bytes_max 100',
      'protektor_core_envelopes 3',
      'protektor_core_waiting{mailbox="ags:1"} 2',
      'protektor_core_waiting{mailbox="reply"} 1',
      'protektor_core_waiters 2',
      'protektor_core_outcomes 5',
      'protektor_certificate_expiry_seconds{keyring="town",use="cipher"} 86400',
      'protektor_schema_threads 1',
    ])
      expect(body.split('\n'), line).to.include(line)
    now = figuresWith({ state: 'draining', core: { ...CORE, waiting: { reply: 0 } } })
    const later = (await metrics.text()).body
    expect(later).to.contain('protektor_state{state="draining"} 1').and.not.contain('{state="ready"}')
    expect(later).not.to.contain('mailbox="ags:1"')
  })

  it('L1 keeps label values bounded, whatever is counted', async () => {
    const metrics = gatewayMetrics()
    for (let i = 0; i < 1000; i++) metrics.refusal(`code-${i}`)
    const codes = Object.entries((await metrics.counts()).refusals)
    expect(codes.length).to.be.at.most(257)
    expect(codes.reduce((sum, [, count]) => sum + count, 0)).to.equal(1000)
    expect(codes.find(([code]) => code === 'other')?.[1]).to.equal(1000 - 256)
  })

  it('L1 names configured mailboxes only', () => {
    const waiting = { 'ags:1': 2, 'ags:of-another-node': 3, 'ags:2-of-another-node': 1, reply: 4 }
    const { waiting: shown } = knownMailboxesOnly({ ...CORE, waiting }, new Set(['ags:1', 'ags:quiet']))
    expect(shown).to.deep.equal({ 'ags:1': 2, 'ags:quiet': 0, other: 4, reply: 4 })
  })
})

describe('operator feed', () => {
  /** A feed whose seconds a test lets pass. */
  async function feedBy(counts: () => MetricCounts, figures: () => GatewayFigures = figuresWith) {
    let nowMs = 0
    let tick: () => Promise<void> = () => Promise.resolve()
    let stopped = false
    const feed = await operatorFeed({
      clock: { now: () => new Date(nowMs), monotonicMs: () => nowMs },
      figures: () => Promise.resolve(figures()),
      counts: () => Promise.resolve(counts()),
      loopDelayMs: () => 4,
      startTicker: (each) => {
        tick = each
        return () => (stopped = true)
      },
    })
    const pass = async (seconds = 1) => {
      nowMs += seconds * 1000
      await tick()
    }
    return { feed, pass, stopped: () => stopped }
  }

  it('tells what was added since the sample before, and how long that was', async () => {
    let counts: MetricCounts = { ...none, deliveries: { core: { delivered: 5 } } }
    const { feed, pass } = await feedBy(() => counts)
    counts = {
      deliveries: { core: { delivered: 7, expired: 1 }, wayOut: { done: 1 } },
      refusals: { '9805': 2, '401': 1 },
      dwell: [2, ...none.dwell.slice(1)],
    }
    await pass(2.5)
    await pass()
    const { samples, meanings, dwellBuckets } = feed.snapshot()
    expect(samples).to.have.length(2)
    expect(samples[0]).to.deep.equal({
      at: 2500,
      seconds: 2.5,
      deliveries: { core: { delivered: 2, expired: 1 }, wayOut: { done: 1 } },
      refusals: { '9805': 2, '401': 1 },
      dwell: counts.dwell,
      waiting: { 'ags:1': 2, reply: 1 },
      bytes: 7,
      envelopes: 3,
      waiters: 2,
      loopDelayMs: 4,
    })
    expect(samples[1]).to.deep.include({ deliveries: {}, refusals: {}, dwell: [], seconds: 1 })
    expect(Object.keys(meanings)).to.deep.equal(['9805'])
    expect(dwellBuckets).to.have.length(none.dwell.length - 1)
  })

  it('keeps 15 minutes, and of the mailboxes the fullest', async () => {
    const { feed, pass } = await feedBy(() => none)
    for (let i = 0; i < 905; i++) await pass()
    const { samples } = feed.snapshot()
    expect([samples.length, samples[0]?.at, samples.at(-1)?.at]).to.deep.equal([900, 6000, 905_000])
    const waiting = Object.fromEntries(Array.from({ length: 200 }, (_, count) => [`ags:${count}`, count]))
    const crowded = sampleOf(figuresWith({ core: { ...CORE, waiting } }), none, none, { at: 0, seconds: 1, loopDelayMs: 0 })
    expect(Object.keys(crowded.waiting)).to.have.length(MAX_MAILBOXES)
    expect(Math.min(...Object.values(crowded.waiting))).to.equal(150)
  })

  it('gives a new listener all that is kept, then each sample; turns one too many away; ends with close', async () => {
    const { feed, pass, stopped } = await feedBy(() => none)
    await pass()
    await pass()
    const heard: FeedMessage[] = []
    const ends = Array.from({ length: MAX_LISTENERS }, () => feed.listen((json) => heard.push(JSON.parse(json) as FeedMessage)))
    expect(ends.every((end) => end !== undefined)).to.equal(true)
    expect(feed.listen(() => undefined)).to.equal(undefined)
    for (const end of ends.slice(1)) end?.()
    await pass()
    expect(heard.map(({ samples }) => samples.length)).to.deep.equal([...ends.map(() => 2), 1])
    feed.close()
    await pass()
    expect(heard).to.have.length(MAX_LISTENERS + 1)
    expect(stopped()).to.equal(true)
  })
})

describe('operator page over HTTP', function () {
  this.timeout(60_000)
  let house: House
  const admin = (path: string, init?: RequestInit) => fetch(house.gateway.admin.url + path, init)

  before(async () => {
    house = await openHouse({
      endpointOptions: `    defaultMailbox: '${DEMO_REGISTER}'\n    unknownContent: pass`,
      peerOptions: '    signed: optional\n    encrypted: optional\n    legacy: { cbcContent: true }',
    })
    await house.serve(echo)
  })
  after(async () => {
    await house.close()
    await removeDirectories()
  })

  it('names each weak mode that was warned of at the start: in the log, in the metrics, on the page', async () => {
    const keys = [...new Set(house.gateway.warnings.map(({ key }) => key))]
    for (const mode of ['allowSmallOwnKeys', 'signed', 'encrypted', 'cbcContent', 'unknownContent'])
      expect(keys.filter((key) => key.endsWith(mode)).length, mode).to.equal(1)
    const metrics = await (await admin('/metrics')).text()
    const said = house.lines
      .map((line) => JSON.parse(line) as { level: number; event: string; findings?: string[] })
      .filter(({ level, event }) => level === 40 && event === 'configuration-warning')
    expect(said.map(({ findings }) => findings)).to.deep.equal(keys.map((key) => [key]))
    expect((metrics.match(/^protektor_configuration_warning\{.*\} 1$/gm) ?? []).length).to.equal(keys.length)
    const snapshot = (await (await admin('/operator/snapshot')).json()) as { figures: { warnings: string[] } }
    expect(snapshot.figures.warnings).to.deep.equal(keys)
  })

  it('gives auditors the outcome records after a number, and refuses every other question', async () => {
    for (const query of ['', '?after=0&limit=1', '?limit=1000']) expect((await admin(`/outcomes${query}`)).status, query).to.equal(200)
    for (const query of ['?afer=5', '?after=x', '?after=1&after=2', '?limit=0', '?limit=1001', '?after=0&more=1']) {
      const answer = await admin(`/outcomes${query}`)
      expect([answer.status, ((await answer.json()) as { code: string }).code], query).to.deep.equal([400, 'http.query'])
    }
  })

  it('shows every row of the table at /metrics, and nothing of ours beside it', async () => {
    const body = await (await admin('/metrics')).text()
    const shown = [...body.matchAll(/^# TYPE (protektor_\S+) /gm)].map((match) => match[1])
    expect(shown.sort()).to.deep.equal([...Object.values(COUNTED), ...READ].map(({ name }) => name).sort())
    expect(body).to.match(/^nodejs_eventloop_lag_seconds /m)
    expect(body).to.match(/^protektor_certificate_expiry_seconds\{keyring="town",use="reader"\} \d+/m)
    expect(body).to.contain('protektor_core_waiting{mailbox="ags:99001000"} 0')
  })

  it('counts deliveries of core and role, and refusals of OSCI, of the core API and before either', async () => {
    expect((await house.ride()).codes).to.include('0800')
    await (await house.post(Buffer.from('junk'))).arrayBuffer()
    await (await fetch(`${house.url}/core/v1/mailboxes/ags:99001000/take`, { method: 'POST' })).arrayBuffer()
    await (await fetch(`${house.url}/osci/recipient`)).arrayBuffer()
    const body = await (await admin('/metrics')).text()
    expect(body).to.match(/^protektor_deliveries_total\{role="core",outcome="delivered"\} 2$/m)
    expect(body).to.match(/^protektor_deliveries_total\{role="passiveRecipient",outcome="done"\} 1$/m)
    expect(body).to.match(/^protektor_dwell_seconds_count 2$/m)
    for (const code of ['9100', '401', '405']) expect(body, code).to.contain(`protektor_refusals_total{code="${code}"} 1`)
  })

  it('serves its files and nothing else, under a policy that forbids everything foreign and inline', async () => {
    const page = await admin('/operator/')
    expect([page.status, page.headers.get('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8'])
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).to.contain("default-src 'none'").and.not.contain('unsafe').and.not.contain('https:')
    expect(await page.text()).not.to.match(/<script(?![^>]*src=)|style=|onload=/)
    expect((await admin('/operator/main.css')).headers.get('content-type')).to.contain('text/css')
    expect(await (await admin('/operator/licences.txt')).text()).to.contain('MIT')
    for (const path of ['/operator/main.ts', '/operator/..%2Fmain.ts', '/operator/feed.ts', '/operator/nothing'])
      expect((await admin(path)).status, path).to.equal(404)
    const short = await admin('/operator', { redirect: 'manual' })
    expect([short.status, short.headers.get('location')]).to.deep.equal([302, '/operator/'])
    // not by fetch: it adds headers that ask for the whole answer
    const again = get(`${house.gateway.admin.url}/operator/`, { headers: { 'If-None-Match': page.headers.get('etag') ?? '' } })
    const [known] = (await once(again, 'response')) as [IncomingMessage]
    expect(known.resume().statusCode).to.equal(304)
    expect((await admin('/operator/', { method: 'POST' })).status).to.equal(404)
  })

  it('sends the feed as events, and forgets who went away', async () => {
    for (let round = 0; round <= MAX_LISTENERS; round++) {
      const request = get(`${house.gateway.admin.url}/operator/feed`)
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      expect(response.statusCode).to.equal(200)
      expect(response.headers['content-type']).to.contain('text/event-stream')
      const [first] = (await once(response.setEncoding('utf8'), 'data')) as [string]
      expect(first).to.match(/^data: \{"figures"/)
      response.destroy()
      await once(request, 'close')
    }
  })

  it('forgets also who asked twice in one breath and went away before the second answer began', async () => {
    const { host, port } = new URL(house.gateway.admin.url)
    const ask = (times: number) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(`GET /operator/feed HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(times))
      return socket
    }
    for (let round = 0; round < MAX_LISTENERS; round++) {
      const socket = ask(2)
      await once(socket, 'data')
      socket.destroy()
      await once(socket, 'close')
    }
    const sockets = Array.from({ length: 2 }, () => ask(1))
    const heads = await Promise.all(sockets.map(async (socket) => String(await once(socket, 'data')).slice(0, 12)))
    for (const socket of sockets) socket.destroy()
    expect(heads).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 200'])
  })

  it('L1 says nothing of a message in metrics and feed: no content, subject, id, reply mailbox or participant key', async () => {
    const attachments = [{ name: 'CANARY-NAME', bytes: Buffer.from('CANARY-BYTES') }]
    const answer = await house.ride({ subject: 'CANARY-SUBJECT', attachments })
    await until(async () => {
      const { samples } = (await (await admin('/operator/snapshot')).json()) as FeedMessage
      return samples.some(({ deliveries }) => (deliveries.passiveRecipient?.done ?? 0) > 0)
    })
    const shown = (await (await admin('/metrics')).text()) + (await (await admin('/operator/snapshot')).text())
    expect(shown).to.contain('ags:99001000')
    expect(answer.codes).to.include('0800')
    for (const word of ['CANARY', 'reply.', 'Mustermann', 'CN=', 'urn:', '127.0.0.1', 'register-', 'portal'])
      expect(shown.includes(word), word).to.equal(false)
  })
})
