// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { decide } from '../../examples/musterstadt/register.js'
import type { Received } from '../../src/client/received.js'
import { removeDirectories } from '../gateway/support.js'
import { startChromium } from './chromium.js'
import { openCitizenHouse, registerEnv, type CitizenHouse } from './house.js'
import { ending, fillIn, inspect, openPage, send, stepsOf } from './seeing.js'

const main = (page: Page): Promise<string> => page.locator('main').innerText()

/** UUID of the document in a request. */
const uuidOf = ({ document }: Received): string => /nachrichtenUUID>([0-9a-f-]{36})</.exec(new TextDecoder().decode(document))?.[1] ?? ''

describe('citizen page: when no result comes', function () {
  this.timeout(120_000)
  let browser: Browser
  let house: CitizenHouse

  before(async function () {
    browser = await startChromium(this)
    house = await openCitizenHouse({ ttlSeconds: 4, answerWithinSeconds: 8 })
  })
  beforeEach(async () => {
    await house.silence()
    house.telling('whole')
  })
  after(async () => {
    await browser?.close()
    await house?.close()
    await removeDirectories()
  })

  it('a rejection tells why, what to do, and that nothing was processed', async () => {
    await house.register((request) => request.notice({ status: 'rejected', reasons: [{ code: 'S030' }, { code: 'T080' }] }))
    const seen = await openPage(browser, house)
    await fillIn(seen.page, 0)
    expect(await send(seen.page)).to.equal('Die Behörde hat die Anfrage zurückgewiesen')
    expect(await main(seen.page))
      .to.contain('Es wurde nichts verarbeitet')
      .and.to.contain('Eine erforderliche Angabe fehlt')
      .and.to.contain('Ergänzen Sie Ihre Angaben')
      .and.to.contain('(S030)')
      .and.to.contain('andere Behörde zuständig')
    expect(await seen.page.locator('#again').count()).to.equal(0)
    await inspect(seen, 'de-5-rejected')
    await seen.page.getByRole('button', { name: 'Angaben ändern' }).click()
    expect(await seen.page.locator('#familienname').inputValue()).to.equal('Müßtermann')
    await seen.page.context().close()
  })

  it('a rejection that leaves open whether it was processed says so', async () => {
    await house.register((request) => request.result({ status: 'rejected', reasons: [{ code: '9810' }, { code: '9811' }] }))
    const seen = await openPage(browser, house, { locale: 'en-GB' })
    await fillIn(seen.page, 0)
    expect(await send(seen.page)).to.equal('It is not known whether the request was processed')
    expect(await main(seen.page)).to.not.contain('Nothing was processed')
    await inspect(seen, 'en-5-rejected-unknown')
    await seen.page.context().close()
  })

  it('expiry says that nothing was processed, and asks again safely, under the same number', async () => {
    const seen = await openPage(browser, house)
    const { page } = seen
    await fillIn(page, 0)
    await page.locator('#send').click()
    await page.locator('.step--current:has-text("abgeholt")').waitFor()
    expect(await page.locator('.time-left').innerText()).to.match(/^Noch \d s, damit die Behörde die Anfrage abholt$/)
    await inspect(seen, 'de-4-progress')
    expect(await ending(page)).to.equal('Die Behörde hat die Anfrage nicht abgeholt')
    expect(await main(page))
      .to.contain('Es wurde nichts verarbeitet')
      .and.to.contain('gefahrlos')
    const steps = await stepsOf(page)
    expect(steps.slice(2)).to.deep.equal(['nicht erfolgt', 'nicht erfolgt', 'nicht erfolgt'])
    await inspect(seen, 'de-5-expired')
    const number = await page.locator('dd').last().innerText()
    let asked = ''
    await house.register(async (request) => {
      asked = uuidOf(request)
      const { notice, result } = decide(request.document, registerEnv)
      await request.notice(notice)
      if (result) await request.result(result)
    })
    await page.locator('#again').click()
    await page.locator('.paper').waitFor()
    expect(asked).to.equal(number)
    await page.context().close()
  })

  it('taken and never answered: nobody knows, and the page does not pretend to', async () => {
    await house.register((request) => request.confirm())
    const seen = await openPage(browser, house)
    await fillIn(seen.page, 0)
    await seen.page.locator('#send').click()
    await seen.page.locator('.time-left:has-text("Antwort")').waitFor()
    expect(await ending(seen.page)).to.equal('Es ist ungewiss, ob die Anfrage bearbeitet wurde')
    expect(await main(seen.page)).to.not.contain('Es wurde nichts verarbeitet')
    await inspect(seen, 'de-5-unknown')
    await seen.page.context().close()
  })

  it('a core that restarts while the request waits: the page says so, goes on, and knows that nothing was processed', async () => {
    // time enough to look at the page and to start a core, whatever else the machine does
    const patient = await openCitizenHouse({ ttlSeconds: 4, answerWithinSeconds: 60 })
    const seen = await openPage(browser, patient)
    const { page } = seen
    await fillIn(page, 0)
    await page.locator('#send').click()
    await page.locator('.step--done:has-text("bereit")').waitFor()
    await patient.stopCore()
    await page.getByText('Die Verbindung ist unterbrochen').first().waitFor()
    await inspect(seen, 'de-4-connection-lost')
    await patient.startCore()
    expect(await ending(page)).to.equal('Die Behörde hat die Anfrage nicht abgeholt')
    await patient.register()
    await page.locator('#again').click()
    await page.locator('.paper').waitFor()
    await page.context().close()
    await patient.close()
  })

  it('a telling that breaks off: the page asks by calls, and gets the answer', async () => {
    house.telling('broken')
    const seen = await openPage(browser, house)
    const { page } = seen
    await fillIn(page, 0)
    await page.locator('#send').click()
    await page.locator('.step--current:has-text("abgeholt")').waitFor()
    await house.register()
    expect(await ending(page)).to.equal('Die Antwort der Behörde ist da')
    expect(seen.requests.some(({ url }) => url.includes('/api/replies/'))).to.equal(true)
    await page.context().close()
  })

  it('a core that cannot be reached: nothing was sent, and sending again works', async () => {
    await house.stopCore()
    const seen = await openPage(browser, house)
    await fillIn(seen.page, 0)
    expect(await send(seen.page)).to.equal('Die Anfrage konnte nicht gesendet werden')
    expect(await main(seen.page)).to.contain('Es wurde nichts verarbeitet')
    await inspect(seen, 'de-5-not-sent')
    await house.startCore()
    await house.register()
    await seen.page.locator('#again').click()
    await seen.page.locator('.paper').waitFor()
    await seen.page.context().close()
  })

  it('an online service that breaks off before anything was sealed, and one that breaks off after', async () => {
    for (const [path, expected] of [
      ['vouchers', 'Die Anfrage konnte nicht gesendet werden'],
      ['envelopes?*', 'Es ist ungewiss, ob die Anfrage bearbeitet wurde'],
    ] as const) {
      const seen = await openPage(browser, house)
      await seen.page.route(`**/api/${path}`, (route) => route.abort())
      await fillIn(seen.page, 0)
      expect(await send(seen.page)).to.equal(expected)
      await seen.page.context().close()
    }
  })

  it('J3 an answer that was changed on its way is never shown, and said to be discarded', async () => {
    await house.register()
    const seen = await openPage(browser, house)
    const { page } = seen
    house.telling('changed')
    await fillIn(page, 0)
    await page.locator('#send').click()
    await page.getByText('Eine ungültige Antwort wurde verworfen').first().waitFor()
    await inspect(seen, 'de-4-tampered')
    expect(await ending(page)).to.equal('Es ist ungewiss, ob die Anfrage bearbeitet wurde')
    expect(await main(page))
      .to.contain('nicht unverändert von der Behörde')
      .and.to.not.contain('Alleinige Wohnung')
    expect(await page.locator('.paper').count()).to.equal(0)
    await inspect(seen, 'de-5-tampered')
    await page.context().close()
  })

  it('a genuine answer to somebody else’s request is not shown', async () => {
    await house.register(async (request) => {
      const { result } = decide(request.document, registerEnv)
      const xml = new TextDecoder().decode(result?.document)
      const document = new TextEncoder().encode(xml.replace(uuidOf(request), '00000000-0000-4000-8000-000000000000'))
      await request.result({ status: 'done', document })
    })
    const seen = await openPage(browser, house)
    await fillIn(seen.page, 0)
    expect(await send(seen.page)).to.equal('Die Antwort kann nicht angezeigt werden')
    expect(await main(seen.page)).to.not.contain('Alleinige Wohnung')
    await inspect(seen, 'de-5-unreadable')
    await seen.page.context().close()
  })

  it('K1 other keys of the authority than last time: a warning, and nothing is sent until the user decides', async () => {
    await house.register()
    const seen = await openPage(browser, house)
    const { page } = seen
    await fillIn(page, 0)
    const before = await page.locator('.fingerprint').innerText()
    await send(page)
    await house.changeKeys()
    await page.reload()
    await page.getByText('Die Schlüssel der Behörde haben sich geändert').waitFor()
    await fillIn(page, 0)
    const warning = page.locator('.kern-alert--danger')
    expect(await warning.innerText())
      .to.contain('Fragen Sie bei der Behörde')
      .and.to.contain(before)
    expect(await page.locator('#send').isDisabled()).to.equal(true)
    await inspect(seen, 'de-3-keys-changed')
    const sealedSoFar = seen.requests.filter(({ url }) => url.includes('/api/envelopes?')).length
    expect(sealedSoFar).to.equal(1)
    await page.locator('#accept-key').click()
    expect(await page.locator('#send').isDisabled()).to.equal(false)
    await page.reload()
    await page.locator('#heading').waitFor()
    expect(await page.locator('.kern-alert--danger').count()).to.equal(0)
    await page.context().close()
  })
})
