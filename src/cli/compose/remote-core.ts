// SPDX-License-Identifier: EUPL-1.2
/**
 * Composition of a core elsewhere: `core.remote` of the configuration → the HTTP client, signing with the gateway's own key.
 * @module
 */
import { httpTransport, systemRandom, systemSleep } from '../../client/transport.js'
import type { Config } from '../../config/types.js'
import type { Core } from '../../core/ports.js'
import type { Clock } from '../../env.js'
import { remoteCore } from '../../gateway/adapters/remote-core.js'
import type { GatewayIdentity } from '../../gateway/ports.js'

/** @param identity its participant is our name there. */
export function openRemoteCore(remote: NonNullable<Config['core']['remote']>, identity: GatewayIdentity, clock: Clock): Core {
  const { url, urls, audience } = remote
  const transport = httpTransport({
    url: [url, ...urls],
    participant: identity.participant,
    key: identity.signing,
    clock,
    ...(audience === undefined ? {} : { audience }),
  })
  return remoteCore({ transport, participant: identity.participant, clock, random: systemRandom, sleep: systemSleep })
}
