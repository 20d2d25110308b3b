// SPDX-License-Identifier: EUPL-1.2
/**
 * The HTML report in Chromium, opened from the file as anybody would: nothing is fetched, everybody can use it.
 * @module
 */
import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { run } from '../../src/cli/commands/check.js'
import type { Io } from '../../src/cli/io.js'
import { WORDS } from '../../src/web/report/texts.js'
import { axeViolations, screenshot, startChromium, visit } from './chromium.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../schemas/xprotektor/1.0/beispiele/', import.meta.url))

const io: Io = {
  out: { write: () => undefined, isTerminal: false },
  err: { write: () => undefined, isTerminal: false },
  lang: 'de',
  env: {},
}

describe('the HTML report', function () {
  let browser: Browser
  let folder: string
  let address: string

  before(async function () {
    browser = await startChromium(this)
    folder = mkdtempSync(join(tmpdir(), 'protektor-report-'))
    const evil = join(folder, '<img src=x onerror=alert(1)>.xml')
    writeFileSync(evil, '<a><b></a>')
    const keys = ['addressee-cipher', 'reader-cipher'].flatMap((name) => ['--keystore', join(FOREIGN, `pki/${name}.p12`), '--pin', 'test'])
    await run([...keys, '--trust', join(FOREIGN, 'pki/ca.pem'), '--format', 'html', '--out', folder, FOREIGN, EXAMPLES, evil], io)
    address = pathToFileURL(join(folder, 'report.html')).href
  })
  after(async () => {
    await browser?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  it('is accessible in both languages, closed and opened, on a desk and on a telephone, and asks for nothing', async () => {
    for (const [name, viewport] of [
      ['desk', { width: 1280, height: 900 }],
      ['telephone', { width: 390, height: 844 }],
    ] as const) {
      const { page, asked, errors, close } = await visit(browser, address, { viewport })
      expect(await axeViolations(page), name).to.deep.equal([])
      await page.locator('details.result').first().locator('summary').click()
      await screenshot(page, `report-${name}-de`)
      await page.getByRole('button', { name: 'English' }).click()
      await page.locator('details.result').first().locator('summary').click()
      expect(await page.locator('html').getAttribute('lang')).to.equal('en')
      expect(await page.locator('h1').innerText()).to.equal('Check report')
      expect(await axeViolations(page), name).to.deep.equal([])
      await screenshot(page, `report-${name}-en`)
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(wide, `${name}: wider than the window`).to.be.at.most(0)
      expect(errors).to.deep.equal([])
      expect(asked.filter((url) => url !== address && !url.startsWith('data:'))).to.deep.equal([])
      await close()
    }
  })

  it('counts one file as one', () => {
    const { de, en } = WORDS
    expect([de.files(0), de.files(1), de.shown(1, 1), en.files(1), en.files(2)]).to.deep.equal([
      '0 Dateien',
      '1 Datei',
      '1 von 1 Datei',
      '1 file',
      '2 files',
    ])
    expect([de.suites(1, 0, 0), en.suites(1, 0, 0)].map((text) => text.split(' ')[2])).to.deep.equal(['Datei', 'file'])
  })

  it('at 200 % nothing is cut off', async () => {
    const { page, close } = await visit(browser, address, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 })
    await page.locator('details.result').first().locator('summary').click()
    await screenshot(page, 'report-200-percent')
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(wide).to.be.at.most(0)
    await close()
  })

  it('filters by verdict, layer, finding and words, and says how many are left', async () => {
    const { page, errors, close } = await visit(browser, address)
    const status = page.getByRole('status')
    const [, all = ''] = /von (\d+)/.exec(await status.innerText()) ?? []
    const left = async (): Promise<number> => Number(/^(\d+)/.exec(await status.innerText())?.[1])
    for (const verdict of ['error', 'unchecked', 'valid']) await page.locator(`#verdict-${verdict}`).uncheck()
    const invalid = await left()
    expect(invalid).to.be.greaterThan(0).and.lessThan(Number(all))
    const verdicts = await page.locator('details.result summary .verdict').allInnerTexts()
    expect(new Set(verdicts.map((word) => word.replace(/^. /, '')))).to.deep.equal(new Set(['ungültig']))
    await page.locator('#layer').selectOption('xml')
    expect(await left()).to.equal(1)
    await page.locator('#finding').selectOption('xml.not-well-formed')
    expect(await left()).to.equal(1)
    await page.locator('#text').fill('no such file')
    expect(await left()).to.equal(0)
    expect(await page.locator('.results').innerText()).to.equal('Keine Datei passt zu dieser Auswahl.')
    expect(await axeViolations(page)).to.deep.equal([])
    await page.getByRole('button', { name: 'Auswahl aufheben' }).click()
    expect(await left()).to.equal(Number(all))
    expect(errors).to.deep.equal([])
    await close()
  })

  it('shows a message with its layers side by side', async () => {
    const { page, close } = await visit(browser, address)
    await page.locator('#text').fill('11-processDelivery')
    const result = page.locator('details.result').first()
    await result.locator('summary').click()
    const layers = result.locator('.layer')
    // a result is filled when the browser tells that it was opened, which is later
    await layers.first().waitFor()
    expect(await layers.count()).to.be.greaterThan(6)
    const [first, second] = await Promise.all([layers.nth(0).boundingBox(), layers.nth(1).boundingBox()])
    expect(first?.y).to.equal(second?.y)
    expect(second?.x).to.be.greaterThan(first?.x ?? 0)
    expect(await result.locator('dl').innerText()).to.contain('processDelivery')
    await screenshot(page, 'report-layers')
    await close()
  })

  it('can be used with the keyboard alone', async () => {
    const { page, errors, close } = await visit(browser, address)
    const focused = (): Promise<string> =>
      page.evaluate<string>('document.activeElement.id || document.activeElement.tagName + document.activeElement.textContent.slice(0, 7)')
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 40 && (await focused()) !== wanted; i++) await page.keyboard.press('Tab')
      expect(await focused()).to.equal(wanted)
    }
    await tabTo('BUTTONEnglish')
    await tabTo('verdict-valid')
    await page.keyboard.press('Space')
    expect(await page.locator('#verdict-valid').isChecked()).to.equal(false)
    await tabTo('text')
    await page.keyboard.type('onerror')
    expect(await page.getByRole('status').innerText()).to.match(/^1 von/)
    await page.keyboard.press('Enter')
    expect(page.url()).to.equal(address)
    for (let i = 0; i < 5 && !(await focused()).startsWith('SUMMARY'); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator('details.result').first().getAttribute('open')).to.equal('')
    expect(errors).to.deep.equal([])
    await close()
  })

  it('B1 names that look like markup are text', async () => {
    const { page, errors, close } = await visit(browser, address)
    await page.locator('#text').fill('onerror')
    await page.locator('details.result summary').first().click()
    expect(await page.locator('.file').first().innerText()).to.contain('<img src=x onerror=alert(1)>.xml')
    expect(await page.locator('img').count()).to.equal(0)
    expect(errors).to.deep.equal([])
    await close()
  })

  it('L1 a name that turns the direction of writing turns nothing', async () => {
    const own = mkdtempSync(join(folder, 'turning-'))
    const turning = join(own, '\u202elmx.gitl\u2066\u202d.xml')
    writeFileSync(turning, '<a><b></a>')
    expect(await run(['--format', 'html', '--out', own, turning], io)).to.equal(1)
    const { page, close } = await visit(browser, pathToFileURL(join(own, 'report.html')).href)
    const summary = page.locator('details.result summary').first()
    expect(await summary.innerText()).to.contain('\ufffdlmx.gitl\ufffd\ufffd.xml')
    expect(await page.locator('body').innerText()).not.to.match(/[\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
    await close()
  })

  it('says that it cannot be read when it was cut off, in both languages', async () => {
    const whole = readFileSync(fileURLToPath(address), 'utf8')
    const block = /\n([A-Za-z0-9+/]{200})[A-Za-z0-9+/=]*\n/.exec(whole)
    expect(block).not.to.equal(null)
    const cut = join(folder, 'cut.html')
    writeFileSync(cut, whole.replace(block?.[0] ?? '', `\n${block?.[1] ?? ''}\n`))
    const { page, close } = await visit(browser, pathToFileURL(cut).href)
    expect(await page.locator('[role=alert]').allInnerTexts()).to.have.length(2)
    await close()
  })

  it('says what a suite came to, of the run and of each file', async () => {
    const suite = mkdtempSync(join(folder, 'suite-'))
    for (const name of ['as-broken-as-meant.xml', 'other.xml']) writeFileSync(join(suite, name), '<a><b></a>')
    const files = ['as-broken-as-meant.xml: { verdict: invalid, findings: [ xml.not-well-formed ] }', 'other.xml: { verdict: valid }']
    writeFileSync(join(suite, 'expected.yaml'), `files:\n  ${files.join('\n  ')}\n  gone.xml: { verdict: valid }\n`)
    expect(await run(['--format', 'html', '--out', suite, suite], io)).to.equal(1)
    const { page, errors, close } = await visit(browser, pathToFileURL(join(suite, 'report.html')).href)
    expect(await page.locator('.suites').innerText())
      .to.contain('2 Dateien verglichen, 1 anders als erwartet')
      .and.contain('gone.xml')
    await page.locator('#text').fill('≠')
    expect(await page.getByRole('status').innerText()).to.match(/^1 von 2/)
    const other = page.locator('details.result').first()
    await other.locator('summary').click()
    expect(await other.locator('.differences').innerText()).to.contain('≠ Urteil invalid, erwartet valid')
    await page.locator('#text').fill('as-broken')
    await page.locator('details.result summary').first().click()
    await page.locator('details.result', { hasText: 'Wie erwartet' }).waitFor()
    expect(await axeViolations(page)).to.deep.equal([])
    await screenshot(page, 'report-suite')
    expect(errors).to.deep.equal([])
    await close()
  })

  it('prints what the selection leaves, opened', async () => {
    const { page, close } = await visit(browser, address)
    await page.locator('#text').fill('onerror')
    await page.evaluate('window.onbeforeprint()')
    expect(await page.locator('details.result[open]').count()).to.equal(1)
    await page.emulateMedia({ media: 'print' })
    await screenshot(page, 'report-print')
    await page.evaluate('window.onafterprint()')
    expect(await page.locator('details.result[open]').count()).to.equal(0)
    await close()
  })
})
