// SPDX-License-Identifier: EUPL-1.2
/**
 * ContentPackage as bytes that stand alone, for blind mode: its canonical form, in which every namespace in scope is declared on the
 * package itself, so that signatures inside keep their canonical form wherever it is put again.
 * @module
 */
import { StructureError } from '../../errors.js'
import type { Limits } from '../../env.js'
import type { PackageCodec } from '../../gateway/ports.js'
import { takeOver } from '../../osci/build.js'
import { OSCI } from '../../osci/names.js'
import { canonicalize } from '../../xml/c14n.js'
import { parseXml } from '../../xml/gate.js'
import { elementsOf, isElement, textOf, type XmlElement } from '../../xml/tree.js'

const OSCIMETA = 'http://www.osci.eu/ws/2014/10/transport'

/** Destinations ─ Reader ─ Identifier */
function readerOf(metadata: XmlElement): string | undefined {
  let at: XmlElement | undefined = metadata
  for (const step of ['Destinations', 'Reader', 'Identifier']) at = at && elementsOf(at).find((e) => e.local === step && e.uri === OSCIMETA)
  const text = at && textOf(at).trim()
  return text === undefined || text === '' ? undefined : text
}

export const packageCodec = (limits: Limits): PackageCodec => ({
  write: (content) => canonicalize(content),
  read(bytes) {
    const { root } = parseXml(bytes, { limits, frame: 'osci', stage: 'content' })
    if (!isElement(root, OSCI, 'ContentPackage'))
      throw new StructureError('content', 'osci-structure.content-package', 'this is no ContentPackage')
    return takeOver(root)
  },
  metadataReader: (custom) => custom.flatMap((block) => (isElement(block, OSCIMETA, 'MessageMetaData') ? (readerOf(block) ?? []) : []))[0],
})
