// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester page in a real browser: files in, verdicts and places out; keys for one call; by everybody, and nothing goes elsewhere.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openHouse, removeDirectories, type House } from '../gateway/support.js'
import { axeViolations, screenshot, startChromium, visit, type Visit } from './chromium.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const ENCRYPTED = join(FOREIGN, '11-processDelivery.bin')
const TOKEN = 'a-token-that-nobody-guesses-0123456789'
const WAIT_MS = 30_000

const BROKEN = {
  name: 'broken.xml',
  mimeType: 'application/xml',
  buffer: Buffer.from('<?xml version="1.0"?>\n<a>\n  <b>\n    <c/>\n  </wrong>\n</a>\n'),
}

/** Adds up what moved without the user having done anything. */
const MOVEMENT = `globalThis.moved = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.moved += entry.value
}).observe({ type: 'layout-shift', buffered: true })`

const checkedFiles = (page: Page, words: RegExp): Promise<void> =>
  page.getByRole('status').filter({ hasText: words }).waitFor({ timeout: WAIT_MS })

async function addKeys(page: Page): Promise<void> {
  for (const name of ['addressee-cipher', 'reader-cipher']) {
    await page.getByLabel('Schlüsseldatei').setInputFiles(join(FOREIGN, `pki/${name}.p12`))
    await page.getByLabel('PIN').fill('test')
    await page.getByRole('button', { name: 'Schlüssel hinzufügen' }).click()
  }
}

