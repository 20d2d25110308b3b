// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor schemas` as a command, with made-up packages, and what `check` and the gateway make of the store.
 * @module
 */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../src/cli/arguments.js'
import { run as check } from '../../src/cli/commands/check.js'
import { run as schemas } from '../../src/cli/commands/schemas.js'
import { openDesk } from '../../src/cli/compose/xoev-desk.js'
import { readStore, writeSet } from '../../src/config/schema-store.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { plainZip } from '../config/zip-maker.js'
import { madeUpMessage, madeUpStandard, namespaceOf, type Made } from '../xoev/made-up-standard.js'
import { recorded } from './recorded.js'

const NEW_ELEMENT = '<xs:element name="neu" type="xs:token"/>'
const ONE: Made = { version: '1.0' }

async function call(command: typeof schemas, argv: readonly string[]) {
  const { io, said } = recorded()
  try {
    const code = await command(argv, io)
    return { code, ...said }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { code: 2, out: said.out, err: error.text.en }
  }
}

interface Listed {
  readonly sets: readonly {
    readonly sha256: string
    readonly packages: readonly string[]
    readonly validFrom?: string
    readonly validUntil?: string
    readonly intact: boolean
    readonly standards: readonly {
      readonly namespace: string
      readonly standard?: string
      readonly version?: string
      readonly roots: readonly string[]
    }[]
    readonly codeLists: readonly { readonly uri: string }[]
  }[]
}

