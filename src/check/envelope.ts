// SPDX-License-Identifier: EUPL-1.2
/**
 * Protector envelopes: the open header always, the rest when a key is at hand. What is inside is shown only when the sender's signature
 * holds; the envelope's own findings are told in the layers that everything else is told in.
 * Specs: docs/envelope.md §6.
 * @module
 */
import { EnvelopeError, type EnvelopeFinding } from '../envelope/errors.js'
import { readHeader } from '../envelope/header.js'
import { openEnvelope } from '../envelope/open.js'
import type { EnvelopePart, OpenedEnvelope } from '../envelope/types.js'
import { sha256 } from './contents.js'
import type { Journal } from './journal.js'
import type { CheckContext, ContentResult, Layer } from './types.js'
import { checkXoev, meantAsXml } from './xoev.js'

const BROKEN = 'mime.broken-envelope'
const CLOSED = 'content-encryption.undecryptable'
const WRONG = 'author-signature.value-mismatch'

const MEANINGS: Readonly<Record<EnvelopeFinding, string>> = {
  'envelope.container': BROKEN,
  'envelope.version': BROKEN,
  'envelope.size': BROKEN,
  'envelope.header': BROKEN,
  'envelope.metadata': BROKEN,
  'envelope.mismatch': BROKEN,
  'envelope.leftover': BROKEN,
  'envelope.algorithm': 'policy.forbidden-algorithm',
  'envelope.key': 'policy.forbidden-key',
  'envelope.not-for-us': 'content-encryption.no-key',
  'envelope.not-openable': CLOSED,
  'envelope.part': CLOSED,
  'envelope.unknown-sender': 'author-signature.not-verifiable',
  'envelope.signature': WRONG,
  'envelope.voucher': WRONG,
}

function told(cause: unknown, journal: Journal): void {
  if (!(cause instanceof EnvelopeError)) {
    journal.broke('content-encryption', cause)
    return
  }
  journal.raise(MEANINGS[cause.finding as EnvelopeFinding], { detail: `${cause.message} [${cause.finding}]` })
}

/** What a part of this role holds is read by no layer here: it must not count as looked at. */
const NOT_READ: Partial<Readonly<Record<EnvelopePart['role'], Layer>>> = { osci: 'osci-structure' }

async function describe(part: EnvelopePart, { sender }: OpenedEnvelope, context: CheckContext, journal: Journal): Promise<ContentResult> {
  const kind = part.role === 'attachment' ? 'attachment' : 'content'
  // the other parts are in a form of ours, or of OSCI
  const mayBeXoev = part.role === 'attachment' || part.role === 'document'
  const isXoev = mayBeXoev && meantAsXml({ kind, bytes: part.bytes, contentType: part.mediaType })
  context.opened?.({ document: 'content', content: part.name, bytes: part.bytes })
  const unread = NOT_READ[part.role]
  if (unread) journal.note(unread, 'unchecked')
  return {
    id: part.name,
    kind,
    encrypted: true,
    bytes: part.bytes.byteLength,
    sha256: sha256(part.bytes),
    signedBy: [sender],
    signatureVerdict: 'valid',
    xoev: isXoev ? await checkXoev(part.bytes, context, journal, part.name) : null,
  }
}

/** @returns what the envelope carries; nothing where it stays closed. */
export async function checkEnvelope(bytes: Uint8Array, context: CheckContext, journal: Journal): Promise<readonly ContentResult[]> {
  try {
    readHeader(bytes)
    journal.note('mime')
    if (!context.envelopes) {
      journal.raise('mime.sealed-envelope')
      journal.note('content-encryption', 'unchecked')
      return []
    }
    const opened = await openEnvelope(bytes, context.envelopes)
    context.seen?.('envelope', opened)
    journal.note('content-encryption')
    journal.note('author-signature')
    const contents: ContentResult[] = []
    for (const part of opened.parts) contents.push(await describe(part, opened, context, journal))
    return contents
  } catch (cause) {
    told(cause, journal)
    return []
  }
}