describe('tester page in Chromium', function () {
  this.timeout(120_000)
  let browser: Browser
  let house: House
  const visits: Visit[] = []
  const open = async (options: Parameters<typeof visit>[2] = {}, at = house, query = ''): Promise<Visit> => {
    const opened = await visit(browser, `${at.url}/tester/${query}`, { viewport: { width: 1280, height: 900 }, ...options })
    opened.page.setDefaultTimeout(WAIT_MS)
    visits.push(opened)
    await opened.page.evaluate(MOVEMENT)
    return opened
  }

  before(async function () {
    browser = await startChromium(this)
    house = await openHouse({ topOptions: 'check: { requestsPerMinute: 1000 }' })
  })
  afterEach(async () => {
    for (const one of visits.splice(0)) await one.close()
  })
  after(async () => {
    await browser?.close()
    await house?.close()
    await removeDirectories()
  })

  it('checks chosen files at once, marks the place, speaks both languages, asks nobody else, and nothing moves', async () => {
    const { page, asked, errors } = await open()
    await page.getByLabel('Dateien wählen').setInputFiles(BROKEN)
    await checkedFiles(page, /Eine Datei geprüft: 1 ungültig/)
    expect(await page.locator('mark').allTextContents()).to.deep.equal(['</wrong>'])
    await page.getByRole('button', { name: /Zeile 5, Spalte \d/ }).click()
    expect(await page.locator('.row.current').innerText()).to.match(/^5\s+<\/wrong>/)
    await page.getByRole('button', { name: 'English' }).click()
    await page.locator('.finding').getByText('error:').waitFor()
    expect(await page.evaluate<string>('document.documentElement.lang')).to.equal('en')
    await screenshot(page, 'tester-broken')
    expect(await page.evaluate<number>('globalThis.moved')).to.equal(0)
    expect(errors).to.deep.equal([])
    const { origin } = new URL(page.url())
    const elsewhere = asked.filter((address) => !address.startsWith(`${origin}/tester/`) && address !== `${origin}/v1/check`)
    expect(elsewhere.filter((address) => !address.startsWith('data:'))).to.deep.equal([])
  })

  it('takes files that are dropped anywhere, several at a time', async () => {
    const { page } = await open()
    const files = JSON.stringify([readFileSync(ENCRYPTED, 'latin1'), BROKEN.buffer.toString()])
    await page.evaluate(`(() => {
      const transfer = new DataTransfer()
      for (const [index, text] of ${files}.entries())
        transfer.items.add(new File([Uint8Array.from(text, (sign) => sign.charCodeAt(0))], 'dropped-' + index))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }))
    })()`)
    await checkedFiles(page, /2 Dateien geprüft: 1 ungültig, 1 ungeprüft/)
    expect(await page.locator('.result > summary .file').allTextContents()).to.deep.equal(['dropped-0', 'dropped-1'])
  })

  it('K2 keys open the message, go with the call that needs them only, and are gone when asked', async () => {
    const { page } = await open()
    const sent: string[] = []
    await page.route('**/v1/check', async (route) => {
      sent.push(route.request().postDataBuffer()?.toString('latin1') ?? '')
      await route.continue()
    })
    const withKeys = (): boolean[] => sent.map((body) => body.includes('name="pin"'))
    await page.getByLabel('Dateien wählen').setInputFiles(ENCRYPTED)
    await checkedFiles(page, /1 ungeprüft/)
    await page.getByText('Keine Vertrauensanker').or(page.getByText('kein Schlüssel')).first().waitFor()
    await addKeys(page)
    await page.getByLabel('Vertrauensanker').setInputFiles(join(FOREIGN, 'pki/ca.pem'))
    expect(withKeys()).to.deep.equal([false])
    await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
    await checkedFiles(page, /1 gültig/)
    const texts = page.locator('.text h4')
    expect(await texts.allTextContents()).to.deep.equal(['Datei, wie sie ist', 'Entschlüsselte Nachricht', 'Inhalt content29'])
    await page.getByRole('group', { name: 'Inhalt content29' }).getByText('Frage encrypted').waitFor()
    await page.getByRole('group', { name: 'Entschlüsselte Nachricht' }).getByText('processDelivery').first().waitFor()
    await screenshot(page, 'tester-opened')
    await page.getByRole('button', { name: 'Alle Schlüssel vergessen' }).click()
    await page.getByText('Die Schlüssel sind vergessen.').waitFor()
    await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
    await checkedFiles(page, /1 ungeprüft/)
    expect(withKeys()).to.deep.equal([false, true, false])
    const kept = await page.evaluate<number>('localStorage.length + sessionStorage.length + document.cookie.length')
    expect(kept, 'nothing is kept in the browser').to.equal(0)
  })

  it('saves the report in every form', async () => {
    const { page } = await open()
    await page.getByLabel('Dateien wählen').setInputFiles(BROKEN)
    await checkedFiles(page, /1 ungültig/)
    for (const [button, name, words] of [
      ['HTML', 'report.html', '<!doctype html>'],
      ['JSON', 'report.json', '"tool": "protektor"'],
      ['SARIF', 'report.sarif', '"version":"2.1.0"'],
      ['JUnit', 'report.xml', '<testsuite name="broken.xml"'],
      ['Text', 'report.txt', 'broken.xml: UNGÜLTIG'],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button, exact: true }).click()])
      expect(download.suggestedFilename()).to.equal(name)
      expect(await readFile(await download.path(), 'utf8')).to.contain(words)
    }
  })

  it('says what is wrong with a call, and goes on', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
    await checkedFiles(page, /Noch keine Datei gewählt/)
    // chosen, but not added: it is meant all the same
    await page.getByLabel('Schlüsseldatei').setInputFiles(join(FOREIGN, 'pki/addressee-cipher.p12'))
    await page.getByLabel('PIN').fill('wrong')
    await page.getByLabel('Dateien wählen').setInputFiles(ENCRYPTED)
    await page.getByRole('alert').filter({ hasText: 'Eine PIN passt nicht zu ihrer Schlüsseldatei.' }).waitFor()
    await page.getByRole('button', { name: 'addressee-cipher.p12 entfernen' }).click()
    await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
    await checkedFiles(page, /1 ungeprüft/)
    expect(await page.getByRole('alert').textContent()).to.equal('')
  })

  it('names the file that cannot be read, instead of blaming the server: a folder that was dropped, a file that has changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-tester-'))
    const { page } = await open()
    const session = await page.context().newCDPSession(page)
    const data = { items: [], files: [folder], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data })
    const blamed = (name: string): Promise<void> =>
      page
        .getByRole('alert')
        .filter({ hasText: `${name} lässt sich nicht lesen` })
        .waitFor()
    await blamed(basename(folder))
    await page.getByRole('button', { name: `${basename(folder)} entfernen` }).click()
    const file = join(folder, 'changes.xml')
    await writeFile(file, '<a/>')
    await page.getByLabel('Dateien wählen').setInputFiles(file)
    await checkedFiles(page, /Eine Datei geprüft/)
    await writeFile(file, '<a><b/></a>')
    await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
    await blamed('changes.xml')
    await rm(folder, { recursive: true })
  })

  it('asks for the access token where the server wants one', async () => {
    const guarded = await openHouse({ topOptions: 'check: { tokenFile: check.token }', files: { 'check.token': `${TOKEN}\n` } })
    try {
      const { page } = await open({}, guarded)
      await page.getByLabel('Dateien wählen').setInputFiles(BROKEN)
      await page.getByRole('alert').filter({ hasText: 'Das Zugangstoken fehlt oder ist falsch.' }).waitFor()
      expect(await page.evaluate<string>('document.activeElement.id')).to.equal('token')
      await page.keyboard.type(TOKEN)
      await page.getByRole('button', { name: 'Prüfen', exact: true }).click()
      await checkedFiles(page, /1 ungültig/)
      // as a browser says it when it keeps the page that is left
      await page.evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))`)
      expect(await page.getByLabel('Zugangstoken').inputValue()).to.equal('')
    } finally {
      await guarded.close()
    }
  })

  it('is worked by the keyboard alone: choosing files, keys, check, places, language', async () => {
    const { page } = await open()
    const focused = () =>
      page.evaluate<string>(`(() => { const at = document.activeElement; return at.tagName + ' ' + (at.id || at.textContent.trim()) })()`)
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        if (wanted.test(await focused())) return
      }
      throw new Error(`Tab never reaches ${String(wanted)}`)
    }
    await page.keyboard.press('Tab')
    expect(await focused()).to.equal('A Zu den Ergebnissen')
    const choose = async (id: RegExp, file: Parameters<Page['setInputFiles']>[1]): Promise<void> => {
      await tabTo(id)
      // on a busy machine the browser may miss a key; the focus must have stayed
      for (let tries = 1; ; tries += 1) {
        expect(await focused()).to.match(id)
        const [chooser] = await Promise.all([
          page.waitForEvent('filechooser', { timeout: 5000 }).catch(() => undefined),
          page.keyboard.press('Space'),
        ])
        if (chooser) return chooser.setFiles(file)
        expect(tries, 'no file chooser').to.be.lessThan(4)
      }
    }
    await choose(/INPUT files/, BROKEN)
    await checkedFiles(page, /1 ungültig/)
    await choose(/INPUT keystore/, join(FOREIGN, 'pki/addressee-cipher.p12'))
    await tabTo(/INPUT pin/)
    await page.keyboard.type('test')
    await tabTo(/Schlüssel hinzufügen/)
    await page.keyboard.press('Enter')
    await page.getByText('addressee-cipher.p12').waitFor()
    await tabTo(/BUTTON Prüfen/)
    await page.keyboard.press('Enter')
    await checkedFiles(page, /1 ungültig/)
    await tabTo(/BUTTON Zeile 5/)
    await page.keyboard.press('Enter')
    expect(await page.evaluate<string>('document.activeElement.className')).to.equal('code')
    await page.reload()
    await tabTo(/BUTTON language/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Check messages' }).waitFor()
    expect(await focused()).to.equal('BUTTON language')
  })

  it('is clean for axe-core and as wide as the window: light, dark, forced colours, 200 % zoom, phone', async () => {
    const { page } = await open()
    await addKeys(page)
    await page.getByLabel('Dateien wählen').setInputFiles([BROKEN, { ...BROKEN, name: 'noise.bin', buffer: Buffer.from('what is this') }])
    await checkedFiles(page, /2 Dateien geprüft/)
    const desk = { width: 1280, height: 900 }
    for (const [name, media, size] of [
      ['light', { colorScheme: 'light' }, desk],
      ['dark', { colorScheme: 'dark' }, desk],
      ['forced', { colorScheme: 'light', forcedColors: 'active' }, desk],
      ['zoom', { forcedColors: 'none' }, { width: 640, height: 450 }],
      ['phone', {}, { width: 360, height: 740 }],
    ] as const) {
      await page.emulateMedia(media)
      await page.setViewportSize(size)
      expect(await axeViolations(page), name).to.deep.equal([])
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(overflow, name).to.be.at.most(0)
      await screenshot(page, `tester-${name}`)
    }
  })
})
