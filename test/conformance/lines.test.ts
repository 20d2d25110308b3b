// SPDX-License-Identifier: EUPL-1.2
/**
 * The lines of a conformance run by themselves: what the profile makes of deliveries that go on, packages whose MIME header travels in HTTP
 * through the proxy, and a listener whose address is taken or whose callers hang up.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { osciHttp, type OsciHttpConnections } from '../../src/client/osci/transport.js'
import { positiveClauses } from '../../src/conformance/clauses.js'
import type { Hand } from '../../src/conformance/bend.js'
import { FAULTS, type Fault } from '../../src/conformance/faults.js'
import { listen, whole, type Incoming, type Listener } from '../../src/conformance/listener.js'
import { readTold } from '../../src/conformance/driver.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciMessage } from '../../src/osci/types.js'
import { fact, oneOf } from '../../src/conformance/clause.js'
import { FORMS } from '../../src/conformance/reports.js'
import { readProfile } from '../../src/cli/conformance/profile-file.js'
import { Proxy, type Passed } from '../../src/conformance/proxy.js'
import { Legs, TEXT_XML, type Body, type Posted } from '../../src/conformance/wire.js'
import { ConfigError, ProtektorError } from '../../src/errors.js'
import { until } from '../until.js'
import { envWith, FOREIGN, party } from '../osci/env.js'

describe('conformance: what a profile says of deliveries that go on', () => {
  const BASE = 'name: p\ncertificates: { signature: [ x ] }\n'
  const RECEIVER = 'receiver: { uri: "http://127.0.0.1:9/r", cipher: r.pem }\n'
  const why = (profile: string, name: 'forwardDelivery' | 'mediateDelivery' | 'storeDelivery') =>
    positiveClauses([name], 'intermediary', readProfile('p', BASE + profile))
      .filter(({ id }) => /\.(implicit|explicit)$/.test(id))
      .map(({ notTested }) => notTested?.en)

  it('tests forwardDelivery and mediateDelivery where exchange and receiver are named, else says which is not', () => {
    const one = 'exchanges: [ forwardDelivery ]\n'
    expect(why(one + RECEIVER, 'forwardDelivery')).to.deep.equal([undefined, undefined])
    // mediateDelivery has no implicit dialog
    expect(why(one + RECEIVER, 'mediateDelivery')).to.deep.equal(['The profile does not name mediateDelivery.'])
    const both = 'exchanges: [ forwardDelivery, mediateDelivery, storeDelivery ]\n'
    const noReceiver = 'The profile does not name receiver.'
    expect(why(both, 'forwardDelivery')).to.deep.equal([noReceiver, noReceiver])
    expect(why(both, 'mediateDelivery')).to.deep.equal([noReceiver])
    const noImplicit = both + RECEIVER + 'implicitDialogs: false\n'
    expect(why(noImplicit, 'forwardDelivery')).to.deep.equal(['The profile does not name implicitDialogs: true.', undefined])
    expect(why(noImplicit, 'mediateDelivery')).to.deep.equal([undefined])
    // what is stored goes to nobody
    expect(why(both, 'storeDelivery')).to.deep.equal([undefined, undefined])
  })

  it('names key and line of a receiver that is none', () => {
    const problems = (text: string) => {
      try {
        readProfile('p.yaml', BASE + text)
      } catch (error) {
        if (error instanceof ConfigError) return error.problems.map(({ key, line, file }) => [file, key, line])
        throw error
      }
      return []
    }
    expect(problems('receiver: { uri: "ftp://x", cipher: r.pem }\n')).to.deep.equal([['p.yaml', 'receiver.uri', 3]])
    expect(problems('receiver: { uri: "http://x" }\n')).to.deep.equal([['p.yaml', 'receiver.cipher', 3]])
    expect(problems('exchanges:\n  - mediateDelivery\n  - forward\n')).to.deep.equal([['p.yaml', 'exchanges[1]', 5]])
  })

  it('says what is wrong with a profile in German and English, aliases too', () => {
    const problems = (text: string) => {
      try {
        readProfile('p.yaml', text)
      } catch (error) {
        if (error instanceof ConfigError) return error.problems.map(({ key, line, message }) => [key, line, message.de, message.en])
        throw error
      }
      return []
    }
    const alias = 'name: &n p\ncertificates: { signature: [ *n ] }\n'
    expect(problems(alias)).to.deep.equal([['(file)', 2, 'Verweise (&, *) sind nicht erlaubt', 'aliases (&, *) are not allowed']])
    const values = 'timeoutSeconds: 0\nalgorithms: { ivBytes: [ 13 ] }\nreceiver: { uri: "ftp://x", cipher: r.pem }\nsignd: optional\n'
    expect(problems(BASE + values)).to.deep.equal([
      ['algorithms.ivBytes[0]', 4, 'ungültiger Wert; erwartet: 12 | 16', 'value not allowed; expected: 12 | 16'],
      ['receiver.uri', 5, 'verlangt eine http- oder https-Adresse', 'wants an http or https address'],
      ['timeoutSeconds', 3, 'ungültiger Wert; erwartet: ganze Zahl 1 … 300', 'value not allowed; expected: whole number 1 … 300'],
      ['signd', 6, 'unbekannter Schlüssel; gemeint ist wohl signed', 'unknown key; did you mean signed'],
    ])
  })
})

describe('conformance: a package whose MIME header travels in HTTP', () => {
  const WHOLE = readFileSync(new URL('12-processDelivery.bin', FOREIGN))
  const headEnd =
    WHOLE.indexOf('\n\n') >= 0 && WHOLE.indexOf('\n\n') < WHOLE.indexOf('\r\n\r\n')
      ? WHOLE.indexOf('\n\n') + 2
      : WHOLE.indexOf('\r\n\r\n') + 4
  const contentType = /^Content-Type: (.*?)\r?$/m.exec(WHOLE.subarray(0, headEnd).toString('latin1'))?.[1] ?? ''
  const moved: Body = { contentType, body: WHOLE.subarray(headEnd) }

  let target: Server
  let http: OsciHttpConnections
  let listener: Listener
  let proxy: Proxy
  let fault: Fault | undefined
  let given: Posted | 'nothing'
  let away = false
  const reached: Body[] = []
  const passed: Passed[] = []

  before(async () => {
    target = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        reached.push({ contentType: request.headers['content-type'] ?? '', body: Buffer.concat(chunks) })
        if (given === 'nothing') return void response.destroy()
        response.writeHead(given.status, { 'Content-Type': given.contentType }).end(given.body)
      })
    })
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
    http = osciHttp()
    const hand: Hand = { env: envWith(), signer: () => undefined, stranger: (await party('author-sign')).signer }
    proxy = new Proxy({
      http,
      hand,
      legs: new Legs(() => Promise.resolve()),
      target: (path) => (away ? 'http://127.0.0.1:9' : url) + path,
      timeoutMs: 5000,
      maxBytes: 1 << 20,
      faultFor: (where) => (where && fault?.fits(where) ? fault : undefined),
      passed: (exchange) => void passed.push(exchange),
    })
    listener = await listen({ host: '127.0.0.1', port: 0, maxBytes: 1 << 20 }, (incoming) => proxy.answer(incoming))
  })
  beforeEach(() => {
    reached.length = passed.length = 0
    given = { status: 200, contentType, body: moved.body }
    fault = undefined
    away = false
  })
  after(async () => {
    await listener.close()
    http.close()
    await new Promise((resolve) => target.close(resolve))
  })

  const send = ({ contentType: type, body }: Body) =>
    http.post(`${listener.url}/there`, body, { contentType: type, timeoutMs: 5000, maxBytes: 1 << 20 })

  it('is neither moved nor lost: both ways the same bytes under the same header, and the exchange is known by its name', async () => {
    expect(contentType).to.match(/^Multipart\/Related; boundary=/)
    given = { status: 500, contentType, body: moved.body }
    const back = await send(moved)
    expect(reached.map(({ contentType: type, body }) => [type, Buffer.compare(body, moved.body)])).to.deep.equal([[contentType, 0]])
    expect([back.status, back.contentType, Buffer.compare(back.body, moved.body)]).to.deep.equal([500, contentType, 0])
    expect(passed.map(({ where }) => [where?.type.name, where?.signed, where?.encrypted])).to.deep.equal([['processDelivery', true, false]])
    // without its header nobody can know what it is, and it passes all the same
    await send({ contentType: TEXT_XML, body: moved.body })
    expect(Buffer.compare(reached[1]?.body ?? Buffer.alloc(0), moved.body)).to.equal(0)
    expect(passed[1]?.where).to.equal(undefined)
  })

  for (const direction of ['request', 'answer'] as const)
    it(`a fault of the ${direction} is done to it as to any other: written anew it has its header in the body, and HTTP says so`, async () => {
      const tried = FAULTS.filter((one) => one.direction === direction && one.depth === 'inside')
      let bent = 0
      for (fault of tried) {
        passed.length = reached.length = 0
        const back = await send(moved)
        const [one] = passed
        if (!one?.fault || one.undone) continue
        bent += 1
        const seen = direction === 'request' ? reached[0] : back
        expect(seen?.contentType, fault.name).to.equal(TEXT_XML)
        expect(Buffer.from(seen?.body ?? []).toString('latin1'), fault.name).to.match(/^MIME-Version: 1\.0\r?\nContent-Type: [Mm]ultipart/)
      }
      expect(bent).to.be.greaterThan(0)
    })

  it('an answer that never came was not bent, and who was never reached saw no request: neither is a verdict', async () => {
    const undone = async (name: string): Promise<string | undefined> => {
      passed.length = 0
      fault = FAULTS.find((one) => one.name === name)
      expect(await send(moved).catch(() => 'closed')).to.equal('closed')
      expect(passed.map((one) => one.fault?.name)).to.deep.equal([name])
      return passed[0]?.undone?.en
    }
    given = 'nothing'
    expect(await undone('answer.http-500')).to.equal('no answer came (client.connection)')
    // it was reached, and did not name what was wrong
    expect(await undone('request.empty')).to.equal(undefined)
    away = true
    expect(await undone('answer.http-500')).to.equal('no answer came (client.connection)')
    expect(await undone('request.empty')).to.equal('no answer came (client.connection)')
  })
})

describe('conformance: an answer', () => {
  it('whose codes stand between blanks says the same', async () => {
    const message = {
      type: 'responseToAcceptDelivery',
      control: { response: 'x' },
      order: { feedback: { entries: [{ code: '\n 0800 ', text: 'done', lang: 'en' }] } },
      certificates: [],
      custom: [],
      attachments: [],
      evidence: {},
      remarks: [],
    } as unknown as OsciMessage
    const body = await osci.seal(message, envWith())
    expect(await readTold({ status: 200, contentType: TEXT_XML, body }, envWith()))
      .to.include({ kind: 'answer' })
      .and.deep.include({ tokens: ['0800'] })
  })
})

describe('conformance: codes that are expected', () => {
  it('are not said by an answer that says yes and no, whichever of the two was due', () => {
    const outcome = (expected: readonly string[], came: readonly string[]) => oneOf(expected, came).outcome
    expect([outcome(['9601'], ['9601']), outcome(['9601'], ['9601', '9811']), outcome(['3700'], ['3700', '0800'])]).to.deep.equal(
      Array.from({ length: 3 }, () => 'passed'),
    )
    for (const came of [
      ['9601', '0800'],
      ['0801', '9601', '3701'],
      ['0800', '7777'],
    ])
      for (const due of came) expect(outcome([due], came), `${due} of ${came.join(', ')}`).to.equal('failed')
  })
})

describe('conformance: a report for people', () => {
  it('has no lines but its own, whatever codes a peer sends', () => {
    const why = fact('erwartet: 0800; es kam: 9\n\u001b[2Jbestanden\u202e  storeDelivery.implicit')
    const one = {
      id: 'getMessageId.implicit',
      party: 'intermediary',
      exchange: 'getMessageId',
      text: fact('Text'),
      reference: 'r',
    } as const
    const head = { tool: 'protektor', version: '0', at: 'at', role: 'client', url: 'url', profile: 'p', brokenOff: null } as const
    const lines = FORMS.text.write(head, [{ ...one, outcome: 'failed', why, legs: [1] }], 'de', false).split('\n')
    expect(lines).to.deep.equal([
      'p · client · url · at',
      'NICHT BESTANDEN  getMessageId.implicit #1',
      '      Text [r]',
      '      erwartet: 0800; es kam: 9\uFFFD\uFFFD[2Jbestanden\uFFFD  storeDelivery.implicit',
      '1 Klauseln: 1 NICHT BESTANDEN, 0 bestanden, 0 nicht geprüft',
      '',
    ])
  })
})

describe('conformance: the listener', () => {
  const AT = { host: '127.0.0.1', port: 0, maxBytes: 1000 }
  const opened: Listener[] = []
  const open = async (answer: (incoming: Incoming) => ReturnType<Parameters<typeof listen>[1]>): Promise<Listener> => {
    const one = await listen(AT, answer)
    opened.push(one)
    return one
  }
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())))

  const ok = () => Promise.resolve(whole({ body: new Uint8Array([1]) }))
  const post = (url: string, body = 'x') => fetch(url, { method: 'POST', body }).then(({ status }) => status)

  it('does not begin on an address that is taken, and leaves who has it alone', async () => {
    const first = await open(ok)
    const port = Number(new URL(first.url).port)
    const second = await listen({ ...AT, port }, ok).catch((error: NodeJS.ErrnoException) => error.code)
    expect(second).to.equal('EADDRINUSE')
    expect(await post(first.url)).to.equal(200)
  })

  it('asks nobody about a request that broke off, and serves the next one', async () => {
    let asked = 0
    const { url, broken } = await open(() => {
      asked += 1
      return ok()
    })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy())
    await closed
    expect(await post(url)).to.equal(200)
    expect([asked, broken.aborted]).to.deep.equal([1, false])
    expect(await post(url, 'x'.repeat(1001))).to.equal(413)
    expect([asked, broken.aborted]).to.deep.equal([1, false])
  })

  it('says that a caller has gone who hung up before the answer, and takes that for no fault of ours', async () => {
    let gone: AbortSignal | undefined
    const { url, broken } = await open(async (incoming) => {
      gone = incoming.gone
      await new Promise<void>((resolve) => incoming.gone.addEventListener('abort', () => resolve()))
      throw new ProtektorError('conformance.broken-off', 'nobody is there any more')
    })
    const request = httpRequest(url, { method: 'POST' })
    request.on('error', () => undefined)
    request.end('x')
    await until(() => gone)
    request.destroy()
    await until(() => gone?.aborted)
    expect(broken.aborted).to.equal(false)
  })

  it('hangs up and is broken from then on when we ourselves fail, with the reason', async () => {
    const why = new TypeError('ours')
    const { url, broken } = await open(() => Promise.reject(why))
    expect(await post(url).catch(() => 'closed')).to.equal('closed')
    expect([broken.aborted, broken.reason]).to.deep.equal([true, why])
  })

  it('hangs up on everybody when it is closed, and waits for what is under way', async () => {
    let ended = false
    let begun = false
    const one = await open(async ({ gone }) => {
      begun = true
      await new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve()))
      await new Promise((resolve) => setImmediate(resolve))
      ended = true
      return ok()
    })
    const call = post(one.url).catch(() => 'closed')
    await until(() => begun)
    await one.close()
    expect([ended, await call]).to.deep.equal([true, 'closed'])
  })
})
