// SPDX-License-Identifier: EUPL-1.2
/** `--import`ed before the translator of TypeScript, so that its hooks see what ours have patched. */
import { readFileSync } from 'node:fs'
import { register } from 'node:module'

const { patches } = JSON.parse(readFileSync(process.env.PROTEKTOR_MUTANTS ?? '', 'utf8'))
register('./hook.mjs', import.meta.url, { data: { patches } })
