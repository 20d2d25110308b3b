// SPDX-License-Identifier: EUPL-1.2
/**
 * What came, as files: one folder per envelope, readable by its owner only, never overwriting anything.
 *
 *   request-<id>/  01-content0.xml  02-…   the parts, byte for byte
 *                  envelope.json           who sent what, when, and which file is which part
 *                  request.json            what is needed to answer it later (not a secret, but nobody else's business)
 *
 * A folder appears under its name only when all of it stands on the disk: then what is leased may be confirmed.
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplyAddress } from '../../client/received.js'
import { importSealingKey } from '../../envelope/keys.js'
import type { EnvelopePart, OpenedEnvelope } from '../../envelope/types.js'
import { CommandError, UsageError } from '../arguments.js'
import { MEDIA_TYPES } from './outgoing.js'

/** A reply mailbox dies this long after its request's deadline (core). */
const REPLY_GRACE_SECONDS = 60
const MAX_NAME = 60

export interface KeptFile {
  readonly file: string
  readonly name: string
  readonly mediaType: string
  readonly role: EnvelopePart['role']
  readonly bytes: number
  readonly sha256: string
}

export interface Kept {
  readonly folder: string
  readonly files: readonly KeptFile[]
  /** False: it stood there already, from an earlier hand-over of the same envelope. */
  readonly isNew: boolean
}

/** `request.json`. Times are UTC. */
export interface RequestState extends ReplyAddress {
  readonly takenAt: string
  /** Not later than this; the core counts from when it got the request. */
  readonly answerableUntil: string
  /** The last word that was said. */
  readonly answered?: { readonly as: string; readonly at: string }
}

/** Names come from the sender: only harmless characters remain, and the number in front keeps them apart. */
export function fileName(part: Pick<EnvelopePart, 'name' | 'mediaType'>, at: number): string {
  const plain = part.name
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, MAX_NAME)
    .replace(/^[._-]+|[._-]+$/g, '')
  const ending = Object.keys(MEDIA_TYPES).find((one) => MEDIA_TYPES[one] === part.mediaType.replace('osci+xml', 'xml')) ?? ''
  const name = plain === '' ? 'part' : plain
  return `${String(at + 1).padStart(2, '0')}-${name}${name.toLowerCase().endsWith(ending) ? '' : ending}`
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value, null, 2) + '\n')

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  await handle.sync().finally(() => handle.close())
}

/**
 * Writes an envelope into a folder of its own below `directory`.
 * @throws {CommandError} cli.kept-otherwise: another envelope lies under this name; the new one stays in the folder that is named.
 * cli.kept-in-part: the disk is full, or fails; what was written stays in the folder that is named.
 */
export async function keep(directory: string, opened: OpenedEnvelope, now: Date): Promise<Kept> {
  const { header, parts, replyTo, replyKey, ...rest } = opened
  const files = parts.map((part, at): KeptFile => {
    const { name, mediaType, role, bytes } = part
    return {
      file: fileName(part, at),
      name,
      mediaType,
      role,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }
  })
  const envelope = json({ ...header, ...rest, parts: files })
  const folder = join(directory, `${opened.kind}-${header.id}`)
  const made = await mkdtemp(join(directory, `.${opened.kind}-`))
  try {
    await Promise.all(parts.map((part, at) => writeSynced(join(made, files[at]?.file ?? ''), part.bytes)))
    await writeSynced(join(made, 'envelope.json'), envelope)
    if (replyTo !== undefined && replyKey !== undefined) {
      const answerableUntil = new Date(now.getTime() + (header.ttlSeconds + REPLY_GRACE_SECONDS) * 1000).toISOString()
      const state: RequestState = { id: header.id, replyTo, replyKey, takenAt: now.toISOString(), answerableUntil }
      await writeSynced(join(made, 'request.json'), json(state))
    }
    await syncFolder(made)
  } catch (cause) {
    // it may be the only copy there is
    const { causeOf } = await import('../cause.js')
    const { de, en } = causeOf(cause)
    throw new CommandError('cli.kept-in-part', {
      de: `${header.id} ließ sich nicht ganz ablegen (${de}); was da ist, liegt in ${made}.`,
      en: `${header.id} could not be kept as a whole (${en}); what there is lies in ${made}.`,
    })
  }
  const isNew = !(await stat(folder).catch(() => undefined))
  if (isNew) await rename(made, folder)
  else {
    const there = await readFile(join(folder, 'envelope.json')).catch(() => undefined)
    if (there?.equals(envelope) !== true)
      throw new CommandError('cli.kept-otherwise', {
        de: `In ${folder} liegt etwas anderes; was kam, liegt in ${made}.`,
        en: `${folder} holds something else; what came lies in ${made}.`,
      })
    await rm(made, { recursive: true })
  }
  await syncFolder(directory)
  return { folder, files, isNew }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isSealingKey = async (value: unknown): Promise<boolean> =>
  typeof value === 'object' &&
  value !== null &&
  importSealingKey(value).then(
    () => true,
    () => false,
  )

/** @param place a folder of `take`, or the `request.json` in it. @throws {UsageError} */
export async function readRequestState(place: string): Promise<{ readonly file: string; readonly state: RequestState }> {
  const isFolder = (await stat(place).catch(() => undefined))?.isDirectory() === true
  const file = isFolder ? join(place, 'request.json') : place
  const state = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as Partial<RequestState> | null)
    .catch(() => undefined)
  const { id, replyTo, replyKey, answerableUntil } = state ?? {}
  if (!isText(id) || !isText(replyTo) || !isText(answerableUntil) || !(await isSealingKey(replyKey)))
    throw new UsageError({
      de: `${file} ist keine Anfrage, die »protektor take« abgelegt hat`,
      en: `${file} is no request that "protektor take" has kept`,
    })
  return { file, state: state as RequestState }
}

/** The last word was said; a second one is refused by `answer`. */
export async function markAnswered(file: string, state: RequestState): Promise<void> {
  const next = `${file}.new`
  await rm(next, { force: true })
  await writeSynced(next, json(state))
  await rename(next, file)
}
