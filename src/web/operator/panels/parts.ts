// SPDX-License-Identifier: EUPL-1.2
/**
 * The state of what the gateway leans on: core adapter, schema validation, directories, keyrings.
 * @module
 */
import { card } from '../card.js'
import { element, setText, type Grade } from '../dom.js'
import type { Figures } from '../feed.js'
import type { Speech } from '../speech.js'
import { table } from '../table.js'
import type { Panel } from '../view.js'

const GRADES: Readonly<Record<string, Grade>> = {
  ok: 'success',
  starting: 'info',
  fallback: 'warning',
  'not-taken': 'warning',
  persists: 'warning',
  away: 'danger',
  broken: 'danger',
  full: 'danger',
  'read-only': 'danger',
}

export function partTitle({ part, name }: Figures['parts'][number], { texts }: Speech): string {
  const title = texts.partNames[part] ?? part
  return name === '' ? title : `${title} ${name}`
}

export function partsPanel(speech: Speech): Panel {
  const { texts, say, number } = speech
  const parts = table(texts.parts, [{ title: texts.part }, { title: texts.state }])
  const threads = element('p', { class: 'kern-body kern-body--small' })
  const warned = element('p', { class: 'kern-body kern-body--small' })
  return {
    element: card(texts.parts, parts.element, threads, warned),
    update({ figures }) {
      parts.set(
        figures.parts.map((one) => [
          { text: partTitle(one, speech) },
          { text: texts.partStates[one.state] ?? one.state, grade: GRADES[one.state] ?? 'warning' },
        ]),
      )
      setText(threads, say(texts.threads, number(figures.schemaThreads)))
      setText(
        warned,
        figures.warnings.length === 0 ? texts.noConfigurationWarnings : say(texts.configurationWarnings, figures.warnings.join(', ')),
      )
    },
  }
}
