// SPDX-License-Identifier: EUPL-1.2
/**
 * The one table of algorithms: what each URI is, when it came or went, and who may use it where.
 *
 * Readers and writers get a resolved row, never a URI to branch on. What is not in the table does not exist; HMAC is not in it,
 * so no public key can become a secret [threat model G7]. Rows marked `forbidden` are here to be named in findings.
 * `gatewayAlgorithms` is the door for gateway, client and core; offline inspection has its own (`algorithms-inspection.ts`).
 * Specs: threat model §7, oscisig.xsd, oscienc.xsd (KORR1–10), [RFC9231].
 * @module
 */
import type { KeyTransport } from '../env.js'

/** allowed: send and accept. legacy: accept only with the named switch, never send. forbidden: refuse, no switch. */
export type PolicyClass = 'allowed' | 'legacy' | 'forbidden'

/** `transport` = encryption of whole messages, `signature` = both kinds of signatures, `content` = encryption of content. */
export type Where = 'transport' | 'signature' | 'content'

interface Row {
  readonly uri: string
  readonly name: string
  readonly transport: PolicyClass
  readonly content: PolicyClass
  readonly signature: PolicyClass
  readonly since: string
  readonly source: string
  /** Executed for offline inspection although it is not allowed. */
  readonly inspect?: true
}
export interface CanonicalizationRow extends Row {
  readonly kind: 'canonicalization'
}
export interface TransformRow extends Row {
  readonly kind: 'transform'
}
/** `hash` is the name in `node:crypto`. */
export interface DigestRow extends Row {
  readonly kind: 'digest'
  readonly hash: string
  readonly digestBytes: number
}
export interface SignatureRow extends Row {
  readonly kind: 'signature'
  readonly hash: string
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa'
  /** PSS only: equal to the length of the hash (wire fact 35). */
  readonly saltBytes?: number
  /** May be written; `peer`: only where the peer's entry asks for it. */
  readonly send: boolean | 'peer'
}
/** `ivBytes` lists what is accepted, the preferred length first. */
export interface CipherRow extends Row {
  readonly kind: 'cipher'
  readonly cipher: string
  readonly mode: 'gcm' | 'cbc'
  readonly keyBytes: number
  readonly ivBytes: readonly number[]
  readonly blockBytes: number
  /** 0 where there is none. */
  readonly tagBytes: number
}
export interface KeyTransportRow extends Row {
  readonly kind: 'key-transport'
  readonly padding: 'oaep' | 'pkcs1'
}
export interface MgfRow extends Row {
  readonly kind: 'mgf'
  readonly hash: string
}
export type AlgorithmRow = CanonicalizationRow | TransformRow | DigestRow | SignatureRow | CipherRow | KeyTransportRow | MgfRow

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

const everywhere = { transport: 'allowed', content: 'allowed', signature: 'allowed' } as const
const nowhere = { transport: 'forbidden', content: 'forbidden', signature: 'forbidden' } as const
const signing = { transport: 'forbidden', content: 'forbidden', signature: 'allowed' } as const
const sealing = { transport: 'allowed', content: 'allowed', signature: 'forbidden' } as const
const contentLegacy = { transport: 'forbidden', content: 'legacy', signature: 'forbidden' } as const

const gcm = (bits: 128 | 192 | 256): CipherRow => ({
  uri: `${ENC11}aes${bits}-gcm`, name: `AES-${bits}-GCM`, kind: 'cipher', ...sealing, since: 'KORR5 (2017); 12-byte IV KORR6 (2020-02)', source: 'oscienc.xsd; TR-02102-1',
  cipher: `aes-${bits}-gcm`, mode: 'gcm', keyBytes: bits / 8, ivBytes: [12, 16], blockBytes: 16, tagBytes: 16,
}) // prettier-ignore
const cbc = (bits: 128 | 192 | 256): CipherRow => ({
  uri: `${ENC}aes${bits}-cbc`, name: `AES-${bits}-CBC`, kind: 'cipher', ...contentLegacy, inspect: true, since: 'transport until 2019-11-15, content until 2019-11-01', source: 'KoSIT 2018-06-25',
  cipher: `aes-${bits}-cbc`, mode: 'cbc', keyBytes: bits / 8, ivBytes: [16], blockBytes: 16, tagBytes: 0,
}) // prettier-ignore
const pss = (name: string, hash: string, bytes: number, since: string): SignatureRow => ({
  uri: `${MORE07}${name}-rsa-MGF1`, name: `RSASSA-PSS ${hash}`, kind: 'signature', ...signing, since, source: 'oscisig.xsd; TR-02102-1',
  hash, scheme: 'rsa-pss', saltBytes: bytes, send: true,
}) // prettier-ignore
const forbiddenSignature = (uri: string, name: string, since: string): Row => ({ uri, name, ...nowhere, since, source: 'threat model §7' })

