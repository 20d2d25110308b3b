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
import { inspectable } from '../../../osci/inspection.js'
import { serialDecimal } from '../../../pki/certificate.js'
import { childOf, elementsOf, textOf, type XmlElement } from '../../../xml/tree.js'
import { hasZone } from '../../../xoev/time-zone.js'
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

/** Ids that an answer says were asked for; undefined: the selection went by something else. */
function selectedIn({ order: { fetchDelivery, fetchProcessCard } }: OsciView): ReadonlySet<string> | undefined {
  const one = fetchDelivery?.selectionRule?.messageId
  const cards = fetchProcessCard?.selectionRule
  const ids = one === undefined ? (cards && 'messageIds' in cards ? cards.messageIds : undefined) : [one]
  return ids && new Set(ids)
}

/** Serial numbers of the certificates of a message; undefined: of one of them nobody can tell. */
function listedSerials({ message }: OsciView): ReadonlySet<string> | undefined {
  const entries = [...(message.intermediaryCertificates ?? []), ...(message.certificates ?? [])]
  const readable = entries.flatMap(({ der }) => inspectable(der) ?? [])
  return readable.length < entries.length ? undefined : new Set(readable.map(serialDecimal))
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
    id: 'osci-structure.inspection-unlisted',
    severity: 'warning',
    reference: 'osci-1.2 §5.3, §6.6',
    de: 'Das Prüfprotokoll spricht von einem Zertifikat, das die Zustellung nicht nennt.',
    en: 'The inspection report speaks of a certificate that the delivery does not list.',
    *run(view) {
      const { message, order } = view
      // a card that comes without its delivery, or tells of the request that was answered, is about certificates of another message
      const bundle = message.content && (order.replyProcessCardBundle ?? order.processCardBundle)
      const card = cardsOf(view).find((one) => one.bundle === bundle)
      const listed = listedSerials(view)
      if (!card || !listed) return
      const report = childOf(card.element, OSCI, 'InspectionReport')
      const elements = report ? elementsOf(report) : []
      // names are written in several ways, a number in one
      for (const [at, { serialNumber }] of card.bundle.inspectionReport.inspections.entries())
        if (!listed.has(String(BigInt(serialNumber))))
          yield { element: elements[at] ?? card.element, detail: `serial number ${serialNumber}` }
    },
  },
  {
    id: 'osci-structure.process-card-id',
    severity: 'warning',
    reference: 'osci-1.2 §4, §6.4',
    de: 'Zwei Zustellungen dieser Nachricht haben dieselbe MessageId (Laufzettel, MessageIdResponse).',
    en: 'Two deliveries of this message have the same MessageId (process cards, MessageIdResponse).',
    *run(view) {
      const { messageIdResponse } = view.order
      const seen = new Set(messageIdResponse === undefined ? [] : [messageIdResponse])
      for (const { bundle, element } of cardsOf(view)) {
        if (seen.has(bundle.messageId)) yield { element }
        seen.add(bundle.messageId)
      }
    },
  },
  {
    id: 'osci-structure.other-delivery',
    severity: 'warning',
    reference: 'osci-1.2 §2.5, §2.6, §10.4; osci-in-the-field 3 row 12',
    de: 'Der Laufzettel, oder das Paket, gehört nicht zu der Zustellung, die ausgewählt wurde.',
    en: 'The process card, or the chunk, does not belong to the delivery that was selected.',
    *run(view) {
      const wanted = selectedIn(view)
      if (wanted === undefined) return
      for (const { bundle, element } of cardsOf(view)) if (!wanted.has(bundle.messageId)) yield { element }
      const chunk = view.order.messageId
      // both forms are in use (osci-1.2 §10.4)
      if (chunk !== undefined && !wanted.has(chunk) && !wanted.has(chunk.replace(/_Partial$/, '')))
        yield { element: inOrder(view, 'MessageId') }
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
    reference: 'osci-1.2 §2.1, §2.4 to §2.6, §2.9, §2.10, §9.7, §10.3, §10.4',
    de: 'Die Antwort lehnt ab und enthält doch, was nur ein Erfolg hat (MessageId, Laufzettel, Reception oder Inhalt).',
    en: 'The answer refuses and yet holds what only a success has (MessageId, process card, Reception or content).',
    *run(view) {
      if (!isRefusal((view.order.feedback?.entries ?? []).map(({ code }) => code))) return
      const there = resultsOf(view).filter(({ belies, element }) => belies && element)
      const [first] = there
      if (first?.element) yield { element: first.element, detail: there.map(({ name }) => name).join(', ') }
    },
  },
  {
    id: 'osci-structure.done-without-result',
    severity: 'warning',
    reference: 'osci-1.2 §2.1, §2.4 to §2.7, §2.9, §10.3, §10.4; codes 9803, 9804, 9806',
    de: 'Die Antwort meldet Erfolg, enthält aber nicht, was dazugehört (MessageId, Laufzettel oder Inhalt).',
    en: 'The answer reports success and does not hold what belongs to it (MessageId, process card or content).',
    *run(view) {
      const codes = (view.order.feedback?.entries ?? []).map(({ code }) => code)
      if (codes.length === 0 || isRefusal(codes)) return
      for (const { name, element, needed } of resultsOf(view))
        if (needed && !element) yield { element: view.orderElement, detail: `${name} is missing` }
    },
  },
]

