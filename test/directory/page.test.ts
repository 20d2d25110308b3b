// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/directory.md: its example is the one of examples/, it loads, and every key of the format is explained.
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { SHAPES } from '../../src/directory/format.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { makeFolder, open, SERVICE } from './support.js'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/directory.md'), 'utf8')
const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''

describe('docs/directory.md', () => {
  it('shows the example that lies in examples/', () => {
    expect(example).to.equal(readFileSync(join(ROOT, 'examples/directory.yaml'), 'utf8'))
  })

  it('explains every key of the format', () => {
    const keys = Object.values(SHAPES).flatMap((shape) => Object.keys(shape.shape))
    const rows = [...page.matchAll(/^\| ((?:`\w+`(?:, )?)+)(?: ✚)? \|/gm)].flatMap(([, names = '']) =>
      names.replaceAll('`', '').split(', '),
    )
    expect(keys.filter((key) => !rows.includes(key))).to.deep.equal([])
  })

  it('has an example that loads, with every way an addressee can be reached', async () => {
    const folder = await makeFolder()
    let content = example
    const altdorf: Parameters<typeof open>[0] & object = {}
    for (const name of new Set([...example.matchAll(/certs\/([\w-]+\.pem)/g)].map((match) => match[1] ?? ''))) {
      const { certificate } = await issueCertificate({
        commonName: name,
        usage: 'both',
        key: 'ec-p256',
        notBefore: new Date('2026-01-01T00:00:00Z'),
        notAfter: new Date('2036-01-01T00:00:00Z'),
      })
      await writeFile(join(folder.path, 'certs', name), certificate.toString())
      if (name === 'portal-alt.pem')
        content = content.replace('3f1d0c8b5a6e9274d1b0c3a2958e7f6640d2b1a9', createHash('sha1').update(certificate.raw).digest('hex'))
      if (name === 'altdorf-cipher.pem') Object.assign(altdorf, { mailboxes: [{ mailbox: 'altdorf', certificates: [certificate] }] })
    }
    await folder.write(content)
    const house = await open({ file: folder.file, participantsMailboxes: new Set(['ags:99001000']), ...altdorf })
    const kinds = [
      'http://127.0.0.1:8080/osci/recipient/musterstadt',
      'https://register.beispielhausen.example/osci',
      'http://127.0.0.1:8080/osci/recipient/altdorf',
    ]
    expect(kinds.map((uri) => house.osci.receiver(uri)?.kind)).to.deep.equal(['participant', 'passive', 'active'])
    const entry = await house.services.findService('ags:99002000', SERVICE)
    expect([
      entry.delivery,
      entry.intermediary?.signatureCertificates.length,
      entry.addressee.cipherCertificate.subject.includes('beispielhausen-cipher'),
    ]).to.deep.equal(['mediate', 2, true])
    expect(await house.services.verifyCategory('64e604787cbf194841e7b68d7cd28786f6c9a0a3', 'Meldebehördenportal')).to.equal(true)
    expect(house.report()).to.deep.equal({ organizations: 5, warnings: [] })
    await house.close()
    await folder.remove()
  })
})
