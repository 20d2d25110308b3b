// SPDX-License-Identifier: EUPL-1.2
/**
 * Before the files run side by side: the peer unpacks and compiles itself at its first call, which must be over before a second one
 * begins; what all of them need of it is made once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareCommands } from './java-commands.js'
import { makePkiOnce, peerIsThere } from './java.js'

let folder: string | undefined

export async function mochaGlobalSetup(): Promise<void> {
  if (!(await peerIsThere())) return
  folder = await mkdtemp(join(tmpdir(), 'protektor-peer-'))
  await Promise.all([prepareCommands(folder), makePkiOnce(join(folder, 'pki'))])
}

export async function mochaGlobalTeardown(): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}
