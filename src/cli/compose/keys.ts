// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens the key files that a configuration names: keyrings of endpoints, TLS keys, certificates of peers.
 * Specs: product.md, Decisions, "keys in serve"; threat model K1.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { checkKeys, type OwnKeyFact } from '../../config/own-keys.js'
import type { Config, KeySource, KeyringConfig } from '../../config/types.js'
import type { ConfigProblem } from '../../errors.js'
import { ProtektorError } from '../../errors.js'
import type { EndpointKeys } from '../../gateway/ports.js'
import { publicKeyFacts } from '../../pki/certificate.js'
import { keyRing, makeDecrypter, makeSigner } from '../../pki/keys.js'
import { readPem, readPemCertificates, readPkcs12, type KeyPair } from '../../pki/keystore.js'
import type { ServerTls } from '../../gateway/server.js'

/** The first line of a PIN file. */
const readPin = async (file: string): Promise<string> => (await readFile(file, 'utf8')).split(/\r?\n/)[0] ?? ''

/** @throws {ProtektorError} `keystore.…` */
async function openSource(source: KeySource): Promise<KeyPair> {
  if (source.pkcs12 !== undefined && source.pinFile !== undefined) {
    const [pair] = readPkcs12(await readFile(source.pkcs12), await readPin(source.pinFile))
    if (pair) return pair
  } else if (source.key !== undefined && source.certificate !== undefined) {
    return readPem(await readFile(source.key, 'utf8'), await readFile(source.certificate, 'utf8'))
  }
  throw new ProtektorError('keystore.no-key', 'The keystore holds no private key with its certificate.')
}

interface Opened {
  readonly fact: OwnKeyFact
  readonly pair?: KeyPair
}

async function open(key: string, source: KeySource): Promise<Opened> {
  try {
    const pair = await openSource(source)
    const { type, bits } = publicKeyFacts(pair.certificate)
    const { validFrom, validTo } = pair.certificate
    return { pair, fact: { key, kind: type, bits, notBefore: new Date(validFrom), notAfter: new Date(validTo) } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { fact: { key, kind: 'other', bits: 0, unreadable: { de: `nicht zu öffnen: ${why}`, en: `cannot be opened: ${why}` } } }
  }
}

export interface OwnKeys {
  readonly rings: ReadonlyMap<string, EndpointKeys>
  readonly publicTls?: ServerTls
  readonly adminTls?: ServerTls
  readonly warnings: readonly ConfigProblem[]
}

const tlsOf = ({ privateKey, certificate, chain }: KeyPair): ServerTls => ({
  key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  certificate: [certificate, ...chain].map((c) => c.toString()).join(''),
})

interface RingPairs {
  readonly cipher: KeyPair
  readonly signature: KeyPair
  readonly reader: readonly KeyPair[]
  readonly author?: KeyPair
}

async function ringOf({ cipher, signature, reader, author }: RingPairs): Promise<EndpointKeys> {
  const decrypters = await Promise.all([cipher, ...reader].map((pair) => makeDecrypter(pair.certificate, pair.privateKey)))
  return {
    ring: keyRing(decrypters),
    cipher: (reader[0] ?? cipher).certificate,
    signature: makeSigner(signature.certificate, signature.privateKey),
    ...(author ? { author: makeSigner(author.certificate, author.privateKey) } : {}),
  }
}

/** Every file of ours, opened once; short or unreadable keys are configuration problems, all at once. @throws {ConfigError} */
export async function openOwnKeys(config: Config, at: Date): Promise<OwnKeys> {
  const sources: (readonly [string, KeySource])[] = []
  const ringSources = (name: string, ring: KeyringConfig): void => {
    sources.push([`keyrings.${name}.cipher`, ring.cipher], [`keyrings.${name}.signature`, ring.signature])
    ring.reader.forEach((source, at) => sources.push([`keyrings.${name}.reader[${at}]`, source]))
    if (ring.author) sources.push([`keyrings.${name}.author`, ring.author])
  }
  for (const [name, ring] of Object.entries(config.keyrings)) ringSources(name, ring)
  const { listen } = config
  const publicTls = listen.public.tls ?? listen.tls
  const adminTls = listen.admin.tls ?? listen.tls
  if (publicTls) sources.push([listen.public.tls ? 'listen.public.tls' : 'listen.tls', publicTls])
  if (adminTls && adminTls !== publicTls) sources.push([listen.admin.tls ? 'listen.admin.tls' : 'listen.tls', adminTls])
  const opened = await Promise.all(sources.map(async ([key, source]) => ({ source, ...(await open(key, source)) })))
  const warnings = checkKeys(
    config,
    opened.map((o) => o.fact),
    at,
  )
  const pairOf = (source: KeySource): KeyPair => {
    const pair = opened.find((o) => o.source === source)?.pair
    if (!pair) throw new TypeError('checkKeys lets no unreadable key pass')
    return pair
  }
  const rings = new Map<string, EndpointKeys>()
  for (const [name, ring] of Object.entries(config.keyrings))
    rings.set(
      name,
      await ringOf({
        cipher: pairOf(ring.cipher),
        signature: pairOf(ring.signature),
        reader: ring.reader.map(pairOf),
        ...(ring.author ? { author: pairOf(ring.author) } : {}),
      }),
    )
  return {
    rings,
    warnings,
    ...(publicTls ? { publicTls: tlsOf(pairOf(publicTls)) } : {}),
    ...(adminTls ? { adminTls: tlsOf(pairOf(adminTls)) } : {}),
  }
}

/** All certificates of PEM files. */
export async function readCertificates(files: readonly string[]): Promise<X509Certificate[]> {
  return (await Promise.all(files.map(async (file) => readPemCertificates(await readFile(file, 'utf8'))))).flat()
}
