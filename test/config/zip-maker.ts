// SPDX-License-Identifier: EUPL-1.2
/**
 * Writes zip files for tests, honest ones and others: every field that a reader might trust can be a lie.
 * @module
 */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly content: string | Uint8Array
  /** Unix type and permissions, e.g. 0o120777 for a link. */
  readonly mode?: number
  readonly encrypted?: boolean
  /** What the directory claims, where it lies. */
  readonly announcedBytes?: number
  readonly crc?: number
}

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, (value >>> 8) & 0xff])
const u32 = (value: number): Buffer => Buffer.concat([u16(value & 0xffff), u16((value >>> 16) & 0xffff)])

export function zipOf(entries: readonly ZipEntry[], announcedEntries = entries.length): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, mode = 0o100644, encrypted = false, announcedBytes, crc } of entries) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const fileName = Buffer.from(name, 'utf8')
    // version 2.0, UTF-8 names, deflate, no time
    const shared = Buffer.concat([
      u16(20),
      u16(0x0800 | (encrypted ? 1 : 0)),
      u16(8),
      u32(0),
      u32(crc ?? crc32(bytes)),
      u32(packed.length),
      u32(announcedBytes ?? bytes.length),
      u16(fileName.length),
      u16(0),
    ])
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, fileName])
    central.push(
      Buffer.from('PK\x01\x02', 'latin1'),
      u16((3 << 8) | 20),
      shared,
      u16(0),
      u16(0),
      u16(0),
      u32(mode * 0x10000),
      u32(offset),
      fileName,
    )
    local.push(head, packed)
    offset += head.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = [u16(0), u16(0), u16(announcedEntries), u16(announcedEntries), u32(directory.length), u32(offset), u16(0)]
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), ...end])
}

/** A zip file of plain files. */
export const plainZip = (files: Readonly<Record<string, string>>): Buffer =>
  zipOf(Object.entries(files).map(([name, content]) => ({ name, content })))
