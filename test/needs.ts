// SPDX-License-Identifier: EUPL-1.2
/**
 * What a test needs of the machine. Without it the test is skipped, visibly; in CI, where everything must be there, it fails. Only for
 * material outside the repository CI skips, too.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Context } from 'mocha'

function skip(context: Context, what: string): never {
  console.log(`      skipped: ${what} is not there`)
  return context.skip()
}

function needs(context: Context, isThere: boolean, what: string): void {
  if (isThere) return
  if (process.env.CI === 'true') throw new Error(`${what} is missing`)
  skip(context, what)
}

const answers = (command: string, argv: readonly string[]): boolean => spawnSync(command, argv).status === 0

/** A command on the path; `argv` makes it answer and end. */
export function needsCommand(context: Context, command: string, ...argv: readonly string[]): void {
  needs(context, argv.length === 0 ? answers('which', [command]) : answers(command, argv), [command, ...argv].join(' '))
}

export const CHROMIUM = '/usr/bin/chromium'

export function needsChromium(context: Context): void {
  needs(context, existsSync(CHROMIUM), `${CHROMIUM} (Debian package chromium)`)
}

/** `/proc`, limits and signals as Linux has them. */
export function needsLinux(context: Context): void {
  needs(context, process.platform === 'linux' && existsSync('/proc/self/task'), 'Linux')
}

/** Captures, official sets, the peer: what lies outside the repository and may be absent anywhere. */
export function needsMaterial(context: Context, isThere: boolean, what: string): void {
  if (!isThere) skip(context, what)
}
