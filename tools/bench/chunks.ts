// SPDX-License-Identifier: EUPL-1.2
/**
 * Resident growth while a delivery of 500 MB passes the chunk engine: spooled, assembled, verified, sealed anew, handed out in chunks of
 * 4 MB. The delivery is made by a generator in the measured process; sender and receiver count as well.
 * @module
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ChunksMeasured } from './chunks/child.js'
import type { BenchResult } from './main.js'

const CHILD = fileURLToPath(new URL('./chunks/child.ts', import.meta.url))
const MIB = 1024 * 1024
const GOAL_MIB = 200

/** One delivery in a process of its own. @throws {Error} it did not come through. */
export function measureChunks(megabytes: number, chunkKilobytes: number): Promise<ChunksMeasured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, String(megabytes), String(chunkKilobytes)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let line = ''
    let problem = ''
    child.stdout.on('data', (piece: Buffer) => (line += piece.toString('utf8')))
    child.stderr.on('data', (piece: Buffer) => (problem = (problem + piece.toString('utf8')).slice(0, 2000)))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(line) as ChunksMeasured)
      else reject(new Error(`the measured process ended with ${code ?? 'a signal'}: ${problem}`))
    })
  })
}

export async function benchChunks(): Promise<BenchResult> {
  const { messageBytes, chunks, growthBytes, ...seconds } = await measureChunks(500, 4096)
  const { uploadSeconds, openSeconds, sealSeconds, downloadSeconds } = seconds
  const legs = `upload ${uploadSeconds.toFixed(1)}, open ${openSeconds.toFixed(1)}, seal ${sealSeconds.toFixed(2)}, download ${downloadSeconds.toFixed(1)} s`
  return {
    name: `resident growth, ${(messageBytes / MIB).toFixed(0)} MiB in ${chunks} chunks (${legs})`,
    ours: `${(growthBytes / MIB).toFixed(0)} MiB`,
    reference: undefined,
    ratio: undefined,
    goal: `< ${GOAL_MIB} MiB`,
    ok: growthBytes < GOAL_MIB * MIB,
  }
}
