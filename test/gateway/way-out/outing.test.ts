// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be repeated, and until when; what a directory's answer means; what codes mean.
 * @module
 */
import { expect } from 'chai'
import { OsciCallError, type CallErrorOptions, type CallStage, type Feedback } from '../../../src/client/osci/ports.js'
import { scanFeedback } from '../../../src/client/osci/feedback.js'
import { DirectoryError, type DirectoryErrorKind } from '../../../src/directory/errors.js'
import type { ServiceDirectory, ServiceEntry } from '../../../src/directory/ports.js'
import { DeliveryRefused } from '../../../src/gateway/recipient/verdict.js'
import { fateOfFailure, fateOfFeedback, refusedBefore } from '../../../src/gateway/way-out/fate.js'
import { beginOuting } from '../../../src/gateway/way-out/outing.js'
import type { WayOut, WayOutHouse } from '../../../src/gateway/way-out/ports.js'
import { serviceOf } from '../../../src/gateway/way-out/entry.js'
import { issueCertificate } from '../../../src/pki/test-pki.js'

const failure = (stage: CallStage, finding = 'client.connection', options: CallErrorOptions = {}) =>
  new OsciCallError(stage, finding, 'no', options)

/** A house whose clock stands where the test puts it; sleeping takes no time but the clock's. */
function house(time: { nowMs: number }, ending = new AbortController().signal): WayOutHouse {
  const own = {
    sleep: (ms: number, signal: AbortSignal) =>
      ms > 1000
        ? new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        : Promise.resolve(void (time.nowMs += ms)),
  }
  return { own, ports: { clock: { monotonicMs: () => time.nowMs, now: () => new Date(0) } }, ending } as unknown as WayOutHouse
}

async function attempts(errors: readonly unknown[], lifeMs = 5000): Promise<{ readonly calls: number; readonly error?: unknown }> {
  const outing = beginOuting(lifeMs, 20_000, house({ nowMs: 0 }))
  let calls = 0
  try {
    await outing.first(() => {
      const error = errors[calls++]
      return error instanceof Error ? Promise.reject(error) : Promise.resolve()
    })
    return { calls }
  } catch (error) {
    return { calls, error }
  } finally {
    await outing.end()
  }
}

describe('way out: outing', () => {
  it('a first step whose connection never stood is tried once more', async () => {
    expect(await attempts([failure('not-sent')])).to.deep.equal({ calls: 2 })
    expect(await attempts([failure('not-sent', 'client.connect-timeout')])).to.deep.equal({ calls: 2 })
    expect((await attempts([failure('not-sent'), failure('not-sent'), failure('not-sent')])).calls).to.equal(2)
  })

  for (const stage of ['no-answer', 'answered-wrongly', 'fault', 'refused'] as const)
    it(`${stage} is never repeated`, async () => {
      expect((await attempts([failure(stage)])).calls).to.equal(1)
    })

  it('a request that could not be built is not tried again', async () => {
    expect((await attempts([failure('not-sent', 'client.request')])).calls).to.equal(1)
  })

  it('what comes before the first step is waited for no longer than the envelope lives, nor than the house stands', async () => {
    const never = new Promise<never>(() => undefined)
    const code = (work: Promise<unknown>) => work.catch((error: unknown) => (error as DeliveryRefused).codes)
    const outing = beginOuting(500, 20_000, house({ nowMs: 0 }))
    expect(await code(outing.before(never))).to.include('9809')
    await outing.end()
    const ending = new AbortController()
    const other = beginOuting(5000, 20_000, house({ nowMs: 0 }, ending.signal))
    expect(await other.before(Promise.resolve('found'))).to.equal('found')
    expect(await other.before(Promise.reject(new TypeError('x'))).catch((error: unknown) => error)).to.be.instanceOf(TypeError)
    const waiting = code(other.before(never))
    ending.abort()
    expect(await waiting).to.include('9809')
    await other.end()
  })

  it('nothing leaves after the life of the envelope, the further attempt neither', async () => {
    const expired = await attempts([], 0)
    expect(expired.calls).to.equal(0)
    expect(expired.error).to.be.instanceOf(DeliveryRefused)
    expect((await attempts([failure('not-sent')], 100)).calls).to.equal(1)
  })

  it('leaves nothing behind at the signal of the house, however many there were', async () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 3; n++) await beginOuting(5000, 5000, house({ nowMs: 0 }, signal)).end()
    const kept = Reflect.ownKeys(signal).map((key) => (signal as unknown as Record<symbol, { size?: number } | undefined>)[key as symbol])
    expect(kept.flatMap((one) => one?.size ?? [])).to.deep.equal(kept.flatMap((one) => (one?.size === undefined ? [] : 0)))
  })

  it('a house that ends in the middle ends the call', async () => {
    const ending = new AbortController()
    const outing = beginOuting(5000, 5000, house({ nowMs: 0 }, ending.signal))
    expect(outing.signal.aborted).to.equal(false)
    ending.abort()
    expect(outing.signal.aborted).to.equal(true)
    await outing.end()
  })

  it('nothing leaves once the house ends', async () => {
    const outing = beginOuting(5000, 5000, house({ nowMs: 0 }, AbortSignal.abort()))
    let error: unknown
    await outing.deliver(() => Promise.resolve()).catch((cause: unknown) => (error = cause))
    expect(error).to.be.instanceOf(DeliveryRefused)
    expect(outing.delivering).to.equal(false)
    await outing.end()
  })
})

