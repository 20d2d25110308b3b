// SPDX-License-Identifier: EUPL-1.2
/**
 * The gateway's own keys towards registers: a signing key that lasts (registers know its public half), and an opening key that lives
 * as long as the process, since answers never outlive it.
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProtektorError } from '../../errors.js'
import { generateEnvelopeKey, importOpeningKey, importSigningKey, publicJwkOf } from '../../envelope/keys.js'
import type { GatewayIdentity } from '../../gateway/ports.js'

/** Reserved: no participant of the configuration may be called so. */
export const GATEWAY_PARTICIPANT = 'gateway'

export type OpenedIdentity = GatewayIdentity

type PrivateJwk = Awaited<ReturnType<typeof generateEnvelopeKey>>['privateJwk']

/** The first signing key of a JWK Set. @throws {ProtektorError} `keystore.no-key` */
function signingKeyOf(text: string): PrivateJwk {
  const { keys = [] } = JSON.parse(text) as { keys?: PrivateJwk[] }
  const key = keys.find((k) => k.use !== 'enc')
  if (!key) throw new ProtektorError('keystore.no-key', 'The key file of the gateway holds no signing key.')
  return key
}

/** Makes `gateway-key.jwks.json` below `dataDirectory` (0600); the public half lies beside it, for registers. */
async function ownKey(dataDirectory: string): Promise<PrivateJwk> {
  const file = join(dataDirectory, 'gateway-key.jwks.json')
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stored !== undefined) return signingKeyOf(stored)
  const { privateJwk } = await generateEnvelopeKey('sig')
  await writeFile(file, JSON.stringify({ keys: [privateJwk] }), { mode: 0o600, flag: 'wx' })
  await writeFile(join(dataDirectory, 'gateway.jwks.json'), JSON.stringify({ keys: [publicJwkOf(privateJwk)] }, null, 2) + '\n', {
    mode: 0o644,
  })
  return privateJwk
}

/** Opens, or makes at the first start, the gateway's keys. */
export async function openIdentity(dataDirectory: string): Promise<OpenedIdentity> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  const jwk = await ownKey(dataDirectory)
  const opening = await generateEnvelopeKey('enc')
  return {
    participant: GATEWAY_PARTICIPANT,
    signing: await importSigningKey(jwk),
    opening: await importOpeningKey(opening.privateJwk),
    replyKey: opening.publicJwk,
    jwks: { keys: [publicJwkOf(jwk)] },
  }
}
