// SPDX-License-Identifier: EUPL-1.2
/**
 * What is sent: a document and attachments, read from files or standard input.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { Outgoing } from '../../client/sending.js'
import type { EnvelopePart } from '../../envelope/types.js'
import { UsageError } from '../arguments.js'
import type { Io } from '../io.js'

/** File endings and media types, both ways. */
export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
}

/** The largest envelope; what is larger cannot leave. */
const MAX_BYTES = 33 * 1024 * 1024
const MAX_NAME = 100

/** @returns no bytes: there are more than fit, and none were read. */
async function readable(file: string): Promise<readonly [Uint8Array | undefined, number]> {
  const { size } = await stat(file)
  return size > MAX_BYTES ? [undefined, size] : [await readFile(file), size]
}

async function bytesOf(file: string, io: Io): Promise<Uint8Array> {
  if (file !== '-') {
    const [bytes, size] = await readable(file).catch((error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'ERROR'
      throw new UsageError({ de: `${file} ist nicht lesbar (${code})`, en: `${file} cannot be read (${code})` })
    })
    if (bytes) return bytes
    throw new UsageError({
      de: `${file} ist zu groß für einen Umschlag (${size} Byte, höchstens ${MAX_BYTES})`,
      en: `${file} is too large for an envelope (${size} bytes, at most ${MAX_BYTES})`,
    })
  }
  const chunks: Buffer[] = []
  let count = 0
  for await (const chunk of (io.stdin ?? []) as AsyncIterable<Buffer>) {
    count += chunk.length
    if (count > MAX_BYTES) throw new UsageError({ de: 'die Eingabe ist zu groß', en: 'the input is too large' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function attachmentOf(file: string, at: number, io: Io): Promise<EnvelopePart> {
  const bytes = await bytesOf(file, io)
  const mediaType = MEDIA_TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream'
  // names must differ within an envelope, files of different folders need not
  return { name: `${at + 1}-${basename(file).slice(0, MAX_NAME)}`, mediaType, role: 'attachment', bytes }
}

/** Nothing is what comes out of a pipe whose beginning has failed: nobody means it. */
async function documentOf(file: string, io: Io): Promise<Uint8Array> {
  const bytes = await bytesOf(file, io)
  if (bytes.length > 0) return bytes
  throw new UsageError({ de: `${file}: das Dokument ist leer`, en: `${file}: the document is empty` })
}

/** @throws {UsageError} a file cannot be read, or there is nothing in the document. */
export async function outgoingOf(document: string | undefined, attachments: readonly string[], io: Io): Promise<Outgoing> {
  const parts = await Promise.all(attachments.map((file, at) => attachmentOf(file, at, io)))
  return { ...(document === undefined ? {} : { document: await documentOf(document, io) }), parts }
}
