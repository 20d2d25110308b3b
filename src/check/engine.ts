// SPDX-License-Identifier: EUPL-1.2
/**
 * The one engine behind CLI, HTTP, web page and gateway: bytes in, verdict out. The same bytes with the same context give the same result;
 * it opens nothing but with the keys handed in (`POST /v1/check`: no oracle).
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { readHeader } from '../envelope/header.js'
import { parseXml } from '../xml/gate.js'
import { sha256 } from './contents.js'
import { Journal } from './journal.js'
import { checkOsci, type OsciFacts } from './osci.js'
import type { CheckContext, CheckResult, XoevResult } from './types.js'
import { checkXoev, looksLikeXml } from './xoev.js'

export type { CheckContext, CheckResult } from './types.js'

type Kind = CheckResult['kind']

const HEAD_BYTES = 4096
/** First bytes of a protector envelope (docs/envelope.md). */
const ENVELOPE_MAGIC = 'PRTK'

/** What the bytes claim to be, from their beginning only. */
export function recognise(bytes: Uint8Array): Kind {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
  if (head.startsWith(ENVELOPE_MAGIC)) return 'envelope'
  if (looksLikeXml(bytes)) {
    const isEnvelope = /<(?:[^\s<>!?/:]+:)?Envelope[\s>]/.test(head) && head.includes('http://schemas.xmlsoap.org/soap/envelope/')
    return isEnvelope ? 'osci' : 'xoev'
  }
  if (/^\s*(?:mime-version|content-(?:type|transfer-encoding|id|length))[ \t]*:/i.test(head)) return 'osci'
  return /^\s*--[^\n]{1,72}\r?\ncontent-/i.test(head) ? 'osci' : 'unknown'
}

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

async function checkDocument(bytes: Uint8Array, context: CheckContext, journal: Journal): Promise<typeof NOTHING> {
  const xoev = await checkXoev(bytes, context, journal)
  if (xoev) {
    if (xoev.messageType !== null) journal.note('xml')
    return { ...NOTHING, messageType: xoev.messageType, xoev }
  }
  try {
    const { root } = parseXml(bytes, { limits: context.limits ?? CHECK_LIMITS, frame: 'content', stage: 'xoev' })
    journal.note('xml')
    journal.note('xoev-schema', 'unchecked')
    return { ...NOTHING, messageType: root.local }
  } catch (cause) {
    journal.caught('xml', cause)
    return NOTHING
  }
}

function checkEnvelope(bytes: Uint8Array, journal: Journal): void {
  try {
    readHeader(bytes)
    journal.raise('mime.sealed-envelope')
    journal.note('mime', 'unchecked')
  } catch (cause) {
    journal.raise('mime.broken-envelope', cause instanceof Error ? { detail: cause.message } : {})
  }
}

async function run(kind: Kind, bytes: Uint8Array, context: CheckContext, journal: Journal): Promise<typeof NOTHING> {
  if (kind === 'osci') return { ...NOTHING, ...(await checkOsci(bytes, context, journal)) }
  if (kind === 'xoev') return checkDocument(bytes, context, journal)
  if (kind === 'envelope') checkEnvelope(bytes, journal)
  else {
    journal.raise('mime.unrecognised')
    journal.note('mime', 'unchecked')
  }
  return NOTHING
}

/**
 * Checks one file.
 * @param bytes the whole file, at most `limits.messageBytes`; more gives `unchecked`.
 * @returns never throws: what fails is a finding, and the verdict `error`.
 */
export async function check(bytes: Uint8Array, context: CheckContext): Promise<CheckResult> {
  const journal = new Journal(context.at ?? context.now())
  const limits = context.limits ?? CHECK_LIMITS
  let kind = recognise(bytes)
  let facts = NOTHING
  if (bytes.byteLength > limits.messageBytes) journal.raise('mime.message-too-large', { detail: `${bytes.byteLength} bytes` })
  else {
    try {
      facts = await run(kind, bytes, context, journal)
    } catch (cause) {
      journal.broke(kind === 'xoev' ? 'xml' : 'osci-structure', cause)
    }
    if (kind === 'xoev' && facts.messageType === null) kind = 'unknown'
  }
  return { sha256: sha256(bytes), verdict: journal.verdict, kind, ...facts, findings: journal.findings, layers: journal.layers }
}

/** The result for a file that never reached the engine: too large, or not readable (then the verdict is `error`). */
export function uncheckedResult(
  finding: 'mime.message-too-large' | 'mime.unreadable-file',
  facts: { readonly sha256?: string; readonly detail?: string },
): CheckResult {
  // nothing was read: no date counts
  const journal = new Journal(new Date(0))
  journal.raise(finding, facts.detail === undefined ? {} : { detail: facts.detail })
  journal.note('mime', finding === 'mime.unreadable-file' ? 'error' : 'unchecked')
  const { verdict, findings, layers } = journal
  return { sha256: facts.sha256 ?? '', verdict, kind: 'unknown', ...NOTHING, findings, layers }
}
