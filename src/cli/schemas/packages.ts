// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads what `schemas add` is given: zip files and folders, each as one package, several as one set.
 * @module
 */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { readSchemaContents, type SchemaContents } from '../../config/schema-files.js'
import { SchemaPackageError } from '../../config/schema-problem.js'
import { readSchemaZip } from '../../config/schema-zip.js'
import { partsOfSet } from '../../xoev/schema-package.js'
import { UsageError } from '../arguments.js'

export interface PackageFiles {
  readonly names: readonly string[]
  /** Schemas, catalogs and code lists by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Files that do not belong into a set: texts, pictures, samples. */
  readonly passedOver: number
  /** Archives among them; nothing looks into them. */
  readonly archives: readonly string[]
}

/** A folder that holds all files says nothing: a folder and the zip file of it are the same package. */
function withoutTop(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const tops = new Set([...files.keys()].map((path) => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : '')))
  const [top = ''] = tops
  if (tops.size !== 1 || top === '') return new Map(files)
  return withoutTop(new Map([...files].map(([path, bytes]) => [path.slice(top.length), bytes])))
}

async function readFolder(path: string): Promise<SchemaContents> {
  try {
    return await readSchemaContents(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaPackageError(`${path}: nicht lesbar (${why})`, `${path}: cannot be read (${why})`, cause)
  }
}

async function readOne(path: string): Promise<PackageFiles> {
  const facts = await stat(path).catch(() => undefined)
  if (!facts?.isFile() && !facts?.isDirectory())
    throw new UsageError({ de: `${path}: weder Datei noch Ordner`, en: `${path}: neither a file nor a folder` })
  const { files, passedOver, archives } = await (facts.isDirectory() ? readFolder(path) : readSchemaZip(path))
  const parts = partsOfSet(files)
  if (parts.size === 0) {
    const inside = archives.slice(0, 5).join(', ')
    throw new SchemaPackageError(
      `${path}: weder Schema (.xsd) noch Codeliste darin${inside === '' ? '' : `. Archive im Archiv werden nicht geöffnet: ${inside}; auspacken und einzeln nennen`}`,
      `${path}: neither a schema (.xsd) nor a code list in it${inside === '' ? '' : `. Archives inside are not opened: ${inside}; unpack them and name them one by one`}`,
    )
  }
  return { names: [basename(resolve(path))], files: withoutTop(parts), passedOver: passedOver + files.size - parts.size, archives }
}

/**
 * Several packages lie side by side, each in a folder of its name.
 * @throws {SchemaPackageError} a package that cannot be read, or holds neither schema nor code list.
 * @throws {UsageError} a path that is not there, or two packages of one name.
 */
export async function readPackages(paths: readonly string[]): Promise<PackageFiles> {
  const packages: PackageFiles[] = []
  for (const path of paths) packages.push(await readOne(path))
  const [only] = packages
  if (only && packages.length === 1) return only
  const folders = packages.map(({ names: [name = ''] }) => name.replace(/\.zip$/i, ''))
  const double = folders.find((name, index) => folders.indexOf(name) !== index)
  if (double !== undefined) throw new UsageError({ de: `zwei Pakete heißen ${double}`, en: `two packages have the name ${double}` })
  return {
    names: packages.flatMap(({ names }) => names),
    files: new Map(
      packages.flatMap(({ files }, index) => [...files].map(([path, bytes]) => [`${folders[index] ?? ''}/${path}`, bytes] as const)),
    ),
    passedOver: packages.reduce((sum, one) => sum + one.passedOver, 0),
    archives: packages.flatMap(({ archives }) => archives),
  }
}
