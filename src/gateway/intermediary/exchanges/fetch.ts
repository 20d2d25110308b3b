// SPDX-License-Identifier: EUPL-1.2
/**
 * fetchDelivery: one delivery of the client's own mailbox, leased until the next correct request of its dialog.
 * Specs: osci-1.2 §2.5, §3.2, §9.5; wire facts §15 (echo).
 * @module
 */
import type { FetchRule } from '../../../osci/parts.js'
import { DeliveryRefused } from '../../recipient/verdict.js'
import { bundleOf, markReceived } from '../delivery.js'
import type { OpenDialog, Pending } from '../dialogs.js'
import type { ClientRequest, Exchange, Intermediary, Reply } from '../exchange.js'
import type { Leased } from '../mailroom.js'
import type { CardRecord } from '../ports.js'
import { plainStamp } from '../stamps.js'
import { inMemory } from '../stored.js'

/** The rule as it is echoed: what was asked for, nothing where nothing was asked for. */
export const echoOf = (rule: FetchRule | undefined) => (rule && Object.keys(rule).length > 0 ? { selectionRule: rule } : {})

/**
 * Whose mail may be handed out: proven by the challenge that travelled encrypted, or by a signature (osci-1.2 §3.2).
 * @throws {DeliveryRefused} 9811 neither.
 */
export function assertIdentified(request: ClientRequest): OpenDialog {
  if (!request.dialog) throw new DeliveryRefused('control-block.no-dialog', 'this request needs an explicit dialog', { codes: ['9802'] })
  if (!request.identified)
    throw new DeliveryRefused('policy.unidentified', 'a dialog in clear must be signed to get anything', { codes: ['9811'] })
  return request.dialog
}

/** Leased, Forwarding stamped; `pending` is still to be entered into the dialog. */
export interface HandedOut {
  readonly leased: Leased
  readonly card: CardRecord | undefined
  readonly pending: Pending
}

/**
 * Leases the oldest delivery that meets the rule, and stamps Forwarding.
 * @throws {DeliveryRefused} 9803
 */
export async function leaseFor(dialog: OpenDialog, rule: FetchRule, at: Intermediary): Promise<HandedOut> {
  const { own, mailroom, ports, endpoint } = at
  const nothing = (): DeliveryRefused => new DeliveryRefused('policy.no-delivery', 'no delivery meets the selection', { codes: ['9803'] })
  const mailbox = own.directory.mailboxOf(dialog.client.cipherSha256)
  if (!mailbox) throw nothing()
  const changedAtMs = (messageId: string): number => Date.parse(own.cards.get(endpoint.path, messageId)?.recentModification ?? '')
  const leased = await mailroom.lease(mailbox.mailbox, rule, { toInstant: own.toInstant, changedAtMs }, dialog)
  if (!leased) throw nothing()
  const pending: Pending = {
    async confirm() {
      if (await leased.confirm()) await markReceived(leased.messageId, leased.reception, at)
    },
    giveBack: () => leased.giveBack(),
  }
  try {
    // a repeated hand-out keeps its first Forwarding
    const before = own.cards.get(endpoint.path, leased.messageId)
    const forwarding = before?.forwarding ?? plainStamp(ports.clock.now())
    const card = await own.cards.change(endpoint.path, leased.messageId, { forwarding, state: 'forwarded' })
    return { leased, card, pending }
  } catch (error) {
    await leased.giveBack()
    throw error
  }
}

/**
 * The answer that hands a delivery out whole.
 * @throws {DeliveryRefused} 9811 it is too large for that: partialFetchDelivery gets it.
 */
export async function wholeReply(
  { leased, card }: HandedOut,
  rule: FetchRule,
  { ports }: Intermediary,
): Promise<Omit<Reply<'fetchDelivery'>, 'type'>> {
  const delivery = await inMemory(leased.delivery, ports.limits.messageBytes / 2)
  if (!delivery) throw new DeliveryRefused('policy.fetch-in-chunks', 'the delivery is too large to be fetched whole', { codes: ['9811'] })
  const { content, attachments, certificates, custom } = delivery
  return {
    codes: leased.more ? ['3800'] : [],
    order: { fetchDelivery: echoOf(rule), ...(card ? { processCardBundle: bundleOf(card) } : {}) },
    content,
    attachments,
    certificates,
    custom,
  }
}

export const fetchDelivery: Exchange<'fetchDelivery'> = {
  bare: ({ selectionRule }) => ({ fetchDelivery: echoOf(selectionRule) }),
  async answer(request, at) {
    const dialog = assertIdentified(request)
    const rule = request.message.order.selectionRule ?? {}
    const handedOut = await leaseFor(dialog, rule, at)
    dialog.pending.add(handedOut.pending)
    return wholeReply(handedOut, rule, at)
  },
}
