// SPDX-License-Identifier: EUPL-1.2
/**
 * What a process can do to keep contents from staying behind; that the kernel obeys is tested with a real `serve` (test/canary).
 */
import { expect } from 'chai'
import { shutDumps } from '../../src/cli/compose/dumps.js'

describe('memory of the process', () => {
  const { poolSize } = Buffer
  const listeners = process.listeners('SIGUSR1')
  after(() => {
    Buffer.poolSize = poolSize
    for (const one of process.listeners('SIGUSR1')) if (!listeners.includes(one)) process.off('SIGUSR1', one)
  })

  it('C5 a small buffer shares its memory with no other one, however it was made', async () => {
    const made = (): Buffer[] => [
      Buffer.from('Inhalt'),
      Buffer.from('SW5oYWx0', 'base64'),
      Buffer.concat([Buffer.alloc(6)]),
      Buffer.from([1, 2]),
    ]
    expect(made().some(({ buffer, length }) => buffer.byteLength > length)).to.equal(true)
    await shutDumps({})
    for (const { buffer, length } of made()) expect(buffer.byteLength).to.equal(length)
  })
})
