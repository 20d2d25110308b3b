// SPDX-License-Identifier: EUPL-1.2
/**
 * Where the outcome of a run goes: the bytes of every leg as they pass, and the reports at the end.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClauseResult } from '../../conformance/clause.js'
import { fileOf, FORMS, sumLine, type FormName, type ReportHead } from '../../conformance/reports.js'
import type { Leg } from '../../conformance/wire.js'
import type { Io, Language } from '../io.js'
import { openFolder } from '../output-folder.js'

export interface Output {
  keep(leg: Leg): Promise<void>
  report(head: ReportHead, results: readonly ClauseResult[]): Promise<void>
}

/**
 * @param directory absent: the first form goes to standard output, and no bytes are kept.
 * @throws {UsageError} nothing can be kept there.
 */
export async function openOutput(directory: string | undefined, forms: readonly FormName[], lang: Language, io: Io): Promise<Output> {
  if (directory === undefined) {
    const [form = 'text'] = forms
    return {
      keep: () => Promise.resolve(),
      report: async (head, results) => Promise.resolve(io.out.write(FORMS[form].write(head, results, lang, false))),
    }
  }
  await openFolder(join(directory, 'bytes'))
  return {
    async keep({ number, request, answer, failure, status }) {
      await writeFile(join(directory, fileOf(number, 'request')), request)
      // no answer is an answer, too: the file says why there is none
      await writeFile(join(directory, fileOf(number, 'answer')), answer ?? `no answer: ${failure ?? String(status)}\n`)
    },
    async report(head, results) {
      for (const form of forms) {
        const file = join(directory, FORMS[form].fileName)
        await writeFile(file, FORMS[form].write(head, results, lang, true))
        io.out.write(`${file}\n`)
      }
      io.out.write(`${sumLine(results, lang)}\n`)
    },
  }
}
