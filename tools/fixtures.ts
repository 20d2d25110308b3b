// SPDX-License-Identifier: EUPL-1.2
/**
 * Makes the fixtures that come from tables: `npm run fixtures`. With `--check` compares only and names what differs.
 * Fixed clock and seeded chance, so that the same sources give the same bytes. `fixtures/foreign/` has no generator, ever:
 * what other implementations wrote is evidence.
 * @module
 */
import { runGenerators } from './generated.js'
import type { Generator } from './generated.js'
import { EVIL } from './fixtures/evil.js'
import { INVALID } from './fixtures/invalid.js'
import { CERTIFICATES } from './fixtures/pki.js'
import { SCHEMAS } from './fixtures/standard.js'
import { VALID } from './fixtures/valid.js'

export const FIXTURES: readonly Generator[] = [CERTIFICATES, SCHEMAS, VALID, INVALID, EVIL]

if (process.argv[1]?.endsWith('fixtures.ts')) process.exitCode = await runGenerators('fixtures', FIXTURES, process.argv.slice(2))
