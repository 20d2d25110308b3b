// SPDX-License-Identifier: EUPL-1.2
/**
 * The gateway's own key file, when it is damaged.
 */
import { expect } from 'chai'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openIdentity } from '../../src/cli/compose/identity.js'
import { ConfigError } from '../../src/errors.js'
import { asNobody } from '../unreadable.js'

describe('key file of the gateway', () => {
  it('K1 is refused when others can read it, and taken again when they cannot', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-identity-'))
    try {
      const { signing } = await openIdentity(directory)
      const file = join(directory, 'gateway-key.jwks.json')
      await chmod(file, 0o640)
      const refused: unknown = await openIdentity(directory).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key, file: named }) => [key, named])).to.deep.equal([['dataDirectory', file]])
      expect(refused.problems[0]?.message.en).to.contain('0640')
      await chmod(file, 0o600)
      expect((await openIdentity(directory)).signing.kid).to.equal(signing.kid)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('is named when its rights keep it from us', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-identity-'))
    try {
      await openIdentity(directory)
      const file = join(directory, 'gateway-key.jwks.json')
      await chmod(file, 0)
      await chmod(directory, 0o755)
      const refused: unknown = await asNobody(() => openIdentity(directory)).catch((error: unknown) => error)
      if (!(refused instanceof ConfigError)) throw new Error('no ConfigError', { cause: refused })
      expect(refused.problems.map(({ key, file: named }) => [key, named])).to.deep.equal([['dataDirectory', file]])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('is named when it is damaged, and left as it is', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-identity-'))
    try {
      await openIdentity(directory)
      const file = join(directory, 'gateway-key.jwks.json')
      for (const damaged of ['', '{"keys":[', '[]', 'null', '{"keys":{}}', '{"keys":[]}']) {
        await writeFile(file, damaged)
        const refused: unknown = await openIdentity(directory).catch((error: unknown) => error)
        if (!(refused instanceof ConfigError)) throw new Error(`no ConfigError for ${damaged}`, { cause: refused })
        expect(refused.problems.map(({ key, file: named }) => [key, named])).to.deep.equal([['dataDirectory', file]])
        expect(await readFile(file, 'utf8')).to.equal(damaged)
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
