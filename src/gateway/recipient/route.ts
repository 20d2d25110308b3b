// SPDX-License-Identifier: EUPL-1.2
/**
 * Which mailbox a delivery goes to: the first match of the endpoint's routes, else its default, else nowhere.
 *
 * MessageMetaData only chooses among the mailboxes that the other rules of this endpoint can reach; it never opens a new one.
 * Specs: product.md, Decisions, "routing".
 * @module
 */
import { sha256Hex } from '../digest.js'
import type { GatewayPorts, RecipientEndpoint } from '../ports.js'
import type { DeliveredContent } from './content.js'
import { entriesOf, type Admitted } from './request.js'
import { DeliveryRefused } from './verdict.js'

/** @throws {DeliveryRefused} 9805+9811: no rule matches. */
export function routeDelivery(admitted: Admitted, content: DeliveredContent, endpoint: RecipientEndpoint, ports: GatewayPorts): string {
  const addressees = new Set(entriesOf(admitted.message, 'CipherCertificateAddressee').map((e) => sha256Hex(e.der)))
  const { reader, service } = ports.packages.metadataAddress(admitted.message.custom)
  const match = endpoint.routes.find(
    (route) =>
      (route.addresseeSha256 !== undefined && addressees.has(route.addresseeSha256)) ||
      (route.kennung !== undefined && route.kennung === content.kennung) ||
      (route.metadata !== undefined &&
        [undefined, reader].includes(route.metadata.reader) &&
        [undefined, service].includes(route.metadata.service)),
  )
  const mailbox = match?.mailbox ?? endpoint.defaultMailbox
  if (mailbox === undefined)
    throw new DeliveryRefused('policy.unknown-addressee', 'nobody is registered here for this addressee', {
      reasons: [{ code: 'T080', text: 'nobody is registered here for this addressee' }],
      ...(content.document ? { document: content.document } : {}),
    })
  return mailbox
}