describe('protektor schemas', function () {
  this.timeout(30_000)
  let folder: string
  let store: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'protektor-schemas-'))
    store = join(folder, 'store')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const zip = (name: string, files: Readonly<Record<string, string>>): string => {
    const file = join(folder, name)
    writeFileSync(file, plainZip(files))
    return file
  }
  const unpacked = (name: string, files: Readonly<Record<string, string>>): string => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true })
      writeFileSync(join(folder, name, path), text)
    }
    return join(folder, name)
  }
  const add = (...argv: string[]) => call(schemas, ['add', '--store', store, ...argv])
  const list = async (): Promise<Listed> => JSON.parse((await call(schemas, ['list', '--store', store, '--json'])).out) as Listed
  const verify = () => call(schemas, ['verify', '--store', store])
  const message = (made: Made, created = '2026-01-15T12:00:00.000+01:00', more = ''): string => {
    const file = join(folder, `nachricht-${made.version}.xml`)
    writeFileSync(file, madeUpMessage(made, created, more))
    return file
  }

  it('takes a zip file, lists it, verifies it, and check judges by it', async () => {
    const added = await add(zip('xmuster.zip', { ...madeUpStandard(ONE), 'beispiele/a.xml': '<a/>', 'handbuch.pdf': '%PDF' }))
    expect([added.code, added.err]).to.deep.equal([0, ''])
    expect(added.out).to.match(/xmuster\.zip {2}in force: always {2}stored/)
    expect(added.out).to.match(/XMuster 1\.0 {2}http:\/\/www\.osci\.de\/xmuster10 {2}2 root elements {2}xsd\/muster\.xsd/)
    expect(added.out).to.match(/1 code lists\n {2}2 files/)

    const [set] = (await list()).sets
    expect(set?.standards.map(({ standard, version, roots }) => [standard, version, roots])).to.deep.equal([
      ['XMuster', '1.0', ['anlass.anfrage.0001', 'anlass.antwort.0002']],
    ])
    expect(set?.codeLists.map(({ uri }) => uri)).to.deep.equal(['urn:example:codeliste:anlass'])
    expect(set?.intact).to.equal(true)

    expect(await verify()).to.deep.equal({ code: 0, out: `${set?.sha256.slice(0, 12)}  xmuster.zip  as it was, compiles\n`, err: '' })

    const good = await call(check, ['--schemas', store, '--format', 'json', message(ONE)])
    expect(good.code).to.equal(0)
    const report = JSON.parse(good.out) as { schemaSets: readonly unknown[] }
    expect(report.schemaSets).to.deep.include({ name: 'XMuster', version: '1.0', sha256: set?.sha256 })
    const bad = await call(check, ['--schemas', store, message(ONE, '2026-01-15T12:00:00.000+01:00', '<neu>x</neu>')])
    expect(bad.code).to.equal(1)
    expect(bad.out).to.include('xoev-schema.invalid')
  })

  it('a folder and the zip file of it are the same set', async () => {
    await add(
      zip('xmuster.zip', Object.fromEntries(Object.entries(madeUpStandard(ONE)).map(([path, text]) => [`xmuster-1.0/${path}`, text]))),
    )
    const folderOfIt = unpacked('ordner', { ...madeUpStandard(ONE), 'quellen.zip': 'PK', 'handbuch.pdf': '' })
    const fresh = await call(schemas, ['add', '--store', join(folder, 'other'), folderOfIt])
    expect([fresh.code, fresh.err]).to.deep.equal([0, 'note: quellen.zip: an archive inside is not opened\n'])
    expect(fresh.out).to.match(/\n {2}2 files that do not belong/)
    const again = await add(folderOfIt)
    expect([again.code, again.out.includes('is stored already')]).to.deep.equal([0, true])
    expect((await list()).sets.length).to.equal(1)
  })

  it('versions lie side by side, and the message chooses', async () => {
    const shared: readonly Made[] = [
      { version: '1.0', namespace: '1' },
      { version: '1.1', namespace: '1', more: NEW_ELEMENT },
    ]
    for (const made of shared) expect((await add(zip(`${made.version}.zip`, madeUpStandard(made)))).code).to.equal(0)
    const [first, second] = shared
    if (!first || !second) throw new Error('two versions')
    const time = '2026-01-15T12:00:00.000+01:00'
    expect((await call(check, ['--schemas', store, message(first), message(second, time, '<neu>x</neu>')])).code).to.equal(0)
  })

  it('two editions of one version are refused until their periods say which one counts', async () => {
    const first = zip('erste.zip', madeUpStandard(ONE))
    const second = zip('zweite.zip', madeUpStandard({ ...ONE, more: NEW_ELEMENT }))
    await add(first)
    const rival = await add(second, '--valid-from', '2026-05-01')
    expect(rival.code).to.equal(1)
    expect(rival.err).to.match(/XMuster 1\.0 \(http.*is in the store already, with other content \([0-9a-f]{12}, erste\.zip\)/)
    expect((await list()).sets.length).to.equal(1)

    const dated = await add(first, '--valid-until', '2026-04-30')
    expect([dated.code, dated.out.includes('its validity is new')]).to.deep.equal([0, true])
    expect((await add(second, '--valid-from', '2026-05-01')).code).to.equal(0)
    const { sets } = await list()
    expect(sets.map(({ validFrom, validUntil }) => [validFrom, validUntil])).to.deep.equal([
      [undefined, '2026-04-30'],
      ['2026-05-01', undefined],
    ])
    // dates that would make them overlap again are refused, and nothing changes
    expect((await add(first, '--valid-until', '2026-05-01')).code).to.equal(1)
    expect(await list()).to.deep.equal({ store, sets })

    const old = message(ONE, '2026-04-30T23:00:00.000+02:00')
    const at = ['--schemas', store]
    expect((await call(check, [...at, old])).code).to.equal(0)
    expect((await call(check, [...at, '--at', '2026-06-01T00:00:00Z', old])).code).to.equal(1)
  })

  describe('what a package asks for', () => {
    const lonely = () => zip('allein.zip', madeUpStandard({ ...ONE, withoutBase: true }))
    const base = () => {
      const files = madeUpStandard(ONE)
      return zip('basis.zip', { 'basis.xsd': files['basis/basis.xsd'] ?? '' })
    }

    it('and does not find is named, with the remedy', async () => {
      const { code, out, err } = await add(lonely())
      expect([code, out]).to.deep.equal([1, ''])
      // the cause first, then what the engine says of it, once
      expect(err).to.match(/^protektor: the package lacks:\n[\s\S]*\nRemedy: [^\n]*\nthe schema does not compile:\n  [^\n]*\n$/)
      expect(err).to.match(
        /xsd\/eins\.xsd \(\+1\) asks for http:\/\/example\.org\/basis\/1\/basis\.xsd \(namespace urn:example:basis:1\): missing/,
      )
      expect(err).to.match(/protektor schemas add A\.zip B\.zip/)
      expect(existsSync(store)).to.equal(false)
    })

    it('is found in the other package of the call', async () => {
      expect((await add(lonely(), base())).code).to.equal(0)
      expect((await list()).sets.map(({ packages }) => packages)).to.deep.equal([['allein.zip', 'basis.zip']])
      expect((await call(check, ['--schemas', store, message(ONE)])).code).to.equal(0)
    })

    it('X4 is never fetched, not even from next door', async () => {
      let calls = 0
      const server = createServer((socket) => {
        calls++
        socket.destroy()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      try {
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        const files = Object.fromEntries(
          Object.entries(madeUpStandard({ ...ONE, withoutBase: true })).map(([path, text]) => [
            path,
            text.replaceAll('http://example.org', address).replace('schemaLocation="zwei.xsd"', `schemaLocation="${address}/zwei.xsd"`),
          ]),
        )
        expect((await add(zip('netz.zip', files))).code).to.equal(1)
        expect(calls).to.equal(0)
      } finally {
        server.close()
      }
    })

    it('and does not need is a note', async () => {
      const files = madeUpStandard(ONE)
      const needless = (files['xsd/zwei.xsd'] ?? '').replace(
        '<xs:import',
        '<xs:import namespace="http://www.w3.org/1999/xlink" schemaLocation="http://www.w3.org/xlink.xsd"/><xs:import',
      )
      const { code, err } = await add(zip('hinweis.zip', { ...files, 'xsd/zwei.xsd': needless }))
      expect(code).to.equal(0)
      expect(err).to.match(/^note: xsd\/zwei\.xsd asks for http:\/\/www\.w3\.org\/xlink\.xsd.*missing; usually in: a schema of the W3C\n$/)
    })
  })

  describe('refused, with nothing left behind:', () => {
    const broken = { ...madeUpStandard(ONE), 'xsd/zwei.xsd': '<xs:schema' }
    const untyped = Object.fromEntries(Object.entries(madeUpStandard(ONE)).map(([path, text]) => [path, text.replace('b:Kopf', 'b:Fuss')]))
    const REFUSED: Readonly<Record<string, { readonly files: Readonly<Record<string, string>>; readonly says: RegExp }>> = {
      'a file that is not XML': { files: broken, says: /files of the package cannot be read:\n {2}xsd\/zwei\.xsd/ },
      'a schema that does not compile': { files: untyped, says: /does not compile:\n {2}xsd\/muster\.xsd: .*Fuss/ },
      'rules that are not XML': {
        files: { ...madeUpStandard(ONE), 'rules/a.sch': '<sch:schema' },
        says: /files of the package cannot be read:\n {2}rules\/a\.sch/,
      },
      'schemas without root elements': {
        files: { 'a.xsd': '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>' },
        says: /no schema of the package declares a root element/,
      },
      'archives inside an archive': { files: { 'xsd.zip': 'PK', 'handbuch.pdf': '' }, says: /Archives inside are not opened: xsd\.zip/ },
      'no schema at all': { files: { 'handbuch.pdf': '' }, says: /neither a schema \(\.xsd\) nor a code list/ },
    }
    for (const [what, { files, says }] of Object.entries(REFUSED))
      it(what, async () => {
        const { code, err, out } = await add(zip('paket.zip', files))
        expect(err).to.match(says)
        expect([code, out]).to.deep.equal([1, ''])
        expect(existsSync(store)).to.equal(false)
      })
  })

  it('two versions in one package that no message tells apart are told', async () => {
    const edition = (folder: string, made: Made) => Object.entries(madeUpStandard(made)).map(([path, text]) => [`${folder}/${path}`, text])
    const files = [...edition('alt', ONE), ...edition('neu', { ...ONE, more: '<xs:element name="neu"/>' })]
    const { code, err } = await add(zip('zwei.zip', Object.fromEntries(files) as Record<string, string>))
    expect([code, err.split('\n').length]).to.deep.equal([0, 2])
    expect(err).to.match(/^note: anlass\.anfrage\.0001 \(\+1\) .*alt\/xsd\/muster\.xsd, neu\/xsd\/muster\.xsd\. .*--valid-from/)
  })

  it('an archive beside schemas is told', async () => {
    const { code, err } = await add(zip('paket.zip', { ...madeUpStandard(ONE), 'quellen.zip': 'PK' }))
    expect([code, err]).to.deep.equal([0, 'note: quellen.zip: an archive inside is not opened\n'])
  })

  it('rules that cannot be evaluated are told', async () => {
    const sch = '<sch:schema xmlns:sch="http://purl.oclc.org/dsdl/schematron"><sch:include href="b.sch"/></sch:schema>'
    const { code, err } = await add(zip('paket.zip', { ...madeUpStandard(ONE), 'rules/a.sch': sch }))
    expect([code, err]).to.deep.equal([
      0,
      'note: rules/a.sch: these rules (Schematron) cannot be evaluated (include is not supported); whoever checks by them gets an error\n',
    ])
  })

  it('a code list that cannot be used is told, also by check', async () => {
    const files = {
      ...madeUpStandard(ONE),
      'listen/x.xml': '<gc:CodeList xmlns:gc="http://docs.oasis-open.org/codelist/ns/genericode/1.0/"/>',
    }
    const { code, err } = await add(zip('xmuster.zip', files))
    expect([code, err]).to.satisfy(
      ([c, text]: [number, string]) => c === 0 && /^note: listen\/x\.xml: this code list cannot be used/m.test(text),
    )
    for (const dir of [store, unpacked('offen', files)])
      expect((await call(check, ['--schemas', dir, message(ONE)])).err, dir).to.match(/listen\/x\.xml: a code list without CanonicalUri/)
  })

  it('a package of code lists alone is a set', async () => {
    const files = madeUpStandard(ONE)
    const codeList = files['codelisten/anlass_1.xml'] ?? ''
    // .gc is what genericode itself recommends
    const other = codeList.replace('codeliste:anlass', 'codeliste:grund')
    expect((await add(zip('liste.zip', { 'anlass_1.xml': codeList, 'grund_1.gc': other, 'program.gc': 'x' }))).code).to.equal(0)
    const [set] = (await list()).sets
    expect([set?.standards, set?.codeLists.map(({ uri }) => uri)]).to.deep.equal([
      [],
      ['urn:example:codeliste:anlass', 'urn:example:codeliste:grund'],
    ])
  })

  it('verify names what was changed, lost and added', async () => {
    await add(zip('xmuster.zip', madeUpStandard(ONE)))
    const set = join(store, 'sets', readdirSync(join(store, 'sets'))[0] ?? '', 'files')
    appendFileSync(join(set, 'catalog.xml'), '\n')
    rmSync(join(set, 'xsd', 'zwei.xsd'))
    writeFileSync(join(set, 'xsd', 'drei.xsd'), '<broken')
    const { code, out } = await verify()
    expect(code).to.equal(1)
    expect(out).to.match(/CHANGED/)
    for (const line of [
      'catalog.xml: changed',
      'xsd/zwei.xsd: missing',
      'xsd/drei.xsd: added',
      `${namespaceOf(ONE)}: is read differently today`,
    ])
      expect(out).to.include(`  ${line}`)
    expect((await call(schemas, ['list', '--store', store])).code).to.equal(1)
    // and nothing is judged by it
    const judged = await call(check, ['--schemas', store, message(ONE)])
    expect([judged.code, judged.err.includes('is no longer what was added')]).to.deep.equal([2, true])
  })

  it('added several times at once a set is there once, and nobody is told of a failure', async () => {
    const file = zip('xmuster.zip', madeUpStandard(ONE))
    expect((await add(file)).code).to.equal(0)
    const [known] = (await readStore(store)).sets
    if (!known) throw new Error('no set')
    rmSync(known.folder, { recursive: true })
    await Promise.all(Array.from({ length: 8 }, () => writeSet(store, known.manifest, known.files)))
    expect((await list()).sets).to.have.length(1)
    expect(readdirSync(store).sort()).to.deep.equal(['schemas-store.json', 'sets'])
    // a damaged one is mended by adding it again
    appendFileSync(join(known.folder, 'files', 'catalog.xml'), '\n')
    expect([(await add(file)).code, (await verify()).code]).to.deep.equal([0, 0])
  })

  it('verify names what the manifest of a set no longer says, or says otherwise', async () => {
    await add(zip('xmuster.zip', madeUpStandard(ONE)))
    const file = join(store, 'sets', readdirSync(join(store, 'sets'))[0] ?? '', 'set.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { standards: { readonly namespace: string }[] }
    const others = manifest.standards.filter(({ namespace }) => namespace !== namespaceOf(ONE))
    const cases: readonly [object, RegExp][] = [
      [{ standards: others }, /xmuster10: is read differently today/],
      [{ codeLists: [] }, /code lists: are read differently today/],
      [{ sha256: '0'.repeat(64) }, /set\.json: the sum of the set is [0-9a-f]{64}, there it is 0{64}/],
    ]
    for (const [changed, says] of cases) {
      writeFileSync(file, JSON.stringify({ ...manifest, ...changed }))
      const { code, out } = await verify()
      expect([code, out]).to.satisfy(([c, text]: [number, string]) => c === 1 && says.test(text))
    }
    writeFileSync(file, JSON.stringify(manifest))
    expect((await verify()).code).to.equal(0)
  })

  it('a date of a set that calendars mistake for another is named with file and key', async () => {
    await add(zip('xmuster.zip', madeUpStandard(ONE)), '--valid-from', '0100-01-01')
    const manifest = join(store, 'sets', readdirSync(join(store, 'sets'))[0] ?? '', 'set.json')
    expect((await verify()).code).to.equal(0)
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('0100-01-01', '0099-12-31'))
    for (const { code, err } of [await verify(), await call(check, ['--schemas', store, message(ONE)])]) {
      expect(code).to.be.oneOf([1, 2])
      expect(err)
        .to.include(manifest)
        .and.match(/years 0100 to 9999[\s\S]*validFrom/)
    }
  })

  it('the gateway reads the store as one of its schema directories', async () => {
    await add(zip('xmuster.zip', madeUpStandard(ONE)), '--valid-until', '2025-12-31')
    const desk = await openDesk({
      directories: [store],
      limits: GATEWAY_LIMITS,
      workers: 1,
      timeZone: 'Europe/Berlin',
      sources: { now: () => new Date('2026-01-15T12:00:00Z'), uuid: () => '', version: '0' },
      onFallback: (reason) => {
        throw new Error(reason)
      },
      onBrokenSet: () => {
        throw new Error('broken')
      },
    })
    try {
      const report = await desk.check(new TextEncoder().encode(madeUpMessage(ONE, '2026-01-15T12:00:00.000+01:00')))
      expect([report.facts?.standard, report.facts?.version, report.unknownStandard]).to.deep.equal(['XMuster', '1.0', false])
      expect(report.findings).to.include('xoev-schema.not-in-force')
    } finally {
      await desk.close()
    }
  })

  describe('a wrong call ends with 2:', () => {
    const WRONG: Readonly<Record<string, { readonly argv: () => readonly string[]; readonly says: RegExp }>> = {
      'no action': { argv: () => [], says: /add, list or verify/ },
      'an action of another name': { argv: () => ['toString'], says: /add, list or verify/ },
      'add without package': { argv: () => ['add'], says: /wants a package/ },
      'a package that is not there': {
        argv: () => ['add', '--store', store, join(folder, 'none.zip')],
        says: /neither a file nor a folder/,
      },
      'two packages of one name': {
        argv: () => ['add', '--store', store, unpacked('a', { 'x/a.xsd': '<a/>' }), unpacked('b/a', { 'x/a.xsd': '<a/>' })],
        says: /two packages have the name a/,
      },
      'a day that is none': { argv: () => ['add', '--valid-from', '2026-02-30', folder], says: /--valid-from wants a day/ },
      'a year that calendars mistake for another': {
        argv: () => ['add', '--valid-from', '0050-01-01', folder],
        says: /--valid-from wants a day of the years 0100 to 9999/,
      },
      'a year beyond what days are written in': {
        argv: () => ['add', '--valid-until', '10000-01-01', folder],
        says: /--valid-until wants a day of the years 0100 to 9999/,
      },
      'a list of days': { argv: () => ['list', '--valid-from', '2026-02-01'], says: /takes neither packages nor days/ },
      'a store that is none': { argv: () => ['list', '--store', folder], says: /is no schema store/ },
      'a store that belongs to somebody else': {
        argv: () => ['add', '--store', unpacked('briefe', { 'a.txt': '' }), zip('xmuster.zip', madeUpStandard(ONE))],
        says: /not empty/,
      },
    }
    for (const [what, { argv, says }] of Object.entries(WRONG))
      it(what, async () => {
        const { code, err } = await call(schemas, argv())
        expect(err).to.match(says)
        expect(code).to.equal(2)
      })
  })

  it('a period that ends before it begins is refused', async () => {
    const { code, err } = await add(zip('xmuster.zip', madeUpStandard(ONE)), '--valid-from', '2026-02-01', '--valid-until', '2026-01-31')
    expect([code, /later than valid until/.test(err), existsSync(store)]).to.deep.equal([1, true, false])
  })

  it('-h explains actions and exit codes', async () => {
    const { code, out } = await call(schemas, ['-h'])
    expect(code).to.equal(0)
    for (const word of ['add', 'list', 'verify', '--valid-until', '--store', 'Exit codes']) expect(out).to.include(word)
  })
})
