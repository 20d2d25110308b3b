// SPDX-License-Identifier: EUPL-1.2
/**
 * The one engine behind CLI, HTTP, web page and gateway: bytes in, verdict out. The same bytes with the same context give the same result;
 * it opens nothing but with the keys handed in (`POST /v1/check`: no oracle).
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { sha256 } from './contents.js'
import { checkEnvelope } from './envelope.js'
import { Journal } from './journal.js'
import { checkOsci, linesBefore, type OsciFacts } from './osci.js'
import { recognise, type Recognised } from './recognise.js'
import { strangerIn } from './strangers.js'
import type { CheckContext, CheckResult, Layer, XoevResult } from './types.js'
import { looksLikeXml } from '../xoev/beginning.js'
import { checkWellFormed, checkXoev } from './xoev.js'

export type { CheckContext, CheckResult } from './types.js'

const NOTHING: OsciFacts & { xoev: XoevResult | null } = {
  messageType: null,
  transportEncrypted: false,
  signed: false,
  messageId: null,
  feedback: [],
  messageSignature: null,
  contents: [],
  xoev: null,
}
type Facts = typeof NOTHING

async function checkDocument(bytes: Uint8Array, context: CheckContext, journal: Journal): Promise<Facts> {
  const xoev = await checkXoev(bytes, context, journal)
  if (xoev) {
    if (xoev.messageType !== null) journal.note('xml')
    return { ...NOTHING, messageType: xoev.messageType, xoev }
  }
  const root = await checkWellFormed(bytes, context, journal)
  return { ...NOTHING, messageType: root }
}

interface KindCheck {
  /** `error` when the check breaks by itself. */
  readonly layer: Layer
  /** `file` is the whole file, `bytes` what was recognised in it. */
  run(found: Recognised, context: CheckContext, journal: Journal, file: Uint8Array): Promise<Facts>
}

/** How each kind is checked. */
const CHECKS: Readonly<Record<CheckResult['kind'], KindCheck>> = {
  osci: {
    layer: 'osci-structure',
    run: async ({ bytes }, context, journal, file) => ({ ...NOTHING, ...(await checkOsci(bytes, context, journal, file)) }),
  },
  xoev: { layer: 'xml', run: ({ bytes }, context, journal) => checkDocument(bytes, context, journal) },
  envelope: {
    layer: 'content-encryption',
    run: async ({ bytes }, context, journal) => ({ ...NOTHING, contents: await checkEnvelope(bytes, context, journal) }),
  },
  unknown: {
    layer: 'mime',
    run: async (found, _context, journal) => {
      const detail = strangerIn(found)
      journal.raise('mime.unrecognised', detail === undefined ? {} : { detail })
      journal.note('mime', 'unchecked')
      return NOTHING
    },
  },
}

/** Programs that rewrite line ends rewrite all of them. XML does not mind, and a package of OSCI has CR LF throughout. */
function hasOtherLineEnds(file: Uint8Array): boolean {
  const beginning = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, 64 * 1024))
  return beginning.includes('\n') && !beginning.includes('\r\n') && !looksLikeXml(file)
}

/** Takes the wrapping off, and says where lines count from then on. */
function recognised(file: Uint8Array, context: CheckContext, journal: Journal): Recognised | undefined {
  try {
    const found = recognise(file, context.limits ?? CHECK_LIMITS)
    if (found.capture === null) return found
    journal.note('mime')
    if (found.differs !== undefined) journal.raise('mime.content-length', { detail: found.differs })
    if (found.undone !== undefined) journal.raise('mime.coding-undone', { detail: found.undone })
    if (found.unread !== undefined) journal.raise('mime.unread-rest', { detail: `${found.unread} bytes` })
    const before = linesBefore(file, found.bytes)
    journal.enter(before === undefined ? 'unpacked' : 'file', before)
    return found
  } catch (cause) {
    journal.caught('mime', cause)
    return undefined
  }
}

/**
 * Checks one file.
 * @param bytes the whole file, at most `limits.messageBytes`; more gives `unchecked`.
 * @returns never throws: what fails is a finding, and the verdict `error`.
 */
export async function check(bytes: Uint8Array, context: CheckContext): Promise<CheckResult> {
  const journal = new Journal(context.at ?? context.now(), context.layers)
  const limits = context.limits ?? CHECK_LIMITS
  if (bytes.byteLength > limits.messageBytes) {
    journal.raise('mime.message-too-large', { detail: `${bytes.byteLength} bytes` })
    return resultOf(journal, { kind: 'unknown', capture: null }, NOTHING, sha256(bytes))
  }
  const found = recognised(bytes, context, journal)
  const kind = found?.kind ?? 'unknown'
  const type = found?.contentType
  let facts = NOTHING
  try {
    if (found) facts = await CHECKS[kind].run(found, type === undefined ? context : { ...context, httpContentType: type }, journal, bytes)
  } catch (cause) {
    journal.broke(CHECKS[kind].layer, cause)
  }
  if (journal.verdict === 'invalid' && kind !== 'envelope' && hasOtherLineEnds(bytes)) journal.raise('mime.line-ends')
  const seen = kind === 'xoev' && facts.messageType === null ? 'unknown' : kind
  return resultOf(journal, { kind: seen, capture: found?.capture ?? null }, facts, sha256(bytes))
}

const resultOf = (journal: Journal, what: Pick<CheckResult, 'kind' | 'capture'>, facts: Facts, digest: string): CheckResult => {
  const { verdict, findings, layers, notAsked } = journal
  return { sha256: digest, verdict, ...what, ...facts, findings, layers, notAsked }
}

/** The result for a file that never reached the engine: `unchecked` beyond the limits, else `error`. No digest: it was not read. */
export function uncheckedResult(
  finding: 'mime.message-too-large' | 'mime.unreadable-file' | 'mime.check-failed',
  detail: string,
): CheckResult {
  // nothing was read: no date counts
  const journal = new Journal(new Date(0))
  journal.raise(finding, { detail })
  journal.note('mime', finding === 'mime.message-too-large' ? 'unchecked' : 'error')
  return resultOf(journal, { kind: 'unknown', capture: null }, NOTHING, '')
}
