// SPDX-License-Identifier: EUPL-1.2
/**
 * A text as lines with marks in them, cut to what can be shown: messages are often one line of many kilobytes.
 * @module
 */
import { SEVERITIES, type Finding, type Severity } from '../report/model.js'

/** A piece of a line; `severity` where a finding points at it. */
export interface Piece {
  readonly text: string
  readonly severity?: Severity
}

const WHOLE_CHARS = 1000
const BEFORE_CHARS = 160
const BEHIND_CHARS = 320
const MAX_MARK_CHARS = 60

/** Ends of lines as the parser counts them: CR LF, LF and lone CR. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/)

/** What a browser would not show, or show as a direction, is shown as a sign. */
// eslint-disable-next-line no-control-regex -- finding them is the point
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const visible = (text: string): string =>
  text.replace(UNSEEN, (sign) => (sign < ' ' ? String.fromCharCode(0x2400 + sign.charCodeAt(0)) : '\ufffd'))

/** The word, end tag or tag name that begins at the place of a finding; where a parser stopped at the end of a tag, that tag. */
function markedAt(line: string, at: number): { readonly from: number; readonly to: number } {
  const tag = line[at] === '>' ? line.lastIndexOf('<', at) : -1
  if (tag >= 0 && at - tag <= MAX_MARK_CHARS) return { from: tag, to: at + 1 }
  const found = /^<\/[^\s<>]+>|^<?[^\s<>]+|^\s+|^./.exec(line.slice(at, at + MAX_MARK_CHARS))
  return { from: at, to: at + Math.max(1, found?.[0].length ?? 1) }
}

interface Mark {
  readonly from: number
  readonly to: number
  readonly severity: Severity
}

function marksOf(line: string, findings: readonly Finding[]): Mark[] {
  const marks: Mark[] = []
  const wanted = findings.map(({ column, severity }) => ({
    ...markedAt(line, Math.min(Math.max(0, (column ?? 1) - 1), line.length)),
    severity,
  }))
  for (const mark of wanted.sort((a, b) => a.from - b.from || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))) {
    // several findings at one place are one mark, of the gravest
    if (mark.from >= (marks.at(-1)?.to ?? 0)) marks.push(mark)
  }
  return marks
}

/** The line in pieces; of a long one only what is around its marks, else its beginning. */
export function piecesOf(line: string, findings: readonly Finding[]): Piece[] {
  const marks = marksOf(line, findings)
  const isLong = line.length > WHOLE_CHARS
  const pieces: Piece[] = []
  let at = 0
  const plain = (to: number): void => {
    const [from, gap] = [at, to - at]
    at = to
    if (gap <= 0) return
    const room = BEFORE_CHARS + BEHIND_CHARS
    if (!isLong || gap <= room) pieces.push({ text: visible(line.slice(from, to)) })
    else {
      const head = from === 0 && to < line.length ? 0 : BEHIND_CHARS
      const tail = to === line.length ? 0 : BEFORE_CHARS
      pieces.push({ text: `${visible(line.slice(from, from + head))} … ${visible(line.slice(to - tail, to))}` })
    }
  }
  for (const { from, to, severity } of marks) {
    plain(from)
    // at the end of a line there is nothing to mark but the end
    pieces.push({ text: from === line.length ? '⏎' : visible(line.slice(from, to)), severity })
    at = to
  }
  plain(line.length)
  return pieces
}
