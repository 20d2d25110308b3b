// SPDX-License-Identifier: EUPL-1.2
/**
 * Envelopes whose cryptography is right and whose metadata are wrong, as a faulty or hostile sender that we know may make them: each is
 * refused in a named finding, and by the reader in another language as well.
 * @module
 */
import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { base64url, type JWK } from 'jose'
import { ENVELOPE_LIMITS, FRAME_BYTES, sizeClass, TAG_BYTES, writeContainer } from '../../src/envelope/container.js'
import { EnvelopeError } from '../../src/envelope/errors.js'
import { importOpeningKey, importSealingKey, importSigningKey, publicJwkOf } from '../../src/envelope/keys.js'
import { openEnvelope } from '../../src/envelope/open.js'
import { operations } from '../../src/envelope/operations.js'
import { needsCommand } from '../needs.js'

const root = new URL('../../', import.meta.url)
const KEYS = new URL('fixtures/envelope/keys.json', root)
const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
const HEADER = { id: '0'.repeat(32), to: 'ags:99001000', ttlSeconds: 10 }

type Metadata = Record<string, unknown> & { readonly parts: readonly Record<string, unknown>[] }
/** The text that is signed in place of the right one. */
type Edit = (metadata: Metadata) => string

const member =
  (change: Readonly<Record<string, unknown>>): Edit =>
  (metadata) =>
    JSON.stringify({ ...metadata, ...change })
const part =
  (change: Readonly<Record<string, unknown>>): Edit =>
  ({ parts: [first], ...rest }) =>
    JSON.stringify({ ...rest, parts: [{ ...first, ...change }] })
const card =
  (json: string): Edit =>
  (metadata) => {
    const osci = { messageType: 'x', mode: 'blind', messageSha256: '0'.repeat(64), transportEncrypted: true, processCard: 'HERE' }
    return JSON.stringify({ ...metadata, osci }).replace('"HERE"', json)
  }
const nested = (depth: number) => card('['.repeat(depth) + ']'.repeat(depth))

/** Neighbours of what is refused. */
const RIGHT: Readonly<Record<string, Edit>> = {
  'as it should be': member({}),
  'a process card of some depth': nested(20),
  'the last day of February in a leap year': member({ createdAt: '2028-02-29T23:59:59.999Z' }),
  'a subject of 1,000 characters': member({ subject: '😀'.repeat(1000) }),
  'a whole number with a fraction of nothing': (metadata) => JSON.stringify(metadata).replace('"ttlSeconds":10', '"ttlSeconds":10.0'),
}
const WRONG: Readonly<Record<string, Edit>> = {
  'a process card without bottom': nested(20_000),
  'a number that is none': card('NaN'),
  'a month that no calendar has': member({ createdAt: '2026-13-01T00:00:00.000Z' }),
  'a day that no calendar has': member({ createdAt: '2026-02-29T00:00:00.000Z' }),
  'an hour that no clock shows': member({ createdAt: '2026-02-28T25:00:00.000Z' }),
  'an unknown member': member({ priority: 1 }),
  'an unknown kind': member({ kind: 'order' }),
  'true in the place of 1': member({ v: true }),
  'a subject of nothing': member({ subject: '' }),
  'a subject of 1,001 characters': member({ subject: '😀'.repeat(1001) }),
  'null in the place of nothing': member({ xoev: null }),
  'no sender': member({ sender: undefined }),
  'an unknown member of a part': part({ compressed: true }),
  'an unknown role': part({ role: 'letter' }),
  'a part without a name': part({ name: '' }),
  'a negative length': part({ bytes: -1 }),
  'two parts of one name': ({ parts: [first], ...rest }) => JSON.stringify({ ...rest, parts: [first, first] }),
  'a mailbox for answers without a key': member({ replyTo: 'reply.' + '0'.repeat(32) }),
  'a line end behind a mailbox': member({ replyTo: 'reply.' + '0'.repeat(32) + '\n' }),
  'a mark before the JSON': (metadata) => '\ufeff' + JSON.stringify(metadata),
  'something behind the JSON': (metadata) => JSON.stringify(metadata) + '{}',
  'a list': () => '[]',
  nothing: () => 'null',
}

/** Metadata in order, and something beside them that is not. */
const BESIDE: Readonly<Record<string, { readonly finding: string; readonly edit?: Edit; readonly as?: Shape }>> = {
  'a part that is not the one listed': { finding: 'envelope.part', edit: part({ sha256: 'A'.repeat(43) }) },
  'padding that says something': { finding: 'envelope.leftover', as: { padding: 1 } },
  'a tag of 15 octets': { finding: 'envelope.header', as: { jwe: (jwe) => jwe.slice(0, -2) } },
  'a vector of 15 octets': { finding: 'envelope.header', as: { jwe: (jwe) => jwe.replace(/\.[\w-]{16}\./, `.${'A'.repeat(20)}.`) } },
}

