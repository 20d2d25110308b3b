// SPDX-License-Identifier: EUPL-1.2
/**
 * Schema sets that cannot be used: said at the start and when they are found out, while everything else serves.
 * @module
 */
import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderWarnings } from '../../src/cli/commands/serve.js'
import { until } from '../until.js'
import { echo, openHouse, removeDirectories, type House } from './support.js'

const SCHEMA = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:broken"'

describe('schema sets of the gateway that cannot be used', () => {
  let folders: string[] = []
  let house: House | undefined
  afterEach(async () => {
    await house?.close()
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
    folders = []
  })
  after(removeDirectories)

  async function openWith(...sets: readonly Readonly<Record<string, string>>[]): Promise<House> {
    for (const files of sets) {
      const folder = await mkdtemp(join(tmpdir(), 'protektor-broken-'))
      folders.push(folder)
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    }
    house = await openHouse({ topOptions: `schemas: { directories: [ ${folders.join(', ')} ] }` })
    return house
  }

  const errors = ({ lines }: House) =>
    lines.filter((line) => line.includes('schema-set-broken')).map((line) => JSON.parse(line) as Record<string, unknown>)
  const schemasState = async ({ gateway }: House): Promise<string | undefined> =>
    /protektor_part_state\{part="schemas",name="",state="([^"]*)"\} 1/.exec(await (await fetch(`${gateway.admin.url}/metrics`)).text())?.[1]

  it('L1 a file that cannot be read is named in a warning, its directory in the log, and the other sets serve', async () => {
    const h = await openWith({ 'good.xsd': `${SCHEMA}/>` }, { 'bad.xsd': '<xs:schema', 'worse.xsd': '' })
    expect(errors(h).map(({ level, findings, error }) => ({ level, findings, error }))).to.deep.equal([
      { level: 50, findings: ['xoev-schema.set-broken', 'schemas.directories[1]'], error: 'ERR_XOEV_SCHEMA_SET_BROKEN' },
    ])
    // names of files are the operator's to see, and no field of the log
    expect(h.lines.join('')).to.not.contain('bad.xsd')
    for (const lang of ['de', 'en'] as const)
      expect(renderWarnings(h.gateway.warnings, lang)).to.match(
        /schemas\.directories\[1\].*bad\.xsd[\s\S]*schemas\.directories\[1\].*worse\.xsd/,
      )
    await until(() => h.gateway.ready())
    expect(await schemasState(h)).to.equal('broken')
    await h.serve(echo)
    expect((await h.ride()).codes).to.deep.equal(['0800'])
  })

  it('a set that does not compile is said once when it is first needed; what it should judge is refused, the rest serves', async () => {
    const h = await openWith({ 'a.xsd': `${SCHEMA}><xs:element name="a" type="nowhere"/></xs:schema>` })
    await until(() => h.gateway.ready())
    expect([errors(h), await schemasState(h)]).to.deep.equal([[], 'ok'])
    await h.serve(echo)
    const document = new TextEncoder().encode('<a xmlns="urn:broken"/>')
    for (let i = 0; i < 2; i++) expect((await h.ride({ document })).codes).to.include('9805')
    expect(errors(h).map(({ findings }) => findings)).to.deep.equal([['xoev-schema.set-broken']])
    expect(await schemasState(h)).to.equal('broken')
    expect((await h.ride()).codes).to.deep.equal(['0800'])
  })
})
