// SPDX-License-Identifier: EUPL-1.2
/**
 * In work.
 * @module
 */
import type { Config } from '../../config/types.js'
import type { TrustStore } from '../../env.js'
import type { TimeStamper } from '../../gateway/intermediary/ports.js'
import { readCertificates } from './keys.js'

export async function openTrust(config: Config): Promise<TrustStore> {
  return (await import('../../pki/path.js')).trustStore({ roots: await readCertificates(config.trust.roots) })
}
export const openTimeStamper = (_config: Config): Promise<TimeStamper | undefined> => Promise.resolve(undefined)
