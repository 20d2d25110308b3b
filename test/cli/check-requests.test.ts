// SPDX-License-Identifier: EUPL-1.2
/**
 * The request of an answer among the files of one run: found by its UUID, not guessed where two different files bear it.
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { requestsAmong, requestsAmongBytes } from '../../src/cli/commands/check-requests.js'
import { sample } from '../xoev/fixtures.js'

describe('requests among the files of a run', () => {
  it('are found by UUID; a copy is no other, two that differ are none, nor is what cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-requests-'))
    try {
      const request = Buffer.from(sample('selbstauskunft.anfrage.1100')).toString('utf8')
      const uuid = /nachrichtenUUID>([^<]+)</.exec(request)?.[1]?.toLowerCase() ?? ''
      const names = ['a.xml', 'copy.xml', 'again.xml', 'noise.bin'].map((name) => join(folder, name))
      const [one = '', copy = '', again = '', noise = ''] = names
      const changed = request.replace('>', '><!-- another -->')
      await writeFile(one, request)
      await writeFile(copy, request)
      await writeFile(again, changed)
      await writeFile(noise, new Uint8Array([0, 1, 2]))
      expect((await requestsAmong([noise, one, join(folder, 'missing.xml'), '-'])(uuid))?.root.local).to.equal(
        'selbstauskunft.anfrage.1100',
      )
      expect(await requestsAmong([one])('00000000-0000-0000-0000-000000000000')).to.equal(undefined)
      expect((await requestsAmong([one, copy, one])(uuid))?.root.local).to.equal('selbstauskunft.anfrage.1100')
      expect(await requestsAmong([one, copy, again])(uuid)).to.equal(undefined)
      expect(await requestsAmong([again, one])(uuid)).to.equal(undefined)
      // the UUID in a comment of another message
      const decoy = join(folder, 'decoy.xml')
      const other = request.replaceAll(uuid, '00000000-1111-4111-8111-111111111111')
      await writeFile(decoy, other.replace(/(<[^?!][^>]*>)/, `$1<!-- <nachrichtenUUID>${uuid}</nachrichtenUUID> -->`))
      expect(await requestsAmong([decoy])(uuid)).to.equal(undefined)
      expect((await requestsAmong([decoy, one])(uuid.toUpperCase()))?.root.local).to.equal('selbstauskunft.anfrage.1100')
      const inMemory = await Promise.all([noise, decoy, one].map((file) => readFile(file)))
      expect((await requestsAmongBytes(inMemory)(uuid))?.root.local).to.equal('selbstauskunft.anfrage.1100')
      expect((await requestsAmongBytes([...inMemory, Buffer.from(request)])(uuid))?.root.local).to.equal('selbstauskunft.anfrage.1100')
      expect(await requestsAmongBytes([...inMemory, Buffer.from(changed)])(uuid)).to.equal(undefined)
      // many answers to one request: it is read once for all that ask at a time
      const asked = requestsAmong([one])
      const [first, second] = await Promise.all([asked(uuid), asked(uuid.toUpperCase())])
      expect(first).to.equal(second)
      await Promise.all(['1', '2', '3'].map((digit) => asked(`00000000-0000-0000-0000-00000000000${digit}`)))
      expect((await asked(uuid))?.root.local).to.equal(first?.root.local)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
