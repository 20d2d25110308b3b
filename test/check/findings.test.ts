// SPDX-License-Identifier: EUPL-1.2
/**
 * The findings table against the sources: no id is raised without a row, no row is there that nobody raises.
 * @module
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ALL_FINDINGS, findingRow } from '../../src/check/findings.js'
import { Journal } from '../../src/check/journal.js'
import { LAYERS } from '../../src/check/types.js'
import { FEEDBACK } from '../../src/osci/feedback.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const ROOMS = ['mime', 'xml', 'pki', 'osci', 'xoev', 'check']

function sources(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    if (!entry.name.endsWith('.ts') || /^findings.*\.ts$/.test(entry.name)) return []
    return [{ path: relative(root, path), text: readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '') }]
  })
}

const files = ROOMS.flatMap((room) => sources(join(root, 'src', room)))
const LAYER = LAYERS.join('|')

/** Functions that add the layer to a rule: by file, the pattern whose group 1 is the rule, and the layers. */
const HELPERS: readonly (readonly [file: RegExp, rule: RegExp, layers: readonly string[]])[] = [
  [/^src\/osci\/(soap|content-read|content-attachments)\.ts$/, /\brefuse\([^'`\n]*?'([a-z0-9-]+)'/g, ['osci-structure']],
  [/^src\/osci\//, /\bmisfit\([^'`\n]*?'([a-z0-9-]+)'/g, ['osci-structure']],
  [/^src\/osci\/author-signature\.ts$/, /\bwrong\('([a-z0-9-]+)'/g, ['author-signature']],
  [/^src\/osci\/content-read\.ts$/, /\bstay\('[a-z-]+', '([a-z0-9-]+)'/g, ['content-encryption']],
  [/^src\/osci\/transport\.ts$/, /\bforbidden\('([a-z0-9-]+)'/g, ['transport-encryption']],
  [/^src\/xml\/gate\.ts$/, /\brefuse\('([a-z0-9-]+)'/g, ['xml']],
  [/^src\/xml\/xenc\.ts$/, /\bpublicRefusal\([^'`\n]*?'([a-z0-9-]+)'/g, ['transport-encryption', 'content-encryption']],
  [/^src\/xml\/dsig\.ts$/, /(?:\bforbid\(|rule: )'([a-z0-9-]+)'/g, ['message-signature', 'author-signature']],
  [/^src\/(xml\/(dsig|grammar)|osci\/certificates)\.ts$/, /\$\{layer\}\.([a-z0-9-]+)`/g, ['message-signature', 'author-signature']],
  [/^src\/xml\/grammar\.ts$/, /\$\{layer\}\.([a-z0-9-]+)`/g, ['transport-encryption', 'content-encryption']],
]

/** Put together from parts, in osci/control.ts, check/journal.ts and xoev/codelists.ts. */
const COMPOSED = [
  ...['response', 'challenge', 'conversation-id', 'sequence-number'].flatMap((field) => [
    `control-block.missing-${field}`,
    `control-block.forbidden-${field}`,
  ]),
  ...LAYERS.map((layer) => `${layer}.check-failed`),
  ...['unknown-code', 'unknown-version', 'unknown-list'].map((outcome) => `code-lists.${outcome}`),
]

const raised = new Map<string, string>()
for (const { path, text } of files) {
  for (const [, id] of text.matchAll(new RegExp(`['\`]((?:${LAYER})\\.[a-z0-9-]+)['\`]`, 'g'))) if (id !== undefined) raised.set(id, path)
  for (const [file, rule, layers] of HELPERS)
    if (file.test(path))
      for (const [, found] of text.matchAll(rule))
        for (const layer of layers) if (found !== undefined) raised.set(`${layer}.${found}`, path)
}
for (const id of COMPOSED) raised.set(id, 'composed')

/** Raised by the command line, outside the engine's rooms. */
const BY_THE_COMMAND = ['mime.unreadable-file']

describe('findings table', () => {
  it('every id that the sources raise has a row', () => {
    const missing = [...raised].filter(([id]) => !findingRow(id)).map(([id, path]) => `${id} (${path})`)
    expect(missing).to.deep.equal([])
    expect(raised.size).to.be.greaterThan(120)
  })

  it('every row is raised somewhere', () => {
    const idle = ALL_FINDINGS.filter((row) => !raised.has(row.id) && !BY_THE_COMMAND.includes(row.id)).map((row) => row.id)
    expect(idle).to.deep.equal([])
  })

  it('every id stands once, with a layer, two texts and a reference', () => {
    const seen = new Set<string>()
    for (const row of ALL_FINDINGS) {
      expect(seen.has(row.id), row.id).to.equal(false)
      seen.add(row.id)
      expect(LAYERS, row.id).to.include(row.id.split('.')[0])
      expect(row.de.trim(), row.id).to.not.equal('')
      expect(row.en.trim(), row.id).to.not.equal('')
      expect(row.reference, row.id).to.not.equal('')
    }
  })

  it('feedback codes are codes of OSCI', () => {
    const codes = new Set(FEEDBACK.map((row) => row.code))
    for (const { id, feedback } of ALL_FINDINGS) if (feedback !== undefined) expect(codes.has(feedback), `${id} ${feedback}`).to.equal(true)
  })

  it('an id without a row is an error of the check, not of the message', () => {
    const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
    journal.raise('mime.nobody-knows-this')
    expect(journal.verdict).to.equal('error')
    expect(journal.findings.map((f) => [f.id, f.severity])).to.deep.equal([['mime.check-failed', 'warning']])
  })

  it('of one id at most a hundred findings are kept; the verdict stands', () => {
    const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
    for (let line = 1; line <= 1000; line++) journal.raise('osci-structure.schema', { line })
    expect(journal.findings).to.have.length(100)
    expect(journal.verdict).to.equal('invalid')
  })

  it('nothing looked at is not valid; invalid comes before error before unchecked', () => {
    const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
    expect(journal.verdict).to.equal('unchecked')
    journal.note('mime')
    expect(journal.verdict).to.equal('valid')
    journal.note('xml', 'unchecked')
    expect(journal.verdict).to.equal('unchecked')
    journal.broke('xml', new Error('x'))
    expect(journal.verdict).to.equal('error')
    journal.raise('policy.forbidden-key')
    expect(journal.verdict).to.equal('invalid')
    expect(journal.layers).to.deep.equal({ mime: 'valid', xml: 'error', policy: 'invalid' })
  })
})
