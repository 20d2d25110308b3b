// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor keys` from the outside: what it prints, writes and returns.
 * @module
 */
import { expect } from 'chai'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keys } from '../../src/cli/commands/keys.js'
import { FINDINGS_MIME } from '../../src/mime/findings.js'
import { FINDINGS_PKI } from '../../src/pki/findings.js'
import { readCertificate } from '../../src/pki/certificate.js'
import { readPem, readPkcs12 } from '../../src/pki/keystore.js'
import { trustStore } from '../../src/pki/path.js'
import { issueCertificate } from '../../src/pki/test-pki.js'

async function call(argv: string[], lang: 'de' | 'en' = 'en') {
  const out: string[] = []
  const err: string[] = []
  const code = await keys(argv, { out: (text) => out.push(text), err: (text) => err.push(text), lang })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('protektor keys', () => {
  let directory: string
  let made: Awaited<ReturnType<typeof call>>
  const file = (name: string) => join(directory, 'keys', name)

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'protektor-keys-'))
    made = await call(['make', join(directory, 'keys'), '--bits', '2048', '--name', 'Probe'])
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  it('makes a test PKI whose certificates lead to its root', async () => {
    expect(made.code).to.equal(0)
    expect(made.out).to.include('throwaway test keys')
    const pin = readFileSync(file('pin'), 'utf8').trim()
    expect(made.out).to.not.include(pin)
    const root = readPem(readFileSync(file('ca.key.pem'), 'utf8'), readFileSync(file('ca.pem'), 'utf8')).certificate
    const store = trustStore({ roots: [root] })
    const stores = readdirSync(join(directory, 'keys')).filter((name) => name.endsWith('.p12'))
    expect(stores).to.have.length(8)
    for (const name of stores) {
      const [pair] = readPkcs12(readFileSync(file(name)), pin)
      if (pair === undefined) throw new Error(name)
      const usage = name.includes('cipher') ? 'cipher' : 'signature'
      expect((await store.check(readCertificate(pair.certificate.raw), usage, new Date())).verdict, name).to.equal('valid')
    }
    const jwk = JSON.parse(readFileSync(file('register-cipher.jwk.json'), 'utf8')) as Record<string, string>
    const open = JSON.parse(readFileSync(file('register-cipher.public.jwk.json'), 'utf8')) as Record<string, string>
    expect(Object.keys(jwk)).to.include('d')
    expect({ ...open, d: jwk['d'] }).to.deep.equal(jwk)
  })

  it('K1 makes files only their owner can read, and overwrites none', async () => {
    for (const name of readdirSync(join(directory, 'keys'))) expect(statSync(file(name)).mode & 0o777, name).to.equal(0o600)
    expect(statSync(join(directory, 'keys')).mode & 0o077).to.equal(0)
    const before = readFileSync(file('pin'), 'utf8')
    const again = await call(['make', join(directory, 'keys'), '--bits', '2048'])
    expect(again.code).to.equal(4)
    expect(readFileSync(file('pin'), 'utf8')).to.equal(before)
  })

  it('inspects PEM, DER, stores and keys, as text and JSON, without secrets', async () => {
    const der = join(directory, 'a.der')
    writeFileSync(der, readPem(readFileSync(file('ca.key.pem'), 'utf8'), readFileSync(file('ca.pem'), 'utf8')).certificate.raw)
    for (const [name, expected] of [
      [file('ca.pem'), 'CN=Probe Root CA'],
      [der, 'keyCertSign'],
      [file('reader-cipher.p12'), 'CN=Probe reader-cipher'],
      [file('ca.key.pem'), 'RSA 2048'],
    ] as const) {
      const { code, out } = await call(['inspect', name, '--pin-file', file('pin')])
      expect([code, out.includes(expected)], name).to.deep.equal([0, true])
      expect(out).to.not.include('BEGIN')
    }
    const { out } = await call(['inspect', file('reader-cipher.p12'), '--pin-file', file('pin'), '--json'])
    const [report] = JSON.parse(out) as {
      content: { key: string; usage: string[]; sha256: string; hasPrivateKey: boolean; ca: boolean }[]
    }[]
    expect(report?.content.map(({ key, hasPrivateKey, ca }) => [key, hasPrivateKey, ca])).to.deep.equal([
      ['RSA 2048', true, false],
      ['RSA 2048', false, true],
    ])
    expect(report?.content[0]?.usage).to.deep.equal(['keyEncipherment', 'dataEncipherment'])
  })

  it('K1 warns of private keys that others can read', async () => {
    const copy = join(directory, 'open.pem')
    writeFileSync(copy, readFileSync(file('ca.key.pem')))
    chmodSync(copy, 0o644)
    expect((await call(['inspect', copy])).err).to.include('readable by others')
    chmodSync(copy, 0o600)
    expect((await call(['inspect', copy])).err).to.equal('')
  })

  it('fails with 4 on a wrong PIN or broken file, and says so in the reader’s language', async () => {
    const wrong = await call(['inspect', file('reader-cipher.p12'), '--pin', 'falsch'], 'de')
    expect([wrong.code, wrong.err.includes('Die PIN öffnet den Schlüsselspeicher nicht.')]).to.deep.equal([4, true])
    const broken = join(directory, 'broken.der')
    writeFileSync(broken, 'nothing')
    expect((await call(['inspect', broken, file('ca.pem')])).code).to.equal(4)
    expect((await call(['inspect', join(directory, 'absent')])).code).to.equal(4)
  })

  it('tells what expires within the days asked for', async () => {
    const soon = new Date(Date.now() + 5 * 86_400_000)
    const old = { commonName: 'Alt', usage: 'signature', key: 'ec-p256', notBefore: new Date('2020-01-01') } as const
    const expiring = join(directory, 'soon.pem')
    const expired = join(directory, 'old.pem')
    writeFileSync(expiring, (await issueCertificate({ ...old, commonName: 'Bald', notAfter: soon })).certificate.toString())
    writeFileSync(expired, (await issueCertificate({ ...old, notAfter: new Date('2021-01-01') })).certificate.toString())
    expect((await call(['expiry', join(directory, 'keys'), '--pin-file', file('pin')])).code).to.equal(0)
    expect((await call(['expiry', join(directory, 'keys')])).code).to.equal(0)
    expect((await call(['expiry', join(directory, 'keys'), '--days', '400', '--pin-file', file('pin')])).code).to.equal(1)
    expect((await call(['expiry', expiring, '--days', '4'])).code).to.equal(0)
    const due = await call(['expiry', expiring, expired])
    expect([due.code, due.out.split('\n').map((line) => line.split(' ')[0])]).to.deep.equal([1, ['expires', 'expired']])
    expect(JSON.parse((await call(['expiry', expired, '--json'])).out)).to.have.length(1)
    expect(await call(['expiry', file('reader-cipher.p12')])).to.include({ code: 4, out: '' })
    // where nothing was looked at, nothing is known to be fine
    const empty = join(directory, 'empty')
    mkdirSync(empty)
    expect(await call(['expiry', empty])).to.include({ code: 4, out: '' })
    // what is not there hides nothing of the others
    const beside = await call(['expiry', join(directory, 'none'), expired, '--json'])
    const named = (JSON.parse(beside.out) as readonly { file: string }[]).map((one) => one.file)
    expect([beside.code, named, beside.err.includes('ENOENT')]).to.deep.equal([4, [expired], true])
  })

  it('makes no certificates that have run out already, nor for longer than a hundred years, and leaves no folder then', async () => {
    for (const days of ['0', '-1', '1.5', '36501', '99999999999', '', 'x']) {
      const { code, err } = await call(['make', join(directory, 'none', 'deep'), `--days=${days}`])
      expect([code, err.split('\n')[0]], days).to.deep.equal([2, 'wrong call: --days wants whole days from 1 to 36500'])
    }
    expect(readdirSync(directory)).to.not.include('none')
    // what has run out by now is a question
    expect((await call(['expiry', file('ca.pem'), '--days', '0'])).code).to.equal(0)
    expect((await call(['expiry', file('ca.pem'), '--days=-1'], 'de')).err).to.contain('--days verlangt ganze Tage von 0 bis 36500')
  })

  it('ends with 2 on a wrong call and with 0 on help', async () => {
    for (const argv of [
      [],
      ['melt'],
      ['make'],
      ['make', 'a', 'b'],
      ['make', 'x', '--bits', '1024'],
      ['inspect'],
      ['inspect', 'x', '--nope'],
    ])
      expect((await call(argv)).code, argv.join(' ')).to.equal(2)
    expect((await call(['expiry', file('ca.pem'), '--days', 'x'])).code).to.equal(2)
    expect((await call(['inspect', file('ca.pem'), '--pin', 'a', '--pin-file', 'b'])).code).to.equal(2)
    expect((await call(['inspect', 'x', '--nope'], 'de')).err).to.match(/^falscher Aufruf: unbekannte Option: --nope\n/)
    for (const argv of [['-h'], ['make', '--help']]) expect(await call(argv)).to.include({ code: 0, err: '' })
    expect((await call(['-h'], 'de')).out).to.include('Wegwerf-Schlüssel')
  })
})

describe('findings of mime and pki', () => {
  it('have unique ids and texts in both languages', () => {
    const all = [...FINDINGS_MIME, ...FINDINGS_PKI]
    expect(new Set(all.map(({ id }) => id)).size).to.equal(all.length)
    for (const { id, de, en, reference } of all) {
      expect(id).to.match(/^(mime|certificates|keystore|timestamp)\.[a-z0-9-]+$/)
      expect([de, en, reference].every((text) => text.length > 3)).to.equal(true)
    }
  })
})
