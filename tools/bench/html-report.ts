// SPDX-License-Identifier: EUPL-1.2
/**
 * The HTML report of 10,000 results in Chromium, opened from its file: until the first results can be used, and each step of the filter,
 * from the event to the next painted frame.
 * @module
 */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { ALL_FINDINGS } from '../../src/check/findings.js'
import { FORMATS } from '../../src/check/reports/formats.js'
import { counted, NOTHING_YET, type FileResult } from '../../src/check/reports/report.js'
import { LAYERS, type Finding, type Layer, type Verdict } from '../../src/check/types.js'
import { reportPage } from '../../src/cli/compose/report-page.js'
import type { BenchResult } from './main.js'

const CHROMIUM = '/usr/bin/chromium'
const RESULTS = 10_000
const OPENINGS = 5
const READY_MS = 2000
const STEP_MS = 100

const VERDICTS: readonly Verdict[] = ['valid', 'invalid', 'unchecked', 'error']

function finding(index: number): Finding {
  const row = ALL_FINDINGS[index % ALL_FINDINGS.length]
  if (!row) throw new Error('there are no findings')
  const { id, severity, reference, de, en } = row
  const layer = id.slice(0, id.indexOf('.')) as Layer
  return {
    id,
    layer,
    severity,
    rule: id.slice(layer.length + 1),
    reference,
    xpath: '/soap:Envelope/soap:Body/osci:ContentPackage/osci:ContentContainer[2]',
    line: index,
    column: 7,
    document: 'file',
    message: { de, en },
    detail: `what exactly was found, number ${index}`,
    rueckweisung: null,
    content: null,
  }
}

const result = (index: number): FileResult => ({
  file: `captures/2026-11/${index % 31}/message-${index}.bin`,
  sha256: index.toString(16).padStart(64, '0'),
  verdict: VERDICTS[index % 4] ?? 'error',
  kind: 'osci',
  capture: null,
  messageType: ['storeDelivery', 'processDelivery', 'fetchDelivery'][index % 3] ?? null,
  transportEncrypted: true,
  signed: true,
  messageId: `message-${index}`,
  feedback: ['0800'],
  messageSignature: { verdict: 'valid', signer: `CN=Signer ${index % 50},O=Bench,C=DE`, algorithm: null },
  contents: [],
  findings: [0, 1, 2].map((more) => finding(index * 3 + more)),
  layers: Object.fromEntries(LAYERS.map((layer) => [layer, 'valid'])),
  notAsked: [],
  xoev: null,
})

async function writeReport(file: string): Promise<void> {
  const format = await FORMATS.html({ page: reportPage })
  const head = {
    tool: 'protektor',
    version: '0',
    node: process.version,
    at: '2026-11-27T00:00:00.000Z',
    schemaSets: [],
    codeLists: [],
  } as const
  const writer = format.writer(head, 'de')
  const results = Array.from({ length: RESULTS }, (_, index) => result(index))
  const sum = results.reduce((so, { verdict }) => counted(so, verdict), NOTHING_YET)
  writeFileSync(file, [writer.begin(), ...results.map((one) => writer.one(one)), writer.end(sum)].join(''))
}

/** In the page: does something and waits until it is painted. @returns milliseconds */
const timed = (act: string): string => `new Promise((done) => {
  const began = performance.now()
  ${act}
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
})`

const changed = (selector: string, set: string, event: 'change' | 'input'): string =>
  timed(`const field = document.querySelector('${selector}'); ${set}; field.dispatchEvent(new Event('${event}'))`)

const STEPS: readonly string[] = [
  changed('#verdict-valid', 'field.checked = false', 'change'),
  changed('#layer', "field.value = 'policy'", 'change'),
  changed('#layer', "field.value = ''", 'change'),
  changed('#finding', 'field.selectedIndex = 3', 'change'),
  changed('#finding', 'field.selectedIndex = 0', 'change'),
  ...['m', 'me', 'mes', 'message-9', 'message-99', 'no such', ''].map((text) => changed('#text', `field.value = '${text}'`, 'input')),
  timed("document.querySelector('nav.pages button:last-of-type').click()"),
]

async function open(page: Page, address: string): Promise<number> {
  const began = performance.now()
  await page.goto(address, { waitUntil: 'commit' })
  await page.locator('details.result').first().waitFor()
  await page.evaluate(timed(''))
  return performance.now() - began
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export async function benchHtmlReport(): Promise<readonly BenchResult[]> {
  const name = `HTML report of ${RESULTS} results`
  if (!existsSync(CHROMIUM))
    return [{ name, ours: 'no Chromium', reference: undefined, ratio: undefined, goal: `≤ ${READY_MS} ms, ≤ ${STEP_MS} ms` }]
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  try {
    const file = join(folder, 'report.html')
    await writeReport(file)
    const page = await browser.newPage()
    const openings: number[] = []
    const steps: number[] = []
    for (let round = 0; round < OPENINGS; round++) {
      openings.push(await open(page, pathToFileURL(file).href))
      for (const step of STEPS) steps.push(await page.evaluate<number>(step))
    }
    const ready = median(openings)
    const slowest = Math.max(...steps)
    const common = { reference: undefined, ratio: undefined }
    return [
      {
        name: `${name} (${(statSync(file).size / 1e6).toFixed(0)} MB), usable`,
        ours: `${ready.toFixed(0)} ms`,
        ...common,
        goal: `≤ ${READY_MS} ms`,
        ok: ready <= READY_MS,
      },
      {
        name: `${name}, slowest of ${steps.length} steps of the filter`,
        ours: `${slowest.toFixed(0)} ms (median ${median(steps).toFixed(0)} ms)`,
        ...common,
        goal: `< ${STEP_MS} ms`,
        ok: slowest < STEP_MS,
      },
    ]
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
}
