// SPDX-License-Identifier: EUPL-1.2
/**
 * Resident growth of `serve` while a delivery of 500 MB is stored and fetched in chunks of 4 MB over HTTP, all layers on every chunk.
 * @module
 */
import { measureChunksOverHttp } from './chunks/http.js'
import type { BenchResult } from './main.js'

const MIB = 1024 * 1024
const GOAL_MIB = 200

export async function benchChunksOverHttp(): Promise<BenchResult> {
  const { messageBytes, chunks, restBytes, growthBytes, uploadSeconds, downloadSeconds, spooled } = await measureChunksOverHttp(499, 4096)
  const mib = (bytes: number): string => (bytes / MIB).toFixed(0)
  return {
    name: `resident growth of serve, ${mib(messageBytes)} MiB in ${chunks} chunks over HTTP (upload ${uploadSeconds.toFixed(0)}, download ${downloadSeconds.toFixed(0)} s; at rest ${mib(restBytes)} MiB; spool files ${spooled.join(', then ')})`,
    ours: `${mib(growthBytes)} MiB`,
    reference: undefined,
    ratio: undefined,
    goal: `< ${GOAL_MIB} MiB`,
    ok: growthBytes < GOAL_MIB * MIB && spooled[1] === 0,
  }
}
