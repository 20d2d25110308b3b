// SPDX-License-Identifier: EUPL-1.2
/**
 * Revocation lists handed to `protektor check`: a signer that was revoked is an error (product.md, "signature verdict in `check`").
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { run } from '../../src/cli/commands/check.js'
import { checkThreads } from '../../src/cli/compose/check-threads.js'
import { UsageError } from '../../src/cli/arguments.js'
import type { FileResult } from '../../src/check/reports/report.js'
import { readPem } from '../../src/pki/keystore.js'
import { issueCrl } from '../../src/pki/test-pki.js'
import { recorded } from './recorded.js'
import { DESK_OPTIONS } from './check-desk-options.js'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const CA = join(FIXTURES, 'pki/ca.pem')
const SIGNED = join(FIXTURES, 'valid/fetchDelivery.signed.mime')
const made = new Date('2026-01-01T00:00:00Z')
const until = new Date('2039-01-01T00:00:00Z')

const pem = (der: Uint8Array) => `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`

describe('protektor check --trust with revocation lists', function () {
  this.timeout(60_000)
  const ca = readPem(readFileSync(join(FIXTURES, 'pki/ca.key.pem'), 'utf8'), readFileSync(CA, 'utf8'))
  const message = readFileSync(SIGNED, 'latin1')
  const certificates = [...message.matchAll(/X509Certificate>([^<]+)</g)].map(
    ([, der = '']) => new X509Certificate(Buffer.from(der, 'base64')),
  )
  const serials = certificates.map(({ serialNumber }) => BigInt(`0x${serialNumber}`))
  const listing = issueCrl(ca, serials, made, until)
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'protektor-revoked-'))))
  after(() => rmSync(folder, { recursive: true }))

  const kept = (name: string, bytes: Uint8Array | string): string => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const judged = async (...trust: readonly string[]) => {
    const { io, said } = recorded()
    const code = await run([...trust.flatMap((file) => ['--trust', file]), '--format', 'json', SIGNED], io)
    const [result] = (JSON.parse(said.out) as { results: FileResult[] }).results
    return [code, result?.verdict, result?.findings.map(({ id }) => id)]
  }
  const refused = (...trust: readonly string[]): Promise<string> =>
    judged(...trust).then(String, (error: unknown) => (error instanceof UsageError ? error.text.en : String(error)))

  it('a revoked signer is an error, whether the list is a file of its own (PEM, DER) or stands behind its anchor', async () => {
    const revoked = [1, 'invalid', ['certificates.revoked']]
    expect(await judged(CA, kept('list.pem', pem(listing)))).to.deep.equal(revoked)
    expect(await judged(CA, kept('list.crl', listing))).to.deep.equal(revoked)
    expect(await judged(kept('both.pem', readFileSync(CA, 'utf8') + pem(listing)))).to.deep.equal(revoked)
  })

  it('a list that does not name the signer leaves it valid', async () => {
    expect(await judged(CA, kept('empty.crl', issueCrl(ca, [], made, until)))).to.deep.equal([0, 'valid', []])
  })

  it('a list that was cut off, and lists without any anchor, are wrong calls', async () => {
    expect(await refused(CA, kept('cut.pem', pem(listing).slice(0, -20)))).to.match(/cut\.pem.*revocation list/)
    expect(await refused(kept('cut.pem', readFileSync(CA, 'utf8') + pem(listing).slice(0, -20)))).to.match(/cut\.pem.*revocation list/)
    expect(await refused(kept('list.pem', pem(listing)))).to.match(/no trust anchor/)
  })

  it('POST /v1/check says the same', async () => {
    const desk = checkThreads(DESK_OPTIONS)
    const field = (name: string, bytes: Uint8Array): Uint8Array[] => [
      Buffer.from(`--b-form\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]
    const ask = async (...trust: readonly Uint8Array[]) => {
      const parts = [...field('file', readFileSync(SIGNED)), ...trust.flatMap((one) => field('trust', one))]
      const body = Uint8Array.from(Buffer.concat([...parts, Buffer.from('--b-form--')]))
      return desk.check({ body, contentType: 'multipart/form-data; boundary=b-form' }, new AbortController().signal)
    }
    try {
      const { body } = await ask(readFileSync(CA), listing)
      expect(new TextDecoder().decode(body)).to.contain('certificates.revoked')
      const why = await ask(listing).then(String, (error: unknown) => (error as { finding: string }).finding)
      expect(why).to.equal('check.field')
    } finally {
      await desk.close()
    }
  })
})
