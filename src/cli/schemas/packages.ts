// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads what `schemas add` is given: zip files and folders, each as one package, several as one set.
 * @module
 */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { readSchemaDirectory } from '../../config/schema-files.js'
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
}

/** A folder that holds all files says nothing: a folder and the zip file of it are the same package. */
function withoutTop(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const tops = new Set([...files.keys()].map((path) => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : '')))
  const [top = ''] = tops
  if (tops.size !== 1 || top === '') return new Map(files)
  return withoutTop(new Map([...files].map(([path, bytes]) => [path.slice(top.length), bytes])))
}

async function readOne(path: string): Promise<PackageFiles> {
  const facts = await stat(path).catch(() => undefined)
  if (!facts) throw new UsageError({ de: `${path}: nicht da`, en: `${path}: not there` })
  const { files, passedOver, archives } = facts.isDirectory()
    ? { files: await readSchemaDirectory(path), passedOver: 0, archives: [] }
    : await readSchemaZip(path)
  const parts = partsOfSet(files)
  if (parts.size === 0) {
    const inside = archives.slice(0, 5).join(', ')
    throw new SchemaPackageError(
      `${path}: weder Schema (.xsd) noch Codeliste darin${inside === '' ? '' : `. Archive im Archiv werden nicht geöffnet: ${inside}; auspacken und einzeln nennen`}`,
      `${path}: neither a schema (.xsd) nor a code list in it${inside === '' ? '' : `. Archives inside are not opened: ${inside}; unpack them and name them one by one`}`,
    )
  }
  return { names: [basename(resolve(path))], files: withoutTop(parts), passedOver: passedOver + files.size - parts.size }
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
  const names = packages.flatMap((one) => one.names)
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double !== undefined)
    throw new UsageError({ de: `zwei Pakete heißen ${double}`, en: `two packages have the name ${double}` })
  const folder = (one: PackageFiles): string => (one.names[0] ?? '').replace(/\.zip$/i, '')
  return {
    names,
    files: new Map(packages.flatMap((one) => [...one.files].map(([path, bytes]) => [`${folder(one)}/${path}`, bytes] as const))),
    passedOver: packages.reduce((sum, one) => sum + one.passedOver, 0),
  }
}
