// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor serve` with a core in a Redis that is not there: the address is named, in both languages, what stands before it is not.
 */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../free-port.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

describe('serve without its Redis', function () {
  this.timeout(30_000)

  it('names the server that cannot be reached, and ends with 4', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'protektor-redis-away-'))
    try {
      const server = `127.0.0.1:${await freePort()}`
      const ends = [
        ['de', 'nicht erreichbar'],
        ['en', 'cannot be reached'],
      ].map(async ([lang = '', words = '']) => {
        const file = join(folder, `${lang}.yaml`)
        const listen = "listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }"
        await writeFile(file, `${listen}\ndataDirectory: ./${lang}\ncore: { redis: { url: 'redis://${server}' } }\n`)
        const child = spawn(process.execPath, [LAUNCHER, 'serve', '--lang', lang, '--config', file])
        let said = ''
        child.stderr.on('data', (text: Buffer) => (said += text.toString()))
        expect(await once(child, 'close'), said).to.deep.equal([4, null])
        expect(said).to.contain(words).and.to.contain(`core.redis: ${server}`)
      })
      await Promise.all(ends)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
