// SPDX-License-Identifier: EUPL-1.2
/**
 * Changes of one place in an envelope, by seeded chance: elements deleted, doubled, swapped, renamed, moved; attributes deleted,
 * renamed, altered; text changed. The text is edited, so that what is left is exactly what was captured.
 * @module
 */
import { CHECK_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { afterName, editText, type TextEdit } from '../../src/xml/schema-places.js'
import { elementsOf, textOf, type XmlElement } from '../../src/xml/tree.js'
import type { CapturedEnvelope } from './xsd-captures.js'

export interface Mutation {
  readonly base: CapturedEnvelope
  readonly what: string
  readonly xml: string
}

/** Mulberry32: small, seeded, good enough to choose places. */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

function descendants(root: XmlElement): XmlElement[] {
  const found: XmlElement[] = []
  const walk = (e: XmlElement): void => {
    for (const c of elementsOf(e)) {
      found.push(c)
      walk(c)
    }
  }
  walk(root)
  return found
}

const VALUES = [
  '',
  '0',
  '-1',
  '1',
  'x',
  'true',
  '2026-11-23T03:11:25Z',
  '2026-11-23',
  'SGFsbG8=',
  'de en',
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'reception',
  'valid',
  'ok',
  '  7 ',
]
const NAMES = [
  'OSCP',
  'OCSP',
  'procard',
  'ProcessCardBundle',
  'Reception',
  'Creation',
  'MessageId',
  'Unknown',
  'ContentContainer',
  'Plain',
  'RecentModification',
  'InfoOnly',
  'OtherAuthor',
]

interface Kit {
  readonly text: string
  readonly all: readonly XmlElement[]
  readonly one: XmlElement
  pick<T>(from: readonly T[]): T | undefined
}

const qname = (e: XmlElement): string => (e.prefix === '' ? e.local : `${e.prefix}:${e.local}`)
const drop = (e: XmlElement): TextEdit => ({ start: e.start, end: e.end, insert: '' })
const source = (kit: Kit, e: XmlElement): string => kit.text.slice(e.start, e.end)

/** Ranges of the attributes (not declarations) of an element: ` name="value"`. */
function attributeRanges(kit: Kit): { start: number; end: number; name: string; value: string }[] {
  const from = afterName(kit.one)
  const tag = /^(?:[^>"']|"[^"]*"|'[^']*')*/.exec(kit.text.slice(from))?.[0] ?? ''
  return [...tag.matchAll(/\s([\w:.-]+)\s*=\s*"([^"]*)"/g)]
    .filter((m) => !/^xmlns(:|$)/.test(m[1] ?? ''))
    .map((m) => ({ start: from + m.index, end: from + m.index + m[0].length, name: m[1] ?? '', value: m[2] ?? '' }))
}

function rename(kit: Kit, to: string): TextEdit[] {
  const { one, text } = kit
  const edits: TextEdit[] = [{ start: afterName(one) - one.local.length, end: afterName(one), insert: to }]
  const close = text.lastIndexOf('</', one.end)
  if (close > one.start && text.slice(close, one.end).startsWith(`</${qname(one)}`))
    edits.push({ start: close + 2 + qname(one).length - one.local.length, end: close + 2 + qname(one).length, insert: to })
  return edits
}

type Change = (kit: Kit) => TextEdit[] | undefined
const CHANGES: Readonly<Record<string, Change>> = {
  'delete element': (kit) => [drop(kit.one)],
  'double element': (kit) => [
    { start: kit.one.end, end: kit.one.end, insert: source(kit, kit.one).replace(/ Id="[^"]*"/g, (id) => id.slice(0, -1) + '_2"') },
  ],
  'double element with Ids': (kit) => [{ start: kit.one.end, end: kit.one.end, insert: source(kit, kit.one) }],
  'swap with next': (kit) => {
    const siblings = kit.one.parent ? elementsOf(kit.one.parent) : []
    const next = siblings[siblings.indexOf(kit.one) + 1]
    return next
      ? [
          {
            start: kit.one.start,
            end: next.end,
            insert: source(kit, next) + kit.text.slice(kit.one.end, next.start) + source(kit, kit.one),
          },
        ]
      : undefined
  },
  'rename element': (kit) => rename(kit, kit.pick(NAMES) ?? 'X'),
  'rename like another': (kit) => rename(kit, kit.pick(kit.all)?.local ?? 'X'),
  'move before another': (kit) => {
    const to = kit.pick(kit.all.filter((e) => e.end <= kit.one.start || e.start >= kit.one.end))
    return to ? [drop(kit.one), { start: to.start, end: to.start, insert: source(kit, kit.one) }] : undefined
  },
  'delete attribute': (kit) => {
    const a = kit.pick(attributeRanges(kit))
    return a && [{ start: a.start, end: a.end, insert: '' }]
  },
  'rename attribute': (kit) => {
    const a = kit.pick(attributeRanges(kit))
    return (
      a && [
        {
          start: a.start,
          end: a.end,
          insert: ` ${kit.pick(['Ident', 'Result', 'URI', 'Type', 'ChunkMessageTimeOut', 'Role', 'href']) ?? 'X'}="${a.value}"`,
        },
      ]
    )
  },
  'alter attribute': (kit) => {
    const a = kit.pick(attributeRanges(kit))
    return a && [{ start: a.start, end: a.end, insert: ` ${a.name}="${kit.pick(VALUES) ?? ''}"` }]
  },
  'add attribute': (kit) => [
    {
      start: afterName(kit.one),
      end: afterName(kit.one),
      insert: ` ${kit.pick(['Id="new"', 'href="cid:x"', 'Type="x"', 'xml:lang="de"', 'xml:lang="de en"', 'soap:actor="x"', 'Result="ok"']) ?? ''}`,
    },
  ],
  'change text': (kit) => {
    if (elementsOf(kit.one).length > 0 || textOf(kit.one) === '') return undefined
    const open = kit.text.indexOf('>', afterName(kit.one)) + 1
    return [{ start: open, end: kit.text.lastIndexOf('</', kit.one.end), insert: kit.pick(VALUES) ?? '' }]
  },
  'add text': (kit) => {
    const close = kit.text.lastIndexOf('</', kit.one.end)
    return close > kit.one.start ? [{ start: close, end: close, insert: 'x' }] : undefined
  },
}

/** As many well-formed mutations as wanted, the message types taken in turn. */
export function mutations(bases: readonly CapturedEnvelope[], count: number, seed: number): readonly Mutation[] {
  const below = chance(seed)
  const names = [...new Set(bases.map((b) => b.name))].sort()
  const kinds = Object.keys(CHANGES)
  const found: Mutation[] = []
  for (let turn = 0; found.length < count; turn++) {
    const ofName = bases.filter((b) => b.name === names[turn % names.length])
    const base = ofName[below(ofName.length)]
    const kind = kinds[below(kinds.length)] ?? ''
    if (!base) continue
    const document = parseXml(Buffer.from(base.xml), { limits: CHECK_LIMITS, frame: 'content' })
    const all = descendants(document.root)
    // the schema location decides which official file judges: root attributes are left alone
    const one = all[below(all.length)]
    if (!one) continue
    const kit: Kit = { text: document.text, all, one, pick: (from) => from[below(from.length)] }
    const edits = CHANGES[kind]?.(kit)
    if (!edits) continue
    const xml = editText(document.text, edits)
    try {
      parseXml(Buffer.from(xml), { limits: CHECK_LIMITS, frame: 'content' })
    } catch {
      continue
    }
    found.push({ base, what: `${kind} ${qname(one)}`, xml })
  }
  return found
}
