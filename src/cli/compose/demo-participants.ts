// SPDX-License-Identifier: EUPL-1.2
/**
 * Keys files of the demo's participants, so that `send`, `take` and `answer` and the examples can be tried against it. Written anew at
 * each start: they name the running gateway.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publicJwkOf, type KeyOwner } from '../../envelope/keys.js'
import type { KeysFile } from '../participant/keys-file.js'
import type { ParticipantKeys } from './demo-keys.js'
import type { Story } from './demo-story.js'
import type { OpenedIdentity } from './identity.js'

/** A participant as others know it. */
export const ownerOf = ({ participant, sign, open }: ParticipantKeys): KeyOwner => ({
  id: participant,
  jwks: [sign, open].map(publicJwkOf),
})

export const gatewayOwner = ({ participant, jwks }: OpenedIdentity): KeyOwner => ({ id: participant, jwks: jwks.keys })

export interface DemoKeysFiles {
  readonly portal: string
  readonly register: string
}

export async function writeKeysFiles(
  story: Story,
  identity: OpenedIdentity,
  core: { url: string; audience: string },
): Promise<DemoKeysFiles> {
  const { portal, register } = story
  const gateway = gatewayOwner(identity)
  const write = async (own: ParticipantKeys, known: ParticipantKeys): Promise<string> => {
    const keys: KeysFile = { ...own, recipient: publicJwkOf(known.open), senders: [gateway, ownerOf(known)], ...core }
    const file = join(story.directory, 'keys', `${own.participant}.keys.json`)
    await writeFile(file, JSON.stringify(keys, null, 2) + '\n', { mode: 0o600 })
    return file
  }
  return { portal: await write(portal, register), register: await write(register, portal) }
}
