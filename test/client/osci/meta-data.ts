// SPDX-License-Identifier: EUPL-1.2
/**
 * A custom header block, as senders of the XTA world add it.
 * @module
 */
import { attr, element, type XmlElement } from '../../../src/xml/tree.js'

const META = 'http://www.osci.eu/ws/2014/10/transport'

/** oscimeta:MessageMetaData @Id ─ MsgSubject */
export function metaData(subject: string): XmlElement {
  return element(META, 'oscimeta', 'MessageMetaData', {
    namespaces: [{ prefix: 'oscimeta', uri: META }],
    attributes: [attr('Id', 'MetaData')],
    children: [element(META, 'oscimeta', 'MsgSubject', { children: [subject] })],
  })
}
