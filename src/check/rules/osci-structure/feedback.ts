// SPDX-License-Identifier: EUPL-1.2
/**
 * Feedback of answers: known codes, classes that go together, the order of entries, and what belongs to which answer.
 *
 *   osci:Feedback ─ Entry+ ─ Code, Text      first digit: 0 done · 3 done, with a warning · 9 not done
 *
 * Specs: osci-1.2 §8.1, §8.6, §10.2, §10.3; osci-in-the-field 1.1 rows 5, 24.
 * @module
 */
import { feedbackRow, isRefusal, type FeedbackEntry } from '../../../osci/feedback.js'
import { EXCHANGES, REQUEST_NAMES, type Exchange } from '../../../osci/messages.js'
import { OSCI2017 } from '../../../osci/names.js'
import { elementsOf } from '../../../xml/tree.js'
import { inOrder, type OsciView, type Rule } from '../rule.js'
import type { Raised } from '../../types.js'

/** What every answer may carry [osci-1.2 §8.6]. */
const EVERY_ANSWER = ['3500', '3501', '3700', '3707', '9600', '9601', '9602', '9603', '9700', '9701', '9710', '9811']

const exchanges = REQUEST_NAMES.map((name): readonly [string, Exchange] => [name, EXCHANGES[name]])

function foreseen(view: OsciView): ReadonlySet<string> {
  const { exchange } = view.type
  // one answer may answer two requests: what fits into one chunk comes whole
  const own = exchanges.filter(([name, row]) => name === exchange || row.alsoAnsweredAs === exchange).flatMap(([, row]) => row.feedback)
  return new Set([...EVERY_ANSWER, ...own])
}

const entriesOf = (view: OsciView): readonly FeedbackEntry[] => view.order.feedback?.entries ?? []
const codesOf = (entries: readonly FeedbackEntry[]): string[] => entries.map(({ code }) => code.trim())

/** Entries that meet a condition, each with its place. */
function* entries(view: OsciView, broken: (entry: FeedbackEntry, all: readonly FeedbackEntry[], at: number) => boolean): Generator<Raised> {
  const elements = elementsOf(inOrder(view, 'Feedback'))
  const all = entriesOf(view)
  for (const [at, entry] of all.entries()) {
    const element = elements[at]
    if (broken(entry, all, at))
      yield { ...(element ? { element } : {}), detail: /^\d{4}$/.test(entry.code) ? entry.code : 'not four digits' }
  }
}

const feedbackAt = (view: OsciView, detail: string): Raised => ({ element: inOrder(view, 'Feedback'), detail })

