// SPDX-License-Identifier: EUPL-1.2
/**
 * A disk that is full, read-only, away or silent: found out without a write, without flapping, and told at `/readyz` and `/metrics`.
 */
import { expect } from 'chai'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataRoom, type DataState } from '../../src/cli/compose/data-room.js'
import { startGateway } from '../../src/cli/compose/gateway.js'
import { loadConfig } from '../../src/config/load.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { until } from '../until.js'

const MIB = 1024 * 1024

describe('room in the data directory', () => {
  it('is full below 4 MiB until there are 16 again, read-only where the system refuses, and asked once a second at most', async () => {
    let nowMs = 0
    let looks = 0
    let free = 100 * MIB
    let refusal: string | undefined
    const changes: DataState[] = []
    const room = dataRoom('data', {
      clock: { monotonicMs: () => nowMs },
      disk: {
        async assertWritable() {
          looks += 1
          if (refusal !== undefined) throw Object.assign(new Error('refused'), { code: refusal })
        },
        freeBytes: async () => free,
      },
      onChange: (state) => changes.push(state),
    })
    const after = async (freeBytes: number, code?: string): Promise<DataState> => {
      nowMs += 1000
      free = freeBytes
      refusal = code
      return room()
    }
    expect(await Promise.all([room(), room(), room()])).to.deep.equal(['ok', 'ok', 'ok'])
    free = 0
    expect([await room(), looks]).to.deep.equal(['ok', 1])
    const seen = []
    for (const mib of [5, 3, 5, 15, 16, 5, 3]) seen.push(await after(mib * MIB))
    expect(seen).to.deep.equal(['ok', 'full', 'full', 'full', 'ok', 'ok', 'full'])
    expect(await after(100 * MIB, 'EROFS')).to.equal('read-only')
    expect(await after(100 * MIB, 'EIO')).to.equal('away')
    expect(await after(100 * MIB)).to.equal('ok')
    expect(changes).to.deep.equal(['full', 'ok', 'full', 'read-only', 'away', 'ok'])
  })

  it('is away while the disk does not answer, and asks it no second time meanwhile', async () => {
    let looks = 0
    let answer: () => void = () => undefined
    const changes: DataState[] = []
    const room = dataRoom('data', {
      clock: { monotonicMs: () => performance.now() },
      answerMs: 5,
      onChange: (state) => changes.push(state),
      disk: {
        assertWritable: () => new Promise((resolve) => ((looks += 1), (answer = resolve))),
        freeBytes: async () => 100 * MIB,
      },
    })
    expect([await room(), await room(), looks]).to.deep.equal(['away', 'away', 1])
    answer()
    expect(await until(async () => (await room()) === 'ok')).to.equal(true)
    expect(looks).to.equal(1)
    expect(changes).to.deep.equal(['away', 'ok'])
  })

  it('is not away where this process was stopped, or too busy, while the disk answered', async () => {
    const changes: DataState[] = []
    const room = dataRoom(tmpdir(), {
      clock: { monotonicMs: () => performance.now() },
      answerMs: 20,
      onChange: (state) => changes.push(state),
    })
    const found = room()
    const untilMs = performance.now() + 300
    while (performance.now() < untilMs);
    expect(await found).to.equal('ok')
    expect(changes).to.deep.equal([])
  })

  it('/readyz says 503 and which part is in the way, /metrics and the log say it too, until it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-data-'))
    const data = join(folder, 'data')
    const file = join(folder, 'gateway.yaml')
    await writeFile(file, "listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }\n")
    const lines: string[] = []
    const log = gatewayLog({ write: (line: string) => void lines.push(line) })
    const gateway = await startGateway(await loadConfig(file), { log, workers: 1 })
    try {
      const readyz = async () => {
        const answer = await fetch(`${gateway.admin.url}/readyz`)
        return [answer.status, (await answer.json()) as object] as const
      }
      await rename(data, data + '.away')
      const [status, body] = await until(async () => {
        const answer = await readyz()
        return 'part' in answer[1] && answer
      })
      expect(status).to.equal(503)
      expect(body).to.deep.equal({ status: 'not ready', part: 'data', state: 'away' })
      const metrics = await (await fetch(`${gateway.admin.url}/metrics`)).text()
      expect(metrics)
        .to.contain('protektor_part_state{part="data",name="",state="away"} 1')
        .and.contain('protektor_state{state="not-ready"} 1')
      await rename(data + '.away', data)
      await until(async () => !('part' in (await readyz())[1]))
      expect(
        lines.filter((line) => line.includes('"data-directory"')).map((line) => (JSON.parse(line) as { outcome: string }).outcome),
      ).to.deep.equal(['away', 'ok'])
    } finally {
      await gateway.close(0)
      await rm(folder, { recursive: true, force: true })
    }
  })
})
