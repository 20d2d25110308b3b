// SPDX-License-Identifier: EUPL-1.2
/**
 * What an error says, in both languages: errors of the pure rooms carry one text, the tables of findings hold the other.
 * @module
 */
import { findingRow } from '../check/findings.js'
import { SchemaPackageError } from '../config/schema-problem.js'
import { ProtektorError } from '../errors.js'
import { FINDINGS_PKI } from '../pki/findings.js'
import { CommandError } from './arguments.js'
import type { Text } from './io.js'

/** @returns the same text twice where no table knows another, as for what the system says. */
export function causeOf(error: unknown): Text {
  if (error instanceof CommandError || error instanceof SchemaPackageError) return error.text
  const said = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ProtektorError)) return { de: said, en: said }
  const row = findingRow(error.finding) ?? FINDINGS_PKI.find(({ id }) => id === error.finding)
  return { de: row?.de ?? said, en: said }
}
