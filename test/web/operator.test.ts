// SPDX-License-Identifier: EUPL-1.2
/**
 * The operator page in a real browser: what happens is seen, by everybody, in light and dark, and nothing else is.
 * @module
 */
import { expect } from 'chai'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { echo, openHouse, removeDirectories, type House } from '../gateway/support.js'
import { until } from '../until.js'
import { axeViolations, screenshot, startChromium, visit, type Visit } from './chromium.js'

const WAIT_MS = 30_000

/** Waits until a section says something. */
async function says(page: Page, heading: string, words: RegExp): Promise<void> {
  await page.getByRole('region', { name: heading }).filter({ hasText: words }).waitFor({ timeout: WAIT_MS })
}

/** The element that the keyboard is at, in words. */
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(
    `(() => { const at = document.activeElement; return at.tagName + ' ' + (at.id || at.textContent.trim() || at.getAttribute('aria-label')) })()`,
  )

async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (wanted.test(await focused(page))) return
  }
  throw new Error(`Tab never reaches ${String(wanted)}`)
}

/** Resolves with the feed's second message, that is, when a second has passed for every page. */
const ONE_MESSAGE = `new Promise((resolve) => {
  let heard = 0
  const source = new EventSource('feed')
  source.onmessage = ({ data }) => { if (++heard === 2) { source.close(); resolve(data) } }
})`

