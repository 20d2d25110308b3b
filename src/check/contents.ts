// SPDX-License-Identifier: EUPL-1.2
/**
 * Content layers: what a delivery carries, who wrote it, and what XÖV says of it. Everything that our keys open is described, whatever else
 * is wrong with the message.
 * @module
 */
import { hash } from 'node:crypto'
import { partNamed } from '../osci/content-attachments.js'
import { openContent } from '../osci/content-read.js'
import { allContainers, type AuthorReport, type OpenedContainer } from '../osci/content-types.js'
import type { OsciEnv, OsciMessage } from '../osci/types.js'
import { subjectRfc2253 } from '../pki/certificate.js'
import { readSignature } from '../xml/dsig.js'
import { DS, XENC } from '../xml/names.js'
import { elementsOf, isElement, type XmlElement } from '../xml/tree.js'
import { readEncryptedData, type EncryptedData } from '../xml/xenc.js'
import { worst } from '../xoev/checking.js'
import type { Journal } from './journal.js'
import { checkContainerSchema } from './osci-schema.js'
import { judgeEncryption, judgeKeyOf, judgeSignature } from './policy.js'
import type { Judged } from './second-opinion.js'
import type { CheckContext, ContentResult, Verdict } from './types.js'
import { checkXoev, meantAsXml } from './xoev.js'

export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes)

const verdictOf = (authors: readonly AuthorReport[]): Verdict | null => (authors.length === 0 ? null : worst(authors.map((a) => a.verdict)))

async function describeContainer(container: OpenedContainer, context: CheckContext, journal: Journal): Promise<ContentResult[]> {
  const results: ContentResult[] = []
  for (const item of container.items) {
    context.opened?.({ document: 'content', content: item.id, bytes: item.bytes })
    results.push({
      id: item.id,
      kind: item.kind,
      encrypted: item.encrypted,
      bytes: item.bytes.byteLength,
      sha256: sha256(item.bytes),
      signedBy: item.signedBy.map(subjectRfc2253),
      signatureVerdict: verdictOf(container.authors),
      xoev: meantAsXml(item) ? await checkXoev(item.bytes, context, journal, item.id) : null,
    })
  }
  for (const nested of container.nested) results.push(...(await describeContainer(nested, context, journal)))
  return results
}

/**
 * Looks at the holders of attachments' keys one by one. Attachments may share a key, but then each has an initialisation vector of its own
 * [osci-1.2 §6.3]: of two under one, whoever has both ciphertexts learns how the plaintexts differ.
 * @returns whether the attachment of a holder begins with key and vector of one before it.
 */
function vectorsOf({ attachments }: OsciMessage, { algorithms }: OsciEnv): (data: EncryptedData) => boolean {
  const parts = new Map(attachments.map((part) => [`cid:${part.contentId}`, part]))
  const used = new Map<string, string>()
  return ({ cipher: uri, ivLength, mgmtData, cipherReference }) => {
    const cipher = algorithms.content.cipher(uri)
    const part = cipherReference && partNamed({ parts }, cipherReference.uri)
    if (!cipher || !mgmtData || !part) return false
    const ivBytes = cipher.mode === 'gcm' ? (ivLength ?? 16) : (cipher.ivBytes[0] ?? 0)
    const pair = Buffer.concat([mgmtData, part.body.subarray(0, ivBytes)]).toString('latin1')
    const before = used.get(pair) ?? part.contentId
    used.set(pair, before)
    return before !== part.contentId
  }
}

/** What stands in clear beside opened containers is judged by policy even where it was not opened. */
function judgeParents(parents: readonly XmlElement[], message: OsciMessage, env: OsciEnv, journal: Journal): void {
  const judged = new Set<string>()
  const repeatsVector = vectorsOf(message, env)
  for (const child of parents.flatMap(elementsOf)) {
    try {
      if (isElement(child, DS, 'Signature')) judgeSignature(journal, readSignature(child, 'author-signature'))
      if (!isElement(child, XENC, 'EncryptedData')) continue
      journal.note('content-encryption')
      const data = readEncryptedData(child, 'content-encryption')
      judgeEncryption(journal, data, 'content')
      if (repeatsVector(data)) journal.raise('content-encryption.repeated-iv', { element: child })
      for (const key of data.keys) {
        const reader = message.certificates?.find((c) => c.id === key.retrievalUri)
        if (!reader || judged.has(reader.id)) continue
        judged.add(reader.id)
        judgeKeyOf(journal, reader.der, { element: child })
      }
    } catch (cause) {
      // the reading itself reports a bad grammar; the journal keeps it once
      journal.caught(child.uri === DS ? 'author-signature' : 'content-encryption', cause)
    }
  }
}

export interface ContentFacts {
  readonly contents: readonly ContentResult[]
  /** Author signatures that name a certificate, valid or not. */
  readonly authored: readonly Judged[]
}

/** A container reports on its signatures in their order. */
const authoredIn = ({ element, authors }: OpenedContainer): Judged[] =>
  elementsOf(element)
    .filter((e) => isElement(e, DS, 'Signature'))
    .flatMap((signature, index): Judged[] => {
      const { certificate, verdict, problem, remarks = [] } = authors[index] ?? {}
      if (!certificate || !verdict) return []
      const isStandard = remarks.length === 0
      return [{ layer: 'author-signature', element: signature, certificate, verdict, isStandard, ...(problem ? { problem } : {}) }]
    })

/** Opens, verifies and describes the content of a message. */
export async function checkContents(message: OsciMessage, env: OsciEnv, context: CheckContext, journal: Journal): Promise<ContentFacts> {
  const opened = await openContent(message, env)
  context.seen?.('contents', opened)
  for (const problem of opened.problems) journal.caught('content-encryption', problem)
  journal.remark(opened.remarks)
  const all = allContainers(opened.containers)
  for (const { document } of all) if (document) await checkContainerSchema(document, context, journal)
  judgeParents([...(message.content ? [message.content] : []), ...all.map((c) => c.element)], message, env, journal)
  const authors = all.flatMap((c) => c.authors)
  for (const author of authors) journal.note('author-signature', author.verdict)
  const authored = all.flatMap(authoredIn)
  const contents: ContentResult[] = []
  for (const container of opened.containers) contents.push(...(await describeContainer(container, context, journal)))
  return { contents, authored }
}
