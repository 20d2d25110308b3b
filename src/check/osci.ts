// SPDX-License-Identifier: EUPL-1.2
/**
 * The OSCI layers, with the very stages of the pipeline; only the order of giving up differs: what a gateway refuses at once is noted here,
 * and the description goes on as far as it is safe.
 *
 *   mime ─ soap ─ (schema) ─ transport ─ (schema) ─ signature ─ message ─ content
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { ProtektorError } from '../errors.js'
import { readableCertificates } from '../osci/certificates.js'
import { readFault } from '../osci/fault.js'
import { message as messageStage } from '../osci/message.js'
import { mime } from '../osci/mime-stage.js'
import { OSCI } from '../osci/names.js'
import { messageType } from '../osci/messages.js'
import { isSignatureBlock, isSigned } from '../osci/signature.js'
import { soap } from '../osci/soap.js'
import { shellRecipient, transport } from '../osci/transport.js'
import type { OsciEnv, OsciMessage, SoapEnvelope } from '../osci/types.js'
import { inspectionAlgorithms } from '../xml/algorithms-inspection.js'
import { childOf, elementsOf, isElement, placeOf } from '../xml/tree.js'
import { readEncryptedData } from '../xml/xenc.js'
import { checkContents } from './contents.js'
import type { Journal } from './journal.js'
import { checkSignature, signatureElement, type Verified } from './message-signature.js'
import { feedbackOf, messageIdOf } from './order-facts.js'
import { checkOsciSchema } from './osci-schema.js'
import { judgeEncryption, judgeKey } from './policy.js'
import { runRules } from './rules/run.js'
import { FAULT_RULES, MESSAGE_RULES, MIME_RULES } from './rules/tables.js'
import { askSecondOpinion, type Judged } from './second-opinion.js'
import { checkSigners, listedIn } from './trust.js'
import type { CheckContext, CheckResult, ContentResult, Layer } from './types.js'

export type OsciFacts = Pick<
  CheckResult,
  'messageType' | 'transportEncrypted' | 'signed' | 'messageId' | 'feedback' | 'messageSignature' | 'contents'
>

const CLOSED: OsciFacts = {
  messageType: null,
  transportEncrypted: false,
  signed: null,
  messageId: null,
  feedback: [],
  messageSignature: null,
  contents: [],
}

function environment(context: CheckContext): OsciEnv {
  const algorithms = inspectionAlgorithms()
  return {
    now: () => context.now(),
    monotonicMs: () => context.monotonicMs(),
    random: (bytes) => context.random(bytes),
    keys: context.keys,
    trust: context.trust ?? { check: () => Promise.resolve({ verdict: 'unchecked', path: [] }) },
    limits: context.limits ?? CHECK_LIMITS,
    algorithms: { transport: algorithms, signature: algorithms, content: algorithms },
    inspection: true,
    ...(context.httpContentType === undefined ? {} : { httpContentType: context.httpContentType }),
  }
}

/** Runs one step; what it throws is entered, and undefined says that it gave nothing. */
async function step<T>(journal: Journal, layer: Layer, run: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (cause) {
    journal.caught(layer, cause)
    return undefined
  }
}

/** Facts of the shell that need no key: recipient and algorithms. */
function judgeShell(envelope: SoapEnvelope, journal: Journal): void {
  const [data] = elementsOf(envelope.body)
  if (!data) return
  judgeEncryption(journal, readEncryptedData(data, 'transport-encryption'), 'transport')
  const recipient = shellRecipient(envelope)
  if (recipient) judgeKey(journal, recipient, { element: data })
}

/** Enough of a message to describe its content when the order itself cannot be read. */
function salvage(envelope: SoapEnvelope): Pick<OsciMessage, 'content' | 'certificates' | 'attachments' | 'evidence'> {
  const content = childOf(envelope.body, OSCI, 'ContentPackage')
  // one that is wrong makes the others no strangers
  const header = envelope.header.filter((b) => isElement(b, OSCI, 'NonIntermediaryCertificates'))
  const certificates = readableCertificates(header).map(([entry]) => entry)
  return {
    attachments: [...envelope.parts.attachments.values()],
    evidence: envelope.evidence,
    ...(content ? { content } : {}),
    certificates,
  }
}

function checkRules(message: OsciMessage, envelope: SoapEnvelope, context: CheckContext, journal: Journal): void {
  const type = messageType(message.type)
  const { orderElement } = envelope
  if (!type || !orderElement) return
  const transportEncrypted = envelope.evidence.transport !== undefined
  const at = context.at ?? context.now()
  runRules(MESSAGE_RULES, { message, type, order: message.order, orderElement, envelope, transportEncrypted, at }, journal)
}

function messageSigned({ envelope, result, signer, problem }: Verified): Judged[] {
  const element = signatureElement(envelope)
  if (!element || !result || !signer) return []
  const judged = { layer: 'message-signature', element, certificate: signer, verdict: result.verdict, isStandard: true } as const
  return [{ ...judged, ...(problem ? { problem } : {}) }]
}

