// SPDX-License-Identifier: EUPL-1.2
/**
 * Process cards and their selection: moments in the order of events, with a zone, and cards that belong to the delivery they come with.
 *
 *   ProcessCard @RecentModification ─ Creation ≤ Forwarding ≤ Reception
 *
 * Specs: osci-1.2 §2.4 to §2.10, §6.4.
 * @module
 */
import { isRefusal } from '../../../osci/feedback.js'
import type { ProcessCardBundle, TimeStamp } from '../../../osci/parts.js'
import { OSCI } from '../../../osci/names.js'
import { childOf, elementsOf, textOf, type XmlElement } from '../../../xml/tree.js'
import { hasZone } from '../../../xoev/time-zone.js'
import type { Raised } from '../../types.js'
import { inOrder, type OsciView, type Rule } from '../rule.js'

interface Card {
  readonly bundle: ProcessCardBundle
  readonly element: XmlElement
}

/** All cards of an order, each with its element. */
function cardsOf({ order, orderElement }: OsciView): Card[] {
  const { processCardBundle, requestProcessCardBundle, replyProcessCardBundle, processCardBundles = [] } = order
  const named = (names: readonly string[], bundles: readonly (ProcessCardBundle | undefined)[]): Card[] => {
    const elements = elementsOf(orderElement).filter((e) => e.uri === OSCI && names.includes(e.local))
    return bundles.filter((bundle) => bundle !== undefined).map((bundle, at) => ({ bundle, element: elements[at] ?? orderElement }))
  }
  return [
    ...named(['ProcessCardBundle', 'procard'], [processCardBundle, ...processCardBundles]),
    ...named(['RequestProcessCardBundle'], [requestProcessCardBundle]),
    ...named(['ReplyProcessCardBundle'], [replyProcessCardBundle]),
  ]
}

const plain = (stamp: TimeStamp | undefined): string | undefined => (stamp && 'plain' in stamp ? stamp.plain : undefined)

/** Moments of a card that can be compared: plain, with a zone. */
function momentsOf({ bundle: { processCard } }: Card): [name: string, moment: number][] {
  const { creation, forwarding, reception } = processCard
  const stamps = [
    ['Creation', plain(creation)],
    ['Forwarding', plain(forwarding)],
    ['Reception', plain(reception)],
  ] as const
  return stamps.flatMap(([name, text]): [string, number][] => (text !== undefined && hasZone(text) ? [[name, Date.parse(text)]] : []))
}

