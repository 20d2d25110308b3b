// SPDX-License-Identifier: EUPL-1.2
/**
 * Results as they stand in the page (check/reports/html.ts): what is the same in many stands once, nulls and empty lists are left out.
 * @module
 */
import type { Finding, Result } from './model.js'

type State = Pick<Result, 'layers' | 'notAsked'>
type PackedFinding = Pick<Finding, 'id' | 'severity'> & Partial<Finding>
type PackedResult = Pick<Result, 'file' | 'sha256' | 'verdict' | 'kind' | 'transportEncrypted'> &
  Partial<Omit<Result, 'findings'>> & { readonly state: number; readonly findings?: readonly PackedFinding[] }

const FINDING = { xpath: null, line: null, column: null, document: 'file', detail: null, content: null } as const
const RESULT = {
  capture: null,
  messageType: null,
  signed: null,
  messageId: null,
  feedback: [],
  messageSignature: null,
  contents: [],
} as const
const NO_STATE: State = { layers: {}, notAsked: [] }

const findingOf = (packed: PackedFinding): Finding => ({ ...FINDING, layer: packed.id.slice(0, packed.id.indexOf('.')), ...packed })

export const resultsOf = (packed: readonly PackedResult[], states: readonly State[]): Result[] =>
  packed.map(({ state, findings = [], ...one }) => ({
    ...RESULT,
    ...(states[state] ?? NO_STATE),
    ...one,
    findings: findings.map(findingOf),
  }))