/** A signature block that is told as wrong stands in nobody's way: what is behind it is read, and not told as missing. */
function withoutWrongSignature({ envelope, problem }: Verified): SoapEnvelope {
  if (problem?.finding !== 'osci-structure.signature-block') return envelope
  return { ...envelope, header: envelope.header.filter((b) => !isSignatureBlock(b)) }
}

async function checkMessage(verified: Verified, env: OsciEnv, context: CheckContext, journal: Journal): Promise<readonly ContentResult[]> {
  const { envelope } = verified
  const opened = await step(journal, 'osci-structure', () => messageStage.open(withoutWrongSignature(verified), env))
  if (opened) {
    context.seen?.('order', opened)
    journal.note('control-block')
    checkRules(opened, envelope, context, journal)
  }
  const readable = opened ?? salvage(envelope)
  const found = await step(journal, 'content-encryption', () => checkContents(readable as OsciMessage, env, context, journal))
  const authored = found?.authored ?? []
  const listed = listedIn(envelope)
  for (const { certificate } of authored) judgeKey(journal, certificate, listed(certificate))
  const signers = [...(verified.signer ? [verified.signer] : []), ...authored.map(({ certificate }) => certificate)]
  if (journal.asks('certificates')) await checkSigners(signers, listed, context, journal)
  if (context.secondOpinion === true) askSecondOpinion([...messageSigned(verified), ...authored], envelope, journal)
  return found?.contents ?? []
}

function checkFault(envelope: SoapEnvelope, journal: Journal): string[] {
  try {
    const fault = readFault(envelope)
    runRules(FAULT_RULES, { fault, element: elementsOf(envelope.body)[0] ?? envelope.body }, journal)
    const { osciCode } = fault
    return osciCode === undefined ? [] : [osciCode]
  } catch (cause) {
    journal.caught('osci-structure', cause)
    return []
  }
}

/** Lines of the file before something in it, where that stands in the file as it is. */
export function linesBefore(file: Uint8Array, root: Uint8Array): number | undefined {
  const end = root.byteOffset - file.byteOffset
  if (root.buffer !== file.buffer || end < 0 || end + root.byteLength > file.byteLength) return undefined
  let lines = 0
  for (let at = file.indexOf(0x0a); at >= 0 && at < end; at = file.indexOf(0x0a, at + 1)) lines++
  return lines
}

/** Takes the shell off. What is wrong inside it has its place inside. */
async function openShell(outer: SoapEnvelope, env: OsciEnv, journal: Journal): Promise<SoapEnvelope | undefined> {
  try {
    return await transport.open(outer, env)
  } catch (cause) {
    if (cause instanceof ProtektorError) {
      if (cause.finding.startsWith('transport-encryption.')) cause.placedAt(placeOf(elementsOf(outer.body)[0] ?? outer.body))
      else journal.enter('decrypted')
    }
    journal.caught('transport-encryption', cause)
    return undefined
  }
}

/**
 * Checks the bytes of an OSCI message, MIME or bare, plain or encrypted, or of a fault.
 * @param file what lines count in, when the message is a view into it.
 */
export async function checkOsci(bytes: Uint8Array, context: CheckContext, journal: Journal, file = bytes): Promise<OsciFacts> {
  const env = environment(context)
  const parts = await step(journal, 'mime', () => mime.open(bytes, env))
  if (!parts) return CLOSED
  journal.note('mime')
  context.seen?.('parts', parts)
  runRules(MIME_RULES, { parts }, journal)
  const before = linesBefore(file, parts.root.body)
  journal.enter(before === undefined ? 'unpacked' : 'file', before)
  if (before === undefined) context.opened?.({ document: 'unpacked', content: null, bytes: parts.root.body })
  const outer = await step(journal, 'osci-structure', () => soap.open(parts, env))
  if (!outer) return CLOSED
  context.seen?.('frame', outer)
  journal.note('xml')
  journal.note('osci-structure')
  await step(journal, 'osci-structure', () => checkOsciSchema(outer, context, journal))
  journal.remark(outer.remarks)
  if (outer.kind === 'fault') return { ...CLOSED, messageType: 'fault', signed: false, feedback: checkFault(outer, journal) }
  const transportEncrypted = outer.kind === 'encrypted'
  if (transportEncrypted) {
    journal.note('transport-encryption')
    await step(journal, 'transport-encryption', () => judgeShell(outer, journal))
  }
  const inner = await openShell(outer, env, journal)
  if (!inner) return { ...CLOSED, transportEncrypted }
  if (transportEncrypted) {
    journal.enter('decrypted')
    context.opened?.({ document: 'decrypted', content: null, bytes: inner.parts.root.body })
    runRules(MIME_RULES, { parts: inner.parts }, journal)
    // those of the shell have their place outside
    journal.remark(inner.remarks.filter((one) => !outer.remarks.includes(one)))
    await step(journal, 'osci-structure', () => checkOsciSchema(inner, context, journal))
  }
  const verified = await checkSignature(inner, env, journal)
  context.seen?.('message', verified.envelope)
  const contents = await checkMessage(verified, env, context, journal)
  return {
    messageType: inner.type ?? null,
    transportEncrypted,
    signed: isSigned(inner),
    messageId: messageIdOf(inner.orderElement) ?? null,
    feedback: feedbackOf(inner.orderElement),
    messageSignature: verified.result,
    contents,
  }
}
