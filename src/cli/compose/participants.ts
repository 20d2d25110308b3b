// SPDX-License-Identifier: EUPL-1.2
/**
 * Participants of the configuration, with their keys: those that can be used, and words for those that cannot.
 *
 * A key that is passed over in silence shows only as 401 at every call of its owner, or as an answer that nobody can verify.
 * Specs: product.md, Decisions, "possession"; docs/envelope.md §4.
 * @module
 */
import { hasTls } from '../../config/cross-checks.js'
import type { Config } from '../../config/types.js'
import type { DirectoryParticipant } from '../../directory/ports.js'
import { importSealingKey, importVerifyingKey } from '../../envelope/keys.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { GATEWAY_PARTICIPANT } from './identity.js'
import { readCertificates, readText } from './keys.js'

type Jwk = DirectoryParticipant['jwks'][number]

/** undefined: it is no JWK Set. */
async function jwkSetOf(file: string): Promise<readonly Jwk[] | undefined> {
  try {
    const { keys } = JSON.parse(await readText(file)) as { keys?: unknown }
    return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null) ? (keys as Jwk[]) : undefined
  } catch {
    return undefined
  }
}

const isUsable = (jwk: Jwk): Promise<boolean> =>
  (jwk.use === 'enc' ? importSealingKey(jwk) : importVerifyingKey(jwk)).then(
    () => true,
    () => false,
  )

export interface ReadParticipants {
  readonly participants: readonly DirectoryParticipant[]
  readonly warnings: readonly ConfigProblem[]
}

/** @throws {ConfigError} every participant that cannot be read, at once. */
export async function readParticipants(config: Config): Promise<ReadParticipants> {
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const say = (list: ConfigProblem[], key: string, de: string, en: string): void => {
    const line = config.lineOf(key)
    list.push({ key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } })
  }
  const keysOf = async (file: string, key: string, provesByTls: boolean): Promise<readonly Jwk[]> => {
    const all = await jwkSetOf(file)
    if (all === undefined) say(problems, key, 'kein JWK Set', 'no JWK Set')
    const good = await Promise.all((all ?? []).map(isUsable))
    good.forEach((isGood, index) => {
      if (isGood) return
      const nth = `keys[${index}]`
      const de = `${nth} wird nicht verwendet: verlangt ist P-256 oder RSA mit 3000 bis 8192 Bit, use sig oder enc, alg dazu passend`
      const en = `${nth} is not used: P-256 or RSA of 3000 to 8192 bits is demanded, use sig or enc, alg fitting`
      say(warnings, key, de, en)
    })
    const usable = (all ?? []).filter((_, index) => good[index])
    if (all !== undefined && !provesByTls && !config.core.remote && usable.every((jwk) => jwk.use === 'enc'))
      say(
        warnings,
        key,
        'kein brauchbarer Schlüssel zum Signieren, und kein tls: jeder Aufruf dieses Teilnehmers wird abgewiesen',
        'no key in it signs, and there is no tls: every call of this participant will be refused',
      )
    return usable
  }
  const participants = await Promise.all(
    config.participants.map(async ({ id, jwks, mailboxes, tls }, index): Promise<DirectoryParticipant> => {
      if (id === GATEWAY_PARTICIPANT)
        say(problems, `participants[${index}].id`, 'so heißt das Gateway selbst', 'this is the name of the gateway itself')
      const certificates = await readCertificates(tls)
      const keys = jwks === undefined ? [] : await keysOf(jwks, `participants[${index}].jwks`, tls.length > 0 && hasTls(config))
      return { id, jwks: keys, mailboxes, tls: certificates.map((c) => new Uint8Array(c.raw)) }
    }),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  return { participants, warnings }
}
