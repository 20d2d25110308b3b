// SPDX-License-Identifier: EUPL-1.2
/**
 * Canonical form and verdicts over signatures against libxml2 and xmlsec1, on random documents (threat model §9, 3): 500 of each, or as many as
 * `PROTEKTOR_RANDOM_DOCUMENTS` says.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { canonicalize, canonicalText } from '../../src/xml/c14n.js'
import { digest, readSignature, sameOctets, verifyValue } from '../../src/xml/dsig.js'
import { makeSignature } from '../../src/xml/dsig-write.js'
import { needsCommand } from '../needs.js'
import { DOCUMENT, documentOf } from './random-documents.js'
import { certificateOf, content, find, findingOf, signerOf, VECTORS } from './support.js'

const COUNT = Number(process.env.PROTEKTOR_RANDOM_DOCUMENTS ?? 500)
/** Files in one call: the command line is finite. */
const PER_CALL = 250
const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const algorithms = gatewayAlgorithms({ where: 'signature' })
const certificateFile = (key: string): string => `${VECTORS}keys/${key}.crt.pem`

const METHODS: readonly (readonly [method: string, key: string])[] = [
  [MORE + 'rsa-sha256', 'rsa2048'],
  [MORE + 'ecdsa-sha256', 'ec-P-256'],
]

/** Ways to change a signed document. Most break the signature; white space in a tag, or an order of attributes, must not. */
const CHANGES: Readonly<Record<string, (xml: string, at: number) => string>> = {
  'a text before everything': (xml) => xml.replace('Id="block">', 'Id="block">x'),
  'white space in the start tag': (xml) => xml.replace('<o:Block Id="block">', '<o:Block\n  Id = "block"  >'),
  'other quotes': (xml) => xml.replace('Id="block"', "Id='block'"),
  'a namespace that nobody uses': (xml) => xml.replace('urn:unused', 'urn:other'),
  'a digest': (xml) => xml.replace(/<ds:DigestValue>(.)/, (_, c: string) => `<ds:DigestValue>${c === 'A' ? 'B' : 'A'}`),
  'a value': (xml) => xml.replace(/<ds:SignatureValue>(.)/, (_, c: string) => `<ds:SignatureValue>${c === 'A' ? 'B' : 'A'}`),
  'white space in SignedInfo': (xml) => xml.replace('<ds:SignedInfo>', '<ds:SignedInfo>\n'),
  'a CDATA section for a text': (xml) => xml.replace('text', '<![CDATA[text]]>'),
  'a character reference for a character': (xml) => xml.replace('text', 't&#x65;xt'),
  'a character': (xml, at) => {
    const inside = [...xml.matchAll(/[a-z](?=[a-zA-Z0-9 ]*<)/g)].map(({ index }) => index).filter((i) => i > xml.indexOf('Id="block"'))
    const where = inside[at % Math.max(1, inside.length)]
    return where === undefined ? xml : `${xml.slice(0, where)}${xml[where] === 'q' ? 'r' : 'q'}${xml.slice(where + 1)}`
  },
}

/** Everything in a random document but its declarations of Ids, which would make xmlsec1 look elsewhere. */
const withoutIds = (xml: string): string => xml.replaceAll(/\bId=/g, 'IdOf=')

/** A random document in a Block, signed over the Block's canonical form. */
async function signed(random: string, [method, key]: readonly [string, string]): Promise<string> {
  const [before, after] = [
    `<o:Envelope xmlns:o="urn:o" xmlns:ds="${DS}" xmlns:unused="urn:unused"><o:Signatures>`,
    `</o:Signatures><o:Block Id="block">${random}</o:Block></o:Envelope>`,
  ]
  const { root } = content(before + after)
  const digestValue = digest(algorithms, SHA256, canonicalize(find(root, 'Block')))
  const holder = find(root, 'Signatures')
  const references = [{ uri: '#block', transforms: [C14N], digestMethod: SHA256, digestValue }]
  const signature = await makeSignature(holder, {
    references,
    signatureMethod: method,
    retrievalUri: '#certificate',
    signer: signerOf(key),
  })
  signature.parent = holder
  return before + canonicalText(signature) + after
}

