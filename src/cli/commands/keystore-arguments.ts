// SPDX-License-Identifier: EUPL-1.2
/**
 * Keystores on the command line: each option that names one is followed by its PIN.
 * @module
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from '../arguments.js'
import type { KeystoreArgument } from './check-material.js'

/** By the option that named them, in their order. */
export type KeystoreArguments<N extends string> = Readonly<Record<N, readonly KeystoreArgument[]>>

/**
 * Every keystore with the PIN behind it.
 * @param argv has been parsed with these options already.
 * @throws {UsageError} a keystore without PIN, a PIN without keystore.
 */
export function keystoreArguments<N extends string>(
  argv: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  names: readonly N[],
): KeystoreArguments<N> {
  const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, tokens: true })
  const stores = Object.fromEntries(names.map((name) => [name, [] as KeystoreArgument[]])) as Record<N, KeystoreArgument[]>
  const all = names.map((name) => `--${name}`)
  let waiting: { readonly use: N; readonly file: string } | undefined
  const assertNone = (): void => {
    if (waiting === undefined) return
    const option = `--${waiting.use} ${waiting.file}`
    throw new UsageError({
      de: `${option}: dahinter fehlt --pin oder --pin-file`,
      en: `${option}: --pin or --pin-file must follow`,
    })
  }
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined) continue
    const use = names.find((name) => name === token.name)
    if (use !== undefined) {
      assertNone()
      waiting = { use, file: token.value }
    } else if (token.name === 'pin' || token.name === 'pin-file') {
      if (waiting === undefined)
        throw new UsageError({
          de: `--${token.name} gehört hinter ein ${all.join(' oder ')}`,
          en: `--${token.name} belongs behind a ${all.join(' or ')}`,
        })
      stores[waiting.use].push({ file: waiting.file, pin: token.name === 'pin' ? token.value : { file: token.value } })
      waiting = undefined
    }
  }
  assertNone()
  return stores
}
