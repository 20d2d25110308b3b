// SPDX-License-Identifier: EUPL-1.2
/**
 * What a check needs, read once: keys, trust anchors, schema sets, code lists. It is plain data, so that every thread gets the same. What
 * reads that which is seldom named is loaded only then: most of a short check is its start.
 * @module
 */
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { JWK } from 'jose'
import type { ReportHead, ReportSource } from '../../check/reports/report.js'
import type { Layer } from '../../check/types.js'
import { sumOfFiles } from '../../config/schema-files.js'
import { readSchemaSets } from '../../config/schema-store.js'
import type { KeyOwner } from '../../envelope/keys.js'
import { ProtektorError } from '../../errors.js'
import { readPkcs12, type KeyPair } from '../../pki/keystore.js'
import { readTrustFile, type TrustFile } from '../../pki/trust-file.js'
import { CodeListStore, type BrokenList, type CodeList } from '../../xoev/codelists.js'
import type { SchemaSet } from '../../xoev/schema-sets.js'
import { CommandError, UsageError } from '../arguments.js'
import { causeOf } from '../cause.js'
import { ownSchemas } from '../compose/own-schemas.js'

export interface KeystoreArgument {
  readonly file: string
  readonly pin: string | { readonly file: string }
}

export interface MaterialOptions {
  readonly keystores: readonly KeystoreArgument[]
  readonly trust: readonly string[]
  readonly schemas: readonly string[]
  /** Keys files of participants (`protektor keys participant`): they open envelopes. */
  readonly envelopeKeys?: readonly string[]
  readonly layers?: ReadonlySet<Layer>
  readonly at?: Date
  readonly secondOpinion?: boolean
  /** Among these the request of an answer is looked for. */
  readonly requestFiles?: readonly string[]
  /** Keystores that do not open are told, and the check goes on without them. */
  readonly locked?: (error: UsageError) => void
}

/** May be cloned into a thread. Keys stay objects, certificates are DER. */
export interface CheckMaterial {
  readonly keys: readonly { readonly certificate: Uint8Array; readonly privateKey: KeyObject }[]
  /** Absent: trust is not checked. */
  readonly trust?: { readonly roots: readonly Uint8Array[]; readonly crls: readonly Uint8Array[] }
  readonly envelopes?: { readonly open: readonly JWK[]; readonly senders: readonly KeyOwner[] }
  /** Named on the command line, in order; then our own. */
  readonly sets: readonly SchemaSet[]
  readonly osci12: ReadonlyMap<string, Uint8Array>
  /** Of all sets. */
  readonly codeLists: readonly CodeList[]
  readonly brokenLists: readonly BrokenList[]
  readonly layers?: ReadonlySet<Layer>
  readonly at?: Date
  readonly secondOpinion: boolean
  readonly requestFiles: readonly string[]
}

export interface ReadMaterial {
  readonly material: CheckMaterial
  /** What the verdicts depend on, for the head of the report. */
  readonly judgedBy: Pick<ReportHead, 'at' | 'schemaSets' | 'codeLists'>
}

/** A file named on the command line that does not do is a wrong call. */
export async function named<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    const { de, en } = causeOf(cause)
    throw new UsageError({ de: `${file}: nicht brauchbar (${de})`, en: `${file}: cannot be used (${en})` })
  }
}

/** A keystore that is there, and that this PIN does not open. */
class LockedError extends UsageError {}

/** Keys and certificates of a keystore. @throws {UsageError} wrong PIN, no keystore, not there */
export async function openKeystore({ file, pin }: KeystoreArgument): Promise<KeyPair[]> {
  const text = typeof pin === 'string' ? pin : await named(pin.file, async () => (await readFile(pin.file, 'utf8')).replace(/\r?\n$/, ''))
  const bytes = await named(file, () => readFile(file))
  try {
    return await named(file, async () => readPkcs12(bytes, text))
  } catch (cause) {
    throw cause instanceof UsageError ? new LockedError(cause.text) : cause
  }
}

