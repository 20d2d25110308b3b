// SPDX-License-Identifier: EUPL-1.2
/**
 * The measured process: a gateway as `serve` builds it, and nothing else, so that neither the caller nor the register weighs on what
 * is read here. Runs under `--expose-gc`; the parent asks over IPC.
 * @module
 */
import { availableParallelism } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { startGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import { gatewayLog } from '../../../src/gateway/log.js'

/** What the parent may ask. */
export type Question = 'reset-delay' | 'delay' | 'memory' | 'end'

/** Milliseconds; a delay contains the resolution of the timer that measures it. */
export interface Delay {
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly samples: number
}

/** First message of the child. `jwks`: public keys of the gateway. */
export interface Started {
  readonly url: string
  readonly audience: string
  readonly participant: string
  readonly jwks: readonly object[]
}

export const RESOLUTION_MS = 2
const NS_PER_MS = 1e6

/** Bytes resident once garbage is collected, also that which the first collection only makes collectable. */
async function resident(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await pause(200)
  }
  return process.memoryUsage.rss()
}

async function main(configFile: string): Promise<void> {
  const config = await loadConfig(configFile)
  const gateway = await startGateway(config, { log: gatewayLog(), workers: Math.max(1, availableParallelism() - 1) })
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const answers: Readonly<Record<Question, () => unknown>> = {
    'reset-delay': () => delay.reset(),
    delay: (): Delay => ({
      p50: delay.percentile(50) / NS_PER_MS,
      p99: delay.percentile(99) / NS_PER_MS,
      max: delay.max / NS_PER_MS,
      samples: delay.count,
    }),
    memory: resident,
    end: () => gateway.close(1000),
  }
  process.on('message', (question: Question) => {
    void (async () => {
      process.send?.({ answer: (await answers[question]()) ?? null })
      if (question === 'end') process.disconnect()
    })()
  })
  // a parent that has died must not leave a gateway behind
  process.on('disconnect', () => process.exit())
  const { participant, jwks } = gateway.identity
  const started: Started = { url: gateway.public.url, audience: config.publicUrl, participant, jwks: jwks.keys }
  process.send?.(started)
}

const [configFile] = process.argv.slice(2)
if (process.send && configFile !== undefined) await main(configFile)
