// SPDX-License-Identifier: EUPL-1.2
/**
 * The Java reference library as client of our intermediary, row by row of `java-rows.ts`, with our passive recipient and with the
 * library's own behind it. The peer lies outside the repository; without it everything here is skipped, visibly.
 * Two commands of the peer run at a time; each row is a test that waits for its own. The table is printed at the end.
 * @module
 */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { certificateRequest } from '../gateway/support.js'
import { openIntermediaryHouse, REGISTER_ANSWER, type IntermediaryHouse } from './intermediary-house.js'
import { ROWS, type Row } from './java-rows.js'
import { openPki, peer, needsPeer, saidIn, sha256, startPeer, type PeerServer, type Said } from './java.js'
import { startRecorder, type Recorder } from './recording.js'
import { judgeBySchema, parseByLibrary, problemsOf, someOfEach } from './responses.js'

const ATTACHMENT = Buffer.from(Array.from({ length: 150_000 }, (_, i) => (i * 7 + (i >> 8)) % 256))
/** A custom block must be canonical within the envelope that the library writes: all its namespaces on the start tag (trap T40). */
const CUSTOM = [
  '<oscimeta:MessageMetaData xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:osci="http://www.osci.de/2002/04/osci"',
  'xmlns:osci2017="http://xoev.de/transport/osci12/7" xmlns:oscimeta="http://www.osci.eu/ws/2014/10/transport"',
  'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" Id="MetaData"><oscimeta:MsgSubject>Rückfrage</oscimeta:MsgSubject></oscimeta:MessageMetaData>',
].join(' ')
const TEXT = Buffer.from('Hello OSCI')
const AT_ONCE = 2

interface Ran {
  readonly said: Said
  readonly codes: string
  readonly seconds: number
}

const codesOf = ({ ok, feedback, error, message, exception }: Said): string => {
  const codes = feedback?.join(' ') ?? ''
  if (ok || exception === 'IllegalStateException') return codes
  return typeof error === 'string' && /^\d{4}$/.test(error) ? `fault ${error}` : `${String(exception)} ${String(message)}`
}

