// SPDX-License-Identifier: EUPL-1.2
/**
 * Writes a tree: the canonical form, so that the octets of every block on the wire are the octets that were hashed.
 *
 *   <?xml version="1.0" encoding="UTF-8"?> CR LF CR LF <soap:Envelope …>   (wire fact 4)
 * @module
 */
import { canonicalText } from './c14n.js'
import type { XmlElement } from './tree.js'

/**
 * @param root written in its context: with a parent, the namespaces in scope there are declared on it.
 * @param options `declaration` (default false) puts the XML declaration and an empty line before it.
 * @throws {StructureError} `xml.unbound-prefix` when the tree uses a prefix that nobody declares.
 */
export function writtenText(root: XmlElement, options: { readonly declaration?: boolean } = {}): string {
  const text = canonicalText(root)
  return options.declaration === true ? '<?xml version="1.0" encoding="UTF-8"?>\r\n\r\n' + text : text
}

/** {@link writtenText} as UTF-8. */
export function writeXml(root: XmlElement, options: { readonly declaration?: boolean } = {}): Uint8Array {
  return Buffer.from(writtenText(root, options), 'utf8')
}
