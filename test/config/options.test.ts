// SPDX-License-Identifier: EUPL-1.2
/**
 * No option without effect: every leaf of the table is read by the program somewhere outside the configuration room.
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { describe as describeOptions } from '../../src/config/option.js'
import { OPTIONS } from '../../src/config/options.js'

const source = join(dirname(fileURLToPath(import.meta.url)), '../../src')

/** Says by being there: the core lies in this process. */
const WITHOUT_EFFECT = ['memory']

describe('config options', () => {
  it('reads every option it documents', () => {
    const code = readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.endsWith('/config'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
    // These take effect in this room: `slowPoller` allows a longer life, `allowSmallOwnKeys` shorter keys, `enabled` a check.
    const here = ['cross-checks.ts', 'own-keys.ts'].map((name) => readFileSync(join(source, 'config', name), 'utf8')).join('\n')
    const readHere = ['slowPoller', 'allowSmallOwnKeys', 'enabled'].filter((name) => here.includes(`.${name}`))
    const leaves = describeOptions(OPTIONS).map((row) => row.key.split('.').at(-1)?.replace(/\[\]$/, '') ?? '')
    const unread = [...new Set(leaves)].filter(
      (name) => name !== '*' && !WITHOUT_EFFECT.includes(name) && !new RegExp(`[.{,]\\s*${name}\\b`).test(code),
    )
    expect(unread.filter((name) => !readHere.includes(name))).to.deep.equal([])
  })
})
