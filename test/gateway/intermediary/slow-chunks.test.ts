// SPDX-License-Identifier: EUPL-1.2
/**
 * 3951 over the wire (osci-1.2 §10.3): the whole is there, its processing lasts longer than `chunks.answerWithinSeconds` promises. What
 * lasts is the time-stamping authority, which the test holds back for as long as it likes.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sourceOf } from '../../../src/client/osci/chunks.js'
import { packDelivery, storeInChunks, type ChunkedUpload, type Uploaded } from '../../../src/client/osci/chunk-store.js'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { OsciCallError, type OsciDialog } from '../../../src/client/osci/ports.js'
import { openAuthority, type OpensslAuthority } from '../../pki/openssl-authority.js'
import { keysOf, newDirectory, openThreatHouse, type ThreatHouse } from './house.js'
import { delivery, errorsOf, ask, fetchedId, issueId, RawDialog } from './raw.js'

const CHUNK_KILOBYTES = 4

type Entries = { readonly entries: readonly { readonly code: string }[] }
const codesOf = ({ entries }: Entries): string => entries.map(({ code }) => code).join('+')

describe('a chunked delivery whose processing takes longer than promised', () => {
  let authority: OpensslAuthority
  let server: Server
  let house: ThreatHouse
  let alice: OsciConnection
  /** Lets the authority answer the question that it was asked last. */
  let answerWith: ((status: 200 | 503) => void) | undefined

  before(async () => {
    authority = await openAuthority()
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        answerWith = (status) => {
          if (status === 503) return void response.writeHead(status).end()
          void authority
            .reply(Buffer.concat(chunks), 'rsa')
            .then((bytes) => response.writeHead(status, { 'content-type': 'application/timestamp-reply' }).end(bytes))
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const directory = await newDirectory()
    await writeFile(join(directory, 'tsa.pem'), authority.certificates.root.toString())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`
    const more = `timestamping: { url: '${url}', certificates: [ tsa.pem ], timeoutSeconds: 30 }\nchunks: { answerWithinSeconds: 1 }\n`
    house = await openThreatHouse({ directory, more })
    alice = await house.client('alice', 'strict')
  })
  after(async () => {
    await house.close()
    server.closeAllConnections()
    server.close()
    await authority.close()
  })

  async function prepare(): Promise<ChunkedUpload> {
    const messageId = await issueId(alice)
    const addressee = (await keysOf('bob')).cipher.certificate
    const content = await alice.content({ document: randomBytes(9 * 1024), addressee })
    const timestamps = [
      { service: 'creation', quality: 'cryptographic' },
      { service: 'reception', quality: 'plain' },
    ] as const
    const whole = await packDelivery({ messageId, subject: 'slow' }, { ...content, timestamps }, alice.identity, alice.peer)
    return { messageId, source: sourceOf(whole), certificates: content.certificates ?? [] }
  }

  interface Course {
    /** Of every answer: its own codes, and those of InsideFeedback. */
    readonly answers: (readonly [outside: string, inside: string | undefined])[]
    readonly end: Uploaded | OsciCallError
  }

  /** Uploads; the authority answers when the client has asked `questions` times and heard that it must wait. */
  async function upload(what: ChunkedUpload, questions: number, status: 200 | 503): Promise<Course> {
    const answers: Course['answers'] = []
    let sleeps = 0
    const dialog = await alice.openDialog()
    const watched: OsciDialog = {
      ...dialog,
      send: async (type, order, parts) => {
        const answer = await dialog.send(type, order, parts)
        const { feedback, insideFeedback } = answer.message.order as { feedback: Entries; insideFeedback?: Entries }
        answers.push([codesOf(feedback), insideFeedback && codesOf(insideFeedback)])
        return answer
      },
    }
    const sleep = async (): Promise<void> => {
      if (sleeps++ !== questions) return
      answerWith?.(status)
      // the answer travels, and is verified: InfoOnly may still find it working
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const options = { chunkKilobytes: CHUNK_KILOBYTES, sleep, maxPolls: 400 }
    const end = await storeInChunks(watched, what, alice.identity.env, options).catch((error: unknown) => {
      if (!(error instanceof OsciCallError)) throw error
      return error
    })
    await dialog.close()
    return { answers, end }
  }

  const spooled = async (): Promise<number> => (await readdir(join(house.directory, 'data', 'spool'))).length

  it('P8 answers the completing chunk 0801 with 3951 and InfoOnly with 3952, says nothing of the inside, and then the verdict', async () => {
    const what = await prepare()
    const { answers, end } = await upload(what, 1, 200)
    const total = Math.ceil(what.source.size / (CHUNK_KILOBYTES * 1024))
    const working = answers.slice(total, -1)
    expect(working.length).to.be.greaterThan(0)
    expect(answers).to.deep.equal([
      ...answers.slice(1, total).map(() => ['0801', undefined]),
      ['3951+0801', undefined],
      ...working.map(() => ['3952+0801', undefined]),
      ['0801', '0800'],
    ])
    if (end instanceof OsciCallError) throw end
    expect(end.sent).to.equal(total)
    expect(end.processCardBundle?.processCard.creation).to.have.property('cryptographic')
    // it lies there once
    const dialog = await RawDialog.open(await house.client('bob', 'strict'))
    expect(fetchedId(await dialog.ask('fetchDelivery'))).to.equal(what.messageId)
    expect(errorsOf(await dialog.ask('fetchDelivery'))).to.deep.equal(['9803'])
    expect(await spooled()).to.equal(0)
  })

  it('P8 answers 9950 with what stands inside when the delivery comes to nothing after 3951, keeps nothing, and frees the id', async () => {
    const what = await prepare()
    const { answers, end } = await upload(what, 0, 503)
    expect(answers.map(([outside]) => outside)).to.include('3951+0801')
    expect(answers.at(-1)).to.deep.equal(['9950', '9811'])
    expect(end instanceof OsciCallError && [end.stage, end.finding, end.feedback]).to.deep.equal([
      'refused',
      'client.upload-refused',
      '9811',
    ])
    expect(await spooled()).to.equal(0)
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('bob'), what.messageId)))).to.deep.equal([])
  })
})