/** Our verdict; what the gate or the grammar refuses is not valid. */
function holds(xml: string, key: string): boolean {
  let valid = false
  findingOf(() => {
    const { root } = content(xml)
    const signature = readSignature(find(root, 'Signature'), 'author-signature')
    const digests = signature.references.every((r) =>
      sameOctets(digest(algorithms, r.digestMethod, canonicalize(find(root, 'Block'))), r.digestValue),
    )
    valid = verifyValue(signature, certificateOf(key), algorithms) && digests
  })
  return valid
}

/** Whether xmlsec1 takes all of them; it ends at the first that it refuses. */
const xmlsec1 = (files: readonly string[], key: string): boolean =>
  spawnSync('xmlsec1', ['--verify', '--id-attr:Id', 'Block', '--pubkey-cert-pem', certificateFile(key), ...files]).status === 0

/** What it thinks of each: a call for each, from a shell, which starts programs in less time than a process of this size. */
function xmlsec1Each(files: readonly string[], key: string): boolean[] {
  const each =
    'key=$1; shift; for file do xmlsec1 --verify --id-attr:Id Block --pubkey-cert-pem "$key" "$file" >/dev/null 2>&1; echo $?; done'
  const { stdout } = spawnSync('sh', ['-c', each, 'sh', certificateFile(key), ...files])
  return stdout
    .toString()
    .trim()
    .split('\n')
    .map((status) => status === '0')
}

describe('random documents, against libxml2 and xmlsec1', function () {
  this.timeout(60_000 + 50 * COUNT)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'protektor-random-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const stored = (texts: readonly string[], name: string): string[] =>
    texts.map((text, i) => {
      const file = join(folder, `${name}-${i}.xml`)
      writeFileSync(file, text)
      return file
    })
  const inCalls = <T>(list: readonly T[]): T[][] =>
    Array.from({ length: Math.ceil(list.length / PER_CALL) }, (_, at) => list.slice(at * PER_CALL, (at + 1) * PER_CALL))

  it(`have the canonical form that xmllint gives them (${COUNT})`, function () {
    needsCommand(this, 'xmllint')
    for (const documents of inCalls(fc.sample(DOCUMENT, COUNT).map(documentOf))) {
      const run = spawnSync('xmllint', ['--nonet', '--c14n', ...stored(documents, 'c14n')], { maxBuffer: 256 * 1024 * 1024 })
      expect(run.stderr.toString()).to.equal('')
      let rest = run.stdout.toString('utf8')
      for (const text of documents) {
        const ours = canonicalText(content(text).root)
        expect(rest.slice(0, ours.length), text).to.equal(ours)
        rest = rest.slice(ours.length)
      }
      expect(rest).to.equal('')
    }
  })

  it(`are signed by us as xmlsec1 would have it, and a changed one is judged alike (${COUNT})`, async function () {
    needsCommand(this, 'xmlsec1')
    const seen = { valid: 0, invalid: 0 }
    const changes = Object.entries(CHANGES)
    for (const [at, [method, key]] of METHODS.entries()) {
      const mine = fc.sample(DOCUMENT, COUNT / 4 / METHODS.length + COUNT / 4).map((one) => withoutIds(documentOf(one)))
      const whole = await Promise.all(mine.map((random) => signed(random, [method, key])))
      for (const xml of whole) expect(holds(xml, key), xml).to.equal(true)
      for (const files of inCalls(stored(whole, `whole-${at}`))) expect(xmlsec1(files, key)).to.equal(true)
      const altered = whole.slice(0, COUNT / 8).map((xml, i) => {
        const [name, change] = changes[i % changes.length] ?? ['', (text: string) => text]
        return { name, text: change(xml, i) }
      })
      const texts = altered.map(({ text }) => text)
      const theirs = inCalls(stored(texts, 'changed')).flatMap((files) => xmlsec1Each(files, key))
      for (const [i, { name, text }] of altered.entries()) {
        const verdict = holds(text, key)
        expect(verdict, `${name}: ${text}`).to.equal(theirs[i])
        seen[verdict ? 'valid' : 'invalid'] += 1
      }
    }
    expect(seen.valid).to.be.greaterThan(COUNT / 40)
    expect(seen.invalid).to.be.greaterThan(COUNT / 20)
  })
})
