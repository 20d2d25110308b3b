// SPDX-License-Identifier: EUPL-1.2
/**
 * A large delivery through the whole chunk engine, in a process of its own. The 500 MB of the goal are a row of the bench.
 * @module
 */
import { expect } from 'chai'
import { measureChunks } from '../../../tools/bench/chunks.js'
import { needsLinux } from '../../needs.js'

const MIB = 1024 * 1024

describe('memory of the chunk engine', function () {
  this.timeout(240_000)

  before(function () {
    needsLinux(this)
  })

  it('P8 a signed delivery of 128 MB comes in, is verified and goes out in chunks, and is never once whole in memory', async () => {
    const { messageBytes, chunks, growthBytes } = await measureChunks(128, 2048)
    expect(messageBytes).to.be.within(127 * MIB, 129 * MIB)
    expect(chunks).to.equal(64)
    expect(growthBytes).to.be.lessThan(128 * MIB)
  })
})
