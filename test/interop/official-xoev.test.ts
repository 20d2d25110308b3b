// SPDX-License-Identifier: EUPL-1.2
/**
 * Official XÖV sets, loaded as configuration from outside the project: every published sample is judged as its publisher meant it.
 *
 * Needs `../shared/official-schemas` beside the project and skips visibly without it. No file of it is copied here.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readSchemaDirectory } from '../../src/config/schema-files.js'
import { readCodeList } from '../../src/xoev/codelists.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { readingOf } from '../../src/xoev/reading.js'
import { deskOf, project, treeOf, type Desk } from '../xoev/fixtures.js'
import { needsMaterial } from '../needs.js'

const official = join(project, '..', 'shared', 'official-schemas')

const samplesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? samplesBelow(join(folder, entry.name)) : entry.name.endsWith('.xml') ? [join(folder, entry.name)] : [],
  )

interface OfficialSet {
  readonly folder: string
  readonly samples: string
  readonly standard: RegExp
  readonly version: RegExp
  readonly count: number
  /** Entries that may judge the samples. */
  readonly entries: readonly string[]
}

const SETS: readonly OfficialSet[] = [
  {
    folder: 'xmeld-25.11a',
    samples: 'samples',
    standard: /^(XMeld|XInneres-Rueckweisung)$/,
    version: /^(25\.11a|6)$/,
    count: 18,
    entries: ['xsd/xinneres.xmeld.xsd', 'imported/xinneres/xinneres-rueckweisung.xsd'],
  },
  {
    folder: 'xbeteiligung-1.2',
    samples: 'samples',
    standard: /^XBeteiligung$/,
    version: /^1\.2$/,
    count: 6,
    entries: ['xsd/xbeteiligung.xsd'],
  },
  {
    folder: 'xdomea-3.0.0',
    samples: 'samples',
    standard: /^xdomea$/,
    version: /^3\.0\.0$/,
    count: 4,
    entries: ['schemes/xdomea_3.0.0/xdomea.xsd'],
  },
]

/** What is wrong in the four samples that a third party's program got wrong, and where. */
const INVALID: Readonly<Record<string, { readonly xpath: RegExp; readonly detail: RegExp }>> = {
  'invalid-1332-missing-attributes.xml': { xpath: /^\/\w+:datenabruf\.freieSuche\.suchanfrage\.1332$/, detail: /'produkt' is required/ },
  'invalid-1332-missing-erreichbarkeit.xml': { xpath: /\/autor$/, detail: /erreichbarkeit/ },
  'invalid-1332-unknown-root.xml': { xpath: /^\/\w+:meldeauskunft\.anfrage\.1332$/, detail: /No matching global declaration/ },
  'invalid-1332-wrong-order.xml': { xpath: /\/\w+:wohnung$/, detail: /not expected/ },
}