async function keysOf(keystore: KeystoreArgument, locked: MaterialOptions['locked']): Promise<CheckMaterial['keys']> {
  try {
    const pairs = await openKeystore(keystore)
    const rsa = pairs.filter(({ privateKey }) => privateKey.asymmetricKeyType === 'rsa')
    return rsa.map(({ certificate, privateKey }) => ({ certificate: certificate.raw, privateKey }))
  } catch (cause) {
    if (!(cause instanceof LockedError) || !locked) throw cause
    locked(cause)
    return []
  }
}

async function envelopesOf(files: readonly string[]): Promise<Pick<CheckMaterial, 'envelopes'>> {
  if (files.length === 0) return {}
  const { readKeysFile } = await import('../participant/keys-file.js')
  const read = await Promise.all(files.map(readKeysFile))
  return { envelopes: { open: read.flatMap(({ open }) => open ?? []), senders: read.flatMap(({ senders }) => senders ?? []) } }
}

/** The table has words for keystores only, and a file of trust is none. */
const trustFileOf = (file: string): Promise<TrustFile> =>
  named(file, async () => {
    const bytes = await readFile(file)
    return readTrustFile(bytes).catch((cause: unknown) => {
      if (!(cause instanceof ProtektorError) || cause.finding !== 'keystore.unreadable') throw cause
      throw new CommandError(cause.finding, {
        de: 'kein Zertifikat darin, oder keine vollständige Sperrliste',
        en: 'no certificate in it, or no whole revocation list',
      })
    })
  })

/**
 * Trust anchors and revocation lists of all files together.
 * @throws {UsageError} a file that cannot be used; lists only: nobody would vouch for anybody.
 */
export async function trustOf(files: readonly string[]): Promise<TrustFile | undefined> {
  if (files.length === 0) return undefined
  const read = await Promise.all(files.map(trustFileOf))
  const roots = read.flatMap((one) => one.roots)
  if (roots.length === 0)
    throw new UsageError({
      de: '--trust nennt Sperrlisten, aber keinen Vertrauensanker',
      en: '--trust names revocation lists, but no trust anchor',
    })
  return { roots, crls: read.flatMap((one) => one.crls) }
}

/**
 * Reads everything that the options name.
 * @throws {UsageError} a keystore, trust or schema file that cannot be used. {ConfigError} a keys file.
 */
export async function readMaterial(options: MaterialOptions): Promise<ReadMaterial> {
  const keys = (await Promise.all(options.keystores.map((one) => keysOf(one, options.locked)))).flat()
  const trust = await trustOf(options.trust)
  const given = (await Promise.all(options.schemas.map((dir) => named(dir, () => readSchemaSets(dir))))).flat()
  const own = await ownSchemas('xprotektor')
  const osci12 = await ownSchemas('osci12')
  const sets: readonly SchemaSet[] = [...given, { files: own }]
  const lists = CodeListStore.from(sets.map(({ files }) => files))
  const codeLists = lists.all()
  const ours = (name: string, files: ReadonlyMap<string, Uint8Array>): ReportSource => ({ name, version: null, sha256: sumOfFiles(files) })
  return {
    material: {
      keys,
      ...(trust ? { trust: { roots: trust.roots.map(({ raw }) => raw), crls: trust.crls } } : {}),
      ...(await envelopesOf(options.envelopeKeys ?? [])),
      sets,
      osci12,
      codeLists,
      brokenLists: lists.broken,
      ...(options.layers ? { layers: options.layers } : {}),
      ...(options.at ? { at: options.at } : {}),
      secondOpinion: options.secondOpinion ?? false,
      requestFiles: options.requestFiles ?? [],
    },
    judgedBy: {
      at: (options.at ?? new Date()).toISOString(),
      schemaSets: [
        ...given.map(({ name, version, sha256 }): ReportSource => ({ name, version, sha256 })),
        ours('xprotektor', own),
        ours('osci12', osci12),
      ],
      codeLists: codeLists.map(({ uri, version, sha256 }): ReportSource => ({ name: uri, version, sha256 })),
    },
  }
}
