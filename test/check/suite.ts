// SPDX-License-Identifier: EUPL-1.2
/**
 * The fixtures as whoever uses them has them: files, what is expected of them, and what they are checked with (docs/fixtures.md).
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXPECTED_FILE, type Expected } from '../../src/check/differences.js'
import { findingRow } from '../../src/check/findings.js'
import { readExpected } from '../../src/config/expected-file.js'

export const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
export const SUITES = ['valid', 'invalid', 'evil'] as const

export const AT = '2026-11-24T12:00:00Z'
export const PIN = 'test'
export const KEYSTORE = join(FIXTURES, 'pki/reader.p12')
export const TRUST = join(FIXTURES, 'pki/ca.pem')
export const SCHEMAS = join(FIXTURES, 'schemas')

export interface Fixture {
  /** Relative to `fixtures`, with `/`. */
  readonly folder: string
  readonly file: string
  readonly path: string
  /** undefined: its folder says nothing about it. */
  readonly expected: Expected | undefined
}

/** Every file of a folder of suites; their `expected.yaml` are read, not listed. */
export function fixturesIn(suite: string): readonly Fixture[] {
  const entries = readdirSync(join(FIXTURES, suite), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const read = new Map<string, ReadonlyMap<string, Expected>>()
  const expectedIn = (folder: string): ReadonlyMap<string, Expected> => {
    const file = join(folder, EXPECTED_FILE)
    const known = read.get(folder) ?? readExpected(file, readFileSync(file, 'utf8'), (id) => findingRow(id) !== undefined)
    read.set(folder, known)
    return known
  }
  return entries
    .filter(({ name }) => name !== EXPECTED_FILE)
    .map(({ parentPath, name }) => ({
      folder: relative(FIXTURES, parentPath).split(sep).join('/'),
      file: name,
      path: join(parentPath, name),
      expected: expectedIn(parentPath).get(name),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
