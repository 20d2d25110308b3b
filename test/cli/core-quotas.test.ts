// SPDX-License-Identifier: EUPL-1.2
/**
 * What the configuration makes larger is larger: no share that was right for the default stands in the way.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openCore, type CoreEnv } from '../../src/cli/compose/core.js'
import { loadConfig } from '../../src/config/load.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import type { Core } from '../../src/core/ports.js'

const MIB = 1024 * 1024

describe('quotas of the core by configuration', () => {
  let folder = ''
  let opened: (() => Promise<unknown>)[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-quotas-'))
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((close) => close()))
    await rm(folder, { recursive: true, force: true })
  })

  async function coreOf(text: string): Promise<Core> {
    await writeFile(join(folder, 'gateway.yaml'), text)
    const log = { write: () => undefined }
    const env = { clock: systemClock, random: (bytes: number) => randomBytes(bytes), log, observe: () => undefined }
    const { core } = await openCore(await loadConfig(join(folder, 'gateway.yaml')), env as unknown as CoreEnv, (opened = []))
    opened.push(() => core.close())
    await core.openMailbox('box', 'register-1', { ttlSeconds: 10, handover: 'at-most-once', maxBytes: 1024 * MIB })
    return core
  }
  const mayHold = async (core: Core, bytes: number): Promise<boolean> => {
    const held = await core.reserve('box', 'gateway', bytes).catch(() => undefined)
    held?.release()
    return held !== undefined
  }

  it('C4 one sender holds half of the core, and never less than 128 MiB', async () => {
    const large = await coreOf(`limits: { coreBytes: ${1024 * MIB} }`)
    expect([await mayHold(large, 512 * MIB), await mayHold(large, 512 * MIB + 1)]).to.deep.equal([true, false])
    const usual = await coreOf('')
    expect([await mayHold(usual, 128 * MIB), await mayHold(usual, 128 * MIB + 1)]).to.deep.equal([true, false])
    const small = await coreOf(`limits: { coreBytes: ${34 * MIB} }`)
    expect([await mayHold(small, 34 * MIB), await mayHold(small, 34 * MIB + 1)]).to.deep.equal([true, false])
  })

  it('H1 as many calls wait as core.longPolls.total says', async () => {
    const core = await coreOf('core: { memory: {}, longPolls: { total: 12000 } }\nhttp: { maxConnections: 13000 }')
    let refused = 0
    for (let call = 0; call < 12_000; call += 1) core.take('box', 60_000).catch(() => (refused += 1))
    await new Promise((resolve) => setImmediate(resolve))
    await core.close()
    expect(refused).to.equal(0)
  })
})
