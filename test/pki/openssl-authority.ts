// SPDX-License-Identifier: EUPL-1.2
/**
 * A time-stamping authority made of `openssl ts`, so that what we accept was not written by us: keys and certificates in a folder of its
 * own, answers to requests, and signatures over a TSTInfo by whom it should not be signed.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { X509Certificate } from 'node:crypto'
import { readPemCertificates } from '../../src/pki/keystore.js'

const run = promisify(execFile)

/** Signers: name → key, extensions, last day, issuer. */
const SIGNERS = {
  rsa: { key: 'rsa', extensions: 'tsa', until: '20991231000000Z', issuer: 'sub' },
  brainpool: { key: 'brainpoolP256r1', extensions: 'tsa', until: '20991231000000Z', issuer: 'root' },
  expired: { key: 'P-256', extensions: 'tsa', until: '20250101000000Z', issuer: 'root' },
  foreign: { key: 'P-256', extensions: 'tsa', until: '20991231000000Z', issuer: 'other' },
  mail: { key: 'rsa', extensions: 'mail', until: '20991231000000Z', issuer: 'root' },
  loose: { key: 'P-256', extensions: 'loose', until: '20991231000000Z', issuer: 'root' },
} as const
export type SignerName = keyof typeof SIGNERS

const AUTHORITY = `
[ca]
default_ca = this
[this]
dir = DIR
database = DIR/index.txt
new_certs_dir = DIR
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[mail]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, emailProtection
[loose]
keyUsage = critical, digitalSignature
extendedKeyUsage = timeStamping
[tsa_config]
serial = DIR/serial
default_policy = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = ESS
[choosy_config]
serial = DIR/serial
default_policy = 1.2.3.4
digests = sha512
signer_digest = sha256
`

export interface OpensslAuthority {
  readonly certificates: Readonly<Record<'root' | 'sub' | 'other' | SignerName, X509Certificate>>
  /** Answers a TimeStampReq. `ess`: hash of the certificate identifier; `choosy`: refuses SHA-256. */
  reply(
    query: Uint8Array,
    signer: SignerName,
    options?: { readonly ess?: 'sha1' | 'sha256'; readonly choosy?: boolean },
  ): Promise<Uint8Array>
  /** Signs octets as a content of this type; `options` of `openssl cms`. */
  sign(content: Uint8Array, type: string, signer: SignerName, options: readonly string[]): Promise<Uint8Array>
  /** @returns the root's revocation list with this signer on it, good for a day, DER. */
  revoke(signer: SignerName): Promise<Uint8Array>
  /** What openssl itself says of a token. */
  accepts(token: Uint8Array, sha256: Uint8Array): Promise<boolean>
  close(): Promise<void>
}

export async function openssl(directory: string, ...argv: readonly string[]): Promise<void> {
  await run('openssl', argv, { cwd: directory })
}

async function issue(directory: string, name: string, key: string, extensions: string, until: string, issuer?: string): Promise<void> {
  const kind =
    key === 'rsa' ? ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] : ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${key}`]
  await openssl(directory, 'genpkey', ...kind, '-out', `${name}.key`)
  await openssl(directory, 'req', '-new', '-config', 'ca.cnf', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`)
  const by = issuer === undefined ? ['-selfsign', '-keyfile', `${name}.key`] : ['-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`]
  const dates = ['-startdate', '20240101000000Z', '-enddate', until]
  await openssl(
    directory,
    ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-extensions', extensions, '-in', `${name}.csr`, '-out', `${name}.pem`],
    ...by,
    ...dates,
  )
}

export async function openAuthority(): Promise<OpensslAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-tsa-'))
  const file = (name: string) => join(directory, name)
  const configuration = (ess: string) => AUTHORITY.replaceAll('DIR', directory).replace('= ESS', `= ${ess}`)
  for (const [name, text] of Object.entries({
    'ca.cnf': configuration('sha256'),
    'sha1.cnf': configuration('sha1'),
    'index.txt': '',
    serial: '01\n',
  }))
    await writeFile(file(name), text)
  const forever = '20991231000000Z'
  await issue(directory, 'root', 'rsa', 'root', forever)
  await issue(directory, 'other', 'P-256', 'root', forever)
  await issue(directory, 'sub', 'P-256', 'root', forever, 'root')
  for (const [name, { key, extensions, until, issuer }] of Object.entries(SIGNERS))
    await issue(directory, name, key, extensions, until, issuer)
  const read = async (name: string) => {
    const [certificate] = readPemCertificates(await readFile(file(`${name}.pem`), 'utf8'))
    if (certificate === undefined) throw new TypeError('readPemCertificates never returns an empty list')
    return [name, certificate] as const
  }
  const certificates = Object.fromEntries(await Promise.all(['root', 'sub', 'other', ...Object.keys(SIGNERS)].map(read)))
  let count = 0
  const fresh = async (bytes: Uint8Array) => {
    const path = file(`in-${++count}`)
    await writeFile(path, bytes)
    return path
  }
  return {
    certificates: certificates as OpensslAuthority['certificates'],
    async reply(query, signer, { ess = 'sha256', choosy = false } = {}) {
      const path = await fresh(query)
      const config = ess === 'sha1' ? 'sha1.cnf' : 'ca.cnf'
      const chain = SIGNERS[signer].issuer === 'sub' ? ['-chain', 'sub.pem'] : []
      await openssl(
        directory,
        ...['ts', '-reply', '-config', config, '-section', choosy ? 'choosy_config' : 'tsa_config', '-queryfile', path],
        ...['-signer', `${signer}.pem`, '-inkey', `${signer}.key`, ...chain, '-out', `${path}.out`],
      )
      return readFile(`${path}.out`)
    },
    async sign(content, type, signer, options) {
      const path = await fresh(content)
      await openssl(
        directory,
        ...['cms', '-sign', '-binary', '-nodetach', '-nosmimecap', '-md', 'sha256', '-outform', 'DER', '-econtent_type', type],
        ...['-signer', `${signer}.pem`, '-inkey', `${signer}.key`, '-in', path, '-out', `${path}.out`, ...options],
      )
      return readFile(`${path}.out`)
    },
    async revoke(signer) {
      const by = ['ca', '-config', 'ca.cnf', '-cert', 'root.pem', '-keyfile', 'root.key']
      await openssl(directory, ...by, '-revoke', `${signer}.pem`)
      await openssl(directory, ...by, '-gencrl', '-crldays', '1', '-out', 'root.crl')
      await openssl(directory, 'crl', '-in', 'root.crl', '-outform', 'DER', '-out', 'root.crl.der')
      return readFile(file('root.crl.der'))
    },
    async accepts(token, sha256) {
      const path = await fresh(token)
      const digest = Buffer.from(sha256).toString('hex')
      const argv = ['ts', '-verify', '-token_in', '-in', path, '-digest', digest, '-CAfile', 'root.pem', '-untrusted', 'sub.pem']
      return openssl(directory, ...argv).then(
        () => true,
        () => false,
      )
    },
    close: () => rm(directory, { recursive: true, force: true }),
  }
}
