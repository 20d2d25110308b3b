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
import { OSCIMETA } from '../../osci/message-metadata.js'
import { OSCI } from '../../osci/names.js'
import { canonicalize } from '../../xml/c14n.js'
import { parseXml } from '../../xml/gate.js'
import { elementsOf, isElement, textOf, type XmlElement } from '../../xml/tree.js'

/** Texts at the end of a path of local names; steps may repeat. */
function textsAt(metadata: XmlElement, ...path: readonly string[]): string[] {
  let at: readonly XmlElement[] = [metadata]
  for (const step of path) at = at.flatMap((parent) => elementsOf(parent).filter((e) => e.local === step))
  return at.map((e) => textOf(e).trim()).filter((text) => text !== '')
}

const metadataOf = (custom: readonly XmlElement[]): XmlElement[] => custom.filter((block) => isElement(block, OSCIMETA, 'MessageMetaData'))

export const packageCodec = (limits: Limits): PackageCodec => {
  const read = (bytes: Uint8Array): XmlElement => takeOver(parseXml(bytes, { limits, frame: 'osci', stage: 'content' }).root)
  return {
    write: (content) => canonicalize(content),
    read(bytes) {
      const root = read(bytes)
      if (!isElement(root, OSCI, 'ContentPackage'))
        throw new StructureError('content', 'osci-structure.content-package', 'this is no ContentPackage')
      return root
    },
    readBlock: read,
    metadataAddress(custom) {
      const [block] = metadataOf(custom)
      const first = (...path: readonly string[]): string | undefined => block && textsAt(block, ...path)[0]
      return { reader: first('Destinations', 'Reader', 'Identifier'), service: first('Qualifier', 'Service') }
    },
    inReplyTo: (custom) => metadataOf(custom).flatMap((block) => textsAt(block, 'MsgIdentification', 'In-Reply-To')),
  }
}
