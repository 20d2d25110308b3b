// SPDX-License-Identifier: EUPL-1.2
/**
 * Threads that answer `POST /v1/check`: whatever a call does to its thread, the caller is told, and the next call is answered.
 * @module
 */
import { expect } from 'chai'
import { checkThreads, type CheckThreadsOptions } from '../../src/cli/compose/check-threads.js'
import type { CheckDesk } from '../../src/gateway/check-desk.js'
import { DESK_OPTIONS } from './check-desk-options.js'

const LARGE = `<a>${'<b/>'.repeat(300_000)}</a>`

describe('threads of POST /v1/check', function () {
  this.timeout(60_000)
  const desks: CheckDesk[] = []
  const open = (options: Partial<CheckThreadsOptions> = {}): CheckDesk => {
    const desk = checkThreads({ ...DESK_OPTIONS, ...options })
    desks.push(desk)
    return desk
  }
  const ask = (desk: CheckDesk, text: string, signal = new AbortController().signal) => {
    const body = new TextEncoder().encode(`--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n${text}\r\n--b--`)
    return desk.check({ body, contentType: 'multipart/form-data; boundary=b' }, signal)
  }
  const refusal = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'answered',
      (error: unknown) => (error as { finding: string }).finding,
    )
  afterEach(async () => {
    for (const desk of desks.splice(0)) await desk.close()
  })

  it('X5 a call that takes too long is ended with its thread, one that waits is answered, one too many is refused', async () => {
    const desk = open({ timeLimitMs: 1500 })
    const large = Array.from({ length: 40 }, () => LARGE).join('\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n')
    const [slow, waits, tooMany] = [refusal(ask(desk, large)), refusal(ask(desk, '<a/>')), refusal(ask(desk, '<a/>'))]
    expect(await tooMany).to.equal('check.busy')
    expect(await slow).to.equal('check.time-limit')
    expect(await waits).to.equal('answered')
  })

  it('H5 lets nobody wait for longer than is said, and works for nobody who has gone: his place is given away once', async () => {
    const impatient = open({ waitMs: 1 })
    expect(await refusal(ask(impatient, '<a/>'))).to.equal('check.busy')
    const desk = open()
    expect(await refusal(ask(desk, '<a/>'))).to.equal('answered')
    const gone = new AbortController()
    // the thread is warm: it takes this at once
    const left = refusal(ask(desk, LARGE, gone.signal))
    gone.abort()
    expect(await left).to.equal('check.busy')
    // answered by another thread: the one that worked for him is gone by then
    expect(await refusal(ask(desk, '<a/>'))).to.equal('answered')
    const places = Array.from({ length: DESK_OPTIONS.threads + DESK_OPTIONS.waiting + 1 }, () => refusal(ask(desk, '<a/>')))
    expect(await Promise.all(places)).to.deep.equal(['answered', 'answered', 'check.busy'])
  })

  it('gives no call to a thread that is ended while its answer is on the way', async () => {
    const desk = open()
    expect(await refusal(ask(desk, '<a/>'))).to.equal('answered')
    const gone = new AbortController()
    const [left, next] = [refusal(ask(desk, '<a/>', gone.signal)), refusal(ask(desk, '<a/>'))]
    // the thread answers while nobody listens
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    gone.abort()
    expect([await left, await next]).to.deep.equal(['check.busy', 'answered'])
  })

  it('ends what is under way when it is closed, and takes nothing more', async () => {
    const desk = open()
    expect(await refusal(ask(desk, '<a/>'))).to.equal('answered')
    const calls = [refusal(ask(desk, LARGE)), refusal(ask(desk, '<a/>'))]
    await desk.close()
    expect(await Promise.all(calls)).to.deep.equal(['check.busy', 'check.busy'])
    expect(await refusal(ask(desk, '<a/>'))).to.equal('check.busy')
  })
})
