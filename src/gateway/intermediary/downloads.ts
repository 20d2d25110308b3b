// SPDX-License-Identifier: EUPL-1.2
/**
 * Downloads: deliveries that go out in chunks of a package that was frozen with the first of them.
 *
 *   dialog ─┬─ message id ─ frozen source, chunk size, numbers handed out
 *           └─ …                     all handed out, and the dialog's next correct request ──► reception (the caller's)
 *
 * A package belongs to its dialog: its bytes hold stamps and a signature that no other dialog would get again, so that a download
 * that is resumed elsewhere begins anew. Specs: osci-1.2 §9.5, §10.4, §10.5; wire facts 55, 58.
 * @module
 */
import type { ByteSource } from '../../osci/large/source.js'
import { assertChunkSize, assertFewChunks, assertNumber, chunkError } from './chunk-rules.js'
import type { ChunkLimits } from './ports.js'

export interface ChunkWanted {
  /** Unique among the dialogs of all tenants. */
  readonly dialog: string
  readonly messageId: string
  readonly chunkNumber: number
  readonly chunkSizeKilobytes: number
}

export interface ChunkGiven {
  readonly number: number
  readonly total: number
  /** Rounded up, so that a peer that makes room by it has enough. */
  readonly totalKilobytes: number
  readonly bytes: Uint8Array
}

export interface Downloads {
  /**
   * One chunk of a delivery.
   *
   * @param freeze builds the whole answer (`sealLarge`); called with the first chunk.
   * @param letGo called once, when nothing more of this download can be had: what it was made of need not be kept for it.
   * @returns undefined: the package fits into one chunk, an ordinary responseToFetchDelivery is the answer; nothing is kept then.
   * @throws {OrderError} 9811 as {@link assertRoom}; 9901 there is no such chunk, or it is not the first of a download that has not begun;
   *   9902, 9903 the size; 9905 the size changed. What `freeze` and reading throw.
   */
  chunk(wanted: ChunkWanted, freeze: () => Promise<ByteSource>, letGo?: () => void): Promise<ChunkGiven | undefined>
  /**
   * To be asked before a delivery is leased for another download.
   * @throws {OrderError} 9811 so many downloads of this dialog are begun and not at their end.
   */
  assertRoom(dialog: string): void
  /** The delivery that a request without selection rule means: the one that this dialog is fetching. undefined: it begins another. */
  current(dialog: string, chunkNumber: number): string | undefined
  /**
   * Deliveries of which every chunk was handed out, each once. To be asked when a request of the dialog has proven correct, before it
   * is carried out: then they were received. Their chunks can be had again until the dialog ends.
   */
  takeReceived(dialog: string): readonly string[]
  /** The dialog is over, whatever way. */
  end(dialog: string): void
}

interface Download {
  readonly sizeKilobytes: number
  readonly source: Promise<ByteSource>
  readonly given: Set<number>
  /** 0 until it is known. */
  total: number
  received: boolean
  readonly letGo: () => void
}

const isComplete = ({ given, total }: Download): boolean => total > 0 && given.size === total

/** In one dialog. What was received makes room; what is begun and not at its end is not given up for another one. */
const MAX_PER_DIALOG = 4

export function downloadTable(limits: ChunkLimits): Downloads {
  /** Order of use: the last one is the current one. */
  const dialogs = new Map<string, Map<string, Download>>()

  function assertRoom(dialog: string): void {
    const own = [...(dialogs.get(dialog)?.values() ?? [])]
    if (own.filter((download) => !download.received).length >= MAX_PER_DIALOG)
      throw chunkError('9811', 'too-many-downloads', `a dialog has at most ${MAX_PER_DIALOG} downloads that are not at their end`)
  }

  function begin(wanted: ChunkWanted, freeze: () => Promise<ByteSource>, letGo: () => void): Download {
    assertChunkSize(wanted.chunkSizeKilobytes, limits, false)
    if (wanted.chunkNumber !== 1) throw chunkError('9901', 'number', 'a download begins with chunk 1')
    assertRoom(wanted.dialog)
    return { sizeKilobytes: wanted.chunkSizeKilobytes, source: freeze(), given: new Set(), total: 0, received: false, letGo }
  }

  /** Enters a download as the current one, before anything is awaited: two first requests make one package. */
  function enter({ dialog, messageId }: ChunkWanted, download: Download): void {
    const own = dialogs.get(dialog) ?? new Map<string, Download>()
    dialogs.set(dialog, own)
    own.delete(messageId)
    own.set(messageId, download)
    const [received] = [...own].find(([, one]) => one.received) ?? []
    if (own.size > MAX_PER_DIALOG && received !== undefined) forget(dialog, received)
  }

  function forget(dialog: string, messageId: string): void {
    const own = dialogs.get(dialog)
    const download = own?.get(messageId)
    own?.delete(messageId)
    download?.letGo()
    if (own?.size === 0) dialogs.delete(dialog)
  }

  return {
    async chunk(wanted, freeze, letGo = () => undefined) {
      const known = dialogs.get(wanted.dialog)?.get(wanted.messageId)
      const download = known ?? begin(wanted, freeze, letGo)
      if (download.sizeKilobytes !== wanted.chunkSizeKilobytes)
        throw chunkError('9905', 'changed', 'the size of chunks changed within a download')
      enter(wanted, download)
      try {
        const source = await download.source
        const chunkBytes = download.sizeKilobytes * 1024
        download.total = Math.ceil(source.bytes / chunkBytes)
        assertFewChunks(download.total)
        if (download.total <= 1) {
          forget(wanted.dialog, wanted.messageId)
          return undefined
        }
        const { chunkNumber: number } = wanted
        assertNumber(number, download.total)
        const from = (number - 1) * chunkBytes
        const bytes = await source.read(from, Math.min(from + chunkBytes, source.bytes))
        download.given.add(number)
        return { number, total: download.total, totalKilobytes: Math.ceil(source.bytes / 1024), bytes }
      } catch (cause) {
        // without a chunk there is no download: the next request may begin it
        if (download.given.size === 0) forget(wanted.dialog, wanted.messageId)
        throw cause
      }
    },
    assertRoom,
    current(dialog, chunkNumber) {
      const [messageId, download] = [...(dialogs.get(dialog) ?? [])].at(-1) ?? []
      // the first chunk once more, of a delivery that is complete: rather the next delivery
      return download && (chunkNumber !== 1 || !isComplete(download)) ? messageId : undefined
    },
    takeReceived(dialog) {
      const received = [...(dialogs.get(dialog) ?? [])].filter(([, download]) => isComplete(download) && !download.received)
      for (const [, download] of received) download.received = true
      return received.map(([messageId]) => messageId)
    },
    end(dialog) {
      for (const messageId of [...(dialogs.get(dialog)?.keys() ?? [])]) forget(dialog, messageId)
    },
  }
}
