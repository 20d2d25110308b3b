// SPDX-License-Identifier: EUPL-1.2
/**
 * What an order says of itself: message ids, subject, wishes for time stamps, the address of the recipient, something to deliver.
 * Specs: osci-1.2 §2.4, §2.7, §2.9, §2.10, §4, §6.5, §6.7, §10.2.
 * @module
 */
import { boundsOf } from '../../../osci/codec.js'
import { elementsOf } from '../../../xml/tree.js'
import { blockOf, inOrder, type OsciView, type Rule } from '../rule.js'

const MAX_MESSAGE_ID = 100
const MAX_SUBJECT = 2000
const CHUNK_SUFFIX = '_Partial'

export const ORDER_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.message-id-form',
    severity: 'warning',
    reference: 'osci-1.2 §4',
    de: 'Eine MessageId ist leer, zu lang (über 100 Zeichen) oder enthält Zeichen außer druckbarem ASCII, Semikolon oder Pfadzeichen.',
    en: 'A MessageId is empty, too long (over 100 characters), or holds other than printable ASCII, a semicolon or path characters.',
    *run(view) {
      for (const [local, id] of [
        ['MessageId', view.order.messageId],
        ['MessageIdResponse', view.order.messageIdResponse],
      ] as const)
        if (id !== undefined && (id.length > MAX_MESSAGE_ID || !/^[!-~]+$/.test(id) || /[;/\\]/.test(id)))
          yield { element: inOrder(view, local) }
    },
  },
  {
    id: 'osci-structure.chunk-message-id',
    severity: 'warning',
    reference: 'osci-1.2 §4, §10.2',
    de: 'Die MessageId einer Paketnachricht endet nicht auf „_Partial“.',
    en: 'The MessageId of a chunk message does not end in `_Partial`.',
    *run(view) {
      if (view.type.name === 'partialStoreDelivery' && view.order.messageId?.endsWith(CHUNK_SUFFIX) === false)
        yield { element: inOrder(view, 'MessageId') }
    },
  },
  {
    id: 'osci-structure.subject-too-long',
    severity: 'warning',
    reference: 'osci-1.2 §6.7',
    de: 'Der Betreff hat mehr als 2000 Zeichen.',
    en: 'The subject has more than 2000 characters.',
    *run(view) {
      const { subject } = view.order
      if (subject !== undefined && subject.length > MAX_SUBJECT)
        yield { element: inOrder(view, 'Subject'), detail: `${subject.length} characters` }
    },
  },
  {
    id: 'osci-structure.timestamp-wishes',
    severity: 'warning',
    reference: 'osci-1.2 §2.9, §2.10, §6.5',
    de: 'QualityOfTimestamp passt nicht: zweimal mit MessageId, sonst keinmal; einmal (creation) in einer Paketnachricht.',
    en: 'QualityOfTimestamp does not fit: two with a MessageId, else none; one (creation) in a chunk message.',
    *run(view) {
      const wishes = view.message.timestamps ?? []
      const [least, most] = boundsOf(view.type.timestamps ?? '0')
      const isOptional = least === 0 && most > 0
      const logged = view.order.messageId !== undefined
      const wrongCount = isOptional && wishes.length !== (logged ? most : 0)
      const wrongService = most === 1 && wishes.some(({ service }) => service !== 'creation')
      if (wrongCount || wrongService)
        yield { element: blockOf(view, 'QualityOfTimestamp'), detail: wrongCount ? `${wishes.length} of them` : 'reception' }
    },
  },
  {
    id: 'osci-structure.content-receiver',
    severity: 'warning',
    reference: 'osci-1.2 §2.7',
    de: 'ContentReceiver nennt keine Adresse mit http oder https, oder eine mit Zugangsdaten.',
    en: 'ContentReceiver names no http or https address, or one with credentials.',
    *run(view) {
      const uri = view.order.contentReceiver?.uri
      if (uri === undefined) return
      const url = URL.canParse(uri) ? new URL(uri) : undefined
      if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
        yield { element: inOrder(view, 'ContentReceiver') }
    },
  },
  {
    id: 'osci-structure.no-content',
    severity: 'warning',
    reference: 'osci-1.2 §6.1',
    de: 'Die Zustellung enthält nichts.',
    en: 'The delivery holds nothing.',
    *run(view) {
      const { content } = view.message
      if (view.type.kind === 'request' && content && elementsOf(content).length === 0 && view.order.infoOnly === undefined)
        yield { element: content }
    },
  },
]