describe('Java client and our intermediary', function () {
  this.timeout(400_000)
  let pki: Awaited<ReturnType<typeof openPki>> | undefined
  let passive: PeerServer | undefined
  let house: IntermediaryHouse | undefined
  let recorder: Recorder | undefined
  const runs = new Map<Row, Promise<Ran>>()
  const done = new Map<Row, Ran>()
  const places = new Map<string, string>()
  /** What each endpoint holds: every delivery is fetched once, cards of `known` may be asked for again and again. */
  const nothing = (): { stored: string[]; chunked: string[]; known: string } => ({ stored: [], chunked: [], known: '' })
  const held = { strict: nothing(), open: nothing() }

  const fill = ({ options, at }: Row): string[] =>
    options
      .split(' ')
      .filter((o) => o !== '')
      .map((option) =>
        option.replace(/\{(\w+)\}/g, (_, name: string) => {
          if (name === 'stored' || name === 'chunked') return held[at][name].shift() ?? 'none-left'
          return name === 'id' ? held[at].known : (places.get(name) ?? name)
        }),
      )

  async function perform(row: Row): Promise<Ran> {
    const url = (row.at === 'strict' ? house?.strict : house?.open) ?? ''
    const receiver = row.behind === 'java' ? `${passive?.url ?? ''}/passive` : (house?.recipient ?? '')
    const began = performance.now()
    const run = await peer(
      row.command,
      '--url',
      `${recorder?.url ?? ''}${new URL(url).pathname}`,
      '--pki',
      pki?.directory ?? '',
      ...(row.behind ? ['--receiver', receiver] : []),
      ...fill(row),
    )
    const raw = saidIn(run)
    const said = 'repeat' in raw ? { ...(raw.last as Said), ok: raw.failed === 0 } : raw
    if (said.ok && said.messageId) {
      const at = held[row.at]
      if (row.command === 'store') at.stored.push(said.messageId)
      if (row.command === 'partialstore') at.chunked.push(said.messageId)
      at.known = said.messageId
    }
    return { said, codes: codesOf(said), seconds: (performance.now() - began) / 1000 }
  }

  /** Starts all rows, stage after stage; at most {@link AT_ONCE} at a time. */
  function startAll(): void {
    const started = new Map<Row, (ran: Promise<Ran>) => void>()
    for (const row of ROWS) runs.set(row, new Promise((resolve) => started.set(row, resolve)))
    const work = async (): Promise<void> => {
      for (const stage of [1, 2, 3]) {
        const queue = ROWS.filter((row) => row.stage === stage)
        const worker = async (): Promise<void> => {
          for (let row = queue.shift(); row; row = queue.shift()) {
            const running = perform(row)
            started.get(row)?.(running)
            await running.catch(() => undefined)
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, worker))
      }
    }
    void work()
  }

  before(async function () {
    await needsPeer(this)
    pki = await openPki('protektor-java-im-')
    const inPki = (name: string): string => join(pki?.directory ?? '', name)
    for (const [name, file] of [
      ['ec', 'originator-ec-sign.p12'],
      ['authorec', 'author-ec-sign.p12'],
      ['addresseecipher', 'addressee-cipher.p12'],
      ['addresseesign', 'addressee-sign.p12'],
      ['foreign', 'foreign-sign.p12'],
      ['custom', 'custom.xml'],
      ['payload', 'payload.xml'],
      ['attachment', 'anlage.bin'],
    ] as const)
      places.set(name, inPki(file))
    places.set('since', '2020-01-01T00:00:00Z')
    await writeFile(inPki('custom.xml'), CUSTOM)
    await writeFile(inPki('payload.xml'), certificateRequest())
    await writeFile(inPki('anlage.bin'), ATTACHMENT)
    passive = await startPeer('passive', '--pki', pki.directory, '--answer', 'prefix', '--quiet')
    house = await openIntermediaryHouse(pki.directory, passive.url)
    recorder = await startRecorder(house.gateway.public.url)
    startAll()
  })
  after(async () => {
    passive?.child.kill()
    recorder?.close()
    await house?.close()
    await pki?.remove()
    if (done.size > 0) process.stdout.write(table())
  })

  function table(): string {
    const cells = [...done].map(([row, { codes, seconds }]) => [
      row.command,
      row.options,
      row.at,
      row.behind ?? '-',
      codes,
      fits(row, codes) ? 'ok' : `FAILED, expected ${row.expected}`,
      `${seconds.toFixed(1)} s`,
    ])
    const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
    const lines = cells.map((line) => `      ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`)
    return `\n      Java client (library 2.4.1) × our intermediary: ${cells.length} rows\n${lines.join('\n')}\n`
  }

  function fits({ expected }: Row, codes: string): boolean {
    if (expected === 'ok') return /^((3\d{3}|080[01]) ?)+$/.test(codes)
    return expected.startsWith('fault') ? codes === expected : !codes.startsWith('fault') && codes.split(' ').at(-1) === expected
  }

  /** What must have come back besides the codes. */
  function content({ command, options, behind }: Row): Uint8Array[] {
    const attachment = options.includes('--attachment') ? [ATTACHMENT] : []
    if (command === 'fetch') return [TEXT]
    if (command === 'partialfetch') return [TEXT, ATTACHMENT]
    if (command !== 'mediate') return []
    if (behind === 'ours') return [REGISTER_ANSWER]
    if (options.includes('--payload')) return []
    return [Buffer.concat([Buffer.from('Antwort: '), TEXT]), ...attachment]
  }

  for (const row of ROWS)
    it(`${row.command} ${row.options}${row.behind ? `, ${row.behind} behind` : ''}, ${row.at}: ${row.expected}`, async () => {
      const ran = await runs.get(row)
      if (!ran) throw new Error('not started')
      done.set(row, ran)
      const { said, codes } = ran
      expect(fits(row, codes), `${codes} ${JSON.stringify(said)}`).to.equal(true)
      if (row.expected !== 'ok') return
      expect(said.ok, JSON.stringify(said)).to.equal(true)
      // a refused chunk ends neither upload nor dialog
      if (row.options.includes('--repeat-first-chunk')) expect(said.duplicate).to.contain('9900')
      for (const bytes of content(row)) expect(JSON.stringify(said)).to.contain(sha256(bytes))
    })

  describe('every response of this run', () => {
    const responses = (): readonly Uint8Array[] => (recorder?.exchanges ?? []).map((e) => e.response)

    it('is valid against our schema set and the official state 10', async () => {
      expect(done.size).to.equal(ROWS.length)
      const { counts, ours, official, closed } = await judgeBySchema(responses(), pki?.directory ?? '')
      process.stdout.write(`      ${responses().length} responses, envelopes: ${JSON.stringify(counts)}\n`)
      expect({ ours, official, closed }).to.deep.equal({ ours: [], official: [], closed: 0 })
    })

    it("is read by the library's parser, its signature valid to the JDK", async () => {
      const verdicts = await parseByLibrary(someOfEach(responses(), pki?.directory ?? '', 8), pki?.directory ?? '')
      expect(problemsOf(verdicts)).to.deep.equal([])
    })
  })
})