interface Shape {
  readonly padding?: number
  readonly jwe?: (jwe: string) => string
}

async function forged(edit: Edit, { padding: filling = 0, jwe: written = (jwe) => jwe }: Shape = {}): Promise<Uint8Array> {
  const keys = JSON.parse(readFileSync(KEYS, 'utf8')) as Record<'recipientEc' | 'senderEc', JWK>
  const [sender, recipient] = [await importSigningKey(keys.senderEc), await importSealingKey(publicJwkOf(keys.recipientEc))]
  const secret = () => ({ key: random(32), iv: random(12) })
  const told = ({ key, iv }: ReturnType<typeof secret>) => ({ key: base64url.encode(key), iv: base64url.encode(iv) })
  const [inner, padding, bytes] = [secret(), secret(), new TextEncoder().encode('<demo/>')]
  const facts = { name: 'content0', mediaType: 'application/xml', role: 'document', bytes: bytes.length }
  const sha256 = base64url.encode(await operations.sha256(bytes))
  const metadata = {
    v: 1,
    ...HEADER,
    ...{ kind: 'message', sender: 'portal-1', createdAt: '2026-11-23T09:15:30.123Z' },
    parts: [{ ...facts, sha256, ...told(inner) }],
    padding: told(padding),
  }
  const text = new TextEncoder().encode(edit(metadata))
  const jws = await operations.sign({ typ: 'protektor-metadata+jws', kid: sender.kid }, text, sender)
  const header = { typ: 'protektor-envelope+jwe', kid: recipient.kid, v: 1, ...HEADER }
  const jwe = written(await operations.encrypt(header, new TextEncoder().encode(jws), recipient, random))
  const block = await operations.sealBlock(inner.key, inner.iv, bytes)
  const used = FRAME_BYTES + jwe.length + block.length + TAG_BYTES
  const rest = await operations.sealBlock(padding.key, padding.iv, new Uint8Array(sizeClass(used) - used).fill(filling))
  return writeContainer(jwe, [block, rest], ENVELOPE_LIMITS)
}

describe('envelope: wrong metadata in right cryptography', () => {
  async function findingOf(edit: Edit, as?: Shape, limits = ENVELOPE_LIMITS): Promise<string> {
    const keys = JSON.parse(readFileSync(KEYS, 'utf8')) as Record<'recipientEc' | 'senderEc', JWK>
    const recipient = [await importOpeningKey(keys.recipientEc)]
    try {
      await openEnvelope(await forged(edit, as), { recipient, sender: () => publicJwkOf(keys.senderEc) }, {}, limits)
      return 'none'
    } catch (error) {
      expect(error).to.be.instanceOf(EnvelopeError)
      return (error as EnvelopeError).finding
    }
  }

  for (const [what, edit] of Object.entries(RIGHT)) it(`opens ${what}`, async () => expect(await findingOf(edit)).to.equal('none'))
  for (const [what, edit] of Object.entries(WRONG))
    it(`refuses ${what}`, async () => expect(await findingOf(edit)).to.equal('envelope.metadata'))
  for (const [what, { finding, edit = member({}), as }] of Object.entries(BESIDE))
    it(`refuses ${what}`, async () => expect(await findingOf(edit, as)).to.equal(finding))
  it('refuses more parts than its reader allows', async () => {
    expect(await findingOf(member({}), {}, { ...ENVELOPE_LIMITS, parts: 0 })).to.equal('envelope.size')
  })

  it('the reader in another language says the same of each', async function () {
    needsCommand(this, 'python3', '-c', 'import cryptography')
    const directory = mkdtempSync(join(tmpdir(), 'protektor-malformed-'))
    try {
      const shaped = Object.entries(BESIDE).map(([what, { edit = member({}), as }]) => [what, edit, as] as const)
      const cases: (readonly [string, Edit, (Shape | undefined)?])[] = [...Object.entries({ ...RIGHT, ...WRONG }), ...shaped]
      const names = await Promise.all(
        cases.map(async ([, edit, as], at) => {
          const name = join(directory, `${at}.bin`)
          writeFileSync(name, await forged(edit, as))
          return name
        }),
      )
      let out = ''
      try {
        execFileSync('python3', [new URL('tools/verify-envelope.py', root).pathname, KEYS.pathname, ...names], { encoding: 'utf8' })
      } catch (error) {
        const { status, stdout } = error as { readonly status?: number; readonly stdout?: string }
        expect(status).to.equal(1)
        out = stdout ?? ''
      }
      const lines = out.trim().split('\n')
      const opened = cases.flatMap(([what], at) =>
        (JSON.parse(lines[at] ?? '{}') as object) && !(lines[at] ?? '').includes('"refused"') ? [what] : [],
      )
      expect(opened).to.deep.equal(Object.keys(RIGHT))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
