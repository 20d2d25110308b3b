// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor check` with suites (`expected.yaml`) over every captured message and every official sample, the official sets taken in by
 * `protektor schemas add`. The suites are made anew from the indexes and READMEs of the material.
 * Skips visibly where the material is not beside the project.
 * @module
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { run as check } from '../../src/cli/commands/check.js'
import { run as schemas } from '../../src/cli/commands/schemas.js'
import type { FileResult } from '../../src/check/reports/report.js'
import { writeSuites } from '../../tools/expected.js'
import { needsMaterial } from '../needs.js'
import { recorded } from '../cli/recorded.js'

const MATERIAL = fileURLToPath(new URL('../../../shared/', import.meta.url))
const SETS = ['xmeld-25.11a', 'xbeteiligung-1.2', 'xdomea-3.0.0', 'xbau-2.6', 'xta-2.1.1', 'codelists-genericode']

const DOCTYPE = '58-parser-verdicts/19-request-unreadable.bin'

/** What the README says is wrong with the broken samples of XMeld, as words of the finding. */
const REASONS: Readonly<Record<string, { readonly xpath: RegExp; readonly detail: RegExp }>> = {
  'missing-attributes': { xpath: /^\/\w+:datenabruf\.freieSuche\.suchanfrage\.1332$/, detail: /'produkt' is required/ },
  'missing-erreichbarkeit': { xpath: /\/autor$/, detail: /erreichbarkeit/ },
  'unknown-root': { xpath: /^\/\w+:meldeauskunft\.anfrage\.1332$/, detail: /No matching global declaration/ },
  'wrong-order': { xpath: /\/\w+:wohnung$/, detail: /not expected/ },
}

async function call(command: typeof check, argv: readonly string[]) {
  const { io, said } = recorded()
  return { code: await command(argv, io), ...said }
}

const resultsOf = (out: string): readonly FileResult[] => (JSON.parse(out) as { results: FileResult[] }).results

describe('interop: suites over captures and official samples', function () {
  this.timeout(300_000)
  let folder: string
  let counts: Awaited<ReturnType<typeof writeSuites>>
  const present = existsSync(join(MATERIAL, 'osci-wire')) && existsSync(join(MATERIAL, 'official-schemas'))
  before(async function () {
    needsMaterial(this, present, 'the captures and official sets (../shared)')
    folder = mkdtempSync(join(tmpdir(), 'protektor-suites-'))
    counts = await writeSuites(MATERIAL, folder)
  })
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  const pki = join(MATERIAL, 'osci-wire', 'pki')
  const keys = (): string[] => {
    const stores = readdirSync(pki).filter((name) => name.endsWith('.p12'))
    return ['--trust', join(pki, 'ca.pem'), ...stores.flatMap((name) => ['--keystore', join(pki, name), '--pin', 'test'])]
  }

  it('all captured messages come to what their index says', async () => {
    const { code, out, err } = await call(check, [...keys(), '--format', 'json', join(folder, 'osci-wire')])
    expect(err).to.equal('')
    expect(code).to.equal(0)
    expect([resultsOf(out).length, counts['osci-wire']]).to.deep.equal([468, 468])
  })

  it('one expectation that is wrong ends with 1 and is named', async () => {
    const wrong = join(folder, 'wrong')
    mkdirSync(wrong)
    copyFileSync(join(folder, 'osci-wire', DOCTYPE), join(wrong, 'doctype.bin'))
    writeFileSync(join(wrong, 'expected.yaml'), 'files: { doctype.bin: { verdict: invalid, findings: [xml.comment] } }\n')
    const { code, err } = await call(check, [wrong])
    expect(code).to.equal(1)
    expect(err)
      .to.match(/doctype\.bin.*missing xml\.comment/)
      .and.match(/doctype\.bin.*not expected xml\.doctype/)
  })

  describe('with the official sets in a store', () => {
    let store: string
    before(async () => {
      store = join(folder, 'store')
      for (const set of SETS) {
        const { code, err } = await call(schemas, ['add', '--store', store, join(MATERIAL, 'official-schemas', set)])
        expect([set, code, err]).to.deep.equal([set, 0, ''])
      }
    })

    it('all samples come to what the READMEs say, the broken ones for the reason given', async () => {
      const { code, out, err } = await call(check, ['--schemas', store, '--format', 'json', join(folder, 'official-schemas')])
      expect(err).to.equal('')
      expect(code).to.equal(0)
      const results = resultsOf(out)
      expect([results.length, counts['official-schemas']]).to.deep.equal([34, 34])
      for (const [name, { xpath, detail }] of Object.entries(REASONS)) {
        const findings = results.find(({ file }) => file.endsWith(`invalid-1332-${name}.xml`))?.findings ?? []
        const [first] = findings.filter(({ id }) => id === 'xoev-schema.invalid')
        expect(first?.xpath, name).to.match(xpath)
        expect(first?.detail, name).to.match(detail)
      }
    })

    it('every set is what it was, and compiles', async () => {
      const { code, out } = await call(schemas, ['verify', '--store', store])
      expect(code, out).to.equal(0)
      expect(out.trim().split('\n').length).to.equal(SETS.length)
    })

    it('XMeld without its imports is refused, and the modules are named', async () => {
      const elsewhere = join(folder, 'elsewhere')
      const { code, err } = await call(schemas, ['add', '--store', elsewhere, join(MATERIAL, 'official-schemas', 'xmeld-25.11a', 'xsd')])
      expect(code).to.equal(1)
      expect(err)
        .to.match(/missing; usually in: the XInneres base module/)
        .and.match(/usually in: the XÖV library, data type Code/)
      expect(existsSync(elsewhere)).to.equal(false)
    })
  })
})
