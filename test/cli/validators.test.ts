// SPDX-License-Identifier: EUPL-1.2
/**
 * The pool of compiled schemas: each compiled once, a start that failed tried again later.
 * @module
 */
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { validatorPool } from '../../src/cli/compose/validators.js'
import type { SchemaSource } from '../../src/xml/schema.js'
import { filesOf } from '../xoev/fixtures.js'

const sourceOf = (type: string): SchemaSource => ({
  id: 'made-up',
  entry: 'a.xsd',
  files: filesOf({ 'a.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a" type="${type}"/></xs:schema>` }),
})

describe('pool of validators', () => {
  it('compiles a source once, and tries again what failed', async () => {
    const pool = validatorPool({ workers: 1, startWorker: (url, options) => new Worker(url, options) }, 20)
    try {
      const good = sourceOf('xs:token')
      const first = pool.validatorFor(good)
      expect(pool.validatorFor(good)).to.equal(first)
      await first
      expect(pool.validatorFor(good)).to.equal(first)
      const broken = sourceOf('nowhere')
      const failed = pool.validatorFor(broken)
      expect(pool.validatorFor(broken)).to.equal(failed)
      const outcome = await failed.then(
        () => 'started',
        (cause: unknown) => cause,
      )
      expect(outcome).to.have.property('finding', 'xoev-schema.set-broken')
      // at once it would fail again
      expect(pool.validatorFor(broken)).to.equal(failed)
      await new Promise((resolve) => setTimeout(resolve, 200))
      const again = pool.validatorFor(broken)
      expect(again).to.not.equal(failed)
      await again.catch(() => undefined)
    } finally {
      await pool.close()
    }
  })
})