/** What an answer holds when the request was carried out: `needed`, always then; `belies`, never else. */
interface Result {
  readonly name: string
  readonly needed: boolean
  readonly belies: boolean
  readonly element: XmlElement | undefined
}

const inAnswer = (view: OsciView, name: string, isThere: boolean, needed = true): Result => ({
  name,
  needed,
  belies: true,
  element: isThere ? inOrder(view, name) : undefined,
})

const inBody = ({ message: { content } }: OsciView, needed = true): Result => ({
  name: 'ContentPackage',
  needed,
  belies: true,
  element: content && elementsOf(content).length > 0 ? content : undefined,
})

const cardIn = (view: OsciView, needed = true): Result => {
  const { processCardBundle, processCardBundles = [] } = view.order
  return inAnswer(view, 'ProcessCardBundle', processCardBundle !== undefined || processCardBundles.length > 0, needed)
}

/** With these the receiver has not confirmed anything [osci-1.2 §9.7 step 4]. */
const UNCONFIRMED = ['9805', '9807', '9808', '9809']

/** That a receiver has confirmed, in the card called `name`. */
function receptionIn(view: OsciView, name: string, bundle: ProcessCardBundle | undefined): Result {
  const unconfirmed = (view.order.feedback?.entries ?? []).some(({ code }) => UNCONFIRMED.includes(code))
  const isThere = bundle?.processCard.reception !== undefined
  return { ...inAnswer(view, name, isThere, false), name: 'Reception', belies: unconfirmed }
}

/** The card of a whole delivery comes with its feedback, unless that refuses; the card of a chunk may always be there. */
function wholeCardIn(view: OsciView): readonly Result[] {
  const { insideFeedback } = view.order
  return insideFeedback ? [cardIn(view, !isRefusal(insideFeedback.entries.map(({ code }) => code)))] : []
}

/** By answer. Where a delivery goes on at once its card may tell that it came to nothing (`belies`). */
const RESULTS: Readonly<Partial<Record<string, (view: OsciView) => readonly Result[]>>> = {
  responseToGetMessageId: (view) => [inAnswer(view, 'MessageId', view.order.messageId !== undefined)],
  responseToStoreDelivery: (view) => [cardIn(view)],
  responseToFetchDelivery: (view) => [inBody(view), cardIn(view, false)],
  responseToFetchProcessCard: (view) => [cardIn(view)],
  responseToForwardDelivery: (view) => [
    { ...cardIn(view), belies: false },
    receptionIn(view, 'ProcessCardBundle', view.order.processCardBundle),
  ],
  responseToMediateDelivery: (view) => [
    inBody(view),
    inAnswer(view, 'ReplyProcessCardBundle', view.order.replyProcessCardBundle !== undefined, false),
    receptionIn(view, 'RequestProcessCardBundle', view.order.requestProcessCardBundle),
  ],
  responseToProcessDelivery: (view) => [inBody(view, false)],
  responseToPartialStoreDelivery: wholeCardIn,
  responseToPartialFetchDelivery: (view) => [inBody(view)],
}

const resultsOf = (view: OsciView): readonly Result[] => RESULTS[view.type.name]?.(view) ?? []