describe('official XÖV sets', function () {
  this.timeout(300_000)
  before(function () {
    needsMaterial(this, existsSync(official), 'the official sets (../shared)')
  })

  for (const set of SETS) {
    describe(set.folder, () => {
      let desk: Desk
      before(async () => {
        desk = await deskOf([await readSchemaDirectory(join(official, set.folder))])
      })
      after(() => desk.close())

      it('validates every published sample, found by the root element alone', async () => {
        const files = samplesBelow(join(official, set.folder, set.samples)).filter((file) => !file.includes('invalid'))
        expect(files.length).to.equal(set.count)
        for (const file of files) {
          const report = await desk.check(readFileSync(file))
          expect(
            report.findings.filter((f) => f.severity === 'error'),
            file,
          ).to.deep.equal([])
          expect(report.verdict, file).to.equal('valid')
          expect(report.standard, file).to.match(set.standard)
          expect(report.version, file).to.match(set.version)
          expect(report.head?.nachrichtenUUID, file).to.match(/^[0-9a-f-]{36}$/)
          expect(report.head?.nachrichtentyp, file).to.match(/^\d{4}$/)
          const { root } = treeOf(readFileSync(file))
          expect(set.entries).to.include(desk.schemas.forRoot(root.uri, root.local)?.source.id)
          expect(readingOf(treeOf(readFileSync(file))).head?.messageType).to.equal(root.local)
        }
        expect(desk.schemas.broken()).to.deep.equal([])
      })

      it('turns every sample invalid when an element is added', async () => {
        const [file] = samplesBelow(join(official, set.folder, set.samples)).filter((one) => !one.includes('invalid'))
        const text = readFileSync(file ?? '', 'utf8')
        const { root } = treeOf(text)
        const end = root.prefix === '' ? `</${root.local}` : `</${root.prefix}:${root.local}`
        const report = await desk.check(text.replace(end, `<fremd/>${end}`))
        expect([report.verdict, report.rueckweisung]).to.deep.equal(['invalid', 'X001'])
        expect(report.findings[0]?.xpath).to.match(/\/fremd$/)
      })
    })
  }

  it('judges XMeld’s broken samples invalid and names the place', async () => {
    const desk = await deskOf([await readSchemaDirectory(join(official, 'xmeld-25.11a'))])
    try {
      const files = samplesBelow(join(official, 'xmeld-25.11a', 'samples', 'invalid'))
      expect(files.length).to.equal(4)
      for (const file of files) {
        const expected = INVALID[file.split(/[\\/]/).at(-1) ?? '']
        const report = await desk.check(readFileSync(file))
        expect([report.verdict, report.rueckweisung], file).to.deep.equal(['invalid', 'X001'])
        const [finding] = report.findings.filter((f) => f.id === 'xoev-schema.invalid')
        expect(finding?.xpath, file).to.match(expected?.xpath ?? /$a/)
        expect(finding?.detail, file).to.match(expected?.detail ?? /$a/)
        // the place is that of the element in the file as it lies there
        const lines = readFileSync(file, 'utf8').split('\n')
        expect(lines[(finding?.line ?? 0) - 1]?.slice((finding?.column ?? 0) - 1), file).to.match(/^<[\w:]/)
      }
    } finally {
      await desk.close()
    }
  })

  it('validates all samples when the whole collection is one directory', async () => {
    const desk = await deskOf([await readSchemaDirectory(official)])
    try {
      for (const set of SETS)
        for (const file of samplesBelow(join(official, set.folder, set.samples)).filter((one) => !one.includes('invalid'))) {
          const report = await desk.check(readFileSync(file))
          expect(
            report.findings.filter((f) => f.severity === 'error'),
            file,
          ).to.deep.equal([])
          expect(report.verdict, file).to.equal('valid')
        }
    } finally {
      await desk.close()
    }
  })

  it('finds the same files without XMeld’s catalog, by name and namespace', async () => {
    const files = await readSchemaDirectory(join(official, 'xmeld-25.11a'))
    files.delete('catalog.xml')
    const desk = await deskOf([files])
    try {
      const report = await desk.check(readFileSync(join(official, 'xmeld-25.11a', 'samples', 'constructed', '1700-anfrage.xml')))
      expect(report.verdict).to.equal('valid')
      expect(report.findings.map((f) => f.id)).to.not.include('xoev-schema.unresolved-import')
    } finally {
      await desk.close()
    }
  })

  it('compiles XBau, whose core module comes in two files of one namespace', async () => {
    const desk = await deskOf([await readSchemaDirectory(join(official, 'xbau-2.6'))])
    try {
      for (const namespace of ['http://www.xleitstelle.de/xbau/2/6', 'http://www.xleitstelle.de/xbau/kernmodul/1/3/0']) {
        const report = await desk.check(`<x:fremd.0000 xmlns:x="${namespace}"/>`)
        expect(report.layers['xoev-schema'], JSON.stringify(report.findings)).to.equal('invalid')
        expect(report.findings.map((f) => f.id)).to.not.include('xoev-schema.unresolved-import')
      }
    } finally {
      await desk.close()
    }
  })

  it('builds a complete source for XTA and both states of OSCI 1.2, document types in W3C schemas included', async () => {
    for (const folder of ['xta-2.1.1', 'osci12', 'osci12-korr10']) {
      const sets = schemaSets([await readSchemaDirectory(join(official, folder))])
      expect(sets.broken(), folder).to.deep.equal([])
      const choice = sets.forRoot('http://www.w3.org/2000/09/xmldsig#', 'Signature')
      expect(choice?.unresolved, folder).to.deep.equal([])
      for (const [name, bytes] of choice?.source.files ?? []) expect(new TextDecoder().decode(bytes), name).to.not.include('DOCTYPE')
    }
  })

  it('reads every published code list', async () => {
    const lists = samplesBelow(join(official, 'codelists-genericode')).map((file) => ({ file, list: readCodeList(readFileSync(file)) }))
    for (const { file, list } of lists) expect(list?.codes.size, file).to.be.greaterThan(0)
    const prefixes = lists.find(({ list }) => list?.uri.endsWith('dvdv.praefix') === true)?.list
    for (const prefix of ['ags', 'mbp', 'dbs', 'psw']) expect(prefixes?.codes.has(prefix), prefix).to.equal(true)
  })
})
