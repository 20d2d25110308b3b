// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester against ourselves, in every role: no clause fails.
 * @module
 */
import { expect } from 'chai'
import { openContext } from '../../src/cli/commands/check-context.js'
import { osciHttp } from '../../src/client/osci/transport.js'
import { systemClock, systemRandom } from '../../src/client/transport.js'
import { check } from '../../src/check/engine.js'
import { ClientRole } from '../../src/conformance/as-client.js'
import type { ClauseResult } from '../../src/conformance/clause.js'
import { tableClauses } from '../../src/conformance/clauses.js'
import { openKeys, wanted } from '../../src/conformance/keys.js'
import { readProfile } from '../../src/conformance/profile.js'
import { runClauses } from '../../src/conformance/run.js'
import { scenarioClauses } from '../../src/conformance/scenarios.js'
import { Legs } from '../../src/conformance/wire.js'
import { EXCHANGES, REQUEST_NAMES } from '../../src/osci/messages.js'
import { keysOf, openThreatHouse, type ThreatHouse } from '../gateway/intermediary/house.js'

describe('our intermediary under the tester', function () {
  this.timeout(120_000)
  let house: ThreatHouse
  before(async () => {
    house = await openThreatHouse()
  })
  after(() => house.close())

  it('fails in no clause', async () => {
    const [bob, expired, im] = [await keysOf('bob'), await keysOf('expired'), await keysOf('im')]
    const pairs = [bob.cipher, bob.signature, expired.signature]
    const keys = await openKeys(pairs, { ...systemClock, random: systemRandom })
    const profile = readProfile('p.yaml', 'name: ours\ncertificates: { signature: [ x.pem ] }\n')
    const http = osciHttp()
    const legs = new Legs(async () => Promise.resolve())
    const { context, close } = await openContext({ keystores: [], trust: [], schemas: [], workers: 1, warn: () => undefined })
    const signature = wanted(keys.signature, 'signature')
    const role = new ClientRole({
      station: {
        url: house.endpoint('strict'),
        identity: { env: keys.env, cipher: wanted(keys.cipher, 'cipher').certificate, signer: keys.hand.signer(new Uint8Array(signature.certificate.raw))!, role: 'originator' },
        peer: { url: house.endpoint('strict'), cipherCertificate: im.cipher.certificate, recognises: async (c) => Promise.resolve(c.raw.equals(im.signature.certificate.raw)) },
        hand: keys.hand,
        http,
        legs,
        timeoutMs: 10_000,
      },
      profile,
      check: (bytes) => check(bytes, { ...context, keys: keys.env.keys }),
    })
    const names = REQUEST_NAMES.filter((name) => EXCHANGES[name].asks === 'client')
    const clauses = [...tableClauses(names, 'intermediary', profile, { signed: true, encrypted: true }), ...scenarioClauses(profile)]
    const results: ClauseResult[] = []
    const began = performance.now()
    await runClauses(clauses, role, legs, async (r) => void results.push(r))
    console.log(clauses.length, 'clauses', Math.round(performance.now() - began), 'ms')
    for (const r of results.filter((r) => r.outcome !== 'passed')) console.log(r.outcome, r.id, r.why?.en)
    await close()
    http.close()
    expect(results.filter((r) => r.outcome === 'failed').map((r) => r.id)).to.deep.equal([])
  })
})