const said = (...codes: string[]): Feedback => scanFeedback(codes.map((code) => ({ code, text: code, lang: 'de' })))

describe('way out: fates', () => {
  const cases: readonly (readonly [codes: readonly string[], received: boolean, brokeDown: 'refused' | 'unknown', fate: string])[] = [
    [['0800'], false, 'refused', 'done'],
    [['3701', '0801'], true, 'refused', 'done'],
    [['9805'], false, 'refused', 'refused'],
    [['9805', '9811'], false, 'unknown', 'refused'],
    [['9809', '9811'], false, 'unknown', 'not-taken'],
    [['9810', '9811'], false, 'unknown', 'unknown'],
    [['9811'], false, 'unknown', 'unknown'],
    [['9811'], false, 'refused', 'refused'],
    [['9801'], false, 'refused', 'refused'],
    [['9801'], true, 'refused', 'unknown'],
    [['9806'], false, 'refused', 'unknown'],
    [['9807'], false, 'refused', 'unknown'],
    [['9808'], false, 'refused', 'unknown'],
    [['9711'], false, 'refused', 'unknown'],
    [['7777'], false, 'refused', 'refused'],
    [['0800', '9805'], false, 'unknown', 'unknown'],
    [['9601', '0801'], false, 'refused', 'unknown'],
    [['0800', '7777'], false, 'unknown', 'unknown'],
    [['3701', '9805'], false, 'unknown', 'refused'],
  ]
  for (const [codes, received, brokeDown, fate] of cases)
    it(`${codes.join('+')}${received ? ' with Reception on the card' : ''} ${brokeDown === 'unknown' ? 'of a recipient' : 'of an intermediary'} is ${fate}`, () => {
      expect(fateOfFeedback({ feedback: said(...codes), received, brokeDown }).outcome).to.equal(fate)
    })

  it('9810 stands first among the reasons of what is unknown, and in no others', () => {
    const all = cases.map(([codes, received, brokeDown]) => fateOfFeedback({ feedback: said(...codes), received, brokeDown }))
    for (const { outcome, reasons } of all) {
      const at = reasons.map(({ code }) => code).indexOf('9810')
      expect(at).to.equal(outcome === 'unknown' ? 0 : -1)
    }
  })

  it('9810 said of a step before the delivery, or with the fault of a client, is not passed on: nothing was processed', () => {
    const before = fateOfFailure(refusedBefore(said('9810', '9811'), 'getMessageId'), false)
    expect(before).to.deep.include({ outcome: 'refused', reasons: [{ code: '9811', text: '9811' }] })
    const fault = fateOfFailure(failure('fault', 'x', { feedback: '9810', faultSide: 'Client' }), true)
    expect(fault).to.deep.equal({ outcome: 'refused', reasons: [] })
  })

  it('before the delivery nothing can have been processed, however a step failed', () => {
    for (const stage of ['not-sent', 'no-answer', 'answered-wrongly'] as const)
      expect(fateOfFailure(failure(stage), false).outcome).to.equal('not-taken')
    expect(fateOfFailure(failure('refused', 'x', { feedback: '9601' }), false)).to.deep.include({ outcome: 'refused' })
    expect(fateOfFailure(new Error('ours'), false).outcome).to.equal('not-taken')
    expect(fateOfFailure(new Error('ours'), true).outcome).to.equal('unknown')
  })
})

