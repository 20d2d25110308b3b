// SPDX-License-Identifier: EUPL-1.2
/**
 * A folder with certificates, and directories opened over it.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDirectory, type DirectoryOptions, type DirectoryReport, type OpenedDirectory } from '../../src/directory/open.js'
import { ConfigError, type ConfigProblem } from '../../src/errors.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { FakeTime } from '../core/fake-time.js'

export const SERVICE = 'urn:example:xprotektor:service:meldebescheinigung:1.0'

const NAMES = ['register', 'register-former', 'portal', 'intermediary', 'intermediary-signature', 'other', 'expired'] as const
export type CertificateName = (typeof NAMES)[number]

const made = new Map<CertificateName, Promise<X509Certificate>>()

/** EC certificates, made once per run. */
export function certificate(name: CertificateName): Promise<X509Certificate> {
  const notAfter = new Date(name === 'expired' ? '2026-02-01T00:00:00Z' : '2036-01-01T00:00:00Z')
  const spec = { commonName: name, usage: 'both', key: 'ec-p256', notBefore: new Date('2026-01-01T00:00:00Z'), notAfter } as const
  const known = made.get(name) ?? issueCertificate(spec).then((pair) => pair.certificate)
  made.set(name, known)
  return known
}

export interface Folder {
  readonly path: string
  readonly file: string
  write(content: string): Promise<void>
  remove(): Promise<void>
}

/** `certs/<name>.pem` for every name, and a place for the directory file. */
export async function makeFolder(fileName = 'directory.yaml'): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'protektor-directory-'))
  await mkdir(join(path, 'certs'))
  for (const name of NAMES) await writeFile(join(path, 'certs', `${name}.pem`), (await certificate(name)).toString())
  const file = join(path, fileName)
  return { path, file, write: (content) => writeFile(file, content), remove: () => rm(path, { recursive: true, force: true }) }
}

export interface House extends OpenedDirectory {
  readonly problems: (readonly ConfigProblem[])[]
  readonly reloads: DirectoryReport[]
  readonly time: FakeTime
}

export async function open(options: Partial<DirectoryOptions> = {}): Promise<House> {
  const problems: (readonly ConfigProblem[])[] = []
  const reloads: DirectoryReport[] = []
  const time = new FakeTime()
  const opened = await openDirectory({
    network: 'internet',
    mailboxes: [],
    participantsMailboxes: new Set(),
    clock: time,
    onProblem: (found) => problems.push(found),
    onReload: (report) => reloads.push(report),
    pollMs: 40,
    settleMs: 15,
    ...options,
  })
  return { ...opened, problems, reloads, time }
}

/** The problems that keep a file from being opened, as `key:line english`. */
export async function refused(options: Partial<DirectoryOptions>): Promise<string[]> {
  try {
    await (await open(options)).close()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, line, message }) => `${key}:${line ?? '–'} ${message.en}`)
    throw error
  }
  return []
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
