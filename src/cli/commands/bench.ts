// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor bench [WORD…]`: what `npm run bench` runs. The measurements, and what they compare with, stand in the repository and not in
 * the package.
 * Exit codes: 0 every goal met · 1 one is missed · 2 usage, or no measurements here · 4 failed.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseCommand, UsageError } from '../arguments.js'
import type { Io, Text } from '../io.js'

const HELP: Text = {
  de: `Aufruf: protektor bench [WORT…]

Misst, was npm run bench misst, jeweils gegen einen Vergleich im selben Lauf; mit Wörtern nur die Messungen, deren Name eines enthält
(docs/bench.md). Geht nur im Quellbaum mit seinen Entwicklungswerkzeugen.

Ende mit: 0 alle Ziele erreicht · 1 eines verfehlt · 2 Aufruf · 4 gescheitert
`,
  en: `Usage: protektor bench [WORD…]

Measures what npm run bench measures, each against a reference in the same run; with words only the measurements whose name contains one
(docs/bench.md). Works only in the source tree with its development tools.

Exit codes: 0 every goal met · 1 one is missed · 2 usage · 4 failed
`,
}

/** The folder of the package: from the sources, and from the built files, which lie one folder deeper. */
const FOLDERS = ['../../../', '../../../../'].map((up) => fileURLToPath(new URL(up, import.meta.url)))
const PROGRAM = 'tools/bench/main.ts'

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, { help: { type: 'boolean', short: 'h' } }, true)
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const folder = FOLDERS.find((one) => existsSync(one + PROGRAM) && existsSync(`${one}node_modules/tsx`))
  if (folder === undefined)
    throw new UsageError({
      de: 'gemessen wird im Quellbaum nach npm ci; im Paket stehen keine Messungen',
      en: 'measuring takes the source tree after npm ci; the package holds no measurements',
    })
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...positionals], { cwd: folder, stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 4))
  })
}
