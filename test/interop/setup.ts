// SPDX-License-Identifier: EUPL-1.2
/**
 * Before the files run side by side: the peer unpacks and compiles itself at its first call, which must be over before a second one begins.
 */
import { peerIsThere } from './java.js'

export async function mochaGlobalSetup(): Promise<void> {
  await peerIsThere()
}
