// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/feedback.md: the feedback codes, from `src/osci/feedback.ts`.
 * @module
 */
import { FEEDBACK, type SendingRole } from '../../src/osci/feedback.js'
import type { Generator } from '../generated.js'
import { GENERATED, table } from './markdown.js'

const INTRODUCTION = `# Feedback codes

First digit: 0 done, 3 done with a warning, 9 not done. 9000 to 9503 travel as SOAP fault (HTTP 200, see ADR 0004); all others are
entries of \`Feedback\` in a regular response, warnings and detail first, the verdict last (\`verdictFirst\` turns that round for a peer).
The texts are ours; a peer's own text is shown as it came. \`I\` is sent by our intermediary, \`R\` by our passive recipient; what neither
sends is known, and read from others: a key of ours that is no longer in the configuration is 9200, never 9201, and warnings inside a
delivery in chunks stand in InsideFeedback beside 0800 or 0801, never 3950.

`

const LETTERS: Readonly<Record<SendingRole, string>> = { intermediary: 'I', passiveRecipient: 'R' }

export const feedbackPage: Generator = {
  name: 'feedback',
  source: 'src/osci/feedback.ts',
  make: () => {
    const rows = FEEDBACK.map((row) => [
      row.code,
      row.fault ? `fault ${row.fault}` : 'feedback',
      row.sentBy.map((role) => LETTERS[role]).join(' '),
      row.de,
      row.en,
      row.when,
    ])
    return Promise.resolve(
      new Map([
        [
          'docs/feedback.md',
          `${GENERATED('src/osci/feedback.ts')}${INTRODUCTION}${table(['code', 'travels as', 'ours', 'Deutsch', 'English', 'when'], rows)}\n${String(rows.length)} codes.\n`,
        ],
      ]),
    )
  },
}