export const PROCESS_CARD_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.process-card-times',
    severity: 'warning',
    reference: 'osci-1.2 §6.4',
    de: 'Die Zeitpunkte des Laufzettels stehen nicht in der Reihenfolge der Ereignisse.',
    en: 'The moments of the process card are not in the order of events.',
    *run(view) {
      for (const card of cardsOf(view)) {
        const moments = momentsOf(card)
        const wrong = moments.find(([, moment], at) => at > 0 && moment < (moments[at - 1]?.[1] ?? 0))
        if (wrong) yield { element: card.element, detail: `${wrong[0]} is earlier than the moment before it` }
      }
    },
  },
  {
    id: 'osci-structure.process-card-modification',
    severity: 'warning',
    reference: 'osci-1.2 §6.4',
    de: 'RecentModification liegt vor dem letzten Zeitpunkt des Laufzettels.',
    en: 'RecentModification is earlier than the last moment of the process card.',
    *run(view) {
      for (const card of cardsOf(view)) {
        const { recentModification } = card.bundle.processCard
        if (!hasZone(recentModification)) continue
        const last = Math.max(...momentsOf(card).map(([, moment]) => moment), -Infinity)
        // the two are written one after the other, and some peers write whole seconds
        if (Date.parse(recentModification) + 1000 < last) yield { element: card.element }
      }
    },
  },
  {
    id: 'osci-structure.time-without-zone',
    severity: 'warning',
    reference: 'osci-1.2 §6.4, §9.6',
    de: 'Ein Zeitpunkt des Laufzettels oder der Auswahl hat keine Zeitzone.',
    en: 'A moment of the process card or of the selection has no time zone.',
    *run(view) {
      for (const { bundle, element } of cardsOf(view)) {
        const { recentModification, creation, forwarding, reception } = bundle.processCard
        const checks = bundle.inspectionReport.inspections.flatMap((one) => [plain(one.timestamp), one.onlineResult?.crl])
        const times = [recentModification, plain(creation), plain(forwarding), plain(reception), ...checks]
        if (times.some((time) => time !== undefined && !hasZone(time))) yield { element }
      }
      const rule = childOf(view.orderElement, OSCI, 'SelectionRule')
      for (const criterion of rule ? elementsOf(rule) : [])
        if (criterion.local !== 'MessageId' && !hasZone(textOf(criterion))) yield { element: criterion }
    },
  },
  {
    id: 'osci-structure.process-card-id',
    severity: 'warning',
    reference: 'osci-1.2 §4, §6.4',
    de: 'Zwei Laufzettel dieser Nachricht nennen dieselbe MessageId.',
    en: 'Two process cards of this message name the same MessageId.',
    *run(view) {
      const seen = new Set<string>()
      for (const { bundle, element } of cardsOf(view)) {
        if (seen.has(bundle.messageId)) yield { element }
        seen.add(bundle.messageId)
      }
    },
  },
  {
    id: 'osci-structure.other-delivery',
    severity: 'warning',
    reference: 'osci-1.2 §2.5; osci-in-the-field 3 row 12',
    de: 'Der Laufzettel gehört nicht zu der Zustellung, die ausgewählt wurde.',
    en: 'The process card does not belong to the delivery that was selected.',
    *run(view) {
      const wanted = view.order.fetchDelivery?.selectionRule?.messageId
      const got = view.order.processCardBundle?.messageId
      if (wanted !== undefined && got !== undefined && wanted !== got) yield { element: inOrder(view, 'ProcessCardBundle') }
    },
  },
  {
    id: 'osci-structure.half-logged',
    severity: 'warning',
    reference: 'osci-1.2 §2.10',
    de: 'Von MessageIdResponse und Laufzettel ist nur eines da; protokolliert wird mit beiden oder mit keinem.',
    en: 'Only one of MessageIdResponse and process card is there; logging takes both or none.',
    *run(view) {
      const { messageIdResponse, processCardBundle } = view.order
      if (view.type.name === 'processDelivery' && (messageIdResponse === undefined) !== (processCardBundle === undefined))
        yield { element: view.orderElement }
    },
  },
  {
    id: 'osci-structure.refused-yet-done',
    severity: 'warning',
    reference: 'osci-1.2 §2.1, §2.4, §2.5',
    de: 'Die Antwort lehnt ab und enthält doch, was nur ein Erfolg hat (MessageId, Laufzettel oder Inhalt).',
    en: 'The answer refuses and yet holds what only a success has (MessageId, process card or content).',
    *run(view) {
      if (!isRefusal((view.order.feedback?.entries ?? []).map(({ code }) => code))) return
      yield* RESULTS[view.type.name]?.(view) ?? []
    },
  },
  {
    id: 'osci-structure.done-without-result',
    severity: 'warning',
    reference: 'osci-1.2 §2.1, §2.4, §2.5',
    de: 'Die Antwort meldet Erfolg, enthält aber nicht, was dazugehört (MessageId, Laufzettel oder Inhalt).',
    en: 'The answer reports success and does not hold what belongs to it (MessageId, process card or content).',
    *run(view) {
      const codes = (view.order.feedback?.entries ?? []).map(({ code }) => code)
      const results = RESULTS[view.type.name]
      if (results && codes.length > 0 && !isRefusal(codes) && [...results(view)].length === 0) yield { element: view.orderElement }
    },
  },
]

/** By answer: what it holds when the request was carried out. */
const RESULTS: Readonly<Partial<Record<string, (view: OsciView) => Raised[]>>> = {
  responseToGetMessageId: (view) => (view.order.messageId === undefined ? [] : [{ element: inOrder(view, 'MessageId') }]),
  responseToStoreDelivery: (view) => (view.order.processCardBundle ? [{ element: inOrder(view, 'ProcessCardBundle') }] : []),
  responseToFetchDelivery: ({ message: { content } }) => (content && elementsOf(content).length > 0 ? [{ element: content }] : []),
}
