// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChromium } from './chromium.js'
import { fillIn, send } from './seeing.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

describe('start and its citizen page', function () {
  this.timeout(180_000)

  it('prints the address of the page, and the page gets a Meldebescheinigung from the demo’s register', async function () {
    const browser = await startChromium(this)
    const cwd = await mkdtemp(join(tmpdir(), 'protektor-e2e-'))
    const child = spawn(process.execPath, [LAUNCHER, 'start', '--lang', 'de', '--port', '0', '--admin-port', '0'], { cwd })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    try {
      const [url, tester] = await new Promise<readonly [string, string]>((resolve, reject) => {
        let out = ''
        child.stdout.on('data', (bytes: Buffer) => {
          out += bytes.toString()
          const citizen = /^Bürgerseite.*: (http:\S+\/online\/)$/m.exec(out)?.[1]
          const checking = /^Prüfseite.*: (http:\S+\/tester\/)$/m.exec(out)?.[1]
          if (citizen !== undefined && checking !== undefined) resolve([citizen, checking])
        })
        void ended.then(() => reject(new Error(out)))
      })
      const page = await (await browser.newContext({ locale: 'de-DE' })).newPage()
      page.setDefaultTimeout(60_000)
      await page.goto(url)
      await fillIn(page, 0)
      expect(await send(page)).to.equal('Die Antwort der Behörde ist da')
      const links = (await (await fetch(new URL('/', url))).json()) as { links: { pages: string[]; tester: string } }
      expect(links.links.pages).to.deep.equal([url])
      expect(links.links.tester).to.equal(tester)
    } finally {
      child.kill('SIGTERM')
      await browser.close()
      await ended
      await rm(cwd, { recursive: true, force: true })
    }
  })
})
