// SPDX-License-Identifier: EUPL-1.2
/**
 * Evidence of the OSCI side as an envelope carries it: who signed what, how it was protected, which containers it held.
 * Specs: product.md, "The envelope".
 * @module
 */
import type { OsciEvidence } from '../envelope/types.js'
import { allContainers, type OpenedContainer } from '../osci/content-types.js'
import type { OsciMessage } from '../osci/types.js'

/** What was seen of a message. `containers` is empty in blind mode: nothing was opened. */
export interface Seen {
  readonly message: OsciMessage
  /** Lower-case hex, over the bytes as they arrived. */
  readonly messageSha256: string
  readonly encrypted: boolean
  readonly mode: OsciEvidence['mode']
  readonly containers: readonly OpenedContainer[]
  readonly messageId?: string
  readonly card?: unknown
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

export function evidenceOf({ message, messageSha256, encrypted, mode, containers, messageId, card }: Seen): OsciEvidence {
  const signature = message.evidence.signature
  const authors = allContainers(containers).flatMap((c) => c.authors)
  const first = containers[0]
  return {
    messageType: message.type,
    ...(messageId === undefined ? {} : { messageId }),
    mode,
    messageSha256,
    transportEncrypted: encrypted,
    ...(signature
      ? {
          signedBy: {
            certificate: base64(signature.signer.raw),
            algorithm: signature.algorithm,
            covered: [...signature.covered].map((what) => ('contentId' in what ? `cid:${what.contentId}` : what.local)),
          },
        }
      : {}),
    ...(authors.length > 0
      ? {
          authors: authors.flatMap((a) =>
            a.certificate
              ? [{ certificate: base64(a.certificate.raw), algorithm: a.algorithm ?? '', covered: a.covered, verdict: a.verdict }]
              : [],
          ),
        }
      : {}),
    // stamps of a card are the intermediary's claims (P6); values of the card are plain data
    ...(card === undefined ? {} : { processCard: JSON.parse(JSON.stringify(card)) as unknown }),
    ...(first ? { containerId: first.id } : {}),
  }
}
