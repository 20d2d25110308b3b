// SPDX-License-Identifier: EUPL-1.2
/**
 * Threads that answer `POST /v1/check`: whatever a call does to its thread, the caller is told, and the next call is answered.
 * @module
 */
import { expect } from 'chai'
import { checkThreads, type CheckThreadsOptions } from '../../src/cli/compose/check-threads.js'
import type { CheckDesk } from '../../src/gateway/check-desk.js'

const OPTIONS: CheckThreadsOptions = {
  schemas: [],
  limits: { files: 40, keystores: 2 },
  threads: 1,
  waiting: 1,
  waitMs: 60_000,
  timeLimitMs: 60_000,
  memoryMegabytes: 512,
  reportPage: () => Promise.resolve({ script: '', style: '' }),
}
const LARGE = `<a>${'<b/>'.repeat(300_000)}</a>`

describe('threads of POST /v1/check', function () {
  this.timeout(60_000)
  const desks: CheckDesk[] = []
  const open = (options: Partial<CheckThreadsOptions> = {}): CheckDesk => {
    const desk = checkThreads({ ...OPTIONS, ...options })
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

  it('lets nobody wait for longer than is said, works for nobody who has gone, and ends what waits when it is closed', async () => {
    const impatient = open({ waitMs: 1 })
    expect(await refusal(ask(impatient, '<a/>'))).to.equal('check.busy')
    const desk = open()
    const gone = new AbortController()
    const left = refusal(ask(desk, LARGE, gone.signal))
    const waiting = refusal(ask(desk, '<a/>'))
    gone.abort()
    expect(await left).to.equal('check.busy')
    expect(await waiting).to.equal('answered')
    const last = refusal(ask(desk, LARGE))
    await desk.close()
    expect(await last).to.be.oneOf(['check.busy', 'check.failed'])
    expect(await refusal(ask(desk, '<a/>'))).to.equal('check.busy')
  })
})
