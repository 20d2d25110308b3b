// SPDX-License-Identifier: EUPL-1.2
/**
 * Sections `trust` and `timestamping` of the configuration → the store that inspects certificates of others, and the way to the
 * time-stamping authority. Revocation lists end after days: new ones in the same files are taken without a restart.
 *
 * pkijs makes up a large part of a start: it is loaded only when there is something to build paths to, or a token to verify.
 * Specs: osci-1.2 §6.5, §9.3; product.md, Decisions, "start".
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config/types.js'
import { stampOf, watchFiles, type WatchOptions } from '../../directory/file.js'
import type { Clock, TrustStore } from '../../env.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { readWhole } from '../../directory/read-whole.js'
import { httpTimeStamper } from '../../gateway/adapters/time-stamper.js'
import type { TimeStamper } from '../../gateway/intermediary/ports.js'
import { readCertificate } from '../../pki/certificate.js'
import { readPemCertificates } from '../../pki/keystore.js'
import { pinnedTrust } from '../../pki/pinned.js'
import { isPem, pemRevocationLists } from '../../pki/trust-file.js'
import type { TimestampVerifier } from '../../pki/timestamp.js'

export type TrustConfig = Pick<Config, 'trust' | 'timestamping' | 'file' | 'lineOf'>

export interface TrustWorld extends Pick<WatchOptions, 'pollMs' | 'settleMs'> {
  readonly clock: Pick<Clock, 'now'>
  readonly random: (bytes: number) => Uint8Array
  /** New revocation lists are in use. */
  readonly onReload: () => void
  /** What the files hold now is not taken; the lists that were read before go on (of an older list: the one that it would replace). */
  readonly onProblem: (problems: readonly ConfigProblem[]) => void
}

export interface OpenedTrust {
  /** Without roots it knows nobody: every verdict is `unknown`. */
  readonly trust: TrustStore
  /** Absent where no authority is configured. */
  readonly timeStamper?: TimeStamper
  /** Ends the watching of revocation lists. */
  close(): Promise<void>
}

/** What is built anew when a revocation list changes. */
interface Judges {
  readonly trust: TrustStore
  readonly verifyStamp: TimestampVerifier | undefined
}

/**
 * Reads every file of both sections.
 * @throws {ConfigError} all broken files at once, each under its key; an authority without certificates.
 */
export async function openTrust(config: TrustConfig, world: TrustWorld): Promise<OpenedTrust> {
  const { trust, timestamping } = config
  const problems: Fault[] = []
  const [roots, intermediates, authority] = await Promise.all([
    readEach(config, 'trust.roots', trust.roots, certificatesOf, problems),
    readEach(config, 'trust.intermediates', trust.intermediates, certificatesOf, problems),
    readEach(config, 'timestamping.certificates', timestamping.certificates, certificatesOf, problems),
  ])
  const judgesOf = async (crls: readonly Uint8Array[]): Promise<Judges> => ({
    trust: roots.length === 0 ? pinnedTrust([]) : (await import('../../pki/path.js')).trustStore({ roots, intermediates, crls }),
    verifyStamp:
      timestamping.url === undefined
        ? undefined
        : (await import('../../pki/timestamp.js')).timestampVerifier({ certificates: authority, crls }),
  })
  const watched = await stamped(trust.crls)
  /** Lists by file, in the order of the configuration; undefined: that file cannot be read. */
  const readLists = (faults: Fault[]): Promise<readonly (readonly Uint8Array[] | undefined)[]> =>
    Promise.all(trust.crls.map((file, index) => readOne(config, `trust.crls[${index}]`, file, revocationListsOf, faults)))
  let held: readonly (readonly Uint8Array[])[] = (await readLists(problems)).map((lists) => lists ?? [])
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
  let judges = await judgesOf(held.flat())

  /** An older list than the one that is held of its file is not taken. */
  const newestOf = async (
    files: readonly (readonly Uint8Array[])[],
    faults: ConfigProblem[],
  ): Promise<readonly (readonly Uint8Array[])[]> => {
    const { keepNewest } = await import('../../pki/revocation-list.js')
    const kept = files.map(async (lists, file) => {
      const chosen = await keepNewest(lists, held[file] ?? [], [...roots, ...intermediates, ...authority], world.clock.now())
      if (chosen.older.length > 0) faults.push(olderList(config, file))
      return chosen.lists
    })
    return Promise.all(kept)
  }

  let told = ''
  /** Once for each state of the files: looks come every two seconds. */
  const tell = (faults: readonly Fault[], stamp: string): void => {
    const said = JSON.stringify([stamp, faults])
    if (faults.length > 0 && said !== told) world.onProblem(faults)
    told = said
  }

  const reload: WatchOptions['reload'] = async () => {
    const now = await stamped(trust.crls)
    const faults: Fault[] = []
    const files = await readLists(faults)
    // what is wrong with one file must not keep the new list of another one out
    const newest = await newestOf(
      files.map((lists, file) => lists ?? held[file] ?? []),
      faults,
    )
    tell(faults, now.stamp)
    // else nothing but what was there, and older lists
    if (!newest.flat().every((list) => held.flat().includes(list))) {
      held = newest
      judges = await judgesOf(held.flat())
      world.onReload()
    }
    // what it holds is not read again before it changes: reading takes time that the gateway needs. But what kept the system from opening
    // it (no handle left, an access rule elsewhere) passes without a trace in the file
    return faults.some(({ ofSystem }) => ofSystem === true) ? undefined : now
  }
  const { pollMs, settleMs } = world
  const times = { ...(pollMs === undefined ? {} : { pollMs }), ...(settleMs === undefined ? {} : { settleMs }) }
  const watching = trust.crls.length === 0 ? undefined : watchFiles({ watched, reload, ...times })
  return {
    trust: { check: (certificate, usage, at) => judges.trust.check(certificate, usage, at) },
    ...(timestamping.url === undefined
      ? {}
      : { timeStamper: await timeStamperOf(timestamping.url, timestamping.timeoutSeconds * 1000, () => judges.verifyStamp, world) }),
    close: async () => watching?.close(),
  }
}

