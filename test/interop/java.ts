// SPDX-License-Identifier: EUPL-1.2
/**
 * The Java peer outside the repository: its commands, its servers, its keys. Whoever uses it skips, visibly, where it is absent.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPkcs12, type KeyPair } from '../../src/pki/keystore.js'
import type { Context } from 'mocha'
import { needsMaterial } from '../needs.js'
import { peer, PEER, run, SHARED, type Run } from './java-commands.js'

export { peer, PEER, run, SHARED, type Run }

const ABSENT = 3

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

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
