// SPDX-License-Identifier: EUPL-1.2
/**
 * Messages that the .NET twin of the reference library made (2.0.1), as client and as passive recipient. It has habits of its own: an
 * attachment of the type `text`, an empty boundary, a Challenge that was taken out of the standard.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { openContent } from '../../src/osci/content-read.js'
import { allContainers, itemsOf } from '../../src/osci/content-types.js'
import { osci } from '../../src/osci/stages.js'
import type { CheckContext } from '../../src/check/types.js'
import type { OsciEnv } from '../../src/osci/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { check, contextWith, ids, osciValidator } from '../check/support.js'
import { envWith, party } from './env.js'

const MADE = new URL('../../fixtures/foreign/osci-bibliothek-net-2.0.1/', import.meta.url)
const KEYS = ['intermed-cipher', 'addressee-cipher', 'originator-cipher', 'reader-cipher']
const TEXT = 'Hello OSCI'
const FILE = 'Anlage: Bäume\r\n'
const REPLY = 'Antwort von .NET'

interface Made {
  readonly file: string
  readonly texts: readonly string[]
  readonly authors: number
  /** Errors and warnings. */
  readonly findings: readonly string[]
}

const ALL: readonly Made[] = [
  { file: 'storeDelivery.bin', texts: [TEXT, FILE], authors: 1, findings: ['mime.part-type'] },
  { file: 'storeDelivery.encrypted.bin', texts: [TEXT, FILE], authors: 1, findings: ['mime.part-type'] },
  { file: 'storeDelivery.nested.bin', texts: [TEXT, FILE], authors: 2, findings: ['mime.part-type'] },
  { file: 'partialStoreDelivery.encrypted.bin', texts: [], authors: 0, findings: ['mime.part-type'] },
  {
    file: 'responseToProcessDelivery.bin',
    texts: [REPLY],
    authors: 1,
    findings: ['mime.boundary-empty', 'osci-structure.timestamp-wishes'],
  },
  {
    file: 'responseToProcessDelivery.encrypted.bin',
    texts: [REPLY],
    authors: 1,
    findings: ['mime.boundary-empty', 'osci-structure.timestamp-wishes'],
  },
  { file: 'responseToAcceptDelivery.bin', texts: [], authors: 0, findings: ['osci-structure.schema'] },
  { file: 'responseToAcceptDelivery.encrypted.bin', texts: [], authors: 0, findings: ['osci-structure.schema'] },
]

describe('messages of the .NET library', () => {
  let env: OsciEnv
  let schema: SchemaValidator
  let context: CheckContext
  before(async () => {
    env = envWith(...(await Promise.all(KEYS.map(party))).map(({ decrypter }) => decrypter))
    schema = await osciValidator()
    context = await contextWith(schema, ...KEYS)
  })
  after(() => schema.close())

  for (const { file, texts, authors, findings } of ALL) {
    const bytes = readFileSync(new URL(file, MADE))

    it(`${file} is opened, its content read, its signatures hold`, async () => {
      const message = await osci.open(bytes, env)
      expect(message.type).to.equal(file.split('.')[0])
      expect(message.evidence.signature).to.not.equal(undefined)
      if (!message.content) return expect(texts).to.deep.equal([])
      const opened = await openContent(message, env)
      expect(opened.problems).to.deep.equal([])
      if (message.type === 'partialStoreDelivery') return
      expect(itemsOf(opened.containers).map((item) => Buffer.from(item.bytes).toString())).to.have.members(texts)
      const verdicts = allContainers(opened.containers).flatMap((c) => c.authors.map(({ verdict }) => verdict))
      expect(verdicts).to.deep.equal(Array.from({ length: authors }, () => 'valid'))
    })

    it(`${file}: check says ${findings.join(', ') || 'nothing'}`, async () => {
      const result = await check(bytes, context)
      // its keys are small, and RSA by PKCS#1 is advised against: that is said of them elsewhere
      const said = [...ids(result, 'error'), ...ids(result, 'warning')].filter((id) => !id.startsWith('policy.'))
      expect(said).to.deep.equal(findings)
      expect(result.verdict).to.equal(findings.includes('osci-structure.schema') ? 'invalid' : 'valid')
    })
  }
})