interface Fault extends ConfigProblem {
  /** The system did not hand out the file; what it holds may be right. */
  readonly ofSystem?: boolean
}

/** Each that cannot be read is a problem under its key. */
async function readEach<T>(
  config: TrustConfig,
  key: string,
  files: readonly string[],
  parse: (bytes: Buffer) => Promise<readonly T[]>,
  problems: Fault[],
): Promise<readonly T[]> {
  const found = files.map(async (file, index) => (await readOne(config, `${key}[${index}]`, file, parse, problems)) ?? [])
  return (await Promise.all(found)).flat()
}

/** undefined: it cannot be read, which is a problem under its key. */
async function readOne<T>(
  config: TrustConfig,
  key: string,
  file: string,
  parse: (bytes: Buffer) => Promise<T>,
  problems: Fault[],
): Promise<T | undefined> {
  try {
    return await parse(await readFile(file))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const problem = problemAt(config, key, `nicht lesbar: ${file}: ${why}`, `cannot be read: ${file}: ${why}`)
    // one that is gone, and is there again, has changed
    const ofSystem = cause instanceof Error && 'syscall' in cause && (cause as NodeJS.ErrnoException).code !== 'ENOENT'
    problems.push(ofSystem ? { ...problem, ofSystem } : problem)
    return undefined
  }
}

const olderList = (config: TrustConfig, file: number): ConfigProblem =>
  problemAt(
    config,
    `trust.crls[${file}]`,
    'die Sperrliste ist älter als die bisherige, die weiter gilt',
    'the revocation list is older than the one that was read before, which goes on',
  )

/** Taken before the files are read: what changes meanwhile is seen as a change. */
const stamped = async (files: readonly string[]): Promise<WatchOptions['watched']> => ({ files, stamp: await stampOf(files) })

async function timeStamperOf(
  url: string,
  timeoutMs: number,
  verifier: () => TimestampVerifier | undefined,
  { clock, random }: TrustWorld,
): Promise<TimeStamper> {
  const { MAX_TIMESTAMP_BYTES, timestampRequest } = await import('../../pki/timestamp.js')
  return httpTimeStamper({
    url,
    timeoutMs,
    random,
    now: () => clock.now(),
    readWhole,
    protocol: {
      maxBytes: MAX_TIMESTAMP_BYTES,
      request: timestampRequest,
      verify: async (answer, question, at) => {
        const verify = verifier()
        if (verify === undefined) throw new TypeError('no authority is configured')
        return (await verify(answer, question, at)).token
      },
    },
  })
}

/** PEM with any number of certificates, or one in DER. */
async function certificatesOf(bytes: Buffer): Promise<readonly X509Certificate[]> {
  return isPem(bytes) ? readPemCertificates(bytes.toString('latin1')) : [readCertificate(bytes)]
}

/** PEM with any number of lists, or one in DER. @throws TypeError */
async function revocationListsOf(bytes: Buffer): Promise<readonly Uint8Array[]> {
  const blocks = pemRevocationLists(bytes.toString('latin1'))
  // half a block is a file that is still being written, or was cut off: its list must not be missing without a word
  if (isPem(bytes) && blocks.length !== bytes.toString('latin1').split('-----BEGIN ').length - 1)
    throw new TypeError('it holds something that is no whole revocation list')
  const lists = isPem(bytes) ? blocks : [bytes]
  const { isCrl } = await import('../../pki/revocation-list.js')
  if (lists.length === 0 || !lists.every(isCrl)) throw new TypeError('it holds no revocation list')
  return lists
}

function problemAt(config: TrustConfig, key: string, de: string, en: string): ConfigProblem {
  const line = config.lineOf(key)
  return { key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } }
}
