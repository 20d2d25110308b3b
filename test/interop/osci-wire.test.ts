// SPDX-License-Identifier: EUPL-1.2
/**
 * All captured messages of the reference library against the facts that an independent reading found in them (index.json of the captures).
 * Skips visibly where the captures are not beside the project.
 * @module
 */
import { expect } from 'chai'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openContext, type OpenedContext } from '../../src/cli/commands/check-context.js'
import { check } from '../../src/check/engine.js'
import type { CheckResult } from '../../src/check/types.js'
import { WIRE_FORM_IDS } from '../../src/osci/wire-forms.js'
import { needsMaterial } from '../needs.js'

const CORPUS = new URL('../../../shared/osci-wire/', import.meta.url)
const at = (path: string): string => fileURLToPath(new URL(path, CORPUS))

interface Message {
  readonly file: string
  readonly leg: string
  readonly direction: 'request' | 'response'
  readonly type: string
  readonly transportEncrypted?: boolean
  readonly signed?: boolean
  readonly signatureValidByJdk?: boolean
  readonly signer?: string
  readonly signatureAlgorithm?: string
  readonly feedback?: readonly string[]
  readonly osciCode?: string
  readonly messageIds?: readonly string[]
}
interface Content {
  readonly kind: string
  readonly encrypted: boolean
  readonly sha256: string
  readonly signedBy?: readonly string[]
}
interface Scenario {
  readonly scenario: string
  readonly messages: readonly Message[]
  readonly expectedContent?: readonly Content[]
  readonly clientResults?: readonly { readonly call: string; readonly ok: boolean }[]
}

/** Where our report differs from the index, with the reason. Keyed by file. */
const DEVIATIONS: Readonly<Record<string, string>> = {}

const CARRIES: ReadonlySet<string> = new Set([
  'storeDelivery', 'forwardDelivery', 'acceptDelivery', 'mediateDelivery', 'processDelivery', 'responseToFetchDelivery',
]) // prettier-ignore
/** Several deliveries in one set: each message carries its own part of the expected content. */
const SEVERAL = /^(24|40|44)-/
/** Transport algorithms that are forbidden since 2019, and a signer under no anchor: invalid by policy or trust, though all signatures hold. */
const INVALID_SETS = /^(18|19|21|22|57)-/

const typeOf = (m: Message): string => (m.type === 'SOAPFault' ? 'fault' : m.type.charAt(0).toLowerCase() + m.type.slice(1))
const rdns = (subject: string | null | undefined): string[] => (subject ?? '').split(/\s*,\s*/).sort()

const SEVERAL_KEYS = 'osci-structure.several-encrypted-keys'
/** What the schema reads beyond the official one, wire facts §15. */
const WIRE_FORMS: ReadonlySet<string> = new Set(WIRE_FORM_IDS)

