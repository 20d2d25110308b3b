// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens the key files that a configuration names: keyrings of endpoints, TLS keys, certificates of peers.
 *
 * A keyring that cannot be opened takes down what uses it, and nothing else: several tenants live in one process. Without any usable
 * keyring there is nothing to serve, and TLS keys are everybody's: then the configuration is refused, with all problems.
 * Specs: product.md, Decisions, "keys in serve"; threat model K1.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Bilingual } from '../../config/option.js'
import { judgeKeys, type OwnKeyFact } from '../../config/own-keys.js'
import { keyOf } from '../../config/problems.js'
import type { Config, KeySource, KeyringConfig } from '../../config/types.js'
import { ConfigError, ProtektorError, type ConfigProblem } from '../../errors.js'
import type { CertificateFigure } from '../../gateway/figures.js'
import type { EndpointKeys } from '../../gateway/ports.js'
import { publicKeyFacts } from '../../pki/certificate.js'
import { keyRing, makeDecrypter, makeSigner } from '../../pki/keys.js'
import { readPem, readPemCertificates, readPkcs12, type KeyPair } from '../../pki/keystore.js'
import { allowsUse, timeVerdict } from '../../pki/pinned.js'
import type { ServerTls } from '../../gateway/server.js'

/** Of a text that an editor may have begun with a byte order mark. */
export const readText = async (file: string): Promise<string> => (await readFile(file, 'utf8')).replace(/^\ufeff/, '')

/** Of a file with a PIN, a password or a token. */
export const firstLine = async (file: string): Promise<string> => (await readText(file)).split(/\r?\n/, 1)[0] ?? ''

/** What a key of ours is for. */
type Purpose = 'opening' | 'signing' | 'tls'

const FITS: { readonly [P in Purpose]: (pair: KeyPair) => boolean } = {
  opening: ({ certificate, privateKey }) => privateKey.asymmetricKeyType === 'rsa' && allowsUse(certificate, 'cipher'),
  signing: ({ certificate }) => allowsUse(certificate, 'signature'),
  tls: () => true,
}

const UNFIT: { readonly [P in Purpose]: Bilingual } = {
  opening: {
    de: 'kein Schlüssel darin ist einer zum Öffnen (RSA; keyUsage keyEncipherment oder dataEncipherment)',
    en: 'no key in it is one that opens (RSA; keyUsage keyEncipherment or dataEncipherment)',
  },
  signing: {
    de: 'kein Schlüssel darin ist einer zum Signieren (keyUsage digitalSignature oder nonRepudiation)',
    en: 'no key in it is one that signs (keyUsage digitalSignature or nonRepudiation)',
  },
  tls: { de: 'es ist kein Schlüssel darin', en: 'there is no key in it' },
}

const severalFit = (count: number, valid: number): Bilingual => ({
  de: `${count} Schlüssel darin passen, davon ${valid} zurzeit gültig: einer davon gehört in eine eigene Datei`,
  en: `${count} keys in it fit, ${valid} of them valid at present: the one that is meant belongs into a file of its own`,
})

/** Which of several is meant is not guessed: the one that fits, among several the one that is valid; and a renewal may leave two. */
function choosePair(pairs: readonly KeyPair[], purpose: Purpose, at: Date): KeyPair | Bilingual {
  const fitting = pairs.filter(FITS[purpose])
  const valid = fitting.filter(({ certificate }) => timeVerdict([certificate], at) === undefined)
  const [chosen, second] = fitting.length > 1 ? valid : fitting
  if (chosen && !second) return chosen
  return fitting.length === 0 ? UNFIT[purpose] : severalFit(fitting.length, valid.length)
}

