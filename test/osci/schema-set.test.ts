// SPDX-License-Identifier: EUPL-1.2
/**
 * Our own OSCI schema set: 26 entry files that compile, 26 envelopes that are valid and become invalid when they should, the forms
 * that are read beyond the official state, and how an envelope is prepared for the one schema that judges all.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { CHECK_LIMITS } from '../../src/env.js'
import { MESSAGE_TYPES } from '../../src/osci/messages.js'
import { envelopeName, schemaInput } from '../../src/osci/schema-input.js'
import { twiceSpelledTimeouts, wireForms } from '../../src/osci/wire-forms.js'
import { parseXml } from '../../src/xml/gate.js'
import { validateWithPlaces } from '../../src/xml/schema-places.js'
import { startValidator, type SchemaValidator, type SchemaVerdict, type StartWorker } from '../../src/xml/schema.js'
import type { XmlDocument } from '../../src/xml/tree.js'
import { FORMS, SAMPLES } from './schema-samples.js'
import { needsCommand } from '../needs.js'

const SET = fileURLToPath(new URL('../../schemas/osci12/', import.meta.url))
const files = new Map(readdirSync(SET).map((name) => [name, new Uint8Array(readFileSync(join(SET, name)))]))
const startWorker: StartWorker = (url, options) => new Worker(url, options)
const parse = (xml: string): XmlDocument => parseXml(Buffer.from(xml), { limits: CHECK_LIMITS, frame: 'content' })
const entryOf = (name: string): string => `soap${name.charAt(0).toUpperCase()}${name.slice(1)}.xsd`
const sample = (name: string): string => SAMPLES.get(name) ?? ''

describe('OSCI schema set', () => {
  let validator: SchemaValidator
  const judge = (name: string, xml: string): Promise<SchemaVerdict> => validator.validate(schemaInput(parse(xml), name).bytes)

  before(async () => {
    validator = await startValidator({ id: 'osci12', entry: 'osci12.xsd', files }, { workers: 2, startWorker })
  })
  after(() => validator.close())

  it('has an entry file for each of the 26 envelopes, under the name that stands in schemaLocation', () => {
    const names = [...MESSAGE_TYPES.map((type) => type.schemaFile), 'soapMessageEncrypted.xsd', 'soapMessageFault.xsd'].sort()
    expect(names).to.have.length(26)
    expect([...files.keys()].filter((name) => /^soap[A-Z]/.test(name)).sort()).to.deep.equal(names)
  })

  for (const name of SAMPLES.keys()) {
    it(`takes ${name}, and refuses it without its first block or with another one behind it`, async () => {
      const xml = sample(name)
      expect(await judge(name, xml)).to.deep.equal({ verdict: 'valid', problems: [] })
      const first =
        /(?<=<soap:Header>)<osci:ControlBlock.*?<\/osci:ControlBlock>|<xenc:EncryptionMethod Algorithm="[^"]*#rsa-oaep">.*?<\/xenc:EncryptionMethod>|<faultcode>.*?<\/faultcode>/
      expect((await judge(name, xml.replace(first, ''))).verdict).to.equal('invalid')
      expect((await judge(name, xml.replace('</soap:Body>', '<osci:Unknown/></soap:Body>'))).verdict).to.equal('invalid')
      expect((await judge(name, xml)).verdict).to.equal('valid')
    })
  }

  it('takes no envelope under the name of another', async () => {
    const names = [...SAMPLES.keys()]
    const wrong: string[] = []
    for (const [i, name] of names.entries()) {
      const other = names[(i + 5) % names.length] ?? ''
      if ((await judge(other, sample(name))).verdict !== 'invalid') wrong.push(`${name} as ${other}`)
    }
    expect(wrong).to.deep.equal([])
  })

  for (const { name, what, xml, ours, warning } of FORMS) {
    it(`${ours ? 'reads' : 'refuses'} in ${name}: ${what}${warning === undefined ? '' : ` (${warning})`}`, async () => {
      const verdict = await judge(name, xml)
      expect(verdict.verdict, verdict.problems[0]?.message).to.equal(ours ? 'valid' : 'invalid')
      if (ours) expect(wireForms(parse(xml)).map((f) => f.id)).to.deep.equal(warning === undefined ? [] : [warning])
    })
  }

  it('finds both spellings of the time-out on one element, which XSD cannot refuse', () => {
    const xml = sample('initDialog').replace('Description Id="fd"', 'Description Id="fd" ChunkMessageTimeOut="1" ChunkMessageTimeout="1"')
    expect(twiceSpelledTimeouts(parse(xml)).map((e) => e.local)).to.deep.equal(['FeatureDescription'])
    expect(twiceSpelledTimeouts(parse(sample('initDialog')))).to.deep.equal([])
  })

  it('compiles every entry file in the resident engine, for who has a single message', async () => {
    const verdicts: string[] = []
    for (const [name, xml] of SAMPLES) {
      const single = await startValidator({ id: name, entry: entryOf(name), files }, { workers: 1, startWorker })
      const good = await single.validate(Buffer.from(xml))
      const bad = await single.validate(Buffer.from(xml.replace('soap:Body', 'soap:Bauch').replace('</soap:Body', '</soap:Bauch')))
      if (good.verdict !== 'valid' || bad.verdict !== 'invalid')
        verdicts.push(`${name}: ${good.verdict} ${bad.verdict} ${good.problems[0]?.message ?? ''}`)
      await single.close()
    }
    expect(verdicts).to.deep.equal([])
  })

  it('compiles every entry file in native xmllint, with the same verdicts', function () {
    needsCommand(this, 'xmllint')
    const folder = mkdtempSync(join(tmpdir(), 'schema-set-'))
    try {
      const wrong: string[] = []
      for (const [name, xml] of SAMPLES) {
        const documents = [{ what: 'sample', xml, ours: true }, ...FORMS.filter((f) => f.name === name)]
        const paths = documents.map((d, i) => {
          const path = join(folder, `${name}-${i}.xml`)
          writeFileSync(path, d.xml)
          return path
        })
        const run = spawnSync('xmllint', ['--noout', '--nonet', '--schema', join(SET, entryOf(name)), ...paths], { encoding: 'utf8' })
        const lines = new Set(run.stderr.split('\n'))
        for (const [i, d] of documents.entries()) {
          if (!lines.has(`${paths[i] ?? ''} ${d.ours ? 'validates' : 'fails to validate'}`))
            wrong.push(`${name}: ${d.what}: ${run.stderr.slice(0, 300)}`)
        }
      }
      expect(wrong).to.deep.equal([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  describe('input', () => {
    const custom = (local: string): string => `<x:${local} xmlns:x="urn:x" Id="${local}">\n<x:y>\n</x:y></x:${local}>`
    const withCustom = (at: string): string => sample('storeDelivery').replace(at, custom('A') + custom('B') + at)

    it('cuts out custom blocks at the end of the Header, and keeps the count of lines', async () => {
      const xml = withCustom('</soap:Header>')
      const input = schemaInput(parse(xml), 'storeDelivery')
      expect(input.custom.map((e) => e.local)).to.deep.equal(['A', 'B'])
      const text = Buffer.from(input.bytes).toString('utf8')
      expect(text).not.to.include('urn:x')
      expect(text.split('\n')).to.have.length(xml.split('\n').length)
      expect((await validator.validate(input.bytes)).verdict).to.equal('valid')
    })

    it('cuts out custom blocks before the feature description, but not in chunk messages and not before an OSCI block', async () => {
      expect((await judge('storeDelivery', withCustom('<osci2017:FeatureDescription'))).verdict).to.equal('valid')
      const chunked = sample('partialStoreDelivery').replace('<osci2017:FeatureDescription', `${custom('A')}<osci2017:FeatureDescription`)
      expect((await judge('partialStoreDelivery', chunked)).verdict).to.equal('invalid')
      expect((await judge('storeDelivery', withCustom('<osci:NonIntermediaryCertificates'))).verdict).to.equal('invalid')
    })

    it('works whatever prefixes the message uses, and leaves its own type mark to be refused', async () => {
      const renamed = sample('storeDelivery')
        .replaceAll('soap:', 's:')
        .replaceAll('xmlns:soap=', 'xmlns:s=')
        .replaceAll('xsi:', '_t:')
        .replace('xmlns:xsi=', 'xmlns:_t=')
      expect((await judge('storeDelivery', renamed)).verdict).to.equal('valid')
      const chosen = sample('storeDelivery').replace('xsi:schemaLocation', 'xsi:type="soap:messageFault.Envelope" xsi:schemaLocation')
      expect((await judge('storeDelivery', chosen)).verdict).to.equal('invalid')
    })

    it('takes no other name', () => {
      expect(() => schemaInput(parse(sample('initDialog')), 'toString')).to.throw(RangeError)
      expect(envelopeName({ kind: 'encrypted' })).to.equal('messageEncrypted')
      expect(envelopeName({ kind: 'fault' })).to.equal('messageFault')
      expect(envelopeName({ kind: 'message', type: 'exitDialog' })).to.equal('exitDialog')
    })

    it('says where a problem is in a message of one line', async () => {
      const xml = withCustom('</soap:Header>').replace('<osci:Subject>', '<osci:Betreff>').replace('</osci:Subject>', '</osci:Betreff>')
      const document = parse(xml)
      const { verdict, problems } = await validateWithPlaces(validator, document, schemaInput(document, 'storeDelivery').edits)
      expect(verdict).to.equal('invalid')
      expect(problems).to.have.length(1)
      expect(problems[0]).to.include({
        xpath: '/soap:Envelope/soap:Header/osci:storeDelivery/osci:Betreff',
        line: 1,
        column: xml.indexOf('<osci:Betreff') + 1,
      })
    })
  })
})