export const ALGORITHMS: readonly AlgorithmRow[] = [
  { uri: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315', name: 'Canonical XML 1.0', kind: 'canonicalization', ...everywhere, since: 'OSCI 1.2', source: 'oscisig.xsd' },
  { uri: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments', name: 'Canonical XML 1.0 with comments', kind: 'canonicalization', ...nowhere, since: 'never', source: 'oscisig.xsd' },
  { uri: 'http://www.w3.org/2001/10/xml-exc-c14n#', name: 'Exclusive Canonical XML', kind: 'canonicalization', ...nowhere, since: 'never', source: 'oscisig.xsd' },
  { uri: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments', name: 'Exclusive Canonical XML with comments', kind: 'canonicalization', ...nowhere, since: 'never', source: 'oscisig.xsd' },
  { uri: 'http://www.w3.org/2006/12/xml-c14n11', name: 'Canonical XML 1.1', kind: 'canonicalization', ...nowhere, since: 'never', source: 'oscisig.xsd' },

  { uri: DSIG + 'base64', name: 'base64', kind: 'transform', ...everywhere, since: 'OSCI 1.2', source: 'OSCI12; only Base64Content and CipherReference' },
  { uri: DSIG + 'enveloped-signature', name: 'enveloped signature', kind: 'transform', ...nowhere, since: 'never', source: 'threat model G11' },
  { uri: 'http://www.w3.org/TR/1999/REC-xslt-19991116', name: 'XSLT', kind: 'transform', ...nowhere, since: 'never', source: 'threat model G11' },
  { uri: 'http://www.w3.org/TR/1999/REC-xpath-19991116', name: 'XPath', kind: 'transform', ...nowhere, since: 'never', source: 'threat model G11' },
  { uri: 'http://www.w3.org/2002/06/xmldsig-filter2', name: 'XPath Filter 2.0', kind: 'transform', ...nowhere, since: 'never', source: 'threat model G11' },
  { uri: 'http://www.w3.org/2002/07/decrypt#XML', name: 'decryption transform', kind: 'transform', ...nowhere, since: 'never', source: 'threat model G11' },

  { uri: ENC + 'sha256', name: 'SHA-256', kind: 'digest', ...everywhere, since: 'KORR2 (2008-02)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha256', digestBytes: 32 },
  { uri: ENC + 'sha512', name: 'SHA-512', kind: 'digest', ...everywhere, since: 'KORR2 (2008-02)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha512', digestBytes: 64 },
  { uri: MORE + 'sha384', name: 'SHA-384', kind: 'digest', ...sealing, inspect: true, since: 'never as a digest; within OAEP only', source: 'threat model §7', hash: 'sha384', digestBytes: 48 },
  { uri: MORE07 + 'sha3-256', name: 'SHA3-256', kind: 'digest', ...signing, since: 'KORR5 (2017)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha3-256', digestBytes: 32 },
  { uri: MORE07 + 'sha3-384', name: 'SHA3-384', kind: 'digest', ...signing, since: 'KORR5 (2017)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha3-384', digestBytes: 48 },
  { uri: MORE07 + 'sha3-512', name: 'SHA3-512', kind: 'digest', ...signing, since: 'KORR5 (2017)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha3-512', digestBytes: 64 },
  { uri: DSIG + 'sha1', name: 'SHA-1', kind: 'digest', ...nowhere, inspect: true, since: 'until KORR3; 2008-07-01', source: 'oscisig.xsd', hash: 'sha1', digestBytes: 20 },
  { uri: ENC + 'ripemd160', name: 'RIPEMD-160', kind: 'digest', ...nowhere, inspect: true, since: 'until KORR4; end of 2010', source: 'oscisig.xsd', hash: 'ripemd160', digestBytes: 20 },

  pss('sha256', 'sha256', 32, 'KORR4 (2014-02-20)'),
  pss('sha512', 'sha512', 64, 'KORR4 (2014-02-20)'),
  pss('sha3-256', 'sha3-256', 32, 'KORR5 (2017)'),
  pss('sha3-384', 'sha3-384', 48, 'KORR5 (2017)'),
  pss('sha3-512', 'sha3-512', 64, 'KORR5 (2017)'),
  { uri: MORE + 'rsa-sha256', name: 'RSA SHA-256 (PKCS#1 v1.5)', kind: 'signature', ...signing, since: 'KORR2 (2008-02)', source: 'oscisig.xsd', hash: 'sha256', scheme: 'rsa-pkcs1', send: 'peer' },
  { uri: MORE + 'rsa-sha512', name: 'RSA SHA-512 (PKCS#1 v1.5)', kind: 'signature', ...signing, since: 'KORR2 (2008-02)', source: 'oscisig.xsd', hash: 'sha512', scheme: 'rsa-pkcs1', send: 'peer' },
  { uri: MORE + 'ecdsa-sha256', name: 'ECDSA SHA-256', kind: 'signature', ...signing, since: 'KORR3 (2010/11)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha256', scheme: 'ecdsa', send: true },
  { uri: MORE + 'ecdsa-sha384', name: 'ECDSA SHA-384', kind: 'signature', ...signing, since: 'KORR9 (2025-05-26)', source: 'oscisig.xsd', hash: 'sha384', scheme: 'ecdsa', send: false },
  { uri: MORE + 'ecdsa-sha512', name: 'ECDSA SHA-512', kind: 'signature', ...signing, since: 'KORR3 (2010/11)', source: 'oscisig.xsd; TR-02102-1', hash: 'sha512', scheme: 'ecdsa', send: true },
  { ...forbiddenSignature(DSIG + 'rsa-sha1', 'RSA SHA-1', 'until KORR3'), inspect: true, kind: 'signature', hash: 'sha1', scheme: 'rsa-pkcs1', send: false },
  { ...forbiddenSignature(MORE + 'rsa-ripemd160', 'RSA RIPEMD-160', 'until KORR4'), inspect: true, kind: 'signature', hash: 'ripemd160', scheme: 'rsa-pkcs1', send: false },
  { ...forbiddenSignature('http://www.w3.org/2001/04/xmldsig-more/rsa-ripemd160', 'RSA RIPEMD-160 (other spelling)', 'until KORR4'), inspect: true, kind: 'signature', hash: 'ripemd160', scheme: 'rsa-pkcs1', send: false },

  gcm(256),
  gcm(192),
  gcm(128),
  cbc(256),
  cbc(192),
  cbc(128),
  { uri: ENC + 'tripledes-cbc', name: 'Triple DES CBC', kind: 'cipher', ...nowhere, inspect: true, since: 'until 2019-11', source: 'TR-02102-1', cipher: 'des-ede3-cbc', mode: 'cbc', keyBytes: 24, ivBytes: [8], blockBytes: 8, tagBytes: 0 },

  { uri: ENC11 + 'rsa-oaep', name: 'RSA-OAEP', kind: 'key-transport', ...sealing, since: 'KORR4 (2014-02-20)', source: 'oscienc.xsd; TR-02102-1', padding: 'oaep' },
  { uri: ENC + 'rsa-1_5', name: 'RSA PKCS#1 v1.5', kind: 'key-transport', ...contentLegacy, inspect: true, since: 'library default until 1.8.3', source: 'threat model E2', padding: 'pkcs1' },
  { uri: ENC + 'rsa-oaep-mgf1p', name: 'RSA-OAEP with MGF1-SHA-1', kind: 'key-transport', ...nowhere, since: 'never', source: 'threat model §7', padding: 'oaep' },

  { uri: ENC11 + 'mgf1sha256', name: 'MGF1 SHA-256', kind: 'mgf', ...sealing, since: 'KORR4 (2014-02-20)', source: 'oscienc.xsd', hash: 'sha256' },
  { uri: ENC11 + 'mgf1sha384', name: 'MGF1 SHA-384', kind: 'mgf', ...sealing, since: 'KORR4 (2014-02-20)', source: 'oscienc.xsd', hash: 'sha384' },
  { uri: ENC11 + 'mgf1sha512', name: 'MGF1 SHA-512', kind: 'mgf', ...sealing, since: 'KORR4 (2014-02-20)', source: 'oscienc.xsd', hash: 'sha512' },
  { uri: ENC11 + 'mgf1sha1', name: 'MGF1 SHA-1', kind: 'mgf', ...nowhere, since: 'never', source: 'threat model E9', hash: 'sha1' },
] // prettier-ignore

const BY_URI: ReadonlyMap<string, AlgorithmRow> = new Map(ALGORITHMS.map((row) => [row.uri, row]))

/** The row of a URI, whatever its class. */
export const algorithmOf = (uri: string): AlgorithmRow | undefined => BY_URI.get(uri)

/** Class of a URI at a place; what the table does not know is forbidden. */
export const policyOf = (uri: string, where: Where): PolicyClass => BY_URI.get(uri)?.[where] ?? 'forbidden'

/** RSA key transport with everything that `node:crypto` needs. `hash` is that of OAEP and of MGF1, '' for PKCS#1 v1.5. */
export interface ResolvedKeyTransport {
  readonly row: KeyTransportRow
  readonly hash: string
}

/** Which keys may verify. `curves` undefined: any. */
export interface KeyRules {
  readonly minimumRsaBits: number
  readonly curves: ReadonlySet<string> | undefined
}

/** What may be executed: each member returns the resolved row, or undefined for "not allowed here". */
export interface Algorithms {
  digest(uri: string): DigestRow | undefined
  signature(uri: string): SignatureRow | undefined
  cipher(uri: string): CipherRow | undefined
  /** undefined also when MGF or digest are missing, not allowed, or differ in their hash [threat model E9, §6 rule 2]. */
  keyTransport(keyTransport: KeyTransport): ResolvedKeyTransport | undefined
  mgf(uri: string): MgfRow | undefined
  transform(uri: string): TransformRow | undefined
  canonicalization(uri: string): CanonicalizationRow | undefined
  readonly keys: KeyRules
}

/** OpenSSL names of the curves of threat model §7. */
export const CURVES: ReadonlySet<string> = new Set([
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
])

/** An {@link Algorithms} over the rows that `use` lets through. */
export function algorithmsFrom(use: (row: AlgorithmRow) => AlgorithmRow | undefined, keys: KeyRules): Algorithms {
  const of = <K extends AlgorithmRow['kind']>(kind: K) => (uri: string): Extract<AlgorithmRow, { kind: K }> | undefined => {
    const row = BY_URI.get(uri)
    const used = row?.kind === kind ? use(row) : undefined
    return used as Extract<AlgorithmRow, { kind: K }> | undefined
  } // prettier-ignore
  const digest = of('digest')
  const mgf = of('mgf')
  const transportRow = of('key-transport')
  return {
    digest, mgf, keys,
    signature: of('signature'),
    cipher: of('cipher'),
    transform: of('transform'),
    canonicalization: of('canonicalization'),
    keyTransport(keyTransport) {
      const row = transportRow(keyTransport.algorithm)
      if (!row) return undefined
      if (row.padding === 'pkcs1') return keyTransport.digest === undefined && keyTransport.mgf === undefined ? { row, hash: '' } : undefined
      const hash = keyTransport.digest === undefined ? undefined : digest(keyTransport.digest)?.hash
      const mask = keyTransport.mgf === undefined ? undefined : mgf(keyTransport.mgf)?.hash
      return hash === undefined || hash !== mask ? undefined : { row, hash }
    },
  } // prettier-ignore
}

/** Legacy switches of a peer's entry, for content only; `iv16Reading` is on unless it is false. */
export interface LegacySwitches {
  readonly cbcContent?: boolean
  readonly rsa15Content?: boolean
  readonly iv16Reading?: boolean
}

/** What gateway, client and core may execute. Never Triple DES, SHA-1, RIPEMD-160; CBC and RSA 1.5 for content by switch only. */
export function gatewayAlgorithms(use: { readonly where: Where; readonly legacy?: LegacySwitches }): Algorithms {
  const { where, legacy = {} } = use
  return algorithmsFrom(
    (row) => {
      if (row[where] === 'forbidden') return undefined
      if (row[where] === 'legacy') {
        const on = row.kind === 'cipher' ? legacy.cbcContent : row.kind === 'key-transport' ? legacy.rsa15Content : false
        return on === true ? row : undefined
      }
      return row.kind === 'cipher' && row.mode === 'gcm' && legacy.iv16Reading === false ? { ...row, ivBytes: [12] } : row
    },
    { minimumRsaBits: 2048, curves: CURVES },
  )
}
