// SPDX-License-Identifier: EUPL-1.2
/**
 * What a test sees of a page: accessibility, movement, width, errors, and everything that went over the network.
 * @module
 */
import { expect } from 'chai'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { axeViolations, screenshot } from './chromium.js'
import type { CitizenHouse } from './house.js'

/** Adds up what moved without the user having done anything. */
const MOVEMENT = `globalThis.moved = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.moved += entry.value
}).observe({ type: 'layout-shift', buffered: true })`

export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: string
  readonly body: Buffer
}

export interface Seen {
  readonly page: Page
  /** Of the console and of scripts; refusals of the page policy are among them. */
  readonly errors: string[]
  readonly requests: Sent[]
}

/** Opens the page in a context of its own, in German on a desk unless said otherwise. */
export async function openPage(browser: Browser, house: CitizenHouse, options: BrowserContextOptions = {}): Promise<Seen> {
  const context = await browser.newContext({ locale: 'de-DE', viewport: { width: 1280, height: 900 }, ...options })
  await context.addInitScript(MOVEMENT)
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const seen: Seen = { page, errors: [], requests: [] }
  page.on('pageerror', (error) => seen.errors.push(error.message))
  // a refused call is logged by the browser, and is what some tests are about
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) seen.errors.push(line.text())
  })
  page.on('request', (request) => {
    const headers = JSON.stringify(request.headers())
    seen.requests.push({ method: request.method(), url: request.url(), headers, body: request.postDataBuffer() ?? Buffer.alloc(0) })
  })
  await page.goto(house.url)
  await page.locator('#heading').waitFor()
  return seen
}

/** A state of the page as it must always be; the picture is kept. */
export async function inspect({ page, errors }: Seen, name: string): Promise<void> {
  await screenshot(page, `citizen-${name}`)
  expect(await axeViolations(page), name).to.deep.equal([])
  const [moved, wide, headings] = await page.evaluate<[number, number, number]>(
    `[globalThis.moved, document.documentElement.scrollWidth - document.documentElement.clientWidth, document.querySelectorAll('h1').length]`,
  )
  expect(moved, `${name}: layout shift`).to.equal(0)
  expect(wide, `${name}: wider than the window`).to.be.at.most(0)
  expect(headings, name).to.equal(1)
  expect(errors, name).to.deep.equal([])
}

export const headingOf = (page: Page): Promise<string> => page.locator('#heading').innerText()

export interface Details {
  readonly familienname: string
  readonly vornamen: string
  readonly tag: string
  readonly monat: string
  readonly jahr: string
  readonly strasse: string
  readonly postleitzahl: string
}

/** From the first view to the last before sending. */
export async function fillIn(page: Page, who: number | Details, kind: 'certificate' | 'disclosure' = 'certificate'): Promise<void> {
  await page.locator(`#kind-${kind}`).check()
  await page.locator('main .kern-btn--primary').click()
  if (typeof who === 'number') await page.locator('#suggestion').selectOption(String(who))
  else for (const [field, value] of Object.entries(who)) await page.locator(`#${field}`).fill(String(value))
  await page.locator('main .kern-btn--primary').click()
  await page.locator('#send').waitFor()
}

/** Sends and waits for the end, whatever it is. @returns its heading */
export async function send(page: Page): Promise<string> {
  await page.locator('#send').click()
  return ending(page)
}

export async function ending(page: Page): Promise<string> {
  await page.locator('main:not(:has(#time-left)) #heading').waitFor()
  return headingOf(page)
}

/** State of each step, in order: a time, or a word. */
export const stepsOf = (page: Page): Promise<string[]> => page.locator('.step-state').allTextContents()
