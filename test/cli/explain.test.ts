// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor explain` as a command: words, forms, exit codes.
 * @module
 */
import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/commands/explain.js'
import { COMMANDS, report } from '../../src/cli/main.js'
import { recorded } from './recorded.js'

const FOREIGN = fileURLToPath(new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url))
const ENVELOPE = fileURLToPath(new URL('../../fixtures/envelope/request-ec.bin', import.meta.url))
const ENCRYPTED = join(FOREIGN, '11-processDelivery.bin')
const PLAIN = join(FOREIGN, '12-processDelivery.bin')
const KEYS = ['addressee-cipher', 'reader-cipher'].flatMap((name) => ['--keystore', join(FOREIGN, `pki/${name}.p12`), '--pin', 'test'])
const TRUST = ['--trust', join(FOREIGN, 'pki/ca.pem')]

async function call(argv: readonly string[], stdin?: Uint8Array) {
  const { io, said } = recorded(stdin ? { stdin: Readable.from([stdin]) } : {})
  const code = await run(argv, io).catch((error: unknown) => report(error, io))
  return { code, ...said }
}

describe('protektor explain', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'protektor-explain-'))))
  after(() => rmSync(folder, { recursive: true }))

  it('explains an encrypted message with keys, from a file and from standard input', async () => {
    const { code, out, err } = await call([...KEYS, ...TRUST, '--lang', 'de', ENCRYPTED])
    expect(err).to.equal('')
    expect(code).to.equal(0)
    expect(out.startsWith(`${ENCRYPTED}: gültig\n`)).to.equal(true)
    expect(out).to.contain('Werte von Personen sind verdeckt (•); --show-values zeigt sie.')
    const piped = await call([...KEYS, ...TRUST, '--lang', 'de', '-'], readFileSync(ENCRYPTED))
    expect(piped.out.replace('-: ', '')).to.equal(out.replace(`${ENCRYPTED}: `, ''))
  })

  it('ends with 0 whatever is wrong with the message, and tells it', async () => {
    const broken = join(folder, 'broken.bin')
    writeFileSync(broken, readFileSync(PLAIN).subarray(0, 3000))
    const { code, out } = await call([broken])
    expect(code).to.equal(0)
    expect(out).to.contain('broken.bin: INVALID')
    expect(out).to.contain('Where the explanation ends')
  })

  it('prints JSON in both languages, without bytes', async () => {
    const { code, out } = await call(['--format', 'json', PLAIN])
    expect(code).to.equal(0)
    const told = JSON.parse(out) as { things: { title: object; judged: object[] }[]; documents: object[]; layers: object; showsValues: boolean }
    expect(told).to.include.all.keys('tool', 'version', 'file', 'at', 'sha256', 'verdict', 'kind', 'messageType', 'layers', 'things', 'stops', 'documents')
    expect(told.things[0]?.title).to.deep.equal({ de: 'Was es ist', en: 'What it is' })
    expect(told.showsValues).to.equal(false)
    expect(told.documents[0]).to.deep.equal({ id: 'file', title: { de: 'Datei', en: 'file' }, bytes: readFileSync(PLAIN).length })
  }) // prettier-ignore

  it('explains envelopes: what the core sees, and no more without keys', async () => {
    const { code, out } = await call([ENVELOPE])
    expect(code).to.equal(0)
    expect(out).to.contain('envelope of Protektor')
    expect(out).to.contain('The core sees no more than this.')
    expect(out).to.match(/frame and open header ==? {1,2}\[bytes 0–\d+\]/)
    expect(out).to.contain('The envelope could not be opened')
    expect(out).to.match(/mailbox: \w+:\S*•/)
  })

  it('ends with 2 for a wrong call, and for a keystore that stays locked', async () => {
    for (const argv of [[], [PLAIN, ENCRYPTED], ['--format', 'pdf', PLAIN], ['--at', 'soon', PLAIN], ['--no-such', PLAIN], ['--keystore', 'x.p12', PLAIN]]) {
      const { code, out, err } = await call(argv)
      expect(code, argv.join(' ')).to.equal(2)
      expect(out).to.equal('')
      expect(err).to.match(/^protektor: /)
    }
    const locked = await call(['--keystore', join(FOREIGN, 'pki/reader-cipher.p12'), '--pin', 'wrong', PLAIN])
    expect(locked.code).to.equal(2)
    expect(locked.out).to.contain('processDelivery')
    expect(locked.err).to.contain('reader-cipher.p12')
  }) // prettier-ignore

  it('ends with 4 where there is nothing to read', async () => {
    for (const file of [join(folder, 'no-such-file'), folder]) {
      const { code, out, err } = await call([file])
      expect(code).to.equal(4)
      expect(out).to.equal('')
      expect(err).to.contain('mime.unreadable-file').and.to.contain('The file could not be read.')
      expect((await call(['--lang', 'de', file])).err).to.contain('Die Datei ließ sich nicht lesen.')
    }
  })

  it('has a help in both languages, with the options of check', async () => {
    const { code, out } = await call(['-h'])
    expect(code).to.equal(0)
    for (const option of ['--keystore', '--trust', '--schemas', '--envelope-keys', '--format', '--show-values', '--lang', '--at'])
      expect(out).to.contain(option)
    const { io, said } = recorded({ lang: 'de' })
    expect(await run(['-h'], io)).to.equal(0)
    expect(said.out).to.contain('Erklärt eine Nachricht Schicht für Schicht')
    expect(COMMANDS['explain']?.what.en).to.contain('layer by layer')
  })
})
