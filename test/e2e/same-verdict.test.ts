// SPDX-License-Identifier: EUPL-1.2
/**
 * One engine behind command line, HTTP and page: the same bytes give the same findings, over all fixtures.
 * @module
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { EXPECTED_FILE } from '../../src/check/differences.js'
import { run } from '../../src/cli/commands/check.js'
import type { FileResult } from '../../src/check/reports/report.js'
import { AT, FIXTURES, KEYSTORE, PIN, SCHEMAS, TRUST } from '../check/suite.js'
import { openHouse, removeDirectories, type House } from '../gateway/support.js'
import { startChromium, visit } from '../web/chromium.js'
import { recorded } from '../cli/recorded.js'

const PKI = join(FIXTURES, 'foreign/osci-bibliothek-2.4.1/pki')
const STORES = [KEYSTORE, ...['addressee-cipher', 'reader-cipher'].map((name) => join(PKI, `${name}.p12`))]
const ANCHORS = [TRUST, join(PKI, 'ca.pem')]

/** The suites, and what lies beside them: evidence, vectors, keys that are no message. */
const FILES = readdirSync(FIXTURES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== EXPECTED_FILE)
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()

/** A result without the file's name, which each way spells its own way. */
const bare = ({ file: _file, ...result }: FileResult): Omit<FileResult, 'file'> => result
const resultsOf = (text: string): Omit<FileResult, 'file'>[] => (JSON.parse(text) as { results: FileResult[] }).results.map(bare)

async function byCommand(): Promise<string> {
  const { io, said } = recorded({ lang: 'de' })
  const keys = STORES.flatMap((file) => ['--keystore', file, '--pin', PIN])
  const trust = ANCHORS.flatMap((file) => ['--trust', file])
  // one thread: two would open the schemas twice
  await run([...keys, ...trust, '--schemas', SCHEMAS, '--workers', '1', '--at', AT, '--format', 'json', ...FILES], io)
  return said.out
}

async function byHttp(house: House): Promise<string> {
  const form = new FormData()
  const add = (name: string, file: string): void => form.append(name, new Blob([readFileSync(file)]), file)
  for (const file of FILES) add('file', file)
  for (const store of STORES) {
    add('keystore', store)
    form.append('pin', PIN)
  }
  for (const anchor of ANCHORS) add('trust', anchor)
  form.append('at', AT)
  const answer = await fetch(`${house.url}/v1/check`, { method: 'POST', body: form })
  const text = await answer.text()
  expect(answer.status, text.slice(0, 200)).to.equal(200)
  return text
}

interface Shown {
  readonly verdict: string
  readonly findings: readonly string[]
}

interface Seen {
  readonly report: string
  readonly shown: readonly Shown[]
}

const READ_PAGE = `[...document.querySelectorAll('.result')].map((result) => {
  result.open = true
  return result
}) && new Promise((done) => setTimeout(done)).then(() => [...document.querySelectorAll('.result')].map((result) => ({
  verdict: result.querySelector('.verdict').className.replace('verdict ', ''),
  findings: [...result.querySelectorAll('.finding .rule code')].map((code) => code.textContent),
})))`

async function byPage(browser: Browser, house: House): Promise<Seen> {
  const { page, close } = await visit(browser, `${house.url}/tester/`, { timezoneId: 'UTC' })
  try {
    page.setDefaultTimeout(60_000)
    for (const store of STORES) {
      await page.getByLabel('Schlüsseldatei').setInputFiles(store)
      await page.getByLabel('PIN').fill(PIN)
      await page.getByRole('button', { name: 'Schlüssel hinzufügen' }).click()
    }
    await page.getByLabel('Vertrauensanker').setInputFiles(ANCHORS)
    await page.getByLabel('Geprüft für den Zeitpunkt').fill(AT.slice(0, -1))
    await page.getByLabel('Dateien wählen').setInputFiles(FILES)
    await page
      .getByRole('status')
      .filter({ hasText: `${FILES.length} Dateien geprüft` })
      .waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'JSON', exact: true }).click()])
    const report = await readFile(await download.path(), 'utf8')
    return { report, shown: await page.evaluate<Shown[]>(READ_PAGE) }
  } finally {
    await close()
  }
}

describe('one engine behind command line, HTTP and page', function () {
  this.timeout(180_000)
  let browser: Browser
  let house: House

  before(async function () {
    browser = await startChromium(this)
    house = await openHouse({ topOptions: `schemas:\n  directories: ['${SCHEMAS}']\n` })
  })
  after(async () => {
    await browser?.close()
    await house?.close()
    await removeDirectories()
  })

  it('gives the same bytes the same findings, over all fixtures', async () => {
    const command = resultsOf(await byCommand())
    expect(command).to.have.length(FILES.length)
    expect(new Set(command.map(({ verdict }) => verdict)).size, 'the fixtures are not all alike').to.be.greaterThan(1)
    expect(resultsOf(await byHttp(house))).to.deep.equal(command)
    const { report, shown } = await byPage(browser, house)
    expect(resultsOf(report)).to.deep.equal(command)
    expect(shown.map(({ verdict, findings }) => [verdict, [...findings].sort()])).to.deep.equal(
      command.map(({ verdict, findings }) => [verdict, findings.map(({ id }) => id).sort()]),
    )
  })
})