/** @throws {ProtektorError} `keystore.…` */
async function openSource(source: KeySource): Promise<readonly KeyPair[]> {
  if (source.pkcs12 !== undefined && source.pinFile !== undefined)
    return readPkcs12(await readFile(source.pkcs12), await firstLine(source.pinFile))
  if (source.key !== undefined && source.certificate !== undefined)
    return [readPem(await readFile(source.key, 'utf8'), await readFile(source.certificate, 'utf8'))]
  throw new ProtektorError('keystore.no-key', 'The keystore holds no private key with its certificate.')
}

interface Opened {
  readonly fact: OwnKeyFact
  readonly pair?: KeyPair
}

async function open({ key, source, purpose }: Named, at: Date): Promise<Opened> {
  const unusable = (unreadable: Bilingual): Opened => ({ fact: { key, kind: 'other', bits: 0, unreadable } })
  try {
    const pair = choosePair(await openSource(source), purpose, at)
    if (!('certificate' in pair)) return unusable(pair)
    const { type, bits } = publicKeyFacts(pair.certificate)
    const { validFrom, validTo } = pair.certificate
    return { pair, fact: { key, kind: type, bits, notBefore: new Date(validFrom), notAfter: new Date(validTo) } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return unusable({ de: `nicht zu öffnen: ${why}`, en: `cannot be opened: ${why}` })
  }
}

export interface OwnKeys {
  readonly rings: ReadonlyMap<string, EndpointKeys>
  /** Keyrings that cannot be used: not in `rings`. */
  readonly broken: ReadonlySet<string>
  readonly publicTls?: ServerTls
  readonly adminTls?: ServerTls
  /** All that could be read, those of broken keyrings included. Of a former one nobody need know when it ends. */
  readonly certificates: readonly CertificateFigure[]
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
  readonly formerCiphers: readonly KeyPair[]
  readonly author?: KeyPair
}

async function ringOf({ cipher, signature, reader, formerCiphers, author }: RingPairs): Promise<EndpointKeys> {
  const pairs = [cipher, ...reader, ...formerCiphers]
  const decrypters = await Promise.all(pairs.map((pair) => makeDecrypter(pair.certificate, pair.privateKey)))
  return {
    ring: keyRing(decrypters),
    cipher: (reader[0] ?? cipher).certificate,
    formerCiphers: new Set(formerCiphers.map(({ certificate }) => certificate.fingerprint256)),
    signature: makeSigner(signature.certificate, signature.privateKey),
    ...(author ? { author: makeSigner(author.certificate, author.privateKey) } : {}),
  }
}

interface Named {
  readonly key: string
  readonly source: KeySource
  /** For metrics: the keyring, or the listener; and what the key is for. */
  readonly keyring: string
  readonly use: string
  readonly purpose: Purpose
}

/** Use of keys that only open. */
const FORMER = 'former'

const isFormer = (use: string): boolean => use.startsWith(FORMER)

/** Of several of one use: `reader`, `reader-2`. */
const numbered = (use: string, at: number): string => (at === 0 ? use : `${use}-${at + 1}`)

const ringSources = (keyring: string, { cipher, signature, reader, formerCiphers, author }: KeyringConfig): Named[] => {
  const named = (source: KeySource, purpose: Purpose, use: string, step: readonly (string | number)[] = [use]): Named => ({
    key: keyOf(['keyrings', keyring, ...step]),
    source,
    keyring,
    use,
    purpose,
  })
  return [
    named(cipher, 'opening', 'cipher'),
    named(signature, 'signing', 'signature'),
    ...reader.map((source, at) => named(source, 'opening', numbered('reader', at), ['reader', at])),
    ...formerCiphers.map((source, at) => named(source, 'opening', numbered(FORMER, at), ['formerCiphers', at])),
    ...(author ? [named(author, 'signing', 'author')] : []),
  ]
}

type OpenedSource = Opened & Named

/** A former key that is one of the current ones, or is named twice: whoever wrote it meant another file. */
function unlessRepeated(one: OpenedSource, at: number, ring: readonly OpenedSource[]): OwnKeyFact {
  const { fact, pair } = one
  const isSame = (other: OpenedSource): boolean =>
    pair !== undefined && other.pair?.certificate.fingerprint256 === pair.certificate.fingerprint256
  const first = ring.slice(0, at).find((other) => other.purpose === 'opening' && isSame(other))
  if (!first || !isFormer(one.use)) return fact
  return { ...fact, unreadable: { de: `dasselbe Zertifikat wie ${first.key}`, en: `the same certificate as ${first.key}` } }
}

const openAll = (sources: readonly Named[], at: Date): Promise<OpenedSource[]> =>
  Promise.all(sources.map(async (named) => ({ ...named, ...(await open(named, at)) })))

/** What stands still without a keyring, by the names that an operator knows. */
function usersOf(name: string, { endpoints, outgoing }: Config): string {
  const paths = endpoints.filter((endpoint) => endpoint.keys === name).map((endpoint) => endpoint.path)
  const mailboxes = outgoing.filter((way) => way.keys === name).map((way) => way.mailbox)
  return [...paths, ...mailboxes].join(', ') || '–'
}

/** Said at every start, key by key. */
const brokenWarning = (problem: ConfigProblem, name: string, config: Config): ConfigProblem => ({
  ...problem,
  message: {
    de: `${problem.message.de}. Der Schlüsselbund ${name} ist unbrauchbar; es stehen still: ${usersOf(name, config)}`,
    en: `${problem.message.en}. The keyring ${name} cannot be used; out of service: ${usersOf(name, config)}`,
  },
})

/**
 * Every file of ours, opened once.
 * @throws {ConfigError} all that is short or unreadable: of TLS, or when no keyring can be used.
 */
export async function openOwnKeys(config: Config, at: Date): Promise<OwnKeys> {
  const { listen } = config
  const publicTls = listen.public.tls ?? listen.tls
  const adminTls = listen.admin.tls ?? listen.tls
  const tlsNamed = (listener: 'public' | 'admin', source: KeySource): Named => {
    const keyring = listen[listener].tls ? `listen.${listener}` : 'listen'
    return { key: `${keyring}.tls`, source, keyring, use: 'tls', purpose: 'tls' }
  }
  const tlsSources = [
    ...(publicTls ? [tlsNamed('public', publicTls)] : []),
    ...(adminTls && adminTls !== publicTls ? [tlsNamed('admin', adminTls)] : []),
  ]
  const tls = await openAll(tlsSources, at)
  const opened = await Promise.all(
    Object.entries(config.keyrings).map(async ([name, ring]) => {
      const sources = await openAll(ringSources(name, ring), at)
      const facts = sources.map(unlessRepeated)
      return { name, ring, sources, ...judgeKeys(config, facts, at) }
    }),
  )
  const usable = opened.filter((ring) => ring.problems.length === 0)
  const broken = opened.filter((ring) => ring.problems.length > 0)
  const ofTls = judgeKeys(
    config,
    tls.map((o) => o.fact),
    at,
  )
  if (ofTls.problems.length > 0 || (broken.length > 0 && usable.length === 0))
    throw new ConfigError([...broken.flatMap((ring) => ring.problems), ...ofTls.problems])
  const pairIn = (sources: readonly OpenedSource[], source: KeySource): KeyPair => {
    const pair = sources.find((o) => o.source === source)?.pair
    if (!pair) throw new TypeError('judgeKeys lets no unreadable key pass')
    return pair
  }
  const rings = new Map<string, EndpointKeys>()
  for (const { name, ring, sources } of usable)
    rings.set(
      name,
      await ringOf({
        cipher: pairIn(sources, ring.cipher),
        signature: pairIn(sources, ring.signature),
        reader: ring.reader.map((source) => pairIn(sources, source)),
        formerCiphers: ring.formerCiphers.map((source) => pairIn(sources, source)),
        ...(ring.author ? { author: pairIn(sources, ring.author) } : {}),
      }),
    )
  return {
    rings,
    broken: new Set(broken.map((ring) => ring.name)),
    certificates: [...opened.flatMap((ring) => ring.sources), ...tls].flatMap(({ keyring, use, pair }) =>
      pair && !isFormer(use) ? [{ keyring, use, notAfter: new Date(pair.certificate.validTo).toISOString() }] : [],
    ),
    warnings: [
      ...broken.flatMap((ring) => ring.problems.map((problem) => brokenWarning(problem, ring.name, config))),
      ...usable.flatMap((ring) => ring.warnings),
      ...ofTls.warnings,
    ],
    ...(publicTls ? { publicTls: tlsOf(pairIn(tls, publicTls)) } : {}),
    ...(adminTls ? { adminTls: tlsOf(pairIn(tls, adminTls)) } : {}),
  }
}

/** All certificates of PEM files. */
export async function readCertificates(files: readonly string[]): Promise<X509Certificate[]> {
  return (await Promise.all(files.map(async (file) => readPemCertificates(await readFile(file, 'utf8'))))).flat()
}

/** A file with certificates of others, under the key that names it. */
interface CertificateFile {
  readonly key: string
  readonly file: string
  /** Whom its certificates stand for, each for one only: a caller has one name, a message one addressee. */
  readonly owner?: { readonly kind: 'participant' | 'mailbox'; readonly name: string }
}

function certificateFiles({ peers, participants, mailboxes, endpoints }: Config): CertificateFile[] {
  const listed = (files: readonly string[], ...path: PropertyKey[]) => files.map((file, index) => ({ key: keyOf([...path, index]), file }))
  return [
    ...peers.flatMap(({ signatureCertificates, roots }, index) => [
      ...listed(signatureCertificates, 'peers', index, 'signatureCertificates'),
      ...listed(roots, 'peers', index, 'roots'),
    ]),
    ...participants.flatMap(({ id, tls }, index) =>
      listed(tls, 'participants', index, 'tls').map((one) => ({ ...one, owner: { kind: 'participant', name: id } as const })),
    ),
    ...Object.entries(mailboxes).flatMap(([address, { cipherCertificates }]) =>
      listed(cipherCertificates, 'mailboxes', address, 'cipherCertificates').map((one) => ({
        ...one,
        owner: { kind: 'mailbox', name: address } as const,
      })),
    ),
    ...endpoints.flatMap(({ routes }, index) =>
      routes.flatMap(({ addresseeCertificate: file }, at) =>
        file === undefined ? [] : [{ key: keyOf(['endpoints', index, 'routes', at, 'addresseeCertificate']), file }],
      ),
    ),
  ]
}

/**
 * Before any of them is used, so that all that will not do are told at once.
 * @throws {ConfigError} files that hold no certificate, and certificates that stand for two participants or two mailboxes.
 */
export async function assertCertificates(config: Config): Promise<void> {
  const problems: ConfigProblem[] = []
  const say = (key: string, de: string, en: string): void => {
    const line = config.lineOf(key)
    problems.push({ key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } })
  }
  const files = certificateFiles(config)
  const read = await Promise.all(files.map(({ file }) => readCertificates([file]).catch(() => undefined)))
  const owners = new Map<string, string>()
  files.forEach(({ key, file, owner }, index) => {
    const certificates = read[index]
    if (!certificates) say(key, `${file} enthält kein lesbares Zertifikat (PEM)`, `${file} holds no certificate that can be read (PEM)`)
    if (!owner) return
    const [other] = (certificates ?? []).flatMap(({ fingerprint256 }) => {
      const certificate = `${owner.kind} ${fingerprint256}`
      const first = owners.get(certificate) ?? owner.name
      owners.set(certificate, first)
      return first === owner.name ? [] : [first]
    })
    if (other !== undefined)
      say(key, `ein Zertifikat in ${file} steht schon für ${other}`, `a certificate in ${file} stands for ${other} already`)
  })
  if (problems.length > 0) throw new ConfigError(problems)
}
