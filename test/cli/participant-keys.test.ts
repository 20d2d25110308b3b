// SPDX-License-Identifier: EUPL-1.2
/**
 * JWK Sets of participants: what cannot be used is told at the start and costs nobody else anything.
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readParticipants } from '../../src/cli/compose/participants.js'
import { loadConfig } from '../../src/config/load.js'
import { generateEnvelopeKey, trustedSenders } from '../../src/envelope/keys.js'
import { ConfigError } from '../../src/errors.js'

describe('JWK Sets of participants in serve', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-participants-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function read(keys: unknown) {
    await writeFile(join(folder, 'register-1.json'), JSON.stringify({ keys }))
    await writeFile(
      join(folder, 'gateway.yaml'),
      "participants:\n  - { id: register-1, jwks: register-1.json, mailboxes: [ 'ags:99001000' ] }\n",
      { mode: 0o600 },
    )
    return readParticipants(await loadConfig(join(folder, 'gateway.yaml')))
  }

  it('a key that cannot be used is named, and the others of the set are used', async () => {
    const [{ publicJwk: sig }, { publicJwk: enc }] = [await generateEnvelopeKey('sig'), await generateEnvelopeKey('enc')]
    const small = { kty: 'RSA', n: Buffer.alloc(256, 0xff).toString('base64url'), e: 'AQAB', use: 'enc' }
    const { participants, warnings } = await read([{}, sig, small, enc, { ...sig, alg: 'none' }])
    expect(warnings.map(({ key, line }) => [key, line])).to.deep.equal(Array(3).fill(['participants[0].jwks', 2]))
    expect(warnings.map(({ message }) => /^keys\[\d\]/.exec(message.de)?.[0])).to.deep.equal(['keys[0]', 'keys[2]', 'keys[4]'])
    expect(participants[0]?.jwks).to.deep.equal([sig, enc])
    expect(await trustedSenders(participants)(sig.kid ?? '', 'register-1')).to.include({ x: sig.x })
  })

  it('a byte order mark before a set is nothing', async () => {
    const { publicJwk: sig } = await generateEnvelopeKey('sig')
    const file = join(folder, 'marked.json')
    await writeFile(file, '\ufeff' + JSON.stringify({ keys: [sig] }))
    await writeFile(join(folder, 'marked.yaml'), `participants: [ { id: register-1, jwks: '${file}' } ]`)
    expect((await readParticipants(await loadConfig(join(folder, 'marked.yaml')))).participants[0]?.jwks).to.deep.equal([sig])
  })

  it('a set without a key that signs is warned about: every call would be refused', async () => {
    const { publicJwk: enc } = await generateEnvelopeKey('enc')
    for (const keys of [[], [enc]])
      expect((await read(keys)).warnings.map(({ message }) => message.en)).to.deep.equal([
        'no key in it signs, and there is no tls: every call of this participant will be refused',
      ])
  })

  it('what is no JWK Set is refused with key and line, instead of ending the process later', async () => {
    for (const keys of [[null], ['key'], {}]) {
      const error: unknown = await read(keys).catch((cause: unknown) => cause)
      expect(error).to.be.instanceOf(ConfigError)
      expect((error as ConfigError).problems).to.have.length(1)
      expect((error as ConfigError).problems[0]).to.deep.include({
        key: 'participants[0].jwks',
        line: 2,
        message: { de: 'kein JWK Set', en: 'no JWK Set' },
      })
    }
  })
})
