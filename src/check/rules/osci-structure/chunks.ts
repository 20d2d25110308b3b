// SPDX-License-Identifier: EUPL-1.2
/**
 * Chunk messages: numbers, sizes and totals that go together, and the one blob that a chunk carries.
 *
 *   ChunkInformation @ChunkNumber 1…n @ChunkSize KB @TotalChunkNumbers n @TotalMessageSize KB @ReceivedChunks
 *   ContentPackage ─ ContentContainer Id="ChunkContentContainer" ─ Content Id="ChunkContent" href="cid:…"
 *
 * Sizes are in units of 1024 bytes and rounded by some senders, so one unit more or less means nothing.
 * Specs: osci-1.2 §10.1, §10.2, §10.4.
 * @module
 */
import { OSCI, OSCI2017 } from '../../../osci/names.js'
import { attributeOf, elementsOf, isElement } from '../../../xml/tree.js'
import { inOrder, type OsciView, type Rule } from '../rule.js'
import type { Raised } from '../../types.js'

const at = (view: OsciView, detail?: string): Raised => ({
  element: inOrder(view, 'ChunkInformation', OSCI2017),
  ...(detail === undefined ? {} : { detail }),
})

const KILOBYTE = 1024

const chunkBytes = ({ message }: OsciView): number => message.attachments.reduce((sum, part) => sum + part.body.byteLength, 0)

/** The chunk itself, where the message carries one: an upload that is no mere question, or a download. */
const carriesChunk = ({ type, order, message }: OsciView): boolean =>
  order.chunkInformation !== undefined &&
  message.content !== undefined &&
  (type.name === 'partialStoreDelivery' || type.name === 'responseToPartialFetchDelivery')

export const CHUNK_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.chunk-number',
    severity: 'error',
    reference: 'osci-1.2 §10.1',
    feedback: '9901',
    de: 'Die Paketnummer liegt nicht zwischen 1 und der Zahl der Pakete.',
    en: 'The chunk number is not between 1 and the number of chunks.',
    *run(view) {
      const chunk = view.order.chunkInformation
      if (!chunk) return
      // an answer to InfoOnly says 0 while nothing is there
      const least = view.type.kind === 'request' ? 1 : 0
      const most = chunk.totalChunkNumbers ?? Infinity
      if (chunk.chunkNumber < least || chunk.chunkNumber > most) yield at(view, `${chunk.chunkNumber} of ${most}`)
    },
  },
  {
    id: 'osci-structure.chunk-size',
    severity: 'error',
    reference: 'osci-1.2 §10.1',
    feedback: '9905',
    de: 'Paketgröße oder Zahl der Pakete ist null.',
    en: 'The size or the number of chunks is zero.',
    *run(view) {
      const chunk = view.order.chunkInformation
      if (chunk?.chunkSizeKilobytes === 0) yield at(view, 'ChunkSize 0')
      if (chunk?.totalChunkNumbers === 0 && view.type.kind === 'request') yield at(view, 'TotalChunkNumbers 0')
    },
  },
  {
    id: 'osci-structure.chunk-totals',
    severity: 'warning',
    reference: 'osci-1.2 §10.1; code 9905',
    de: 'Zahl und Größe der Pakete ergeben nicht die Gesamtgröße.',
    en: 'Number and size of the chunks do not make the total size.',
    *run(view) {
      const { chunkSizeKilobytes: size, totalChunkNumbers: count, totalMessageSizeKilobytes: total } = view.order.chunkInformation ?? {}
      if (size === undefined || count === undefined || total === undefined || size === 0 || count === 0) return
      if (total + 1 < (count - 1) * size || total - 1 > count * size) yield at(view, `${count} × ${size} KB, in all ${total} KB`)
    },
  },
  {
    id: 'osci-structure.chunk-received',
    severity: 'warning',
    reference: 'osci-1.2 §10.1',
    de: 'ReceivedChunks nennt Pakete doppelt oder solche, die es nicht gibt.',
    en: 'ReceivedChunks names chunks twice, or chunks that do not exist.',
    *run(view) {
      const { receivedChunks: received = [], totalChunkNumbers: most = Infinity } = view.order.chunkInformation ?? {}
      if (new Set(received).size < received.length) yield at(view, 'a number occurs twice')
      if (received.some((number) => number < 1 || number > most)) yield at(view, `a number is not between 1 and ${most}`)
    },
  },
  {
    id: 'osci-structure.chunk-content',
    severity: 'warning',
    reference: 'osci-1.2 §10.2',
    de: 'Das Paket ist nicht aufgebaut wie vorgeschrieben: ein Container „ChunkContentContainer“ mit einem Content „ChunkContent“ als Anhang; mit InfoOnly nichts.',
    en: 'The chunk is not built as required: one container `ChunkContentContainer` with one Content `ChunkContent`, an attachment; with InfoOnly nothing.',
    *run(view) {
      const { content } = view.message
      const [some] = content && view.order.infoOnly !== undefined ? elementsOf(content) : []
      if (some) yield { element: some, detail: 'InfoOnly' }
      if (!carriesChunk(view) || !content) return
      const [container, more] = elementsOf(content)
      // a refusal carries nothing
      if (!container && view.type.kind === 'response') return
      const [blob, another] = container ? elementsOf(container) : []
      const isBuilt =
        container !== undefined &&
        blob !== undefined &&
        more === undefined &&
        another === undefined &&
        isElement(container, OSCI, 'ContentContainer') &&
        attributeOf(container, 'Id') === 'ChunkContentContainer' &&
        isElement(blob, OSCI, 'Content') &&
        attributeOf(blob, 'Id') === 'ChunkContent' &&
        attributeOf(blob, 'href') !== undefined
      if (!isBuilt) yield { element: container ?? content }
    },
  },
  {
    id: 'osci-structure.chunk-larger',
    severity: 'warning',
    reference: 'osci-1.2 §10.1; code 9905',
    de: 'Das Paket ist größer als die angegebene Paketgröße.',
    en: 'The chunk is larger than the chunk size it states.',
    *run(view) {
      const size = view.order.chunkInformation?.chunkSizeKilobytes
      if (!carriesChunk(view) || size === undefined || size === 0) return
      const bytes = chunkBytes(view)
      if (bytes > (size + 1) * KILOBYTE) yield at(view, `${bytes} bytes, stated ${size} KB`)
    },
  },
  {
    id: 'osci-structure.chunk-smaller',
    severity: 'warning',
    reference: 'osci-1.2 §10.1, §10.5; code 9905',
    de: 'Das Paket ist nicht das letzte und doch kleiner als die angegebene Paketgröße.',
    en: 'The chunk is not the last one and yet smaller than the chunk size it states.',
    *run(view) {
      const { chunkSizeKilobytes: size, chunkNumber, totalChunkNumbers = 0 } = view.order.chunkInformation ?? {}
      if (!carriesChunk(view) || size === undefined || chunkNumber === undefined || chunkNumber >= totalChunkNumbers) return
      const bytes = chunkBytes(view)
      if (bytes < (size - 1) * KILOBYTE) yield at(view, `${bytes} bytes, stated ${size} KB`)
    },
  },
]
