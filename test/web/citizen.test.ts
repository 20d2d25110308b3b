// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { decide } from '../../examples/musterstadt/register.js'
import type { Received } from '../../src/client/received.js'
import { removeDirectories } from '../gateway/support.js'
import { screenshot, startChromium } from './chromium.js'
import { openCitizenHouse, registerEnv, type CitizenHouse } from './house.js'
import { ending, fillIn, headingOf, inspect, openPage, send, stepsOf, type Details } from './seeing.js'

const TIME = /^\d\d:\d\d:\d\d[.,]\d$/
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }

describe('citizen page', function () {
  this.timeout(120_000)
  let browser: Browser
  let house: CitizenHouse

  before(async function () {
    browser = await startChromium(this)
    house = await openCitizenHouse()
  })
  beforeEach(() => house.register())
  after(async () => {
    await browser?.close()
    await house?.close()
    await removeDirectories()
  })

  it('shows the Meldebescheinigung in the session that asked, every step with its time', async () => {
    const seen = await openPage(browser, house)
    const { page } = seen
    expect(await headingOf(page)).to.equal('Auskunft aus dem Melderegister')
    await inspect(seen, 'de-1-choice')
    await page.locator('label[for=extent-geburtsort]').click()
    await page.getByRole('button', { name: 'Weiter' }).click()
    await inspect(seen, 'de-2-form')
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.locator('#mistakes').waitFor()
    expect(await page.evaluate('document.activeElement.id')).to.equal('mistakes')
    expect(await page.locator('#mistakes li').count()).to.equal(5)
    await inspect(seen, 'de-2-form-mistakes')
    await page.locator('#suggestion').selectOption('0')
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.locator('#send').waitFor()
    expect(await page.locator('.fingerprint').innerText()).to.match(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/)
    await inspect(seen, 'de-3-review')
    expect(await send(page)).to.equal('Die Antwort der Behörde ist da')
    expect(await page.locator('.paper').innerText())
      .to.contain('Zoë Anne-Sophie')
      .and.to.contain('Demostadt')
      .and.to.contain('29. Februar 1980')
    expect(await page.locator('.paper').innerText()).to.contain('Demo – kein amtliches Dokument')
    await page.locator('summary').click()
    const steps = await stepsOf(page)
    expect(steps).to.have.length(5)
    for (const step of steps) expect(step).to.match(TIME)
    expect(steps).to.deep.equal([...steps].sort())
    await inspect(seen, 'de-5-result')
    await page.context().close()
  })

  it('keeps the document: the exact XML, a page to read, and paper', async () => {
    let original: Uint8Array | undefined
    await house.register(async (request) => {
      const decision = decide(request.document, registerEnv)
      original = decision.result?.document
      await request.notice(decision.notice)
      if (decision.result) await request.result(decision.result)
    })
    const { page } = await openPage(browser, house)
    await fillIn(page, 1)
    await send(page)
    const saved = async (button: string): Promise<Buffer> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator(button).click()])
      return readFile(await download.path())
    }
    expect((await saved('#save-xml')).equals(Buffer.from(original ?? []))).to.equal(true)
    const html = (await saved('#save-html')).toString('utf8')
    expect(html)
      .to.match(/^<!doctype html>/)
      .and.to.contain('Jörg')
      .and.to.contain('Demogasse 1')
    expect(html).to.not.contain('<script')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.paper').isVisible()).to.equal(true)
    for (const hidden of ['header .service', '#print', '#heading', 'footer']) expect(await page.locator(hidden).isVisible()).to.equal(false)
    await screenshot(page, 'citizen-print')
    await page.context().close()
  })

  it('shows a Selbstauskunft, in English for an English browser', async () => {
    const seen = await openPage(browser, house, { locale: 'en-GB' })
    const { page } = seen
    expect(await page.evaluate('document.documentElement.lang')).to.equal('en')
    await inspect(seen, 'en-1-choice')
    await fillIn(page, 2, 'disclosure')
    await inspect(seen, 'en-3-review')
    expect(await send(page)).to.equal('The answer of the authority is here')
    expect(await page.locator('.paper').innerText())
      .to.contain('Disclosure of your own data')
      .and.to.contain('21 July 1999')
      .and.to.contain('Only residence')
    await inspect(seen, 'en-5-result')
    await page.context().close()
  })

  it('changes the language at every view, and loses nothing', async () => {
    const { page } = await openPage(browser, house)
    await page.locator('main .kern-btn--primary').click()
    await page.locator('#familienname').fill('Beispiel')
    await page.locator('#language-en').click()
    expect(await headingOf(page)).to.equal('Your details')
    expect(await page.title()).to.equal('Your details – Online service of Musterstadt')
    expect(await page.locator('#familienname').inputValue()).to.equal('Beispiel')
    expect(await page.evaluate('[document.activeElement.id, document.documentElement.lang]')).to.deep.equal(['language-en', 'en'])
    await page.reload()
    await page.locator('#heading').waitFor()
    expect(await headingOf(page)).to.equal('Information from the register of residents')
    await page.context().close()
  })

  it('goes back and forward by the buttons of the browser: what was entered stays, and so does the answer', async () => {
    const { page } = await openPage(browser, house)
    const [choice, form, review] = ['Auskunft aus dem Melderegister', 'Ihre Angaben', 'Prüfen und senden']
    const go = async (to: 'goBack' | 'goForward'): Promise<string> => {
      await page[to]()
      return headingOf(page)
    }
    await fillIn(page, 0)
    const name = await page.locator('.kern-description-list').first().innerText()
    expect([await go('goBack'), await go('goBack'), await go('goForward')]).to.deep.equal([form, choice, form])
    expect(await page.locator('#familienname').inputValue()).to.not.equal('')
    expect(await page.evaluate('document.activeElement.id')).to.equal('heading')
    expect(await go('goForward')).to.equal(review)
    expect(await page.locator('.kern-description-list').first().innerText()).to.equal(name)
    expect(await page.evaluate('JSON.stringify(history.state)')).to.equal('{"view":"review"}')

    const answered = await send(page)
    expect([await go('goBack'), await go('goForward')]).to.deep.equal([review, answered])
    expect(await page.locator('.paper').count()).to.equal(1)

    await house.silence()
    await page.locator('#another').click()
    await fillIn(page, 0)
    await page.locator('#send').click()
    await page.locator('#time-left').waitFor()
    await page.goBack()
    expect(await page.locator('#time-left').count(), 'a request under way stays in sight').to.equal(1)
    const over = await ending(page)
    expect(await go('goBack')).to.equal(review)

    // loaded again the page knows nothing of what was entered
    expect(await go('goForward')).to.equal(over)
    await page.reload({ waitUntil: 'load' })
    await page.locator('#heading').waitFor()
    expect([await headingOf(page), await go('goBack'), await go('goBack')]).to.deep.equal([choice, form, form])
    await page.context().close()
  })

  it('works by keyboard alone', async () => {
    const { page } = await openPage(browser, house)
    /** Goes on by Tab until `selector` has the focus; every stop is visible. */
    const tabTo = async (selector: string): Promise<void> => {
      for (let presses = 0; presses < 30; presses++) {
        if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`${selector} cannot be reached by Tab`)
    }
    await tabTo('#kind-certificate')
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('#kind-disclosure').isChecked()).to.equal(true)
    await tabTo('main .kern-btn--primary')
    await page.keyboard.press('Enter')
    const typed = {
      familienname: 'Beispiel',
      vornamen: 'Jörg',
      tag: '3',
      monat: '11',
      jahr: '1975',
      strasse: 'Demogasse 1',
      postleitzahl: '99001',
    }
    for (const [field, value] of Object.entries(typed)) {
      await tabTo(`#${field}`)
      await page.keyboard.type(value)
    }
    await page.keyboard.press('Enter')
    await page.locator('#send').waitFor()
    await tabTo('#send')
    await page.keyboard.press('Space')
    expect(await ending(page)).to.equal('Die Antwort der Behörde ist da')
    expect(await page.evaluate('document.activeElement.id')).to.equal('heading')
    await tabTo('#print')
    await page.context().close()
  })

  it('fits a phone of 360 pixels, and a desk at 200 %', async () => {
    for (const [name, options] of Object.entries({ phone: PHONE, zoom: { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 } })) {
      const seen = await openPage(browser, house, options)
      const { page } = seen
      await inspect(seen, `${name}-1-choice`)
      await page.locator('main .kern-btn--primary').click()
      await inspect(seen, `${name}-2-form`)
      await page.locator('#suggestion').selectOption('0')
      await page.locator('main .kern-btn--primary').click()
      await inspect(seen, `${name}-3-review`)
      await send(page)
      await inspect(seen, `${name}-5-result`)
      await page.context().close()
    }
  })

  it('is readable in the dark, and calm where motion is unwanted', async () => {
    const seen = await openPage(browser, house, { colorScheme: 'dark', reducedMotion: 'reduce' })
    await house.silence()
    await fillIn(seen.page, 0)
    await seen.page.locator('#send').click()
    await seen.page.locator('.step--current').waitFor()
    const motion = await seen.page.evaluate('getComputedStyle(document.querySelector(".step--current .step-mark")).animationName')
    expect(motion).to.equal('none')
    await inspect(seen, 'dark-4-progress')
    await house.register()
    await ending(seen.page)
    await inspect(seen, 'dark-5-result')
    await seen.page.context().close()
  })

  it('shows in forced colours which choice is made, where the keyboard is, and its icons', async () => {
    // dark on light: KERN paints its icons white then
    const { page } = await openPage(browser, house, { forcedColors: 'active', colorScheme: 'light' })
    const painted = (selector: string, pseudo?: string): Promise<string> =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}'), ${JSON.stringify(pseudo)}).backgroundColor`)
    const [canvas, text] = await page.evaluate<[string, string]>(
      `(({ backgroundColor, color }) => [backgroundColor, color])(getComputedStyle(document.body))`,
    )
    expect(canvas).to.not.equal(text)
    expect(await page.locator('#kind-certificate').isChecked()).to.equal(true)
    expect(await painted('#kind-certificate', '::before')).to.equal(text)
    for (const id of ['kind-certificate', 'extent-geburtsort']) {
      await page.locator(`#${id}`).focus()
      const drawn = await page.evaluate<string[]>(
        `(({ borderColor, borderStyle, outlineColor, outlineStyle }) => [borderColor, borderStyle, outlineColor, outlineStyle])(getComputedStyle(document.activeElement))`,
      )
      expect(drawn, id).to.deep.equal([text, 'solid', text, 'solid'])
    }
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.locator('#suggestion').waitFor()
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.locator('#mistakes').waitFor()
    expect(await painted('#mistakes .kern-icon')).to.equal(text)
    expect(await painted('.kern-form-input__select-wrapper', '::after')).to.equal(text)
    await page.context().close()
  })

  it('lets no plaintext leave the browser, and calls nobody but its own origin', async () => {
    const canary: Details = {
      familienname: 'Kanarienvogel',
      vornamen: 'Rotkehlchen',
      tag: '17',
      monat: '4',
      jahr: '1983',
      strasse: 'Zaunkönigweg 4711',
      postleitzahl: '98765',
    }
    await house.register(async (request) => {
      expect(new TextDecoder().decode(request.document)).to.contain('Kanarienvogel')
      expect(request.content.vouched).to.equal(true)
      await request.notice({ status: 'rejected', reasons: [{ code: 'S999', text: 'Kanarienvogel unbekannt' }] })
    })
    house.portalSaw.length = 0
    const seen = await openPage(browser, house)
    house.portalSaid.length = 0
    await fillIn(seen.page, canary)
    expect(await send(seen.page)).to.equal('Die Behörde hat die Anfrage zurückgewiesen')
    expect(await seen.page.locator('main').innerText()).to.contain('Kanarienvogel unbekannt')

    const origin = new URL(house.url).origin
    expect(seen.requests.filter(({ url }) => new URL(url).origin !== origin)).to.deep.equal([])
    expect(seen.requests.filter(({ method }) => method === 'POST')).to.have.length.at.least(2)
    expect(Buffer.concat(house.portalSaid).toString('utf8')).to.contain('{"voucher":').and.to.contain('{"reply":')
    const everything = [
      ...seen.requests.flatMap(({ url, headers, body }) => [Buffer.from(decodeURIComponent(url)), Buffer.from(headers), body]),
      ...house.portalSaw,
      ...house.portalSaid,
    ]
    expect(house.portalSaw.length).to.be.greaterThan(0)
    const words = [canary.familienname, canary.vornamen, canary.strasse, 'Zaunk', canary.postleitzahl, '1983-04-17']
    // as base64 at each of the three places that it may begin at; the first and last characters depend on what stands beside them
    const coded = words.flatMap((word) =>
      [0, 1, 2].map((at) =>
        Buffer.from(' '.repeat(at) + word)
          .toString('base64')
          .slice(at === 0 ? 0 : 4, -4),
      ),
    )
    for (const word of [...words, ...coded.filter((one) => one.length >= 8)]) {
      for (const bytes of everything) expect(bytes.includes(word), word).to.equal(false)
    }
    await seen.page.context().close()
  })

  it('B1 shows hostile text as text, on the page and in the file', async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>alert(1)</script>'
    const escaped = hostile.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    await house.register((request: Received) => answerWith(request, (xml) => xml.replace('>Demogasse 1<', `>${escaped}<`)))
    const seen = await openPage(browser, house)
    const { page } = seen
    await fillIn(page, 1)
    await send(page)
    expect(await page.locator('.paper').innerText()).to.contain(hostile)
    expect(await page.locator('.paper img, .paper script').count()).to.equal(0)
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save-html').click()])
    const html = await readFile(await download.path(), 'utf8')
    expect(html).to.contain('&lt;img src=x').and.to.not.contain('<img')
    expect(seen.errors).to.deep.equal([])
    expect(await page.evaluate(`try { document.body.innerHTML = '<b>x</b>'; 'made' } catch (error) { error.name }`)).to.equal('TypeError')
    await page.context().close()
  })

  it('tells of an authority that gives no information, why, and what to do', async () => {
    const seen = await openPage(browser, house)
    await fillIn(seen.page, 3)
    expect(await send(seen.page)).to.equal('Die Behörde erteilt keine Auskunft')
    expect(await seen.page.locator('.paper').innerText())
      .to.contain('verstorben')
      .and.to.contain('umgehend')
    await inspect(seen, 'de-5-no-information')
    await seen.page.context().close()
  })
})

/** The demo's answer, with its result changed before it is sealed. */
async function answerWith(request: Received, change: (xml: string) => string): Promise<void> {
  const decision = decide(request.document, registerEnv)
  const document = new TextEncoder().encode(change(new TextDecoder().decode(decision.result?.document)))
  await request.notice(decision.notice)
  await request.result({ status: 'done', document })
}
