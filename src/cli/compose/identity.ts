// SPDX-License-Identifier: EUPL-1.2
/**
 * The gateway's own keys towards participants.
 *
 *   signing     lasts: registers know its public half
 *   receiving   lasts: whoever sends to a way out seals for it
 *   opening     lives as long as the process, since answers never outlive it
 * @module
 */
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTrouble } from '../../config/load.js'
import { ConfigError } from '../../errors.js'
import { generateEnvelopeKey, importOpeningKey, importSigningKey, publicJwkOf } from '../../envelope/keys.js'
import type { GatewayIdentity } from '../../gateway/ports.js'

/** Name at a core of its own. Reserved: no participant of the configuration may be called so. */
export const GATEWAY_PARTICIPANT = 'gateway'

export type OpenedIdentity = GatewayIdentity

type PrivateJwk = Awaited<ReturnType<typeof generateEnvelopeKey>>['privateJwk']

interface LastingKeys {
  readonly sig: PrivateJwk
  readonly enc: PrivateJwk
}

const publicSet = ({ sig, enc }: LastingKeys) => ({ keys: [publicJwkOf(sig), publicJwkOf(enc)] })

function keysIn(text: string): readonly PrivateJwk[] {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown }
    return Array.isArray(keys) ? (keys as PrivateJwk[]) : []
  } catch {
    return []
  }
}

/** @throws {ConfigError} the file is damaged, or no JWK Set with a signing key. Keys that registers know are not replaced by new ones. */
function storedKeys(file: string, text: string): Partial<LastingKeys> & Pick<LastingKeys, 'sig'> {
  const keys = keysIn(text)
  const sig = keys.find((k) => k.use !== 'enc')
  const enc = keys.find((k) => k.use === 'enc')
  const message = {
    de: 'kein JWK Set mit dem Signaturschlüssel des Gateways; aus der Sicherung holen, oder entfernen (dann entstehen neue Schlüssel, die Teilnehmer kennen müssen)',
    en: "no JWK Set with the gateway's signing key; take it from the backup, or remove it (then new keys are made, which participants must know)",
  }
  if (!sig) throw new ConfigError([{ key: 'dataDirectory', file, message }])
  return { sig, ...(enc ? { enc } : {}) }
}

/**
 * Makes `gateway-key.jwks.json` below `dataDirectory` (0600), or adds what an older file lacks; the public halves lie beside it, for
 * participants. Renamed into place as the last step, so that a crash leaves the old keys, and the next start makes both files anew.
 *
 * @throws {ConfigError} others can read it (K1), or we cannot: a backup that was put back, a copy from another machine. {@link storedKeys}
 */
async function lastingKeys(dataDirectory: string): Promise<LastingKeys> {
  const file = join(dataDirectory, 'gateway-key.jwks.json')
  const isThere = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  const trouble = isThere ? await fileTrouble(file, 'secret') : undefined
  if (trouble) throw new ConfigError([{ key: 'dataDirectory', file, message: trouble }])
  const text = isThere ? await readFile(file, 'utf8') : undefined
  const stored: Partial<LastingKeys> = text === undefined ? {} : storedKeys(file, text)
  const keys = {
    sig: stored.sig ?? (await generateEnvelopeKey('sig')).privateJwk,
    enc: stored.enc ?? (await generateEnvelopeKey('enc')).privateJwk,
  }
  if (stored.sig && stored.enc) return keys
  await writeFile(join(dataDirectory, 'gateway.jwks.json'), JSON.stringify(publicSet(keys), null, 2) + '\n', { mode: 0o644 })
  await writeFile(`${file}.new`, JSON.stringify({ keys: [keys.sig, keys.enc] }), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return keys
}

/** Opens, or makes at the first start, the gateway's keys. @param participant its name at the core. */
export async function openIdentity(dataDirectory: string, participant = GATEWAY_PARTICIPANT): Promise<OpenedIdentity> {
  const keys = await lastingKeys(dataDirectory)
  const opening = await generateEnvelopeKey('enc')
  return {
    participant,
    signing: await importSigningKey(keys.sig),
    opening: await importOpeningKey(opening.privateJwk),
    replyKey: opening.publicJwk,
    receiving: await importOpeningKey(keys.enc),
    jwks: publicSet(keys),
  }
}
