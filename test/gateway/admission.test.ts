// SPDX-License-Identifier: EUPL-1.2
/**
 * Who calls: what is said when that cannot be found out.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { SignatureError } from '../../src/errors.js'
import { proveCaller } from '../../src/gateway/admission.js'
import type { Peer } from '../../src/gateway/ports.js'
import { verdictOfError } from '../../src/gateway/render-error.js'
import { frame } from '../../src/osci/stages.js'
import type { OsciEnv } from '../../src/osci/types.js'
import { keyRing } from '../../src/pki/keys.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { capture } from '../check/support.js'

const algorithms = {
  transport: gatewayAlgorithms({ where: 'transport' }),
  signature: gatewayAlgorithms({ where: 'signature' }),
  content: gatewayAlgorithms({ where: 'content' }),
}
const env: OsciEnv = {
  now: () => new Date('2026-11-24T09:00:00Z'),
  monotonicMs: () => 0,
  random: (n) => randomBytes(n),
  keys: keyRing([]),
  trust: { check: () => Promise.resolve({ verdict: 'unchecked', path: [] }) },
  limits: GATEWAY_LIMITS,
  algorithms,
}
const peer = (recognises: Peer['recognises']): Peer => ({
  name: 'peer',
  recognises,
  signed: 'required',
  encrypted: 'optional',
  verdictFirst: false,
  algorithms,
  hasLegacy: false,
  sendingSignature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  tolerate: new Set(),
})

describe('admission', () => {
  const refusal = async (recognises: Peer['recognises'], at: OsciEnv = env): Promise<unknown> => {
    const opened = await frame.open(capture('12-processDelivery.bin'), env)
    return proveCaller(opened, [peer(recognises)], at).then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  it('lets in whom a peer knows, and answers 9601 to anybody else', async () => {
    expect(await refusal(() => Promise.resolve(true))).to.equal(undefined)
    expect(verdictOfError(await refusal(() => Promise.resolve(false)))).to.deep.equal({ outcome: 'denied', codes: ['9601'] })
  })

  it('answers 9603 where the signature, or whose it is, could not be checked: a failure of ours', async () => {
    const broken = { ...env, algorithms: { ...algorithms, signature: { ...algorithms.signature, digest: () => { throw new TypeError('no engine') } } } } // prettier-ignore
    for (const error of [
      await refusal(() => Promise.reject(new Error('directory away'))),
      await refusal(() => Promise.resolve(true), broken),
    ]) {
      expect(error).to.be.instanceOf(SignatureError).and.to.include({ finding: 'message-signature.check-failed' })
      expect(verdictOfError(error)).to.deep.equal({ outcome: 'failed', codes: ['9603'] })
    }
  })
})