export const FEEDBACK_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.feedback-unknown',
    severity: 'warning',
    reference: 'osci-1.2 §8',
    de: 'Ein Code der Rückmeldung ist keiner der 65 Codes von OSCI 1.2.',
    en: 'A feedback code is none of the 65 codes of OSCI 1.2.',
    run: (view) => entries(view, ({ code }) => feedbackRow(code.trim()) === undefined),
  },
  {
    id: 'osci-structure.feedback-contradiction',
    severity: 'error',
    reference: 'osci-1.2 §8.1',
    de: 'Die Rückmeldung nennt Erfolg (08xx) und Fehler (9xxx) zugleich.',
    en: 'The feedback names success (08xx) and an error (9xxx) at once.',
    *run(view) {
      const codes = codesOf(entriesOf(view))
      if (isRefusal(codes) && codes.some((code) => code.startsWith('0'))) yield feedbackAt(view, codes.join(', '))
    },
  },
  {
    id: 'osci-structure.feedback-without-verdict',
    severity: 'warning',
    reference: 'osci-1.2 §8.1',
    de: 'Die Rückmeldung enthält nur Warnungen und sagt nicht, ob der Auftrag ausgeführt wurde.',
    en: 'The feedback holds warnings only and does not say whether the request was carried out.',
    *run(view) {
      const codes = codesOf(entriesOf(view))
      if (codes.length > 0 && codes.every((code) => code.startsWith('3'))) yield feedbackAt(view, codes.join(', '))
    },
  },
  {
    id: 'osci-structure.feedback-two-verdicts',
    severity: 'warning',
    reference: 'osci-1.2 §8.1',
    de: 'Die Rückmeldung sagt zugleich, der Dialog sei geschlossen (0800) und offen (0801).',
    en: 'The feedback says at once that the dialog is closed (0800) and open (0801).',
    *run(view) {
      const codes = codesOf(entriesOf(view))
      if (codes.includes('0800') && codes.includes('0801')) yield feedbackAt(view, '0800, 0801')
    },
  },
  {
    id: 'osci-structure.feedback-order',
    severity: 'info',
    reference: 'osci-1.2 §8.1; osci-in-the-field 1.1 row 5',
    de: 'Das Ergebnis steht nicht als letzter Eintrag der Rückmeldung.',
    en: 'The verdict is not the last entry of the feedback.',
    *run(view) {
      const codes = codesOf(entriesOf(view))
      if (codes.at(-1)?.startsWith('3') === true && codes.some((code) => !code.startsWith('3'))) yield feedbackAt(view, codes.join(', '))
    },
  },
  {
    id: 'osci-structure.feedback-not-foreseen',
    severity: 'warning',
    reference: 'osci-1.2 §8.6',
    de: 'Dieser Code ist in dieser Antwort nicht vorgesehen.',
    en: 'This code is not foreseen in this answer.',
    run(view) {
      const allowed = foreseen(view)
      return entries(view, ({ code }) => {
        const row = feedbackRow(code.trim())
        return row !== undefined && row.fault === undefined && !allowed.has(row.code)
      })
    },
  },
  {
    id: 'osci-structure.feedback-fault-code',
    severity: 'error',
    reference: 'osci-1.2 §8.1',
    de: 'Dieser Code reist nur als SOAP-Fault, nie in einer Rückmeldung.',
    en: 'This code travels as SOAP fault only, never in a feedback.',
    run: (view) => entries(view, ({ code }) => feedbackRow(code.trim())?.fault !== undefined),
  },
  {
    id: 'osci-structure.feedback-text',
    severity: 'warning',
    reference: 'OSCI12 order.xsd FeedbackType',
    de: 'Ein Eintrag der Rückmeldung hat keinen Text.',
    en: 'An entry of the feedback has no text.',
    run: (view) => entries(view, ({ text }) => text.trim() === ''),
  },
  {
    id: 'osci-structure.feedback-repeated',
    severity: 'info',
    reference: 'osci-1.2 §8.1',
    de: 'Derselbe Code kommt in derselben Sprache mehrfach vor.',
    en: 'The same code occurs several times in the same language.',
    run: (view) =>
      entries(view, (entry, all, at) => all.slice(0, at).some((other) => other.code === entry.code && other.lang === entry.lang)),
  },
  {
    id: 'osci-structure.inside-feedback',
    severity: 'warning',
    reference: 'osci-1.2 §8, §10.3',
    de: 'Rückmeldung und innere Rückmeldung (InsideFeedback) widersprechen sich: 9950 außen genau dann, wenn innen ein Fehler steht; 3950 nur mit einer Warnung innen.',
    en: 'Feedback and InsideFeedback contradict each other: 9950 outside if and only if there is an error inside; 3950 only with a warning inside.',
    *run(view) {
      const [inside, outside] = [view.order.insideFeedback, view.order.feedback].map((found) => codesOf(found?.entries ?? []))
      const element = inOrder(view, 'InsideFeedback', OSCI2017)
      const refusedInside = isRefusal(inside ?? [])
      const toldOutside = outside?.includes('9950') === true
      if (refusedInside !== toldOutside) yield { element, detail: refusedInside ? '9950 is missing outside' : 'no error inside' }
      if (outside?.includes('3950') === true && inside?.some((code) => code.startsWith('3')) !== true)
        yield { element, detail: '3950, and no warning inside' }
    },
  },
  {
    id: 'osci-structure.inside-feedback-verdict',
    severity: 'warning',
    reference: 'osci-1.2 §10.2',
    de: 'Die innere Rückmeldung bestätigt mit 0801; die innere Nachricht ist ein impliziter Dialog (0800).',
    en: 'The inside feedback confirms with 0801; the inner message is an implicit dialog (0800).',
    *run(view) {
      if (codesOf(view.order.insideFeedback?.entries ?? []).includes('0801'))
        yield { element: inOrder(view, 'InsideFeedback', OSCI2017), detail: '0801' }
    },
  },
]
