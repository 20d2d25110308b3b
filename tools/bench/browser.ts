// SPDX-License-Identifier: EUPL-1.2
/**
 * Browser → online service → core → register and back: 100 rides of the citizen page in Chromium, from the click on "send" to the document
 * on the page. The register answers at once; between the last view and the click a citizen reads, here for 150 ms. Online service, core and register share one process of their own.
 * @module
 */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium, type Page } from 'playwright-core'
import type { BenchResult } from './main.js'

const CHROMIUM = '/usr/bin/chromium'
const WARM_UP = 20
const RIDES = 100
const GOAL_MS = 100

/** In the page: from one view to the next by its own buttons. @returns milliseconds from the click to the paper */
const RIDE = `(async () => {
  const until = (selector) => new Promise((done) => {
    const look = () => document.querySelector(selector)
    if (look()) return done(look())
    const watch = new MutationObserver(() => { if (look()) { watch.disconnect(); done(look()) } })
    watch.observe(document.body, { childList: true, subtree: true })
  })
  ;(await until('#kind-certificate')).closest('main').querySelector('.kern-btn--primary').click()
  const suggestion = await until('#suggestion')
  suggestion.value = '0'
  suggestion.dispatchEvent(new Event('change'))
  document.querySelector('main .kern-btn--primary').click()
  const send = await until('#send')
  await new Promise((done) => setTimeout(done, 150))
  const began = performance.now()
  send.click()
  await until('main:not(:has(#time-left, #send)) #heading')
  const ms = performance.now() - began
  if (!document.querySelector('.paper')) throw new Error(document.querySelector('#heading').textContent)
  document.querySelector('#another').click()
  return ms
})()`

async function rides(page: Page, count: number): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < count; i++) all.push(await page.evaluate<number>(RIDE))
  return all.sort((a, b) => a - b)
}

export async function benchBrowser(): Promise<BenchResult> {
  const name = `citizen page in Chromium, ${RIDES} rides, p95`
  const goal = `≤ ${GOAL_MS} ms`
  if (!existsSync(CHROMIUM)) return { name, ours: 'no Chromium', reference: undefined, ratio: undefined, goal }
  const child = fork(new URL('./browser/child.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve(message as string))
      child.once('exit', (code) => reject(new Error(`the register's side ended with ${code}`)))
    })
    const page = await browser.newPage()
    await page.goto(url)
    await rides(page, WARM_UP)
    const sorted = await rides(page, RIDES)
    const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Infinity
    const p95 = at(0.95)
    return {
      name,
      ours: `${p95.toFixed(0)} ms (p50 ${at(0.5).toFixed(0)} ms)`,
      reference: undefined,
      ratio: undefined,
      goal,
      ok: p95 < GOAL_MS,
    }
  } finally {
    await browser.close()
    child.kill()
  }
}
