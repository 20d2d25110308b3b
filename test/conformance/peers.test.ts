// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester against peers that do something wrong, or cannot do something: what could not be looked at is never *passed*, nor anybody's fault.
 * The peer is our own intermediary behind a server that spoils its answers.
 * @module
 */
import { expect } from 'chai'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { OsciCallError, type OsciHttp } from '../../src/client/osci/ports.js'
import { readProfile } from '../../src/cli/conformance/profile-file.js'
import { osciHttp, type OsciHttpConnections } from '../../src/client/osci/transport.js'
import { ClientRole } from '../../src/conformance/as-client.js'
import { bendPassing, type Hand } from '../../src/conformance/bend.js'
import { chosen, type ClauseResult } from '../../src/conformance/clause.js'
import { deviationClauses } from '../../src/conformance/clauses.js'
import { fault } from '../../src/conformance/faults.js'
import { runClauses } from '../../src/conformance/run.js'
import { stationOf } from '../../src/conformance/setup.js'
import { envFor, Legs, type Posted } from '../../src/conformance/wire.js'
import type { ProtektorError } from '../../src/errors.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciMessage } from '../../src/osci/types.js'
import { freePort } from '../free-port.js'
import { resultsOf, start, type ReportedResult } from './command.js'
import { openConformanceHouse, type ConformanceHouse } from './house.js'

/** What becomes of the right answer to a request of this name. */
type Manner = (name: string, answer: Posted, response: ServerResponse) => void

const say = ({ status, contentType, body }: Posted, response: ServerResponse): void =>
  void response.writeHead(status, { 'Content-Type': contentType }).end(body)
const refusing =
  (refused: string): Manner =>
  (name, answer, response) =>
    say(name === refused ? { ...answer, body: fault('Client', '9300') } : answer, response)

