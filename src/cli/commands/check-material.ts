// SPDX-License-Identifier: EUPL-1.2
/**
 * What a check needs, read once: keys, trust anchors, schema sets, code lists. It is plain data, so that every thread gets the same.
 * @module
 */
import { createHash, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { JWK } from 'jose'
import type { ReportHead, ReportSource } from '../../check/reports/report.js'
import type { Layer } from '../../check/types.js'
import { readSchemaDirectory } from '../../config/schema-files.js'
import type { KeyOwner } from '../../envelope/keys.js'
import { readPemCertificates, readPkcs12, type KeyPair } from '../../pki/keystore.js'
import { CodeListStore } from '../../xoev/codelists.js'
import { UsageError } from '../arguments.js'
import { ownSchemas } from '../compose/own-schemas.js'
import { readKeysFile } from '../participant/keys-file.js'

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
  /** Keystores that do not open are told, and the check goes on without them. */
  readonly locked?: (error: UsageError) => void
}

/** May be cloned into a thread. Keys stay objects, certificates are DER. */
export interface CheckMaterial {
  readonly keys: readonly { readonly certificate: Uint8Array; readonly privateKey: KeyObject }[]
  /** Absent: trust is not checked. */
  readonly roots?: readonly Uint8Array[]
  readonly envelopes?: { readonly open: readonly JWK[]; readonly senders: readonly KeyOwner[] }
  /** Named on the command line, in order; then our own. */
  readonly sets: readonly ReadonlyMap<string, Uint8Array>[]
  readonly osci12: ReadonlyMap<string, Uint8Array>
  readonly layers?: ReadonlySet<Layer>
  readonly at?: Date
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
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError({ de: `${file}: nicht brauchbar (${why})`, en: `${file}: cannot be used (${why})` })
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
  const read = await Promise.all(files.map(readKeysFile))
  return { envelopes: { open: read.flatMap(({ open }) => open ?? []), senders: read.flatMap(({ senders }) => senders ?? []) } }
}

/** A set of files as a whole: the same names with the same bytes give the same sum, wherever the folder lies. */
function sumOf(files: ReadonlyMap<string, Uint8Array>): string {
  const whole = createHash('sha256')
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) ?? new Uint8Array(0)
    whole.update(`${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`)
  }
  return whole.digest('hex')
}

/**
 * Reads everything that the options name.
 * @throws {UsageError} a keystore, trust or schema file that cannot be used. {ConfigError} a keys file.
 */
export async function readMaterial(options: MaterialOptions): Promise<ReadMaterial> {
  const keys = (await Promise.all(options.keystores.map((one) => keysOf(one, options.locked)))).flat()
  const roots = (
    await Promise.all(options.trust.map((file) => named(file, async () => readPemCertificates(await readFile(file, 'utf8')))))
  ).flat()
  const directories = await Promise.all(options.schemas.map((dir) => named(dir, () => readSchemaDirectory(dir))))
  const own = await ownSchemas('xprotektor')
  const osci12 = await ownSchemas('osci12')
  const sets = [...directories, own]
  const judges = [
    ...directories.map((files, index) => ({ name: basename(resolve(options.schemas[index] ?? '')), files })),
    { name: 'xprotektor', files: own },
    { name: 'osci12', files: osci12 },
  ]
  return {
    material: {
      keys,
      ...(options.trust.length === 0 ? {} : { roots: roots.map(({ raw }) => raw) }),
      ...(await envelopesOf(options.envelopeKeys ?? [])),
      sets,
      osci12,
      ...(options.layers ? { layers: options.layers } : {}),
      ...(options.at ? { at: options.at } : {}),
    },
    judgedBy: {
      at: (options.at ?? new Date()).toISOString(),
      schemaSets: judges.map(({ name, files }): ReportSource => ({ name, version: null, sha256: sumOf(files) })),
      codeLists: CodeListStore.from(sets)
        .all()
        .map(({ uri, version, sha256 }): ReportSource => ({ name: uri, version, sha256 })),
    },
  }
}
