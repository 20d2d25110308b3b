// SPDX-License-Identifier: EUPL-1.2
/**
 * The example online service (`examples/online-dienst`) beside a gateway: `/online/` with the citizen page. Towards the core it is a
 * participant like any other, over HTTP.
 * @module
 */
import { publicJwkOf } from '../../envelope/keys.js'
import type { Mount } from '../../gateway/app.js'
import type { WebAssets } from '../../gateway/web-page.js'
import type { ParticipantKeys } from './demo-keys.js'
import { DEMO_REGISTER } from './demo-kit.js'
import { importExample } from './examples.js'
import { webAssets } from './web-assets.js'

interface OnlineExample {
  readonly onlineService: (options: {
    readonly portal: { readonly participant: string; readonly kennung: string; readonly name: string; readonly sign: object }
    readonly authority: {
      readonly participant: string
      readonly mailbox: string
      readonly kennung: string
      readonly name: string
      readonly jwks: readonly object[]
    }
    readonly core: { readonly url: string; readonly audience: string }
    readonly origin: string
    readonly assets: () => Promise<WebAssets>
    readonly requestsPerMinute?: number
  }) => Promise<Mount['handler']>
}

export interface OnlineOptions {
  readonly portal: ParticipantKeys
  readonly register: ParticipantKeys
  /** Where the core answers. */
  readonly url: string
  readonly audience: string
  readonly requestsPerMinute?: number
}

/** Loaded at the first call, so that whoever never looks at the page does not wait for it. */
export function onlineMount({ portal, register, url, audience, requestsPerMinute }: OnlineOptions): Mount {
  const load = async (): Promise<Mount['handler']> => {
    const { onlineService } = (await importExample('online-dienst/service.ts')) as OnlineExample
    return onlineService({
      portal: { participant: portal.participant, kennung: 'mbp:99001', name: 'Online-Dienst Musterstadt (Demo)', sign: portal.sign },
      authority: {
        participant: register.participant,
        mailbox: DEMO_REGISTER,
        kennung: DEMO_REGISTER,
        name: 'Meldebehörde Musterstadt (Demo)',
        jwks: [register.open, register.sign].map(publicJwkOf),
      },
      core: { url, audience },
      origin: audience,
      assets: () => webAssets('citizen'),
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    })
  }
  let loading: Promise<Mount['handler']> | undefined
  return { path: '/online/', handler: async (context, next) => (await (loading ??= load()))(context, next) }
}
