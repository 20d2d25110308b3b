// SPDX-License-Identifier: EUPL-1.2
/**
 * `npm run prove:core [-- --envelopes N --takers N --adapter memory|redis|both --reports FOLDER]`: the contended-claim runs, each with its report
 * `prove-core-ADAPTER.md`.
 * Exit code 0 only when nothing was handed out twice and everything has an outcome.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { RedisServer } from '../../test/core/redis/server.js'
import { ROOT } from '../generated.js'
import { page, passed, summary } from './report.js'
import type { RunResult } from './run.js'
import { proveRun } from './run.js'

const ADAPTERS: Readonly<Record<string, readonly RunResult['adapter'][]>> = {
  memory: ['memory'],
  redis: ['redis'],
  both: ['memory', 'redis'],
}
const PROGRESS_SECONDS = 10

const { values } = parseArgs({
  options: {
    envelopes: { type: 'string', default: '1000000' },
    takers: { type: 'string', default: '8' },
    adapter: { type: 'string', default: 'both' },
    reports: { type: 'string', default: 'docs' },
  },
})
const [envelopes, takers] = [Number(values.envelopes), Number(values.takers)]
const adapters = ADAPTERS[values.adapter]
if (adapters === undefined || !(envelopes >= 1000) || !(takers >= 1 && takers <= 64)) {
  console.error('prove:core --envelopes N (1000 or more) --takers N (1 to 64) --adapter memory|redis|both --reports FOLDER')
  process.exit(2)
}

const versionOf = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: ROOT, encoding: 'utf8' }).trim()

async function prove(adapter: RunResult['adapter']): Promise<RunResult> {
  const own = adapter === 'redis' && process.env.REDIS_URL === undefined ? await RedisServer.start() : undefined
  const redisUrl = own?.url ?? process.env.REDIS_URL
  let told = 0
  try {
    return await proveRun({
      envelopes,
      takers,
      ...(adapter === 'redis' && redisUrl !== undefined ? { redisUrl } : {}),
      onProgress: (put, seconds) => {
        if (seconds - told < PROGRESS_SECONDS) return
        told = seconds
        const left = (seconds / put) * (envelopes - put)
        console.error(`${adapter}: ${put} of ${envelopes} put, ${(put / seconds).toFixed(0)}/s, about ${(left / 60).toFixed(0)} min left`)
      },
    })
  } finally {
    await own?.stop()
  }
}

const commit = existsSync(resolve(ROOT, '.git')) ? versionOf('git', 'rev-parse', '--short', 'HEAD') : 'unknown'
const redis = (): string => /v=[\d.]+/.exec(versionOf('redis-server', '--version'))?.[0].replace('v=', 'Redis ') ?? ''

process.exitCode = 0
for (const adapter of adapters) {
  const run = await prove(adapter)
  console.log(`\n${adapter}: ${passed(run) ? 'proven' : 'FAILED'}\n${summary(run)}`)
  if (!passed(run)) {
    process.exitCode = 1
    console.log(`evidence: ${run.folder}`)
    for (const { rule, id } of [...run.verdict.faults, ...run.traceFaults].slice(0, 20)) console.log(`  ${rule} ${id}`)
  }
  const report = page(run, {
    date: new Date().toISOString().slice(0, 16) + 'Z',
    commit,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    redis: adapter === 'redis' ? redis() : 'no Redis',
    command: `npm run prove:core -- --envelopes ${envelopes} --takers ${takers} --adapter ${adapter}`,
  })
  const file = resolve(ROOT, values.reports, `prove-core-${adapter}.md`)
  writeFileSync(file, report)
  console.log(`\nwritten: ${file}`)
}