describe('operator page in Chromium', function () {
  this.timeout(120_000)
  let browser: Browser
  let house: House
  const visits: Visit[] = []
  const open = async (options: Parameters<typeof visit>[2] = {}, query = ''): Promise<Visit> => {
    const opened = await visit(browser, `${house.gateway.admin.url}/operator/${query}`, options)
    visits.push(opened)
    await says(opened.page, query.includes('en') ? 'What the gateway leans on' : 'Worauf das Gateway sich stützt', /Kern|Core/)
    return opened
  }

  before(async function () {
    browser = await startChromium(this)
    house = await openHouse()
    await house.serve(echo)
  })
  afterEach(async () => {
    for (const one of visits.splice(0)) await one.close()
  })
  after(async () => {
    await browser?.close()
    await house?.close()
    await removeDirectories()
  })

  it('moves when envelopes are handed over; shows outcomes, refusals with their meaning, and who waits', async () => {
    const { page, asked, errors } = await open({ viewport: { width: 1280, height: 900 } })
    await page.getByLabel('1 Minute').check()
    await says(page, 'Ausgänge', /0 beendet/)
    await says(page, 'Ablehnungen nach Code', /wurde nichts abgelehnt/)
    expect((await house.ride()).codes).to.include('0800')
    await (await house.post(Buffer.from('junk'))).arrayBuffer()
    await says(page, 'Ausgänge', /Kern \(Umschläge\)\s*zugestellt\s*2/)
    await says(page, 'Ausgänge', /Passiver Empfänger\s*erledigt\s*1/)
    await says(page, 'Ablehnungen nach Code', /9100\s*Die empfangene Nachricht ist keine zulässige OSCI-Nachricht/)
    await says(page, 'Verweildauer im Kern', /% innerhalb von 0,5 s/)
    await says(page, 'Eigene Zertifikate', /town: Leser\s*gültig\s*36\d/)

    // nobody takes from a reply mailbox that nobody asks for
    const [id, replyTo] = ['w'.repeat(22), `reply.${'0'.repeat(32)}`]
    const body = () => new Uint8Array(5000)
    await house.gateway.core.put({ id, to: DEMO_REGISTER, sender: 'somebody', ttlSeconds: 10, replyTo, body: body() })
    await house.gateway.core.put({ id: 'v'.repeat(22), to: replyTo, sender: 'somebody', ttlSeconds: 60, body: body() })
    await says(page, 'Wartende Umschläge je Postfach', /alle Antwortpostfächer\s*1\s*1/)
    await page.getByText('Als Tabelle').first().click()
    await says(page, 'Nachrichten je Sekunde', /ab\s*Kern \(Umschläge\)/)
    await screenshot(page, 'operator-light')
    expect(errors).to.deep.equal([])
    const { origin } = new URL(page.url())
    expect(asked.filter((address) => !address.startsWith(`${origin}/operator/`) && !address.startsWith('data:'))).to.deep.equal([])
  })

  for (const [name, options, query] of [
    ['light', { colorScheme: 'light' }, ''],
    ['dark', { colorScheme: 'dark' }, '?lang=en'],
    ['forced colours', { forcedColors: 'active' }, ''],
  ] as const)
    it(`is clean for axe-core: ${name}`, async () => {
      const { page } = await open({ ...options, viewport: { width: 1280, height: 900 } }, query)
      for (const details of await page.locator('details > summary').all()) await details.click()
      expect(await axeViolations(page)).to.deep.equal([])
      if (name === 'dark') await screenshot(page, 'operator-dark')
    })

  for (const [name, viewport] of [
    ['phone', { width: 360, height: 740 }],
    ['200 % zoom', { width: 640, height: 450 }],
  ] as const)
    it(`fits without scrolling sideways: ${name}`, async () => {
      const { page } = await open({ viewport, deviceScaleFactor: 2 })
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(overflow, 'room of the scroll bar is kept free').to.be.at.most(0)
      expect(await axeViolations(page)).to.deep.equal([])
      await screenshot(page, `operator-${viewport.width}`)
    })

  it('is worked by the keyboard alone: skip link, period, pause, tables, language', async () => {
    const { page } = await open()
    await page.keyboard.press('Tab')
    expect(await focused(page)).to.equal('A Zum Inhalt springen')
    await page.keyboard.press('Enter')
    expect(await focused(page)).to.match(/^MAIN/)
    await page.reload()
    await says(page, 'Worauf das Gateway sich stützt', /Kern/)
    await tabTo(page, /window-300/)
    await page.keyboard.press('ArrowRight')
    await says(page, 'Nachrichten je Sekunde', /15 Minuten:/)
    await tabTo(page, /BUTTON Anhalten/)
    await page.keyboard.press('Enter')
    expect(await focused(page)).to.equal('BUTTON Weiter')
    await tabTo(page, /SUMMARY Als Tabelle/)
    await page.keyboard.press('Enter')
    await page.getByRole('table').getByText('Kern (Umschläge)').first().waitFor({ timeout: WAIT_MS })
    await page.reload()
    await tabTo(page, /A English/)
    await page.keyboard.press('Enter')
    await says(page, 'What needs attention', /./)
    expect(await page.evaluate<string>('document.documentElement.lang')).to.equal('en')
  })

  it('stands still while it is paused, and catches up after', async () => {
    const { page } = await open()
    await page.getByLabel('15 Minuten').check()
    const outcomes = page.getByRole('region', { name: 'Ausgänge' })
    await page.getByRole('button', { name: 'Anhalten' }).click()
    const before = await outcomes.innerText()
    await house.ride()
    const told = await page.evaluate<string>(ONE_MESSAGE)
    expect(told).to.contain('"samples"')
    expect(await outcomes.innerText()).to.equal(before)
    await page.getByRole('button', { name: 'Weiter' }).click()
    await until(async () => (await outcomes.innerText()) !== before)
  })

  it('says that the gateway ends, and that it is gone', async () => {
    const own = await openHouse()
    const { page, close } = await visit(browser, `${own.gateway.admin.url}/operator/`)
    try {
      await says(page, 'Worauf das Gateway sich stützt', /Kern/)
      // a call that has begun keeps the gateway from ending at once
      const headers = { 'Content-Length': 10, Expect: '100-continue' }
      const call = request(`${own.url}/osci/recipient`, { method: 'POST', headers }).on('error', () => undefined)
      call.flushHeaders()
      await once(call, 'continue')
      const closed = own.gateway.close(8000)
      await says(page, 'Was Aufmerksamkeit braucht', /Das Gateway wird beendet/)
      call.destroy()
      await closed
      await page.getByText(/Keine Verbindung zum Gateway/).waitFor({ timeout: WAIT_MS })
      expect(await page.locator('header .kern-badge').innerText()).to.equal('unbekannt')
      expect(await page.title()).to.match(/^⚠ /)
    } finally {
      await close()
    }
  })
})