describe('conformance of wrong peers', function () {
  this.timeout(60_000)
  let house: ConformanceHouse
  let http: OsciHttpConnections
  let hand: Hand
  let server: Server
  let url: string
  let manner: Manner = (_name, answer, response) => say(answer, response)

  before(async () => {
    house = await openConformanceHouse(`http://127.0.0.1:${await freePort()}/`)
    ;({ hand } = await house.keys('im-cipher', 'im-signature'))
    http = osciHttp()
    server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        const body = Buffer.concat(chunks)
        const name = await osci.open(body, envFor({ contentType: '', body }, hand.env)).then(
          ({ type }) => type,
          () => 'unknown',
        )
        manner(name, await http.post(house.intermediary, body, { timeoutMs: 20_000, maxBytes: 1e7 }), response)
      })()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    http.close()
    await house.close()
  })

  const only = (...globs: readonly string[]): string[] => globs.flatMap((glob) => ['--only', glob])
  const told = (results: readonly ReportedResult[]) =>
    Object.fromEntries(results.map(({ id, outcome, why }) => [id, why === null ? outcome : `${outcome}: ${why.en}`]))

  /** Ids with outcome and reason. */
  async function outcomes(name: string, manner_: Manner, more: string, ...globs: readonly string[]): Promise<Record<string, string>> {
    manner = manner_
    const profile = await house.profile(name, `timeoutSeconds: 20\n${more}`)
    const out = join(house.directory, `out-${name}`)
    const { ended } = start(...house.asClient(url), '--profile', profile, ...only(...globs), '--out', out, '--format', 'json')
    return told(await resultsOf(out, ended))
  }

  it('does not call a receipt kept or broken where the peer gives no process cards', async () => {
    const found = await outcomes('no-cards', refusing('fetchProcessCard'), '', 'fetchDelivery.receipt', 'fetchDelivery.silent-dialog')
    const untested = 'not-tested: The card was not to be had (fault 9300).'
    expect(found).to.deep.equal({ 'fetchDelivery.receipt': untested, 'fetchDelivery.silent-dialog': untested })
  })

  it('says nothing of what follows a fetch that was refused', async () => {
    const globs = ['fetchDelivery.receipt', 'fetchDelivery.silent-dialog', 'fetchDelivery.again']
    const found = await outcomes('no-fetch', refusing('fetchDelivery'), 'keepsFetched: true\n', ...globs)
    const untested = 'not-tested: The delivery could not be fetched (fault 9300).'
    expect(found).to.deep.equal(Object.fromEntries(globs.map((id) => [id, untested])))
  })

  it('says nothing of what follows exitDialog where that was refused', async () => {
    const globs = ['fetchDelivery.receipt', 'fetchDelivery.again', 'exitDialog.closes']
    const found = await outcomes('no-exit', refusing('exitDialog'), 'keepsFetched: true\n', ...globs)
    const untested = 'not-tested: The dialog could not be closed (fault 9300).'
    expect(found).to.deep.equal(Object.fromEntries(globs.map((id) => [id, untested])))
  })

  it('sees an answer that comes under another HTTP status than 200; faults may', async () => {
    const globs = ['getMessageId.implicit', 'getMessageId.answer-status', 'getMessageId.response-wrong']
    for (const status of [500, 302, 401])
      expect(
        await outcomes(`status-${status}`, (_name, answer, response) => say({ ...answer, status }, response), '', ...globs),
      ).to.deep.equal({
        'getMessageId.implicit': 'passed',
        'getMessageId.answer-status': `failed: HTTP: ${status} (200)`,
        'getMessageId.response-wrong': 'passed',
      })
  })

  it('sees a challenge that comes again, and a MessageId that is issued twice', async () => {
    const hand = (await house.keys('im-cipher', 'im-signature', 'user-cipher')).hand
    const globs = [
      'getMessageId.explicit',
      'getMessageId.answer-fresh',
      'getMessageId.id-once',
      'initDialog.right',
      'initDialog.answer-fresh',
    ]
    const bending =
      (bent: string, change: (message: OsciMessage) => OsciMessage): Manner =>
      (name, answer, response) =>
        void (async () => {
          const body = name === bent ? await bendPassing(answer, { message: change }, hand) : answer
          say({ ...answer, ...body }, response)
        })()
    const right = await outcomes('fresh', (_name, answer, response) => say(answer, response), '', ...globs)
    expect(right).to.deep.equal(Object.fromEntries(globs.map((id) => [id, 'passed'])))
    const sameChallenge = bending('initDialog', (it) => ({ ...it, control: { ...it.control, challenge: 'c2FtZQ==' } }))
    expect(await outcomes('same-challenge', sameChallenge, '', ...globs)).to.include({
      'initDialog.right': 'passed',
      'initDialog.answer-fresh': 'failed: the same challenge again',
    })
    const sameId = bending('getMessageId', (it) => ({ ...it, order: { ...it.order, messageId: 'dieselbe' } }))
    expect(await outcomes('same-id', sameId, '', ...globs)).to.include({
      'getMessageId.explicit': 'passed',
      'getMessageId.id-once': 'failed: once more: dieselbe',
    })
  })

  it('does not call challenges fresh where there is nothing to compare', async () => {
    const found = await outcomes(
      'one-answer',
      (_name, answer, response) => say(answer, response),
      '',
      'getMessageId.implicit',
      'getMessageId.answer-fresh',
    )
    expect(found['getMessageId.answer-fresh']).to.equal('not-tested: No two answers with a challenge came, this one among them.')
  })

  it('asks a peer that answers nothing no more than a few times; the rest is not tested, and the run has failed', async () => {
    manner = () => undefined
    const out = join(house.directory, 'out-silent')
    const profile = await house.profile('silent', 'timeoutSeconds: 1\n')
    const { code, err } = await start(...house.asClient(url), '--profile', profile, '--out', out, '--format', 'json').ended
    const { brokenOff, results, sum } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as {
      readonly brokenOff: { readonly de: string; readonly en: string }
      readonly results: readonly ReportedResult[]
      readonly sum: Readonly<Record<string, number>>
    }
    expect([code, err]).to.deep.equal([4, `protektor: ${brokenOff.en} (conformance.silent)\n`])
    expect(brokenOff.de).to.contain('3 richtige Aufträge nacheinander')
    expect([results.length > 400, sum.passed, sum.failed]).to.deep.equal([true, 0, 2])
    expect(told(results)).to.include({
      'getMessageId.implicit': 'failed: expected: 0800; came: client.timeout',
      'getMessageId.explicit': 'not-tested: No dialog came about.',
      'storeDelivery.implicit': `not-tested: ${brokenOff.en}`,
    })
  })

  it('goes on where only what is wrong gets no answer', async () => {
    const certificates = { cipher: house.pairs['im-cipher'].certificate, signature: [house.pairs['im-signature'].certificate] }
    const profile = readProfile('p', 'name: p\ncertificates: { signature: [ x ] }')
    const keys = await house.keys('user-cipher', 'user-signature')
    const legs = new Legs(() => Promise.resolve())
    const run = async (isSilent: (name: string) => boolean): Promise<readonly string[]> => {
      const deaf: OsciHttp = {
        async post(to, body, options) {
          const name = await osci.open(body, hand.env).then(
            ({ type }) => type,
            () => 'unknown',
          )
          if (isSilent(name)) throw new OsciCallError('no-answer', 'client.timeout', 'late')
          return http.post(to, body, options)
        },
      }
      const station = stationOf({ url: house.intermediary, role: 'originator', keys, profile, certificates, http: deaf, legs })
      const check = () => Promise.reject(new Error('nothing is looked at here'))
      const globs = ['message.ciphertext', 'message.tag', 'message.iv', 'message.wrapped-key', 'message.iv-length']
      const clauses = chosen(deviationClauses(['getMessageId'], 'intermediary', profile, { signed: true, encrypted: true }), globs)
      const outcomes: string[] = []
      const keep = async ({ outcome }: ClauseResult): Promise<void> => Promise.resolve(void outcomes.push(outcome))
      await runClauses(clauses, new ClientRole({ station, profile, check }), legs, keep).catch((error: ProtektorError) =>
        outcomes.push(error.finding),
      )
      return outcomes
    }
    const all = (outcome: string, count: number) => Array.from({ length: count }, () => outcome)
    expect(await run((name) => name === 'unknown')).to.deep.equal(all('failed', 5))
    expect(await run(() => true)).to.deep.equal([...all('failed', 3), ...all('not-tested', 2), 'conformance.silent'])
  })

  it('marks the report of a run that did not come to its end, in every form', async () => {
    let calls = 0
    // the second call finds nobody there any more
    manner = (_name, answer, response) => {
      response.setHeader('Connection', 'close')
      say(answer, response)
      if (++calls === 1) server.close()
    }
    const { port } = server.address() as AddressInfo
    const out = join(house.directory, 'out-gone')
    const forms = ['json', 'text', 'junit', 'html'].flatMap((form) => ['--format', form])
    const { code } = await start(...house.asClient(url), ...only('getMessageId.*'), '--out', out, ...forms).ended
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    expect(code).to.equal(4)
    const report = (name: string) => readFile(join(out, name), 'utf8')
    const { brokenOff, results } = JSON.parse(await report('report.json')) as {
      readonly brokenOff: { readonly de: string; readonly en: string } | null
      readonly results: readonly ReportedResult[]
    }
    expect(results.map(({ id }) => id)).to.deep.equal(['getMessageId.implicit'])
    expect(brokenOff).to.deep.equal({
      de: `${url} ist nicht zu erreichen (ECONNREFUSED)`,
      en: `${url} cannot be reached (ECONNREFUSED)`,
    })
    const line = `NOT COMPLETED: ${brokenOff?.en ?? ''}`
    expect(await report('report.txt')).to.contain(`\n${line}\n`)
    expect(await report('report.xml'))
      .to.contain('tests="2" failures="0" errors="1" skipped="0"')
      .and.contain(`<error message="${line}"/>`)
    expect(await report('report.html')).to.contain(`<strong>${line}</strong>`)
  })

  describe('through the proxy, with some of the keys', () => {
    const own = (...names: readonly string[]): string[] =>
      names.flatMap((name) => ['--keystore', join(house.directory, `${name}.p12`), '--pin-file', join(house.directory, 'pin')])

    async function between(keys: readonly string[], faults: readonly string[], ...globs: readonly string[]) {
      const out = join(house.directory, `out-${keys.join('-')}`)
      const named = faults.flatMap((name) => ['--fault', name])
      const proxy = start(
        ...['--as', 'proxy', '--listen', '127.0.0.1:0', '--to', house.intermediary, '--profile', await house.profile('some-keys', '')],
        ...[...own(...keys), ...named, ...only('fault.*'), '--wait', '60', '--out', out, '--format', 'json'],
      )
      await start(...house.asClient(await proxy.listening), ...only(...globs)).ended
      process.emit('SIGTERM', 'SIGTERM')
      return told(await resultsOf(out, proxy.ended))
    }

    it('repeats nothing of which it does not know what it is', async () => {
      const twice = ['request.replayed', 'request.stored-twice', 'request.accepted-twice', 'request.processed-twice']
      const found = await between(['user-cipher'], twice, 'getMessageId.implicit', 'storeDelivery.implicit')
      const untested = 'not-tested: No exchange came that the fault fits.'
      expect(found).to.deep.equal(Object.fromEntries(twice.map((name) => [`fault.${name}`, untested])))
    })

    it('gives no verdict on an answer that it cannot open', async () => {
      const found = await between(['im-cipher'], ['request.tampered-body'], 'getMessageId.implicit')
      expect(found).to.deep.equal({ 'fault.request.tampered-body': 'not-tested: The answer is encrypted for a key that is not at hand.' })
    })
  })
})
