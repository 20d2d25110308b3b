// SPDX-License-Identifier: EUPL-1.2
/**
 * Debian's Chromium for tests of pages: one browser per run, a record of everything a page asks for, screenshots as artefacts.
 * @module
 */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { CHROMIUM, needsChromium } from '../needs.js'

const ARTEFACTS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test-artifacts')

/** Starts the browser; without one the suite is skipped, in CI it fails. */
export async function startChromium(suite: Context): Promise<Browser> {
  needsChromium(suite)
  // the sandbox of a browser that runs as root does not start
  const asRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath: CHROMIUM, args: ['--disable-gpu', ...(asRoot ? ['--no-sandbox'] : [])] })
}

export interface Visit {
  readonly page: Page
  /** Addresses of all that was asked for. */
  readonly asked: string[]
  /** Errors of scripts, and what the policy of the page forbade. */
  readonly errors: string[]
  close(): Promise<void>
}

export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'de-DE', timezoneId: 'Europe/Berlin', ...options })
  const page = await context.newPage()
  const asked: string[] = []
  const errors: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(address)
  return { page, asked, errors, close: () => context.close() }
}

/** The whole page as PNG, by the browser's own call: the one of playwright takes twice as long for a page beyond the window. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(ARTEFACTS, { recursive: true })
  const session = await page.context().newCDPSession(page)
  const { cssContentSize } = await session.send('Page.getLayoutMetrics')
  const clip = { x: 0, y: 0, width: cssContentSize.width, height: cssContentSize.height, scale: 1 }
  const { data } = await session.send('Page.captureScreenshot', { captureBeyondViewport: true, optimizeForSpeed: true, clip })
  await session.detach()
  await writeFile(join(ARTEFACTS, `${name}.png`), Buffer.from(data, 'base64'))
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly target: readonly string[]; readonly html: string; readonly failureSummary?: string }[]
  }[]
}

/**
 * What axe-core finds against WCAG 2.1 A and AA, and its best practices: rule, element, and why. The nodes that pass are not told:
 * telling them takes most of the time.
 */
export async function axeViolations(page: Page): Promise<string[]> {
  // evaluated by the debugger, so the page's own policy stays as it is
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE)
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${html}: ${failureSummary}`),
  )
}
