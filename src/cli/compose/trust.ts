// SPDX-License-Identifier: EUPL-1.2
/**
 * Sections `trust` and `timestamping` of the configuration → the store that inspects certificates of others, and the way to the
 * time-stamping authority.
 *
 * pkijs makes up a large part of a start: it is loaded only when there is something to build paths to, or a token to verify.
 * Specs: osci-1.2 §6.5, §9.3; product.md, Decisions, "start".
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config/types.js'
import type { Clock, TrustStore } from '../../env.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { httpTimeStamper } from '../../gateway/adapters/time-stamper.js'
import type { TimeStamper } from '../../gateway/intermediary/ports.js'
import { readCertificate } from '../../pki/certificate.js'
import { readPemCertificates } from '../../pki/keystore.js'
import { pinnedTrust } from '../../pki/pinned.js'

export type TrustConfig = Pick<Config, 'trust' | 'timestamping' | 'file' | 'lineOf'>

export interface TrustWorld {
  readonly clock: Pick<Clock, 'now'>
  readonly random: (bytes: number) => Uint8Array
}

export interface OpenedTrust {
  /** Without roots it knows nobody: every verdict is `unknown`. */
  readonly trust: TrustStore
  /** Absent where no authority is configured. */
  readonly timeStamper?: TimeStamper
}

/**
 * Reads every file of both sections.
 * @throws {ConfigError} all broken files at once, each under its key; an authority without certificates.
 */
export async function openTrust(config: TrustConfig, world: TrustWorld): Promise<OpenedTrust> {
  const { trust, timestamping } = config
  const problems: ConfigProblem[] = []
  const read = async <T>(key: string, files: readonly string[], parse: (bytes: Buffer) => Promise<readonly T[]>): Promise<readonly T[]> => {
    const found = files.map(async (file, index) => {
      try {
        return await parse(await readFile(file))
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        problems.push(problemAt(config, `${key}[${index}]`, `nicht lesbar: ${file}: ${why}`, `cannot be read: ${file}: ${why}`))
        return []
      }
    })
    return (await Promise.all(found)).flat()
  }
  const [roots, intermediates, crls, authority] = await Promise.all([
    read('trust.roots', trust.roots, certificatesOf),
    read('trust.intermediates', trust.intermediates, certificatesOf),
    read('trust.crls', trust.crls, revocationListsOf),
    read('timestamping.certificates', timestamping.certificates, certificatesOf),
  ])
  if (timestamping.url !== undefined && timestamping.certificates.length === 0)
    problems.push(
      problemAt(
        config,
        'timestamping.certificates',
        'ohne Zertifikat des Dienstes lässt sich kein Zeitstempel prüfen',
        'without a certificate of the authority no time stamp can be verified',
      ),
    )
  if (problems.length > 0) throw new ConfigError(problems.sort((a, b) => (a.key < b.key ? -1 : 1)))
  return {
    trust: roots.length === 0 ? pinnedTrust([]) : (await import('../../pki/path.js')).trustStore({ roots, intermediates, crls }),
    ...(timestamping.url === undefined
      ? {}
      : { timeStamper: await timeStamperOf(timestamping.url, timestamping.timeoutSeconds * 1000, authority, crls, world) }),
  }
}

async function timeStamperOf(
  url: string,
  timeoutMs: number,
  certificates: readonly X509Certificate[],
  crls: readonly Uint8Array[],
  { clock, random }: TrustWorld,
): Promise<TimeStamper> {
  const { MAX_TIMESTAMP_BYTES, timestampRequest, timestampVerifier } = await import('../../pki/timestamp.js')
  const verify = timestampVerifier({ certificates, crls })
  return httpTimeStamper({
    url,
    timeoutMs,
    random,
    now: () => clock.now(),
    protocol: {
      maxBytes: MAX_TIMESTAMP_BYTES,
      request: timestampRequest,
      verify: async (answer, question, at) => (await verify(answer, question, at)).token,
    },
  })
}

/** PEM with any number of certificates, or one in DER. */
async function certificatesOf(bytes: Buffer): Promise<readonly X509Certificate[]> {
  return isPem(bytes) ? readPemCertificates(bytes.toString('latin1')) : [readCertificate(bytes)]
}

/** PEM with any number of lists, or one in DER. @throws TypeError */
async function revocationListsOf(bytes: Buffer): Promise<readonly Uint8Array[]> {
  const blocks = bytes.toString('latin1').match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? []
  const lists = isPem(bytes) ? blocks.map((block) => Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')) : [bytes]
  const { isCrl } = await import('../../pki/path.js')
  if (lists.length === 0 || !lists.every(isCrl)) throw new TypeError('it holds no revocation list')
  return lists
}

const isPem = (bytes: Buffer): boolean => bytes.includes('-----BEGIN ')

function problemAt(config: TrustConfig, key: string, de: string, en: string): ConfigProblem {
  const line = config.lineOf(key)
  return { key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } }
}
