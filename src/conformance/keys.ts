// SPDX-License-Identifier: EUPL-1.2
/**
 * The keys of a run, told apart by their certificates: what opens, what signs, what has run out; and a stranger made for the occasion.
 * @module
 */
import { GATEWAY_LIMITS, type Clock } from '../env.js'
import type { OsciEnv } from '../osci/types.js'
import { keyUsage } from '../pki/certificate.js'
import { keyRing, makeDecrypter, makeSigner } from '../pki/keys.js'
import type { KeyPair } from '../pki/keystore.js'
import { pinnedTrust } from '../pki/pinned.js'
import { issueCertificate } from '../pki/test-pki.js'
import { algorithmsFrom, gatewayAlgorithms } from '../xml/algorithms.js'
import type { Hand } from './bend.js'
import { NoRun } from './no-run.js'

export interface Chance extends Clock {
  random(bytes: number): Uint8Array
}

export interface RunKeys {
  readonly hand: Hand
  /** Ours: strict in what it opens. */
  readonly env: OsciEnv
  /** The first that is valid and fits. */
  readonly cipher: KeyPair | undefined
  readonly signature: KeyPair | undefined
}

const DAY_MS = 86_400_000

const isRsa = ({ privateKey }: KeyPair): boolean => privateKey.asymmetricKeyType === 'rsa'
const may = ({ certificate }: KeyPair, ...uses: readonly string[]): boolean => {
  const usage = keyUsage(certificate)
  return usage === undefined || uses.some((use) => (usage as ReadonlySet<string>).has(use))
}
const isCipher = (pair: KeyPair): boolean => isRsa(pair) && may(pair, 'keyEncipherment', 'dataEncipherment')
const isSignature = (pair: KeyPair): boolean => may(pair, 'digitalSignature', 'nonRepudiation')

/** A sealing that refuses nothing: what must not be sent is what a tester has to send. */
const everything = () => algorithmsFrom((row) => row, { minimumRsaBits: 0, curves: undefined })

export async function openKeys(pairs: readonly KeyPair[], chance: Chance): Promise<RunKeys> {
  const now = chance.now()
  const hasRunOut = ({ certificate }: KeyPair): boolean => new Date(certificate.validTo) < now
  const current = pairs.filter((pair) => !hasRunOut(pair))
  const expired = pairs.find((pair) => hasRunOut(pair) && isSignature(pair))
  const stranger = await issueCertificate({
    commonName: 'Nobody',
    usage: 'both',
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + DAY_MS),
  })
  const strict = {
    now: () => chance.now(),
    monotonicMs: () => chance.monotonicMs(),
    random: (bytes: number) => chance.random(bytes),
    keys: keyRing(await Promise.all(pairs.filter(isCipher).map((pair) => makeDecrypter(pair.certificate, pair.privateKey)))),
    trust: pinnedTrust([]),
    limits: GATEWAY_LIMITS,
  }
  const env: OsciEnv = {
    ...strict,
    algorithms: {
      transport: gatewayAlgorithms({ where: 'transport' }),
      signature: gatewayAlgorithms({ where: 'signature' }),
      content: gatewayAlgorithms({ where: 'content' }),
    },
  }
  const all = everything()
  const signers = new Map(pairs.map((pair) => [pair.certificate.raw.toString('base64'), pair]))
  return {
    env,
    hand: {
      env: { ...strict, algorithms: { transport: all, signature: all, content: all } },
      signer: (der) => {
        const pair = signers.get(Buffer.from(der).toString('base64'))
        return pair && makeSigner(pair.certificate, pair.privateKey)
      },
      stranger: makeSigner(stranger.certificate, stranger.privateKey),
      ...(expired ? { expired: makeSigner(expired.certificate, expired.privateKey) } : {}),
    },
    cipher: current.find(isCipher),
    signature: current.find(isSignature),
  }
}

const KINDS = { cipher: 'Entschlüsseln', signature: 'Signieren' } as const

/** @throws {NoRun} there is no key of the kind. */
export function wanted(pair: KeyPair | undefined, what: keyof typeof KINDS): KeyPair {
  if (pair) return pair
  const de = `in keinem Schlüsselspeicher liegt ein gültiger Schlüssel zum ${KINDS[what]}`
  throw new NoRun('conformance.key', de, `none of the keystores holds a valid ${what} key`)
}
