// SPDX-License-Identifier: EUPL-1.2
/**
 * The page of an explanation in Chromium: things and their bytes, for everybody, with nothing from elsewhere.
 * @module
 */
import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { run } from '../../src/cli/commands/explain.js'
import { recorded } from '../cli/recorded.js'
import { axeViolations, screenshot, startChromium, visit } from './chromium.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const KEYS = ['addressee-cipher', 'reader-cipher'].flatMap((name) => ['--keystore', join(FOREIGN, `pki/${name}.p12`), '--pin', 'test'])

const SMALL = fileURLToPath(new URL('../../fixtures/valid/responseToExitDialog.signed.mime', import.meta.url))

describe('the page of an explanation', function () {
  let browser: Browser
  let folder: string
  let address: string
  let small: string

  async function pageOf(name: string, argv: readonly string[]): Promise<string> {
    const { io, said } = recorded()
    expect(await run(['--format', 'html', ...argv], io)).to.equal(0)
    const file = join(folder, `${name}.html`)
    writeFileSync(file, said.out)
    return pathToFileURL(file).href
  }

  before(async function () {
    browser = await startChromium(this)
    folder = mkdtempSync(join(tmpdir(), 'protektor-explain-page-'))
    address = await pageOf('encrypted', [...KEYS, '--lang', 'de', join(FOREIGN, '11-processDelivery.bin')])
    small = await pageOf('small', ['--lang', 'de', SMALL])
  })
  after(async () => {
    await browser?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  it('is accessible, German on a desk, English on a telephone, and asks for nothing', async () => {
    for (const [lang, viewport] of [
      ['de', { width: 1440, height: 900 }],
      ['en', { width: 390, height: 844 }],
    ] as const) {
      const { page, asked, errors, close } = await visit(browser, small, { viewport })
      expect(await page.locator('h1').innerText()).to.equal('Nachricht erklärt')
      if (lang === 'en') await page.getByRole('button', { name: 'English' }).click()
      expect(await page.locator('html').getAttribute('lang')).to.equal(lang)
      await screenshot(page, `explain-${lang}`)
      await page.getByRole('button', { name: lang === 'de' ? 'Alles aufklappen' : 'Open all' }).click()
      expect(await axeViolations(page), lang).to.deep.equal([])
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(wide, `${lang}: wider than the window`).to.be.at.most(0)
      expect(errors).to.deep.equal([])
      expect(asked.filter((url) => url !== small && !url.startsWith('data:'))).to.deep.equal([])
      await close()
    }
  })

  it('marks the bytes of the thing that is chosen, in its document', async () => {
    const { page, errors, close } = await visit(browser, address, { viewport: { width: 1440, height: 900 } })
    await page.getByRole('button', { name: 'Alles aufklappen' }).click()
    await page.getByRole('button', { name: 'osci:ControlBlock', exact: true }).first().click()
    expect(await page.getByRole('status').innerText()).to.match(/^osci:ControlBlock: Bytes \d+–\d+ \(entschlüsselter Umschlag\)$/)
    expect(await page.locator('#document').inputValue()).to.equal('decrypted')
    const marked = (await page.locator('.signs mark').allInnerTexts()).join('')
    expect(marked.startsWith('<osci:ControlBlock')).to.equal(true)
    await page.getByRole('button', { name: 'Teil: osci_enc' }).first().click()
    expect(await page.locator('#document').inputValue()).to.equal('file')
    expect(errors).to.deep.equal([])
    await close()
  })

  it('says so when the bytes of a thing are not in the page', async () => {
    const long = join(folder, 'long.xml')
    writeFileSync(long, `<a><b>${'x'.repeat(300 * 1024)}</b><c/></a>`)
    const { page, close } = await visit(browser, await pageOf('long', ['--lang', 'de', long]))
    await page.getByRole('button', { name: 'Alles aufklappen' }).click()
    await page.getByRole('button', { name: 'c', exact: true }).click()
    expect(await page.getByRole('status').innerText()).to.equal('c: diese Bytes sind in der Seite nicht enthalten.')
    await close()
  })

  it('names what lies in a row, by mouse and by keyboard, and goes there', async () => {
    const { page, errors, close } = await visit(browser, address)
    const here = page.locator('.here')
    await page.locator('.row').nth(20).click()
    expect(await here.innerText()).to.contain('MIME-Paket')
    await page.locator('.rows').focus()
    for (let i = 0; i < 5; i++) await page.keyboard.press('PageDown')
    await page.keyboard.press('ArrowUp')
    expect(await page.locator('.row.cursor').count()).to.equal(1)
    const names = await here.getByRole('button').allInnerTexts()
    expect(names).to.include.members(['xenc:EncryptedKey', 'ds:X509Data', 'ds:X509Certificate'])
    await here.getByRole('button', { name: 'ds:X509Certificate' }).click()
    expect(await page.evaluate<string>('document.activeElement.textContent')).to.equal('ds:X509Certificate')
    expect(await page.locator('details[open]').count()).to.be.greaterThan(3)
    await page.keyboard.press('Enter')
    expect(await page.getByRole('status').innerText()).to.match(/^ds:X509Certificate: Bytes/)
    expect(await here.innerText()).to.equal('')
    expect(errors).to.deep.equal([])
    await close()
  })

  it('can be used with the keyboard alone', async () => {
    const { page, errors, close } = await visit(browser, address)
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent.slice(0, 40)')
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 60 && !(await focused()).startsWith(wanted); i++) await page.keyboard.press('Tab')
      expect(await focused()).to.contain(wanted)
    }
    await tabTo('MIME-Paket')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('status').innerText()).to.match(/^MIME-Paket: Bytes 0–/)
    await tabTo('Darin')
    await page.keyboard.press('Enter')
    await tabTo('Teil: der SOAP-Umschlag')
    await page.keyboard.press('Space')
    expect(await page.getByRole('status').innerText()).to.match(/^Teil: der SOAP-Umschlag: Bytes/)
    expect(await page.locator('mark').count()).to.be.greaterThan(0)
    expect(errors).to.deep.equal([])
    await close()
  })

  it('prints everything, unfolded, and folds it again', async () => {
    const { page, close } = await visit(browser, address)
    const open = (): Promise<number> => page.locator('details[open]').count()
    expect(await open()).to.equal(0)
    await page.evaluate('window.onbeforeprint()')
    expect(await open()).to.equal(await page.locator('details').count())
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.bytes').isVisible()).to.equal(false)
    await page.evaluate('window.onafterprint()')
    expect(await open()).to.equal(0)
    await close()
  })

  it('at 200 % nothing is cut off', async () => {
    const { page, close } = await visit(browser, address, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 })
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(wide).to.be.at.most(0)
    await close()
  })

  it('B1 what a message holds is text, and hidden bytes are not in the page', async () => {
    const evil = join(folder, 'evil.xml')
    writeFileSync(
      evil,
      '<?xml version="1.0"?><a><img/><b>&lt;img src=x onerror=alert(1)&gt; Kanarienvogel</b><script>alert(2)</script></a>',
    )
    const { page, errors, close } = await visit(browser, await pageOf('evil', ['--show-values', evil]))
    await page.getByRole('button', { name: 'Open all' }).click()
    expect(await page.locator('main').innerText()).to.contain('<img src=x onerror=alert(1)>')
    expect(await page.locator('img').count()).to.equal(0)
    expect(errors).to.deep.equal([])
    await close()
    const hidden = recorded()
    await run(['--format', 'html', evil], hidden.io)
    const bytes = Buffer.from(/"bytes":"([^"]*)"/.exec(hidden.said.out)?.[1] ?? '', 'base64').toString('latin1')
    expect(bytes).to.contain('<b>')
    expect(hidden.said.out + bytes).to.not.contain('Kanarienvogel')
  })
})
