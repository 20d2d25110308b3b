// SPDX-License-Identifier: EUPL-1.2
/**
 * `POST /v1/check` of a whole gateway: what it answers, what it refuses, and that the gateway's own keys never open anything for it.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDelivery } from '../../src/cli/compose/demo-request.js'
import type { FileResult } from '../../src/check/reports/report.js'
import { watchThreads } from '../cli/watched-threads.js'
import { until } from '../until.js'
import { certificateRequest, openHouse, removeDirectories, type House } from './support.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const ENCRYPTED = readFileSync(join(FOREIGN, '11-processDelivery.bin'))
const TOKEN = 'a-token-that-nobody-guesses-0123456789'

type Field = readonly [name: string, value: string | Uint8Array, fileName?: string]

function formOf(fields: readonly Field[]): FormData {
  const form = new FormData()
  for (const [name, value, fileName] of fields)
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, new Blob([new Uint8Array(value)]), fileName ?? name)
  return form
}

const KEYS: readonly Field[] = ['addressee-cipher', 'reader-cipher'].flatMap((name): Field[] => [
  ['keystore', readFileSync(join(FOREIGN, `pki/${name}.p12`)), `${name}.p12`],
  ['pin', 'test'],
])

interface Report {
  readonly results: readonly (FileResult & {
    readonly opened?: readonly { document: string; content: string | null; text: string | null }[]
  })[]
  readonly reports?: Readonly<Record<string, string>>
}

describe('POST /v1/check', function () {
  this.timeout(60_000)
  let house: House
  let threads: ReturnType<typeof watchThreads>

  const post = (fields: readonly Field[], headers: Record<string, string> = {}, to = house) =>
    fetch(`${to.url}/v1/check`, { method: 'POST', body: formOf(fields), headers })
  const report = async (fields: readonly Field[]): Promise<Report> => {
    const answer = await post(fields)
    const text = await answer.text()
    expect(answer.status, text).to.equal(200)
    return JSON.parse(text) as Report
  }
  const refused = async (answer: Response): Promise<[number, string]> => {
    expect(answer.headers.get('content-type')).to.equal('application/problem+json')
    return [answer.status, ((await answer.json()) as { code: string }).code]
  }

  before(async () => {
    threads = watchThreads()
    house = await openHouse({ topOptions: 'check: { requestsPerMinute: 1000, files: 3, keystores: 2 }' })
  })
  after(async () => {
    await house.close()
    threads.stop()
    await removeDirectories()
  })

  it('K2 opens nothing with the keys of the gateway: a message for it is unchecked, and no private key of it was used', async () => {
    const message = await buildDelivery({ document: certificateRequest() }, house.demo.keys)
    let unwrapped = 0
    // counts in the gateway's own thread, where its keys are; the threads of checks have none, as the next test shows
    const { endpoints } = house.gateway.inside
    for (const { keys } of endpoints) {
      const { ring } = keys
      const watched = { decrypter: (der: Uint8Array) => ((unwrapped += 1), ring.decrypter(der)) }
      Object.assign(keys, { ring: watched })
    }
    const { results } = await report([['file', message, 'for-the-gateway.osci']])
    expect(results.map(({ file, verdict }) => [file, verdict])).to.deep.equal([['for-the-gateway.osci', 'unchecked']])
    expect(results[0]?.findings.map(({ id }) => id)).to.include('transport-encryption.no-key')
    expect(unwrapped).to.equal(0)
    // the watching is not blind: a delivery to the gateway's own address does use them
    await (await house.post(message)).arrayBuffer()
    expect(unwrapped).to.be.greaterThan(0)
  })

  it('K2 a thread of checks is given schemas and limits, and told calls: no key of the gateway, and no path to one', async () => {
    await report([['file', Buffer.from('<a/>'), 'a']])
    expect(threads.seen).not.to.have.length(0)
    for (const { options, told } of threads.seen) {
      expect(options.workerData).to.deep.equal({ schemas: [], limits: { files: 3, keystores: 2 } })
      expect(options.argv).to.deep.equal(['calls'])
      for (const message of told) expect(Object.keys(message).join()).to.be.oneOf(['page', 'call'])
    }
    const calls = threads.seen.flatMap(({ told }) => told).flatMap((message) => ('call' in message ? [message.call as object] : []))
    expect(new Set(calls.flatMap((call) => Object.keys(call)))).to.deep.equal(new Set(['body', 'contentType']))
  })

  it('K2 keys are forgotten with the answer: the same message is unchecked before, opened with them, and unchecked after', async () => {
    const verdicts: (string | null | undefined)[] = []
    for (const keys of [[], KEYS, []]) {
      const { results } = await report([['file', ENCRYPTED, 'a'], ...keys, ['include', 'layers']])
      verdicts.push(results[0]?.messageType)
      const opened = results[0]?.opened?.map(({ document, content }) => [document, content]) ?? []
      expect(opened.length > 0).to.equal(keys.length > 0)
    }
    expect(verdicts).to.deep.equal([null, 'processDelivery', null])
  })

  it('L1 logs that a check was made, and nothing of what was in it', async () => {
    const canary = 'canary-5b1f'
    await report([['file', Buffer.from(`<a>${canary}</a>`), `${canary}.xml`], ...KEYS])
    const line = house.lines.find((one) => one.includes('"checked"')) ?? ''
    expect(Object.keys(JSON.parse(line) as object)).to.have.members(['level', 'time', 'event', 'bytes', 'durationMs'])
    expect(house.lines.join('')).not.to.contain(canary).and.not.to.contain('.p12')
  })

  it('takes a PIN as it stands in a file of one line', async () => {
    const keys = KEYS.map((field): Field => (field[0] === 'pin' ? ['pin', `${field[1] as string}\n`] : field))
    expect((await report([['file', ENCRYPTED, 'a'], ...keys])).results[0]?.messageType).to.equal('processDelivery')
  })

  it('gives every form of report, in the language asked for, for the moment asked for', async () => {
    const bad: Field = ['file', Buffer.from('<a><b></a>'), 'bad.xml']
    for (const [format, type, words] of [
      ['text', 'text/plain; charset=utf-8', 'INVALID'],
      ['junit', 'application/xml', '<testsuite name="bad.xml"'],
      ['sarif', 'application/sarif+json', '"ruleId":"xml.not-well-formed"'],
      ['html', 'text/html; charset=utf-8', '<!doctype html>'],
      ['json', 'application/json', '"at": "2026-11-24T11:00:00.000Z"'],
    ] as const) {
      const answer = await post([bad, ['format', format], ['lang', 'en'], ['at', '2026-11-24T12:00:00+01:00']])
      expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, type])
      expect(answer.headers.get('content-disposition')).to.equal('attachment')
      expect(answer.headers.get('cache-control')).to.equal('no-store')
      expect(await answer.text()).to.contain(words)
    }
    const { reports } = await report([bad, ['include', 'layers,reports']])
    expect(Object.keys(reports ?? {})).to.have.members(['text', 'json', 'junit', 'sarif', 'html'])
    const one = await report([bad, ['layers', 'xml']])
    expect(one.results[0]?.findings.map(({ layer }) => layer)).to.deep.equal(['xml'])
  })

  it('refuses what stands in the address instead of the form: it would be of no effect', async () => {
    const form = (): FormData => formOf([['file', Buffer.from('x'), 'x']])
    const answer = await fetch(`${house.url}/v1/check?format=html`, { method: 'POST', body: form() })
    expect(await refused(answer)).to.deep.equal([400, 'check.field'])
    expect((await fetch(`${house.url}/v1/check`, { method: 'POST', body: form() })).status).to.equal(200)
  })

  it('answers every wrong call with a problem, and the next one works', async () => {
    const file: Field = ['file', Buffer.from('x'), 'x']
    const store = KEYS[0] as Field
    const cases: readonly (readonly [readonly Field[], string])[] = [
      [[], 'check.no-file'],
      [[['lang', 'de']], 'check.no-file'],
      [[file, file, file, file], 'check.too-many-files'],
      [[file, ['trusts', 'x']], 'check.field'],
      [[file, ['lang', 'de'], ['lang', 'de']], 'check.field'],
      [[file, ['lang', 'fr']], 'check.lang'],
      [[file, ['format', 'pdf']], 'check.format'],
      [[file, ['at', '2026-11-24']], 'check.at'],
      [[file, ['layers', 'xml,magic']], 'check.layers'],
      [[file, ['include', 'keys']], 'check.include'],
      [[file, ['include', 'layers'], ['format', 'html']], 'check.include'],
      [[file, store], 'check.pins'],
      [[file, ...KEYS, store, ['pin', 'test']], 'check.too-many-keystores'],
      [[file, ...KEYS, ['format', 'pdf']], 'check.format'],
      [[file, store, ['pin', 'wrong']], 'keystore.wrong-pin'],
      [[file, ['keystore', Buffer.from('nothing'), 'k'], ['pin', '']], 'keystore.unreadable'],
      [[file, ['trust', Buffer.from('nothing'), 't']], 'keystore.unreadable'],
    ]
    for (const [fields, code] of cases) {
      const earlier = threads.seen.filter(({ hasEnded }) => !hasEnded)
      expect(await refused(await post(fields)), code).to.deep.equal([400, code])
      // K2: whatever was wrong with it, no thread lives on that has seen a keystore or a PIN
      if (fields.some(([name]) => name === 'keystore'))
        await until(() => earlier.every(({ hasEnded }) => hasEnded), `the end of the thread of ${code}`)
    }
    const plain = await fetch(`${house.url}/v1/check`, { method: 'POST', body: '<a/>', headers: { 'Content-Type': 'text/xml' } })
    expect(await refused(plain)).to.deep.equal([415, 'check.media-type'])
    const broken = await fetch(`${house.url}/v1/check`, {
      method: 'POST',
      body: '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf',
      headers: { 'Content-Type': 'multipart/form-data; boundary=b' },
    })
    expect(await refused(broken)).to.deep.equal([400, 'check.form'])
    const get = await fetch(`${house.url}/v1/check`)
    expect(get.headers.get('allow')).to.equal('POST')
    expect(await refused(get)).to.deep.equal([405, 'http.method'])
    expect((await report([file])).results[0]?.verdict).to.equal('unchecked')
  })

  it('knows its media type however it is written', async () => {
    const called = await fetch(`${house.url}/v1/check`, {
      method: 'POST',
      body: '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n<a/>\r\n--b--\r\n',
      headers: { 'Content-Type': 'Multipart/Form-Data; Boundary=b' },
    })
    expect(called.status).to.equal(200)
  })

  it('takes no call that a page of another site sends', async () => {
    const file: Field = ['file', Buffer.from('x'), 'x']
    for (const site of ['cross-site', 'same-site'])
      expect(await refused(await post([file], { 'Sec-Fetch-Site': site }))).to.deep.equal([403, 'check.foreign-page'])
    expect((await post([file], { 'Sec-Fetch-Site': 'same-origin' })).status).to.equal(200)
  })

  it('names itself in OpenAPI and among the links', async () => {
    const api = (await (await fetch(`${house.url}/openapi.json`)).json()) as { paths: Record<string, unknown> }
    expect(Object.keys(api.paths)).to.include('/v1/check').and.to.include('/core/v1/mailboxes/{address}/take')
    const { links } = (await (await fetch(`${house.url}/`)).json()) as { links: Record<string, string> }
    expect(links.tester).to.match(/\/tester\/$/)
  })
})

describe('POST /v1/check, its limits', function () {
  this.timeout(60_000)
  const houses: House[] = []
  const open = async (check: string, files: Readonly<Record<string, string>> = {}): Promise<House> => {
    const house = await openHouse({ topOptions: `check: { ${check} }`, files })
    houses.push(house)
    return house
  }
  const post = (house: House, headers: Record<string, string> = {}, body: Uint8Array = Buffer.from('<a/>')) =>
    fetch(`${house.url}/v1/check`, { method: 'POST', body: formOf([['file', body, 'a']]), headers })
  const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code

  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close()
  })
  after(removeDirectories)

  it('K2 where a token is configured nobody checks without it', async () => {
    const house = await open('tokenFile: check.token', { 'check.token': `${TOKEN}\n` })
    for (const headers of [{ Authorization: '' }, { Authorization: `Bearer ${TOKEN}x` }, { Authorization: `Basic ${TOKEN}` }]) {
      const answer = await post(house, headers)
      expect([answer.status, answer.headers.get('www-authenticate')]).to.deep.equal([401, 'Bearer'])
      expect(await codeOf(answer)).to.equal('check.token')
    }
    const known = await fetch(`${house.url}/v1/check`, { method: 'POST', body: 'x', headers: { Authorization: `Bearer ${TOKEN}` } })
    expect(await codeOf(known)).to.equal('check.media-type')
  })

  it('K2 a caller has so many calls in a minute, refused ones included', async () => {
    const house = await open('requestsPerMinute: 2')
    const call = () => fetch(`${house.url}/v1/check`, { method: 'POST', body: 'x' })
    expect([(await call()).status, (await call()).status]).to.deep.equal([415, 415])
    const third = await call()
    expect(third.status).to.equal(429)
    expect(Number(third.headers.get('retry-after'))).to.be.within(1, 60)
  })

  it('K2 whoever has no token uses up no calls of others, and has so many refusals in a minute', async () => {
    const house = await open('tokenFile: check.token, requestsPerMinute: 2', { 'check.token': `${TOKEN}\n` })
    const statusOf = async (token: string): Promise<number> => (await post(house, { Authorization: `Bearer ${token}` })).status
    expect([await statusOf('wrong'), await statusOf('wrong'), await statusOf('wrong')]).to.deep.equal([401, 401, 429])
    expect([await statusOf(TOKEN), await statusOf(TOKEN), await statusOf(TOKEN)]).to.deep.equal([200, 200, 429])
  })

  it('K2 a page of another site uses up none of the calls of the person who looks at it', async () => {
    const house = await open('requestsPerMinute: 1')
    for (let i = 0; i < 3; i += 1) expect((await post(house, { 'Sec-Fetch-Site': 'cross-site' })).status).to.equal(403)
    expect((await post(house)).status).to.equal(200)
  })

  it('H5 a body beyond the limit is 413, one thread works and none waits: 503, and too little memory: 422', async () => {
    const house = await open('requestBytes: 20000000, waiting: 0, threadMegabytes: 128')
    const large = await post(house, {}, new Uint8Array(20_000_001))
    expect([large.status, await codeOf(large)]).to.deep.equal([413, 'http.too-large'])
    const bomb = Buffer.from(`<a>${'<b/>'.repeat(1_200_000)}</a>`)
    const [first, second] = await Promise.all([post(house, {}, bomb), post(house, {}, bomb)])
    const answers = [first, second].sort((a, b) => a.status - b.status)
    expect(answers.map(({ status }) => status)).to.deep.equal([422, 503])
    expect(await Promise.all(answers.map(codeOf))).to.deep.equal(['check.memory-limit', 'http.overload'])
    expect((await post(house)).status, 'the next one works').to.equal(200)
  })

  it('H5 two calls in one breath, and a caller that leaves before the second answer began: its place is free again', async () => {
    const house = await open('waiting: 1')
    const form = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n<a/>\r\n--b--\r\n'
    const head = `POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${form.length}\r\n\r\n`
    for (let round = 0; round < 3; round += 1) {
      const socket = connect(Number(new URL(house.url).port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write((head + form).repeat(2))
      await new Promise((resolve) => setTimeout(resolve, 50))
      socket.destroy()
    }
    await until(async () => (await post(house)).status === 200)
    const both = await Promise.all([post(house), post(house)])
    expect(both.map(({ status }) => status)).to.deep.equal([200, 200])
  })

  it('a caller who cancels is neither a failure in the log nor a refusal in the figures', async () => {
    const house = await open('waiting: 1')
    const cancelled = new AbortController()
    const form = new FormData()
    form.append('file', new Blob([`<a>${'<b/>'.repeat(1_200_000)}</a>`]), 'large.xml')
    const call = fetch(`${house.url}/v1/check`, { method: 'POST', body: form, signal: cancelled.signal }).catch(
      (error: Error) => error.name,
    )
    setTimeout(() => cancelled.abort(), 300)
    expect(await call).to.equal('AbortError')
    expect((await post(house)).status).to.equal(200)
    expect(house.lines.join('')).not.to.contain('request-failed')
    expect((await house.gateway.inside.ports.metrics.counts()).refusals).to.deep.equal({})
  })

  it('is not there when it is switched off', async () => {
    const house = await open('enabled: false')
    expect((await post(house)).status).to.equal(404)
    expect((await fetch(`${house.url}/tester/`)).status).to.equal(404)
    expect(await (await fetch(`${house.url}/openapi.json`)).text()).not.to.contain('/v1/check')
  })
})
