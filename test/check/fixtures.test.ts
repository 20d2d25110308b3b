// SPDX-License-Identifier: EUPL-1.2
/**
 * All fixtures: each comes to exactly what its folder says, every finding has a folder or a reason why it has none, and every feedback code
 * its message.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { check } from '../../src/check/engine.js'
import { differences, type Difference } from '../../src/check/differences.js'
import { ALL_FINDINGS, findingRow } from '../../src/check/findings.js'
import { openContext, type OpenedContext } from '../../src/cli/commands/check-context.js'
import { FEEDBACK } from '../../src/osci/feedback.js'
import { UNSHOWABLE } from '../../tools/fixtures/unshowable.js'
import { AT, fixturesIn, KEYSTORE, PIN, SCHEMAS, SUITES, TRUST, type Fixture } from './suite.js'

const ALL = SUITES.flatMap(fixturesIn)
const FOLDERS = new Map<string, Fixture[]>()
for (const fixture of ALL) FOLDERS.set(fixture.folder, [...(FOLDERS.get(fixture.folder) ?? []), fixture])

const INVALID = 'invalid/'

describe('fixtures', () => {
  let opened: OpenedContext
  const found = new Set<string>()
  const codes = new Set<string>()

  before(async () => {
    opened = await openContext({
      keystores: [{ file: KEYSTORE, pin: PIN }],
      trust: [TRUST],
      schemas: [SCHEMAS],
      requestFiles: ALL.map(({ path }) => path),
      at: new Date(AT),
      workers: 1,
      warn: () => undefined,
    })
  })
  after(() => opened.close())

  for (const [folder, fixtures] of FOLDERS)
    it(`${folder} comes to what is expected`, async () => {
      const shown = new Set<string>()
      const wrong: Record<string, readonly Difference[]> = {}
      for (const { file, path, expected } of fixtures) {
        const result = await check(readFileSync(path), opened.context)
        for (const { id } of result.findings) shown.add(id)
        for (const code of result.feedback) codes.add(code)
        const unlike = differences(expected, result)
        if (unlike.length > 0) wrong[file] = unlike
      }
      expect(wrong).to.deep.equal({})
      if (/^valid\b/.test(folder)) expect([...shown].filter((id) => findingRow(id)?.severity !== 'info')).to.deep.equal([])
      for (const id of shown) found.add(id)
      if (folder.startsWith(INVALID)) expect([...shown]).to.include(folder.slice(INVALID.length))
    })

  it('show every finding, but for those that have a reason not to', () => {
    const shown = [...FOLDERS.keys()].flatMap((folder) => (folder.startsWith(INVALID) ? [folder.slice(INVALID.length)] : []))
    const ids = ALL_FINDINGS.map(({ id }) => id)
    expect([...shown, ...Object.keys(UNSHOWABLE)].sort()).to.deep.equal([...ids].sort())
    expect(Object.keys(UNSHOWABLE).filter((id) => found.has(id))).to.deep.equal([])
  })

  it('show every feedback code', () => {
    expect(FEEDBACK.map(({ code }) => code).filter((code) => !codes.has(code))).to.deep.equal([])
  })
})
