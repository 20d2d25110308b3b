// SPDX-License-Identifier: EUPL-1.2
/**
 * The OSCI party's answer → what its asker gets: parts, XÖV facts, evidence.
 *
 *   terminating   decrypt ─ author signatures ─ XÖV check ─ linkage ─► document, reading, attachments
 *   blind         ContentPackage unopened, certificates, attachments
 *   both          custom headers (MessageMetaData …) as evidence part `custom-headers`
 *
 * An answer that names another request, or is less protected than its request, is never delivered.
 * Specs: product.md, "Two modes", Decisions, "peers"; spec/xoev.md §3.4, §6, §9.4; osci-1.2 §9.7 step 5.
 * @module
 */
import type { ServiceEntry } from '../../directory/ports.js'
import type { EnvelopePart, OsciEvidence, XoevFacts } from '../../envelope/types.js'
import { openContent } from '../../osci/content-read.js'
import type { OpenedContainer } from '../../osci/content-types.js'
import { sha256Hex } from '../digest.js'
import { evidenceOf } from '../evidence.js'
import { customPart, packageParts } from '../intermediary/stored.js'
import { documentOf, documentParts, refused, uniqueNames } from '../opened-document.js'
import type { GatewayPorts } from '../ports.js'
import { isRefused, namesAnother } from '../reply-linkage.js'
import type { OutgoingContent } from './content.js'
import type { Delivered } from './delivery.js'
import { identityOf } from './parties.js'
import type { WayOut } from './ports.js'

export interface IncomingReply {
  readonly parts: readonly EnvelopePart[]
  readonly evidence: OsciEvidence
  readonly xoev?: XoevFacts
  readonly findings: readonly string[]
}

interface Source {
  readonly delivered: Delivered
  readonly sent: OutgoingContent
  readonly way: WayOut
  readonly ports: GatewayPorts
}

/** Evidence of an answer, with content or without. */
export function evidenceOfAnswer(
  { message, bytes, encrypted, messageId, cards }: Delivered,
  mode: OsciEvidence['mode'],
  containers: readonly OpenedContainer[] = [],
): OsciEvidence {
  return evidenceOf({
    message,
    messageSha256: sha256Hex(bytes),
    encrypted,
    mode,
    containers,
    ...(messageId === undefined ? {} : { messageId }),
    ...(cards === undefined ? {} : { card: cards }),
  })
}

const hasContent = ({ message }: Delivered): boolean => message.content?.children.some((c) => c.kind === 'element') ?? false

const foreign = () => refused('policy.foreign-reply', 'T099', 'the answer belongs to another request')
const lessProtected = (finding: string, code: string, what: string) =>
  refused(finding, code, `the content of the request was ${what}, that of its answer is not`)

async function terminating({ delivered, sent, way, ports }: Source): Promise<IncomingReply> {
  const { message } = delivered
  const opened = documentOf(await openContent(message, identityOf(way, 'originator', ports).env))
  if (sent.signed && !opened.container.authors.some((author) => author.verdict === 'valid'))
    throw lessProtected('author-signature.missing', 'T010', 'signed')
  if (sent.encrypted && !opened.encrypted) throw lessProtected('policy.reply-package', 'T099', 'encrypted')
  const report = await ports.desk.check(opened.document.bytes)
  if (report.refusal && isRefused(report)) throw refused(report.refusal.finding, report.refusal.code, report.refusal.text)
  if (namesAnother(report, sent.asked)) throw foreign()
  return {
    parts: documentParts(opened, report, customPart(message.custom, ports)),
    evidence: evidenceOfAnswer(delivered, 'terminating', opened.containers),
    ...(report.facts ? { xoev: report.facts } : {}),
    findings: report.findings,
  }
}

function blind({ delivered, sent, ports }: Source): Promise<IncomingReply> {
  const { content, certificates, attachments, custom } = delivered.message
  if (!content) throw new TypeError('asked only where there is content')
  if (sent.encrypted && content.children.some((c) => c.kind === 'element' && c.local !== 'EncryptedData'))
    throw lessProtected('policy.reply-package', 'T099', 'encrypted')
  const parts = uniqueNames(packageParts({ content, certificates: certificates ?? [], attachments, custom }, ports))
  return Promise.resolve({ parts, evidence: evidenceOfAnswer(delivered, 'blind'), findings: [] })
}

const READ: Readonly<Record<ServiceEntry['mode'], (source: Source) => Promise<IncomingReply>>> = { terminating, blind }

/**
 * @returns undefined: the party answered without content.
 * @throws {DeliveryRefused} the answer cannot be delivered, with T010, T011, T020, T099, X000 or the code of the XÖV check.
 */
export async function incomingReply(source: Source, mode: ServiceEntry['mode']): Promise<IncomingReply | undefined> {
  const { delivered, sent, ports } = source
  const { message, replyId } = delivered
  if (!hasContent(delivered)) return undefined
  const { messageId } = message.order as { readonly messageId?: string }
  if (replyId !== undefined && messageId !== replyId)
    throw refused('gateway.reply-id', 'T099', 'the answer does not name the MessageId that was made for it')
  const answers = ports.packages.inReplyTo(message.custom)
  if (sent.metadataId !== undefined && answers.length > 0 && !answers.some((id) => id.toLowerCase() === sent.metadataId)) throw foreign()
  return READ[mode](source)
}
