// SPDX-License-Identifier: EUPL-1.2
/**
 * The table against our XSD set, both ways: what the table writes is schema-valid; what the schema calls a required block, the table
 * refuses to read without.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { certificateEntry } from '../src/osci/certificates.js'
import { EXCHANGES, headerSlots, MESSAGE_TYPES, messageType, REQUEST_NAMES, responseTo } from '../src/osci/messages.js'
import { mime } from '../src/osci/mime-stage.js'
import { schemaInput } from '../src/osci/schema-input.js'
import { soap } from '../src/osci/soap.js'
import { order, osci } from '../src/osci/stages.js'
import type { OsciEnv } from '../src/osci/types.js'
import { startValidator, type SchemaValidator } from '../src/xml/schema.js'
import { messageValue } from '../tools/fixtures/values.js'
import { envWith, parties, type Parties } from './osci/env.js'

const SET = new URL('../schemas/osci12/', import.meta.url)

describe('the table', () => {
  let validator: SchemaValidator
  let p: Parties
  let env: OsciEnv
  before(async () => {
    const files = new Map(readdirSync(SET).map((name) => [name, new Uint8Array(readFileSync(new URL(name, SET)))]))
    validator = await startValidator(
      { id: 'osci12', entry: 'osci12.xsd', files },
      { workers: 1, startWorker: (url, options) => new Worker(url, options) },
    )
    p = await parties()
    env = envWith()
  })
  after(() => validator.close())

  it('has 12 exchanges, 24 messages, each with a schema file of its own', () => {
    expect(REQUEST_NAMES.length).to.equal(12)
    expect(MESSAGE_TYPES.length).to.equal(24)
    for (const type of MESSAGE_TYPES) expect(readdirSync(SET), type.name).to.include(type.schemaFile)
    for (const name of REQUEST_NAMES) expect(messageType(responseTo(name))?.exchange).to.equal(name)
    expect(Object.values(EXCHANGES).every((x) => x.de !== '')).to.equal(true)
  })

  for (const type of MESSAGE_TYPES) {
    it(`what the table writes as ${type.name} is schema-valid`, async () => {
      const material = { certificate: (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, p.signer.certificate) }
      for (const value of fc.sample(messageValue(type.name, material), { numRuns: 8, seed: 11 })) {
        const envelope = await soap.open(await mime.open(await osci.seal(value, env), env), env)
        const verdict = await validator.validate(schemaInput(envelope.document, type.name).bytes)
        expect(
          verdict.problems.map((x) => x.message),
          JSON.stringify(value.order),
        ).to.deep.equal([])
        expect(verdict.verdict).to.equal('valid')
      }
    })

    it(`schema and table agree on every required header block of ${type.name}`, async () => {
      const material = { certificate: (role: Parameters<typeof certificateEntry>[0]) => certificateEntry(role, p.signer.certificate) }
      const [value] = fc.sample(messageValue(type.name, material), { numRuns: 1, seed: 12 })
      if (!value) throw new Error('no value')
      const bytes = Buffer.from(await osci.seal(value, env)).toString('utf8')
      for (const slot of headerSlots(type)) {
        const block = new RegExp(`<(osci\\d*):${slot.name}[ >].*?</\\1:${slot.name}>`, 's').exec(bytes)?.[0]
        if (block === undefined || slot.name === type.name) continue
        const without = Buffer.from(bytes.replace(block, ''), 'utf8')
        const envelope = await soap.open(await mime.open(without, env), env)
        const { verdict } = await validator.validate(schemaInput(envelope.document, type.name).bytes)
        const read = await order.open(envelope, env).then(
          () => 'valid',
          () => 'invalid',
        )
        expect(read, slot.name).to.equal(verdict)
      }
    })
  }
})
