// SPDX-License-Identifier: EUPL-1.2
/**
 * Mutation fuzzing of captured messages (threat model §9.4): bytes, tokens and elements. Whatever comes in, only our own errors come
 * out, and what is accepted with evidence reads what the original's signature covers.
 * @module
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { ProtektorError } from '../../src/errors.js'
import { openContent } from '../../src/osci/content-read.js'
import { readFault } from '../../src/osci/fault.js'
import { frame, order } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { canonicalText } from '../../src/xml/c14n.js'
import type { Part } from '../../src/mime/parts.js'
import type { XmlElement } from '../../src/xml/tree.js'
import { envWith, FOREIGN, party } from './env.js'

const VALID = new URL('../../fixtures/valid/', import.meta.url)
const ROUNDS = 250

/** A small generator with a seed, so that a failure can be run again (Mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const TOKENS = [
  '<',
  '>',
  '"',
  '/>',
  'Id="body"',
  'cid:',
  '#',
  '\r\n',
  '--',
  '=',
  '&#x20;',
  '<!--',
  ']]>',
  'xmlns:osci="urn:x"',
  '\u0000',
  'é',
  '__proto__',
]

/** One mutation of the bytes, the tokens or the elements. */
function mutate(original: Buffer, random: () => number): Buffer {
  const at = (length: number): number => Math.floor(random() * length)
  const kind = at(6)
  const text = original.toString('latin1')
  const place = at(text.length)
  if (kind === 0) {
    const changed = Buffer.from(original)
    changed[place] = at(256)
    return changed
  }
  if (kind === 1) return Buffer.concat([original.subarray(0, place), original.subarray(place + at(40))])
  if (kind === 2) return Buffer.from(text.slice(0, place) + (TOKENS[at(TOKENS.length)] ?? '') + text.slice(place), 'latin1')
  const elements = [...text.matchAll(/<([A-Za-z0-9]+:[A-Za-z0-9]+)(?=[ >])/g)]
  const chosen = elements[at(elements.length)]
  if (!chosen) return original.subarray(0, place)
  const end = text.indexOf(`</${chosen[1] ?? ''}>`, chosen.index)
  if (end < 0) return original.subarray(0, place)
  const whole = text.slice(chosen.index, end + (chosen[1]?.length ?? 0) + 3)
  const without = text.slice(0, chosen.index) + text.slice(chosen.index + whole.length)
  if (kind === 3) return Buffer.from(without, 'latin1')
  if (kind === 4) return Buffer.from(text.slice(0, chosen.index) + whole + text.slice(chosen.index), 'latin1')
  const to = elements[at(elements.length)]?.index ?? 0
  return Buffer.from(without.slice(0, to) + whole + without.slice(to), 'latin1')
}

const isPart = (what: XmlElement | Part): what is Part => 'contentId' in what
const coveredOf = (m: OsciMessage): string[] =>
  [...(m.evidence.signature?.covered ?? [])]
    .map((what) => (isPart(what) ? `${what.contentId} ${Buffer.from(what.body).toString('base64')}` : canonicalText(what)))
    .sort()

describe('mutation fuzzing of messages', () => {
  let env: OsciEnv
  before(async () => {
    const keys = await Promise.all(['addressee-cipher', 'intermed-cipher', 'reader-cipher', 'originator-cipher'].map(party))
    env = envWith(...keys.map((k) => k.decrypter))
  })

  const files = [FOREIGN, VALID].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.bin') || name.endsWith('.mime'))
      .map((name) => new URL(name, folder)),
  )

  async function open(bytes: Uint8Array): Promise<OsciMessage | undefined> {
    const envelope = await frame.open(bytes, env)
    if (envelope.kind === 'fault') {
      readFault(envelope)
      return undefined
    }
    const message = await order.open(envelope, env)
    await openContent(message, env)
    return message
  }

  for (const [index, file] of files.entries()) {
    it(`only our own errors, and nothing read that was not signed: ${file.pathname.split('/').at(-1) ?? ''}`, async () => {
      const original = readFileSync(file)
      const good = await open(original)
      const covered = good ? coveredOf(good) : []
      const random = chance(20261124 + index)
      for (let round = 0; round < ROUNDS; round++) {
        const bad = mutate(original, random)
        try {
          const opened = await open(bad)
          if (opened?.evidence.signature) expect(coveredOf(opened), `round ${round}`).to.deep.equal(covered)
        } catch (error) {
          if (!(error instanceof ProtektorError)) throw new Error(`round ${round}: ${String(error)}`, { cause: error })
        }
      }
    })
  }
})