describe('interop: captures of the reference library', function () {
  this.timeout(120_000)
  const present = existsSync(CORPUS)
  const scenarios = present ? (JSON.parse(readFileSync(at('index.json'), 'utf8')) as { scenarios: Scenario[] }).scenarios : []
  let opened: OpenedContext | undefined
  before(async function () {
    needsMaterial(this, present, 'the captures (../shared)')
    const stores = readdirSync(at('pki')).filter((name) => name.endsWith('.p12'))
    opened = await openContext({
      keystores: stores.map((name) => ({ file: at(`pki/${name}`), pin: 'test' })),
      trust: [at('pki/ca.pem')],
      schemas: [],
      workers: 1,
      warn: (text) => {
        throw new Error(text)
      },
    })
  })
  after(() => opened?.close())

  const resultOf = (m: Message): Promise<CheckResult> => {
    if (!opened) throw new Error('no context')
    return check(readFileSync(at(m.file)), opened.context)
  }

  it('are there, or are skipped', function () {
    needsMaterial(this, present, 'the captures (../shared)')
    const all = scenarios.flatMap((s) => s.messages)
    expect(all).to.have.length(468)
    expect(all.filter((m) => !m.leg.startsWith('made:'))).to.have.length(410)
  })

  for (const s of scenarios)
    it(`${s.scenario}: reported as the index says`, async () => {
      for (const m of s.messages) {
        const result = await resultOf(m)
        if (DEVIATIONS[m.file] !== undefined) continue
        if (m.leg.startsWith('made:')) {
          const refused = s.clientResults?.some((c) => c.call === m.leg.slice('made:'.length) && !c.ok) === true
          if (refused && m.direction === 'request') expect(result.verdict, m.file).to.equal('invalid')
          continue
        }
        expect(result.messageType, m.file).to.equal(typeOf(m))
        if (m.transportEncrypted !== undefined) expect(result.transportEncrypted, m.file).to.equal(m.transportEncrypted)
        if (m.signed !== undefined) expect(result.signed, m.file).to.equal(m.signed)
        if (m.signatureValidByJdk === true) {
          expect(result.messageSignature?.verdict, m.file).to.equal('valid')
          expect(rdns(result.messageSignature?.signer), m.file).to.deep.equal(rdns(m.signer))
          expect(result.messageSignature?.algorithm, m.file).to.equal(m.signatureAlgorithm)
        }
        if (m.feedback) expect(result.feedback, m.file).to.deep.equal(m.feedback)
        if (m.osciCode !== undefined) expect(result.feedback, m.file).to.deep.equal([m.osciCode])
        if (m.messageIds && result.messageId !== null) expect(m.messageIds, m.file).to.include(result.messageId)
        expectContents(s, m, result)
        if (!INVALID_SETS.test(s.scenario)) expect(result.verdict, m.file).to.equal('valid')
      }
    })

  function expectContents(s: Scenario, m: Message, result: CheckResult): void {
    const expected = s.expectedContent ?? []
    if (!CARRIES.has(typeOf(m)) || expected.length === 0 || /partial/.test(s.scenario)) return
    if (m.feedback?.some((code) => code.startsWith('9')) === true) return
    const found = expected.filter((c) => result.contents.some((mine) => mine.sha256 === c.sha256))
    if (SEVERAL.test(s.scenario)) expect(found, m.file).to.not.have.length(0)
    else expect(found, m.file).to.have.length(expected.length)
    for (const c of found) {
      const mine = result.contents.find((x) => x.sha256 === c.sha256)
      expect(mine?.kind, m.file).to.equal(c.kind)
      for (const author of c.signedBy ?? []) expect(mine?.signedBy.map(rdns), m.file).to.deep.include(rdns(author))
    }
  }

  it('our schema warns in three envelopes, and only of several encrypted keys (wire facts §15)', async function () {
    needsMaterial(this, present, 'the captures (../shared)')
    const warned: string[] = []
    for (const s of scenarios)
      for (const m of s.messages.filter((x) => !x.leg.startsWith('made:'))) {
        const result = await resultOf(m)
        const forms = result.findings.map(({ id }) => id).filter((id) => WIRE_FORMS.has(id))
        expect([...new Set([...forms, SEVERAL_KEYS])], m.file).to.deep.equal([SEVERAL_KEYS])
        if (forms.length > 0) warned.push(m.file.slice(0, 2))
      }
    expect(warned).to.deep.equal(['41', '41', '57'])
  })

  it('without keys nothing of the 210 encrypted messages is opened', async function () {
    needsMaterial(this, present, 'the captures (../shared)')
    if (!opened) throw new Error('no context')
    const keyless = { ...opened.context, keys: { decrypter: () => undefined } }
    let closed = 0
    for (const m of scenarios.flatMap((s) => s.messages).filter((x) => x.transportEncrypted === true && !x.leg.startsWith('made:'))) {
      const result = await check(readFileSync(at(m.file)), keyless)
      expect(result.contents, m.file).to.deep.equal([])
      expect(result.messageType, m.file).to.equal(null)
      expect(['unchecked', 'invalid'], m.file).to.include(result.verdict)
      closed++
    }
    expect(closed).to.equal(210)
  })
})
