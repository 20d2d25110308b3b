// SPDX-License-Identifier: EUPL-1.2
/**
 * Opening an acceptDelivery (10 KB document; author-signed, content encrypted, message signed, transport-encrypted; RSA-2048), one in
 * flight, against `parseAcceptDelivery` of the Java peer on a message of the same kind. Both unwrap two keys and verify both signatures.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { demoDocument } from './document.js'
import type { BenchResult } from './main.js'
import { scenario } from './scenario.js'

const PEER = fileURLToPath(new URL('../../../shared/peer/', import.meta.url))
const GOAL = 5
const SECONDS = 4
const PEER_SECONDS = 4
const PEER_MAX_MS = 120_000

/** The peer's first line: 10,000 bytes, all layers. */
interface CodecLine {
  readonly payloadBytes: number
  readonly parseAcceptDelivery: { readonly perSecond: number }
}

/** Messages per second of the peer, or why there is none. */
async function peerPerSecond(): Promise<number | string> {
  if (!existsSync(join(PEER, 'run.sh'))) return 'peer absent'
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const pki = spawnSync(join(PEER, 'pki.sh'), [folder, '2048'], { stdio: 'ignore' })
    if (pki.status !== 0) return 'peer absent: no keys (openssl?)'
    const child = spawn(join(PEER, 'run.sh'), ['bench', '--mode', 'codec', '--pki', folder, '--seconds', String(PEER_SECONDS)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let problem = ''
    child.stderr.on('data', (piece: Buffer) => (problem = (problem + piece.toString('utf8')).slice(0, 200)))
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const late = setTimeout(() => child.kill(), PEER_MAX_MS)
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        if (!line.startsWith('{')) continue
        const { payloadBytes, parseAcceptDelivery } = JSON.parse(line) as CodecLine
        // the lines that follow are other kinds
        if (payloadBytes === 10_000) return parseAcceptDelivery.perSecond
      }
      return (await ended) === 3 ? problem.trim() : `peer failed: ${problem.trim()}`
    } finally {
      clearTimeout(late)
      child.kill()
      await ended
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function perSecond(work: () => Promise<unknown>, seconds: number): Promise<number> {
  const began = performance.now()
  let done = 0
  while (performance.now() - began < seconds * 1000) {
    await work()
    done++
  }
  return done / ((performance.now() - began) / 1000)
}

export async function benchAccept(): Promise<BenchResult> {
  const measured = await scenario('rsa-2048', demoDocument(10_000), 'acceptDelivery')
  const work = () => measured.open(measured.request)
  await perSecond(work, 1.5)
  // before and after the peer, so that a slow moment of the machine meets both
  const before = await perSecond(work, SECONDS)
  const theirs = await peerPerSecond()
  const ours = (before + (await perSecond(work, SECONDS))) / 2
  const result = { ours: `${ours.toFixed(0)} messages/s`, goal: `≥ ${GOAL.toFixed(2)}` }
  const name = 'open acceptDelivery, one in flight (Java peer)'
  if (typeof theirs === 'string') return { ...result, name: `${name}: ${theirs}`, reference: undefined, ratio: undefined }
  const ratio = ours / theirs
  return { ...result, name, reference: `${theirs.toFixed(0)} messages/s`, ratio, ok: ratio >= GOAL }
}
