// SPDX-License-Identifier: EUPL-1.2
/**
 * The Java peer outside the repository: its commands, its servers, its keys. Whoever uses it skips, visibly, where it is absent.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPkcs12, type KeyPair } from '../../src/pki/keystore.js'
import type { Context } from 'mocha'
import { needsMaterial } from '../needs.js'

export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url))
export const PEER = join(SHARED, 'peer')
const ABSENT = 3
/** Short commands: less compiling, less to set up. */
const SHORT_RUN = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'

export interface Run {
  readonly status: number
  readonly out: string
  readonly err: string
}

export function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, JAVA_OPTS: `${SHORT_RUN} ${process.env['JAVA_OPTS'] ?? ''}`, ...more }
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    let out = ''
    let err = ''
    child.stdout.on('data', (d: Buffer) => (out += d.toString()))
    child.stderr.on('data', (d: Buffer) => (err += d.toString()))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status: status ?? -1, out, err }))
  })
}

/** Where {@link quickenPeer} leaves the words of a command line for those who come after it: JSON. */
const QUICK = 'PROTEKTOR_TEST_PEER_JAVA'

/** One command of the peer: by its script, or as {@link quickenPeer} found the script to begin it. */
export function peer(...args: readonly string[]): Promise<Run> {
  const quick = process.env[QUICK]
  if (quick === undefined) return run(join(PEER, 'run.sh'), args)
  const [java = 'java', ...first] = JSON.parse(quick) as string[]
  return run(java, [...first, ...args])
}

/**
 * Two hundred commands are begun one by one: with the classes they need in an archive that Java maps into memory, a command takes
 * two thirds of the time. Java archives nothing out of a folder of classes, so they go into a jar first.
 */
export async function quickenPeer(folder: string): Promise<void> {
  const java = process.env['JAVA'] ?? 'java'
  // the script hands its whole command line to whatever program JAVA names
  const { out } = await run(join(PEER, 'run.sh'), ['inspect'], { JAVA: 'echo' })
  const words = out.trim().split(' ').slice(0, -1)
  const at = words.indexOf('-cp') + 1
  const [classes = '', ...jars] = (words[at] ?? '').split(delimiter)
  const jar = join(folder, 'peer.jar')
  const archive = join(folder, 'peer.jsa')
  const packed = await run('jar', ['--create', '--file', jar, '-C', classes, '.'])
  if (packed.status !== 0) throw new Error(packed.err)
  words[at] = [jar, ...jars].join(delimiter)
  const pki = join(SHARED, 'osci-wire/pki')
  const mock = await startPeer('intermediary', '--pki', pki, '--quiet')
  const begun = run(java, [
    `-XX:ArchiveClassesAtExit=${archive}`, ...words, 'store', '--url', `${mock.url}/osci`, '--pki', pki, '--sign', '--encrypt',
  ]) // prettier-ignore
  const seen = await begun.finally(() => mock.child.kill())
  if (seen.status !== 0) throw new Error(seen.out + seen.err)
  if (!existsSync(archive)) throw new Error(seen.err)
  process.env[QUICK] = JSON.stringify([java, `-XX:SharedArchiveFile=${archive}`, ...words])
}

/** What the peer's client prints: one object, `ok` tells whether its whole command succeeded. */
export interface Said extends Record<string, unknown> {
  readonly ok: boolean
  readonly feedback?: readonly string[]
  readonly messageId?: string
}

/** The last line of the peer's output. */
export function saidIn({ out, err }: Run): Said {
  const line = out.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as Said
  } catch {
    return { ok: false, error: `no answer: ${err.slice(0, 500)}` }
  }
}

/** Skips, visibly, where the peer is absent: it lies outside the repository. */
export async function needsPeer(context: Context): Promise<void> {
  needsMaterial(context, await peerIsThere(), 'the Java peer')
}

/** false: said on stderr why. */
export async function peerIsThere(): Promise<boolean> {
  if (!existsSync(PEER)) return false
  const probe = await peer('inspect', join(PEER, 'README.md'))
  if (probe.status === ABSENT) process.stderr.write(probe.err)
  return probe.status !== ABSENT
}

/** The peer's keys as the gateway demands them: readable by us alone, the PIN in a file. */
export async function readable(directory: string): Promise<void> {
  await writeFile(join(directory, 'pin'), 'test\n', { mode: 0o600 })
  for (const file of await readdir(directory)) if (/\.(p12|pem)$/.test(file)) await chmod(join(directory, file), 0o600)
}

export interface PeerKeys {
  /** Folder of the keys; whoever writes beside them names files of its own. */
  readonly directory: string
  pair(name: string): Promise<KeyPair>
}

/** Where {@link makePkiOnce} leaves the folder that it made. */
const MADE = 'PROTEKTOR_TEST_PEER_PKI'
const MADE_BITS = 3072

async function makePki(directory: string, bits: number): Promise<void> {
  const made = await run(join(PEER, 'pki.sh'), [directory, String(bits)])
  if (made.status !== 0) throw new Error(made.err)
}

/** The keys that {@link openPki} gives out copies of: two dozen of them take a quarter of a minute. */
export async function makePkiOnce(directory: string): Promise<void> {
  await makePki(directory, MADE_BITS)
  process.env[MADE] = directory
}

/** A fresh folder with throwaway keys of the peer's script; key pairs are read once. */
export async function openPki(prefix: string, bits = MADE_BITS): Promise<PeerKeys & { remove(): Promise<void> }> {
  const base = await mkdtemp(join(tmpdir(), prefix))
  const directory = join(base, 'pki')
  const made = process.env[MADE]
  if (made !== undefined && bits === MADE_BITS) await cp(made, directory, { recursive: true })
  else await makePki(directory, bits)
  await readable(directory)
  const known = new Map<string, KeyPair>()
  return {
    directory,
    async pair(name) {
      const before = known.get(name)
      if (before) return before
      const [found] = readPkcs12(await readFile(join(directory, `${name}.p12`)), 'test')
      if (!found) throw new Error(name)
      known.set(name, found)
      return found
    },
    remove: () => rm(base, { recursive: true, force: true }),
  }
}

export interface PeerServer {
  readonly url: string
  readonly child: ChildProcess
}

/** A server of the peer as a process of its own; resolves when it prints its address. */
export async function startPeer(kind: 'intermediary' | 'passive', ...args: readonly string[]): Promise<PeerServer> {
  const child = spawn(join(PEER, 'run.sh'), [kind, '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (d: Buffer) => {
      if (text.length > 4096) return
      text += d.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
      if (found) resolve(found[0])
    })
    child.once('close', () => reject(new Error(`the ${kind} ended: ${text}`)))
  })
  return { url, child }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
