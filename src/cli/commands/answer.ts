// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor answer`: answers a request that `take` has kept, from another process and later, while its asker still waits.
 * Exit codes: 0 put · 1 nobody waits any more, or the core refuses · 2 usage, answered before · 4 failed.
 * @module
 */
import { TransportError } from '../../client/ports.js'
import type { Answer, Reason } from '../../client/received.js'
import { parseCommand, UsageError } from '../arguments.js'
import type { Io, Text } from '../io.js'
import { exitOfFailure, tellProblem } from '../participant/failure.js'
import { markAnswered, readRequestState, type RequestState } from '../participant/kept.js'
import { CLIENT_OPTIONS, openClient } from '../participant/keys-file.js'
import { outgoingOf } from '../participant/outgoing.js'
import { progress } from '../participant/progress.js'

const OPTIONS = {
  ...CLIENT_OPTIONS,
  notice: { type: 'string' },
  reason: { type: 'string', multiple: true, default: [] as string[] },
  result: { type: 'string' },
  attach: { type: 'string', multiple: true, default: [] as string[] },
} as const

const HELP: Text = {
  de: `Aufruf: protektor answer ANFRAGE --keys DATEI [--notice accepted|rejected] [--reason CODE[:TEXT]]… [--result DATEI|-]

Beantwortet eine Anfrage, die »protektor take« abgelegt hat (Ordner oder request.json darin).

  --notice accepted      Bescheid: angenommen; das Ergebnis darf später folgen
  --notice rejected      Bescheid: abgelehnt, mit --reason; das letzte Wort. --result DATEI: das Dokument dazu
  --reason CODE[:TEXT]   XÖV-Code, z. B. X001:nicht schemakonform (mehrfach)
  --result DATEI|-       Ergebnis: das Dokument; das letzte Wort
  --attach DATEI         Anlage (mehrfach)
  --keys DATEI           eigene Schlüssel (JSON, Rechte 0600); --url, --audience wie bei take
  --json                 Ereignisse als JSON-Zeilen

Ende mit: 0 abgelegt · 1 niemand wartet mehr, oder der Kern lehnt ab · 2 Aufruf, schon beantwortet · 4 gescheitert
`,
  en: `Usage: protektor answer REQUEST --keys FILE [--notice accepted|rejected] [--reason CODE[:TEXT]]… [--result FILE|-]

Answers a request that "protektor take" has kept (the folder, or request.json in it).

  --notice accepted      notice: accepted; the result may follow later
  --notice rejected      notice: rejected, with --reason; the last word. --result FILE: the document that goes with it
  --reason CODE[:TEXT]   XÖV code, e.g. X001:not schema-valid (several)
  --result FILE|-        result: the document; the last word
  --attach FILE          attachment (several)
  --keys FILE            own keys (JSON, mode 0600); --url, --audience as with take
  --json                 events as JSON lines

Exit codes: 0 put · 1 nobody waits any more, or the core refuses · 2 usage, answered before · 4 failed
`,
}

const PUT: Readonly<Record<'notice' | 'result', Text>> = {
  notice: { de: 'Bescheid abgelegt', en: 'notice put' },
  result: { de: 'Ergebnis abgelegt', en: 'result put' },
}
const TOO_LATE: Text = { de: 'zu spät: der Fragende wartet nicht mehr', en: 'too late: the asker does not wait any more' }
const GONE_STATUS: readonly (number | undefined)[] = [404, 410]

interface Word {
  readonly kind: 'notice' | 'result'
  readonly answer: Answer
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, OPTIONS, true)
  if (values.help) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const [place] = positionals
  if (place === undefined || positionals.length > 1)
    throw new UsageError({ de: 'answer verlangt eine ANFRAGE: den Ordner von take', en: 'answer wants one REQUEST: the folder of take' })
  const words = await wordsOf(values, io)
  const { file, state } = await readRequestState(place)
  if (state.answered) throw new UsageError({ de: `schon beantwortet (${state.answered.at})`, en: `answered before (${state.answered.at})` })
  const { client } = await openClient(values, tellProblem(io))
  const told = progress(io, values.json)
  const answering = client.answering(state)
  try {
    for (const { kind, answer } of words) {
      await answering[kind](answer)
      // told first: whoever reads that noting it failed must not say it twice
      told.step(PUT[kind], { event: kind, id: state.id, status: answer.status })
      if (kind === 'result' || answer.status === 'rejected') await markAnswered(file, answered(state, kind))
    }
    return 0
  } catch (error) {
    // what is not there in the word of a core; any other server has nothing under this address
    const isGone = error instanceof TransportError && GONE_STATUS.includes(error.status) && error.finding.startsWith('core.')
    if (!isGone) return exitOfFailure(error, io)
    io.err.write(`protektor: ${TOO_LATE[io.lang]} (${state.answerableUntil})\n`)
    return 1
  }
}

const answered = (state: RequestState, as: string): RequestState => ({ ...state, answered: { as, at: new Date().toISOString() } })

function reasonOf(text: string): Reason {
  const [, code, more] = /^([A-Za-z0-9._-]{1,40})(?::([\s\S]{1,1000}))?$/.exec(text) ?? []
  if (code === undefined)
    throw new UsageError({ de: `--reason verlangt CODE oder CODE:TEXT: ${text}`, en: `--reason wants CODE or CODE:TEXT: ${text}` })
  return { code, ...(more === undefined ? {} : { text: more }) }
}

interface Values {
  readonly notice?: string | undefined
  readonly reason: readonly string[]
  readonly result?: string | undefined
  readonly attach: readonly string[]
}

/** What is to be said, in order. @throws {UsageError} nothing, or what does not go together. */
async function wordsOf(values: Values, io: Io): Promise<Word[]> {
  const { notice, result } = values
  const reasons = values.reason.map(reasonOf)
  if (notice !== undefined && notice !== 'accepted' && notice !== 'rejected')
    throw new UsageError({ de: '--notice verlangt accepted oder rejected', en: '--notice wants accepted or rejected' })
  if (notice === undefined && result === undefined)
    throw new UsageError({ de: 'answer verlangt --notice, --result oder beides', en: 'answer wants --notice, --result or both' })
  if ((notice === 'rejected') !== reasons.length > 0)
    throw new UsageError({ de: '--reason und --notice rejected gehören zusammen', en: '--reason and --notice rejected belong together' })
  if (values.attach.length > 0 && result === undefined)
    throw new UsageError({ de: '--attach verlangt --result', en: '--attach wants --result' })
  const content = await outgoingOf(result, values.attach, io)
  if (notice === 'rejected') return [{ kind: 'notice', answer: { ...content, status: 'rejected', reasons } }]
  return [
    ...(notice === undefined ? [] : [{ kind: 'notice', answer: { status: 'accepted' } } as const]),
    ...(result === undefined ? [] : [{ kind: 'result', answer: { ...content, status: 'done' } } as const]),
  ]
}
