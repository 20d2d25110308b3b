// SPDX-License-Identifier: EUPL-1.2
/**
 * Files of others' certificates that a configuration names: whoever mistakes one is told which, where, and all of them.
 */
import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../src/cli/compose/gateway.js'
import { loadConfig } from '../../src/config/load.js'
import { ConfigError } from '../../src/errors.js'
import { silentLog } from '../../src/gateway/log.js'
import { issueCertificate } from '../../src/pki/test-pki.js'

const CONFIGURATION = `listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }
peers:
  - { name: one, signatureCertificates: [ junk.pem ] }
  - { name: two, roots: [ junk.pem ], role: intermediary }
participants:
  - { id: register-1, tls: [ junk.pem ], mailboxes: [ 'ags:99001000' ] }
mailboxes:
  'osci:one': { cipherCertificates: [ junk.pem ] }
`

describe('certificates of others in a configuration', () => {
  it('are told with key, file and line where a file holds none, all at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-certificates-'))
    try {
      await writeFile(join(folder, 'junk.pem'), 'no certificate\n')
      const file = join(folder, 'gateway.yaml')
      await writeFile(file, CONFIGURATION)
      const refused: unknown = await startGateway(await loadConfig(file), { log: silentLog, workers: 1 }).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key, line }) => [key, line])).to.deep.equal([
        ['peers[0].signatureCertificates[0]', 3],
        ['peers[1].roots[0]', 4],
        ['participants[0].tls[0]', 6],
        ['mailboxes["osci:one"].cipherCertificates[0]', 8],
      ])
      for (const { file: named, message } of refused.problems) {
        expect(named).to.equal(file)
        expect(message.de).to.match(/junk\.pem enthält kein lesbares Zertifikat/)
        expect(message.en).to.match(/junk\.pem holds no certificate/)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('are told together with what is wrong in other files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-certificates-'))
    try {
      await writeFile(join(folder, 'junk'), 'too short\n', { mode: 0o600 })
      const file = join(folder, 'gateway.yaml')
      const junk = '{ pkcs12: junk, pinFile: junk }'
      await writeFile(
        file,
        `listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }
keyrings: { town: { cipher: ${junk}, signature: ${junk} } }
peers: [ { name: one, signatureCertificates: [ junk ], tolerate: [ policy.no-such-finding ] } ]
participants: [ { id: register-1, jwks: junk } ]
check: { tokenFile: junk }
`,
      )
      const refused: unknown = await startGateway(await loadConfig(file), { log: silentLog, workers: 1 }).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key }) => key)).to.have.members([
        'keyrings.town.cipher',
        'keyrings.town.signature',
        'peers[0].signatureCertificates[0]',
        'peers[0].tolerate[0]',
        'participants[0].jwks',
        'check.tokenFile',
      ])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('stand for one participant and one mailbox each', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-certificates-'))
    try {
      const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2030-01-01') }
      const [one = '', two = ''] = await Promise.all(
        ['one', 'two'].map(async (commonName) => (await issueCertificate({ commonName, usage: 'both', ...dates })).certificate.toString()),
      )
      await writeFile(join(folder, 'one.pem'), one)
      await writeFile(join(folder, 'both.pem'), one + two)
      const file = join(folder, 'gateway.yaml')
      await writeFile(
        file,
        `listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }
participants:
  - { id: register-1, tls: [ one.pem, one.pem ], mailboxes: [ 'ags:99001000' ] }
  - { id: register-2, tls: [ both.pem ] }
mailboxes:
  'osci:one': { cipherCertificates: [ one.pem, both.pem ] }
  'osci:two': { cipherCertificates: [ both.pem ] }
`,
      )
      const refused: unknown = await startGateway(await loadConfig(file), { log: silentLog, workers: 1 }).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key, line, message }) => `${key} ${line}: ${message.en}`)).to.deep.equal([
        `participants[1].tls[0] 4: a certificate in ${join(folder, 'both.pem')} stands for register-1 already`,
        `mailboxes["osci:two"].cipherCertificates[0] 7: a certificate in ${join(folder, 'both.pem')} stands for osci:one already`,
      ])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
