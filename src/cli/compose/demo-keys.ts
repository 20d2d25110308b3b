// SPDX-License-Identifier: EUPL-1.2
/**
 * Throwaway keys of the demo directory, in sets: each has a root of its own, is made once and then reused. A directory that an older
 * version made lacks the later set; it is added, and what is there stays.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateEnvelopeKey } from '../../envelope/keys.js'
import { readPkcs12, writePkcs12, type KeyPair } from '../../pki/keystore.js'
import { makePki, type TestKey, type TestUsage } from '../../pki/test-pki.js'

export type Jwk = Awaited<ReturnType<typeof generateEnvelopeKey>>['privateJwk']

/** Private keys of a participant, as the examples read them. */
export interface ParticipantKeys {
  readonly participant: string
  readonly sign: Jwk
  readonly open: Jwk
}

export interface KeySet<N extends string> {
  /** Of the root, and of the file that is written last: it says that all are there. */
  readonly root: string
  /** In every certificate. */
  readonly name: string
  readonly leaves: Readonly<Record<N, TestUsage>>
  readonly participants: readonly string[]
}

/** Own keys of the gateway, keys of the calling intermediary, keys of the portal behind it. */
const TOWN_LEAVES = {
  'town-cipher': 'cipher',
  'town-signature': 'signature',
  'town-reader': 'cipher',
  'town-author': 'signature',
  'intermediary-cipher': 'cipher',
  'intermediary-signature': 'signature',
  'portal-cipher': 'cipher',
  'portal-author': 'signature',
} as const satisfies Record<string, TestUsage>
export type DemoKeyName = keyof typeof TOWN_LEAVES

/** Our own intermediary, and a second town with its register. */
const STORY_LEAVES = {
  'office-cipher': 'cipher',
  'office-signature': 'signature',
  'neighbour-cipher': 'cipher',
  'neighbour-signature': 'signature',
  'neighbour-reader': 'cipher',
  'neighbour-author': 'signature',
} as const satisfies Record<string, TestUsage>
export type StoryKeyName = keyof typeof STORY_LEAVES

export const TOWN: KeySet<DemoKeyName> = {
  root: 'ca',
  name: 'Protektor Demo',
  leaves: TOWN_LEAVES,
  participants: ['register-1', 'portal-1'],
}
export const STORY: KeySet<StoryKeyName> = {
  root: 'ca-2',
  name: 'Protektor Demo 2',
  leaves: STORY_LEAVES,
  participants: ['register-2'],
}

const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined

const namesOf = <N extends string>({ leaves }: KeySet<N>): N[] => Object.keys(leaves) as N[]

/** One PIN for all: the first set makes it. */
async function pinOf(directory: string): Promise<string> {
  const file = join(directory, 'pin')
  if (!(await exists(file))) await writeFile(file, randomBytes(18).toString('base64url') + '\n', { mode: 0o600 })
  return (await readFile(file, 'utf8')).trim()
}

async function makeKeys<N extends string>(directory: string, set: KeySet<N>, keyOf: (usage: TestUsage) => TestKey): Promise<void> {
  const now = new Date()
  const notAfter = new Date(now.getTime() + 365 * 86_400_000)
  const notBefore = new Date(now.getTime() - 3_600_000)
  const leaves = Object.fromEntries(namesOf(set).map((name) => [name, { usage: set.leaves[name], key: keyOf(set.leaves[name]) }]))
  const pki = await makePki({ name: set.name, notBefore, notAfter, caKey: keyOf('ca'), leaves })
  const pin = await pinOf(directory)
  const put = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content, { mode: 0o600 })
  await put(`${set.root}.pem`, pki.ca.certificate.toString())
  for (const [name, pair] of pki.leaves) {
    await put(`${name}.p12`, writePkcs12(pair, pin, randomBytes(16)))
    await put(`${name}.pem`, pair.certificate.toString())
  }
  for (const participant of set.participants) {
    const sign = await generateEnvelopeKey('sig')
    const open = await generateEnvelopeKey('enc')
    await put(`${participant}.json`, JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }, null, 2))
    await put(`${participant}.private.json`, JSON.stringify({ participant, sign: sign.privateJwk, open: open.privateJwk }, null, 2))
  }
}

/**
 * Makes a set that is not there yet.
 * @returns whether it was made.
 */
export async function ensureKeys<N extends string>(
  directory: string,
  set: KeySet<N>,
  keyOf: (usage: TestUsage) => TestKey,
): Promise<boolean> {
  // the last file that is made says that all are there
  if (await exists(join(directory, `${set.participants.at(-1) ?? ''}.private.json`))) return false
  await makeKeys(directory, set, keyOf)
  return true
}

/** Every pair of a set that is there. */
export async function readKeys<N extends string>(directory: string, set: KeySet<N>): Promise<Readonly<Record<N, KeyPair>>> {
  const pin = await pinOf(directory)
  const open = async (name: N): Promise<[N, KeyPair]> => {
    const [pair] = readPkcs12(await readFile(join(directory, `${name}.p12`)), pin)
    if (!pair) throw new TypeError(`${name} was written with its key`)
    return [name, pair]
  }
  return Object.fromEntries(await Promise.all(namesOf(set).map(open))) as Record<N, KeyPair>
}

/** Private keys of a participant of the demo. */
export const readParticipant = async (directory: string, participant: string): Promise<ParticipantKeys> =>
  JSON.parse(await readFile(join(directory, `${participant}.private.json`), 'utf8')) as ParticipantKeys
