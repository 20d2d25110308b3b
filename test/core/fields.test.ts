// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { BOX, envelope, LEASED, MAILBOXES, newId, taken } from './opened.js'
import { openMemory } from './memory-opened.js'

/** Names of all members, at every depth; the keys of `waiting` are mailboxes. */
function names(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === 'waiting' ? [key] : [key, ...names(inner)]))
}

describe('docs/was-der-kern-weiss.md', () => {
  it('J4 L1 names every field that goes into the core, lies in it, or comes out of it', async () => {
    const text = readFileSync(new URL('../../docs/was-der-kern-weiss.md', import.meta.url), 'utf8')
    const { core, events, close } = await openMemory()({}, MAILBOXES)
    const asked = envelope({ replyTo: 'reply.' + newId() })
    const leased = envelope({ to: LEASED })
    await core.put(asked)
    await core.put(leased)
    const claim = await taken(core, BOX)
    const lease = await taken(core, LEASED)
    await lease.broken()
    await claim.refuse('X001')
    const { link, ...record } = (await core.outcome(asked.id)) ?? {}
    const seen = [asked, claim, lease, record, link, events, await core.figures()].flatMap(names)
    const fields = new Set(seen.filter((name) => !/^\d+$/.test(name) && !['envelope', 'confirm', 'refuse', 'broken'].includes(name)))
    expect(fields.size).to.be.greaterThan(20)
    expect([...fields].filter((field) => !text.includes('`' + field + '`'))).to.deep.equal([])
    await close()
  })
})