describe('way out: services', () => {
  const directory = (answers: Partial<ServiceDirectory>) => answers as ServiceDirectory
  let way: WayOut
  before(async () => {
    const { certificate } = await issueCertificate({
      commonName: 'author',
      usage: 'signature',
      key: 'ec-p256',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
    })
    way = { organization: 'ags:99001000', service: 'urn:x', keys: { author: { certificate } } } as unknown as WayOut
  })

  const codes: Readonly<Record<DirectoryErrorKind, string>> = {
    'unknown-organization': 'T080',
    'unknown-service': 'T080',
    'element-missing': '9809',
    'certificate-missing': '9809',
    'certificate-expired': '9809',
    'certificate-revoked': '9809',
    away: '9809',
  }
  for (const [kind, code] of Object.entries(codes))
    it(`${kind}: nothing is sent, the reason is ${code}`, async () => {
      const findService = () => Promise.reject(new DirectoryError(kind as DirectoryErrorKind, 'no'))
      const error = await serviceOf(way, directory({ findService })).catch((cause: unknown) => cause)
      expect(error).to.be.instanceOf(DeliveryRefused)
      expect(fateOfFailure(error, false).reasons.map((reason) => reason.code)).to.deep.equal([code])
    })

  const entry = { allowedUserCategories: ['Portal', 'Amt'] } as unknown as ServiceEntry
  const findService = () => Promise.resolve(entry)

  it('one of the allowed categories is enough; our certificate is named by its SHA-1', async () => {
    const asked: string[][] = []
    const verifyCategory = (fingerprint: string, category: string) => {
      asked.push([fingerprint, category])
      return Promise.resolve(category === 'Amt')
    }
    expect(await serviceOf(way, directory({ findService, verifyCategory }))).to.equal(entry)
    const sha1 = way.keys.author?.certificate.fingerprint.replaceAll(':', '').toLowerCase() ?? ''
    expect(asked).to.deep.equal([
      [sha1, 'Portal'],
      [sha1, 'Amt'],
    ])
  })

  it('none of them: T070', async () => {
    const verifyCategory = () => Promise.resolve(false)
    const error = await serviceOf(way, directory({ findService, verifyCategory })).catch((cause: unknown) => cause)
    expect(fateOfFailure(error, false)).to.deep.include({ outcome: 'refused' })
    expect(fateOfFailure(error, false).reasons.map((reason) => reason.code)).to.deep.equal(['T070'])
  })

  it('a directory that cannot say whether we may is away, not a no', async () => {
    const verifyCategory = () => Promise.reject(new DirectoryError('away', 'no'))
    const error = await serviceOf(way, directory({ findService, verifyCategory })).catch((cause: unknown) => cause)
    expect(fateOfFailure(error, false).outcome).to.equal('not-taken')
  })
})
