// SPDX-License-Identifier: EUPL-1.2
/**
 * Writes the pages that come from tables: `npm run docs`. With `--check` compares only and names what differs.
 * A new page is one more generator in the list.
 * @module
 */
import { configPage } from './docs/config-page.js'
import { feedbackPage } from './docs/feedback-page.js'
import { findingsPage } from './docs/findings-page.js'
import { messagesPage } from './docs/messages-page.js'
import { metricsPage } from './docs/metrics-page.js'
import { problemsPage } from './docs/problems-page.js'
import { rulesPage } from './docs/rules-page.js'
import { envelopeSchema, openApi } from './docs/json-documents.js'
import { promelaPage } from './docs/promela-transitions.js'
import { runGenerators } from './generated.js'
import type { Generator } from './generated.js'

export const PAGES: readonly Generator[] = [
  configPage,
  messagesPage,
  feedbackPage,
  findingsPage,
  rulesPage,
  metricsPage,
  problemsPage,
  openApi,
  envelopeSchema,
  promelaPage,
]

if (process.argv[1]?.endsWith('docs.ts')) process.exitCode = await runGenerators('docs', PAGES, process.argv.slice(2))
