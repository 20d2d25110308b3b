// SPDX-License-Identifier: EUPL-1.2
/**
 * `send` and `take` against what is no core, or one that is away for a moment: it is said what answers, nothing is asked without a pause, and
 * what was put is never said to have failed.
 */
import { expect } from 'chai'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { call, events, ParticipantSetup } from './participant-setup.js'

describe('send and take against strangers', function () {
  this.timeout(20_000)
  let house: ParticipantSetup
  let server: Server
  let url: string
  let calls: string[]
  let answer: (path: string, response: ServerResponse) => void

  before(async () => {
    house = await ParticipantSetup.start()
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        calls.push(request.url ?? '')
        answer(request.url ?? '', response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => (calls = []))
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await house.stop()
  })

  const page = (response: ServerResponse): void =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Anmeldung</html>')
  const taking = () => call(house.register('take', '--mailbox', 'ags:1', '--wait', '1', '--out', house.file('in'), '--url', url))
  const sending = (...more: string[]) => call(house.portal('send', '--to', 'ags:1', '--url', url, ...more, house.file('frage.xml')))

  it('a page in the place of an envelope: it is no core, and is asked once', async () => {
    answer = (_path, response) => page(response)
    expect(await taking()).to.deep.include({ code: 4, err: 'protektor: what answers is no core\n' })
    expect(calls.length).to.equal(1)
  })

  it('"nothing" at once, where waiting was asked for: it is asked again after a pause only', async () => {
    answer = (_path, response) => void response.writeHead(204).end()
    expect(await taking()).to.include({ code: 1 })
    expect(calls.length).to.be.within(2, 6)
  })

  it('a page in the place of an answer to a question: the question is told as what is known, and nobody is asked without a pause', async () => {
    answer = (path, response) => void (path.includes('/envelopes?') ? response.writeHead(201).end() : page(response))
    const { code, err } = await sending('--ask', '--answer-within', '1')
    expect([code, err.includes('NOT KNOWN')], err).to.deep.equal([1, true])
    expect(calls.length).to.be.below(20)
  })

  it('a page that is not found is no word of a core: nobody is told that the asker has gone', async () => {
    answer = (_path, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>nicht gefunden</html>')
    const replyKey = house.setup.portal.enc.publicJwk
    const state = { id: '0'.repeat(32), replyTo: `reply.${'0'.repeat(32)}`, replyKey, takenAt: 'x', answerableUntil: 'y' }
    house.write('request.json', JSON.stringify(state))
    const argv = house.register('answer', house.file('request.json'), '--result', house.file('antwort.xml'))
    const stranger = 'protektor: what answers is no core: HTTP 404\n'
    expect(await call([...argv, '--url', url])).to.include({ code: 1, err: stranger })
    expect((await call(argv)).err).to.contain('too late')
    expect(await taking()).to.include({ code: 1, err: stranger })
  })

  it('who cannot be reached is named, with the reason', async () => {
    const { code, err } = await call(house.portal('send', '--to', 'ags:1', '--url', 'http://127.0.0.1:2', house.file('frage.xml')))
    expect([code, err]).to.deep.equal([4, 'protektor: the core cannot be reached: connect ECONNREFUSED 127.0.0.1:2\n'])
  })

  it('what was put did not fail, though its outcome is not told at once, or not at all', async () => {
    const record = JSON.stringify({ id: '0', outcome: 'delivered', claimed: true, at: '2026-01-01T00:00:00Z' })
    let outcomes = 0
    answer = (path, response) => {
      if (path.includes('/envelopes?') || path.endsWith('/envelopes')) return void response.writeHead(201).end()
      outcomes += 1
      if (outcomes === 1) return void response.destroy()
      if (outcomes === 2) return void response.writeHead(503, { 'retry-after': '1' }).end()
      response.end(record)
    }
    const away = await sending('--wait-outcome', '--json')
    expect([away.code, events(away.out).at(-1)?.outcome], away.err).to.deep.equal([0, 'delivered'])

    answer = (path, response) => void response.writeHead(path.includes('/outcome') ? 403 : 201).end()
    const closed = await sending('--wait-outcome', '--json')
    expect([closed.code, events(closed.out).at(-1)?.outcome], closed.err).to.deep.equal([1, 'unknown'])
    expect(closed.err).to.contain('what answers is no core: HTTP 403')
  })
})
