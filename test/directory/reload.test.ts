// SPDX-License-Identifier: EUPL-1.2
/**
 * Changes of the directory file at run time: a good one replaces the state in one step, a bad one leaves the last good state.
 * @module
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { sha256Hex } from '../../src/pki/certificate.js'
import { asNobody } from '../unreadable.js'
import { until } from '../until.js'
import { certificate, makeFolder, open, pause, SERVICE, type Folder, type House } from './support.js'

const organization = (key: string, port: number, cipher = 'register'): string => `  - keys: [ '${key}' ]
    name: Behörde ${key}
    services:
      - serviceUri: ${SERVICE}
        communicationType: one-way
        elements:
          - { type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:${port}/osci', cipherCertificate: certs/${cipher}.pem }
`
const HEAD = 'formatVersion: 1\norganizations:\n'
const ONE = HEAD + organization('ags:99001000', 8001)
const TWO = ONE + organization('ags:99002000', 8002, 'other')

describe('reloading the directory file', () => {
  let folder: Folder
  let house: House
  const at = (port: number) => house.osci.receiver(`http://127.0.0.1:${port}/osci`)?.kind
  beforeEach(async () => {
    folder = await makeFolder()
    await folder.write(ONE)
    house = await open({ file: folder.file })
  })
  afterEach(async () => {
    await house.close()
    await folder.remove()
  })

  it('takes over a file that was written in place, in one step', async () => {
    expect([at(8001), at(8002)]).to.deep.equal(['passive', undefined])
    await folder.write(HEAD + organization('ags:99002000', 8002, 'other'))
    await until(() => house.reloads.length === 1)
    expect([at(8001), at(8002)]).to.deep.equal([undefined, 'passive'])
    expect(house.reloads).to.deep.equal([{ organizations: 1, warnings: [] }])
    expect(house.problems).to.deep.equal([])
    await house.services.findOrganization('ags:99002000')
  })

  it('takes over a file that an editor put in the place of the old one', async () => {
    await writeFile(folder.file + '.new', TWO)
    await rename(folder.file, folder.file + '~')
    await rename(folder.file + '.new', folder.file)
    await until(() => at(8002) === 'passive')
    expect(house.problems).to.deep.equal([])
  })

  it('keeps the last good state under a torn file, says why once, and takes over the whole one', async () => {
    const bytes = Buffer.from(TWO)
    // cut in the middle of a flow mapping
    const half = bytes.subarray(0, bytes.length - 30)
    await writeFile(folder.file, half)
    await until(() => house.problems.length === 1)
    await pause(150)
    expect(house.problems).to.have.length(1)
    expect(house.problems[0]?.[0]?.message.en).to.contain('not valid YAML or JSON')
    expect([at(8001), at(8002)]).to.deep.equal(['passive', undefined])
    await appendFile(folder.file, bytes.subarray(half.length))
    await until(() => house.reloads.length === 1)
    expect([at(8001), at(8002)]).to.deep.equal(['passive', 'passive'])
  })

  it('reads nothing while a writer is still at work, even where half of the file would be a good one', async () => {
    await house.close()
    house = await open({ file: folder.file, pollMs: 20, settleMs: 250 })
    const half = HEAD + organization('ags:99002000', 8002, 'other')
    await folder.write(half)
    for (let written = 0; written < 5; written++) {
      await pause(40)
      await appendFile(folder.file, '\n')
      expect(at(8001)).to.equal('passive')
    }
    await appendFile(folder.file, organization('ags:99001000', 8001))
    await until(() => house.reloads.length > 0)
    expect(house.reloads.map(({ organizations }) => organizations)).to.deep.equal([2])
    expect(house.problems).to.deep.equal([])
  })

  it('keeps the last good state when the file vanishes, and says so; it may come back as it was', async () => {
    await rename(folder.file, folder.file + '.away')
    await until(() => house.problems.length === 1)
    expect(house.problems[0]).to.deep.equal([
      { key: '(file)', file: folder.file, message: { de: 'nicht lesbar (ENOENT)', en: 'cannot be read (ENOENT)' } },
    ])
    expect(at(8001)).to.equal('passive')
    await rename(folder.file + '.away', folder.file)
    await until(() => house.reloads.length === 1)
    expect(house.problems).to.have.length(1)
  })

  it('keeps the last good state under a file with mistakes, names them all, and names new ones', async () => {
    await folder.write(TWO.replaceAll('one-way', 'both'))
    await until(() => house.problems.length === 1)
    expect(house.problems[0]?.map(({ key, line }) => `${key}:${line}`)).to.deep.equal([
      'organizations[0].services[0].communicationType:7',
      'organizations[1].services[0].communicationType:14',
    ])
    await folder.write('formatVersion: 1\n')
    await until(() => house.problems.length === 2)
    expect(house.problems[1]?.map(({ key }) => key)).to.deep.equal(['organizations'])
    expect(at(8001)).to.equal('passive')
  })

  it('looks at the certificates too: a broken one leaves the last good state, a renewed one is taken over', async () => {
    const file = join(folder.path, 'certs/register.pem')
    const cipher = async () => sha256Hex((await house.services.findService('ags:99001000', SERVICE)).addressee.cipherCertificate)
    await writeFile(file, 'torn')
    await until(() => house.problems.length === 1)
    expect(house.problems[0]?.map(({ key, message }) => `${key} ${message.en}`)).to.deep.equal([
      'organizations[0].services[0].elements[0].cipherCertificate certs/register.pem: no certificate in PEM or DER',
    ])
    expect(await cipher()).to.equal(sha256Hex(await certificate('register')))
    await writeFile(file, (await certificate('portal')).raw)
    await until(() => house.reloads.length === 1)
    expect(await cipher()).to.equal(sha256Hex(await certificate('portal')))
  })

  it('takes over a file whose certificate arrives after it', async () => {
    await folder.write(ONE.replace('register.pem', 'late.pem'))
    await until(() => house.problems.length === 1)
    await writeFile(join(folder.path, 'certs/late.pem'), (await certificate('portal')).toString())
    await until(() => house.reloads.length === 1)
  })

  it('takes over a file once it has become valid, without another change', async () => {
    await folder.write(ONE.replace('organizations', "validFrom: '2026-11-23T09:20:00Z'\norganizations"))
    await until(() => house.problems.length === 1)
    house.time.pass(300_000)
    await until(() => house.reloads.length === 1)
  })

  it('reads what is not good once, not at every look, and takes it over when its time has come', async () => {
    let reads = 0
    const { time } = house
    const now = time.now.bind(time)
    await house.close()
    // asked once for every reading, and by whoever waits for a moment
    const clock = { monotonicMs: () => time.monotonicMs(), now: () => (reads++, now()) }
    house = await open({ file: folder.file, clock })
    await folder.write(TWO.replaceAll('one-way', 'both'))
    await until(() => house.problems.length === 1)
    const [before] = [reads]
    await pause(200)
    expect(reads).to.equal(before)
    await folder.write(TWO.replace('organizations', "validFrom: '2026-11-23T09:20:00Z'\norganizations").replaceAll('one-way', 'both'))
    await until(() => house.problems.length === 2)
    time.pass(300_000)
    // its time has come, and it is as wrong as before otherwise
    await until(() => house.problems.length === 3)
    const [then] = [reads]
    await pause(200)
    expect(reads).to.equal(then)
  })

  it('takes over a file that the system did not hand out, once it does, without a trace of that in the file', async () => {
    chmodSync(folder.path, 0o755)
    writeFileSync(folder.file, TWO)
    chmodSync(folder.file, 0)
    await asNobody(() => until(() => house.problems.length === 1))
    expect(house.problems[0]?.[0]?.message.en).to.equal('cannot be read (EACCES)')
    // root may read it again as it is
    if (process.geteuid?.() !== 0) chmodSync(folder.file, 0o600)
    await until(() => house.reloads.length === 1)
  })

  it('sees by looking alone, where the file system gives no hint', async () => {
    const elsewhere = await makeFolder()
    await elsewhere.write(ONE)
    // a certificate in another folder than the one that is listened to
    const file = join(elsewhere.path, 'certs/register.pem')
    const other = await open({ file: elsewhere.file })
    await writeFile(file, (await certificate('portal')).toString())
    await until(() => other.reloads.length === 1)
    await other.close()
    await elsewhere.remove()
  })

  it('goes on when a listener throws', async () => {
    let calls = 0
    const other = await open({
      file: folder.file,
      onReload: () => {
        calls++
        throw new Error('listener')
      },
    })
    await folder.write(TWO)
    await until(() => calls === 1)
    await folder.write(ONE)
    await until(() => calls === 2)
    await other.close()
  })

  it('does nothing any more after close, and keeps no process alive', async () => {
    await house.close()
    await folder.write(TWO)
    await pause(150)
    expect([house.reloads.length, house.problems.length, at(8002)]).to.deep.equal([0, 0, undefined])
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const other = await open({ file: folder.file })
    // unref'd timers are not listed
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).to.be.at.most(before)
    await other.close()
    await rm(folder.file)
  })
})
