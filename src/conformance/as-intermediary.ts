// SPDX-License-Identifier: EUPL-1.2
/**
 * We play the intermediary in front of somebody's passive recipient: acceptDelivery and processDelivery with a card, and content for it.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { deliveryParts } from '../client/osci/content.js'
import { ownEntry } from '../client/osci/suite.js'
import type { RequestName } from '../osci/messages.js'
import { failed, given, notTested, oneOf, PASSED, unlessNamed, type Clause } from './clause.js'
import type { Asker } from './clauses.js'
import type { Check } from './arrivals.js'
import { Driver, type Asking, type Station } from './driver.js'
import type { Profile } from './profile.js'

export interface IntermediaryNeeds {
  readonly station: Station
  readonly profile: Profile
  readonly check: Check
  /** Whom the content is for. */
  readonly addressee: X509Certificate
  /** What is delivered; absent: a line of text. */
  readonly document?: Uint8Array
}

export class IntermediaryRole implements Asker {
  readonly driver: Driver
  readonly check: IntermediaryNeeds['check']
  readonly #needs: IntermediaryNeeds

  constructor(needs: IntermediaryNeeds) {
    this.driver = new Driver(needs.station)
    this.check = needs.check
    this.#needs = needs
  }

  /** Every delivery has ids of its own: nothing is used up. */
  spent(): void {
    return undefined
  }

  async asking(name: RequestName): Promise<Asking> {
    const { station, addressee } = this.#needs
    const { identity, peer } = station
    const messageId = `konformitaet-${Buffer.from(identity.env.random(12)).toString('hex')}`
    const at = identity.env.now().toISOString()
    const stamp = { plain: at }
    const processCardBundle = {
      messageId,
      processCard: { recentModification: at, creation: stamp, forwarding: stamp, subject: 'Protektor Konformität' },
      inspectionReport: { inspections: [] },
    }
    const parts = await deliveryParts({ document: this.#document(), addressee }, identity, peer)
    const certificates = [...parts.certificates, ownEntry('CipherCertificateOriginator', identity.cipher)]
    const order = name === 'processDelivery' ? { messageIdResponse: `antwort-${messageId}`, processCardBundle } : { processCardBundle }
    return { order, parts: { ...parts, certificates } }
  }

  /** A document is sent once only: its own id is a new one each time. */
  #document(): Uint8Array {
    const { document, station } = this.#needs
    const hex = Buffer.from(station.identity.env.random(16)).toString('hex')
    if (!document) return new TextEncoder().encode(`Protektor Konformität ${hex}`)
    const uuid = hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
    return Buffer.from(
      Buffer.from(document)
        .toString('utf8')
        .replace(/(nachrichtenUUID>)[^<]*/, `$1${uuid}`),
      'utf8',
    )
  }
}

/** What one delivery means for the next, and what a reply must name. */
export function recipientScenarios(profile: Profile): readonly Clause<IntermediaryRole>[] {
  return [
    {
      id: 'acceptDelivery.repeated',
      party: 'recipient',
      exchange: 'acceptDelivery',
      text: {
        de: 'Eine Zustellung, die noch einmal kommt, wird noch einmal bestätigt (0800).',
        en: 'A delivery that comes again is confirmed again (0800).',
      },
      reference: 'osci-1.2 §9.8',
      ...given(unlessNamed('acceptDelivery', profile)),
      run: async (role) => {
        const asking = await role.asking('acceptDelivery')
        const first = await role.driver.ask('acceptDelivery', asking)
        const second = await role.driver.ask('acceptDelivery', asking)
        if (first?.tokens.includes('0800') !== true) return notTested('Die erste wurde nicht angenommen.', 'The first was not taken.')
        return oneOf(['0800'], second?.tokens ?? [])
      },
    },
    {
      id: 'processDelivery.reply-id',
      party: 'recipient',
      exchange: 'processDelivery',
      text: {
        de: 'Die Zustellung in der Antwort trägt die MessageIdResponse des Auftrags.',
        en: 'The delivery in the answer carries the MessageIdResponse of the request.',
      },
      reference: 'osci-1.2 §2.10',
      ...given(unlessNamed('processDelivery', profile)),
      run: async (role) => {
        const asking = await role.asking('processDelivery')
        const told = await role.driver.ask('processDelivery', asking)
        const { messageIdResponse } = asking.order as { readonly messageIdResponse?: string }
        const { messageId } = (told?.answer?.order ?? {}) as { readonly messageId?: string }
        if ((told?.answer?.content?.children.length ?? 0) === 0)
          return notTested('Die Antwort hat keinen Inhalt.', 'The answer has no content.')
        return messageId === messageIdResponse ? PASSED : failed(`MessageId: ${messageId ?? '–'}`, `MessageId: ${messageId ?? '–'}`)
      },
    },
  ]
}
