// SPDX-License-Identifier: EUPL-1.2
/**
 * Threads of the engines that a thread starts: they have its limits.
 * @module
 */
import { expect } from 'chai'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const moduleOf = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`)
const text = (value: string | URL): string => JSON.stringify(String(value))

const INNER = moduleOf(`import { parentPort, resourceLimits } from 'node:worker_threads'; parentPort.postMessage(resourceLimits)`)
const OUTER = moduleOf(`
  import { parentPort } from 'node:worker_threads'
  import { register } from ${text(import.meta.resolve('tsx/esm/api'))}
  register()
  const { startWorker } = await import(${text(new URL('../../src/cli/commands/start-worker.ts', import.meta.url))})
  startWorker(new URL(${text(INNER)}), { execArgv: [] }).once('message', (limits) => parentPort.postMessage(limits))`)

describe('threads of a thread', () => {
  it('X5 have the memory limit of the thread that starts them', async () => {
    const outer = new Worker(OUTER, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 200 } })
    try {
      const [limits] = (await once(outer, 'message')) as [{ maxOldGenerationSizeMb: number }]
      expect(limits.maxOldGenerationSizeMb).to.equal(200)
    } finally {
      await outer.terminate()
    }
  })
})
