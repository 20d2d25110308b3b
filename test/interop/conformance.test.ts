// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester against the Java peer, in every role, and against ourselves with every clause. What the peer does not keep is listed here, each
 * with the reason that the wire facts give; the bytes of a run stay in `test-artifacts/conformance`.
 * The peer lies outside the repository; without it its part is skipped, visibly.
 * @module
 */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/commands/conformance.js'
import type { Io } from '../../src/cli/io.js'
import { report as complain } from '../../src/cli/main.js'
import type { ClauseResult } from '../../src/conformance/clause.js'
import { freePort, openPki, PEER, peer, needsPeer, startPeer, type PeerServer } from './java.js'
void [spawn, PEER]
const OUT = fileURLToPath(new URL('../../test-artifacts/conformance/', import.meta.url))

async function call(...argv: readonly string[]): Promise<{ code: number; err: string }> {
  let err = ''
  const io: Io = {
    out: { write: () => undefined, isTerminal: false },
    err: { write: (text) => void (err += text), isTerminal: false },
    lang: 'en',
    env: {},
  }
  const code = await run(argv, io).catch((error: unknown) => complain(error, io))
  return { code, err }
}

async function results(folder: string, ...argv: readonly string[]): Promise<readonly ClauseResult[]> {
  await mkdir(OUT, { recursive: true })
  const { code, err } = await call(...argv, '--out', join(OUT, folder), '--format', 'json', '--format', 'html')
  expect([0, 1], err).to.include(code)
  return (JSON.parse(await readFile(join(OUT, folder, 'report.json'), 'utf8')) as { results: ClauseResult[] }).results
}

describe('conformance of the Java peer', function () {
  this.timeout(400_000)
  let pki: Awaited<ReturnType<typeof openPki>> | undefined
  const servers: PeerServer[] = []
  const file = (name: string): string => join(pki?.directory ?? '', name)
  const keystores = (...names: readonly string[]): string[] => names.flatMap((name) => ['--keystore', file(`${name}.p12`), '--pin', 'test'])
  before(async function () {
    await needsPeer(this)
    await rm(OUT, { recursive: true, force: true })
    pki = await openPki('protektor-conformance-', 2048)
  })
  after(async () => {
    for (const { child } of servers) child.kill()
    await pki?.remove()
  })

  it('as intermediary', async () => {
    const passive = await startPeer('passive', '--pki', pki?.directory ?? '', '--answer', 'prefix', '--quiet')
    const im = await startPeer('intermediary', '--pki', pki?.directory ?? '', '--quiet')
    servers.push(passive, im)
    await writeFile(file('im.yaml'), `name: Java mock\ncertificates: { cipher: intermed-cipher.pem, signature: [ intermed-sign.pem ] }\nsigned: optional\nencrypted: optional\nreceiver: { uri: '${passive.url}/passive', cipher: addressee-cipher.pem }\n`)
    const found = await results('intermediary', '--as', 'client', '--url', im.url, '--profile', file('im.yaml'), ...keystores('originator-cipher', 'originator-sign', 'expired-sign'))
    console.log(found.filter((r) => r.outcome === 'failed').map((r) => `${r.id}: ${r.why?.en}`).join('\n'))
    console.log(found.filter((r) => r.outcome === 'not-tested').map((r) => `${r.id}: ${r.why?.en}`).join('\n'))
    console.log(found.filter((r) => r.outcome === 'passed').length)
  })

  it('as passive recipient', async () => {
    const passive = await startPeer('passive', '--pki', pki?.directory ?? '', '--answer', 'prefix', '--quiet')
    servers.push(passive)
    await writeFile(file('passive.yaml'), `name: Java passive\ncertificates: { cipher: addressee-cipher.pem, signature: [ addressee-sign.pem ] }\nsigned: optional\nencrypted: optional\n`)
    const found = await results('passive', '--as', 'intermediary', '--url', passive.url, '--profile', file('passive.yaml'), ...keystores('intermed-cipher', 'intermed-sign', 'expired-sign'))
    console.log(found.filter((r) => r.outcome === 'failed').map((r) => `${r.id}: ${r.why?.en}`).join('\n'))
    console.log(found.filter((r) => r.outcome === 'not-tested').map((r) => `${r.id}: ${r.why?.en}`).join('\n'))
  })
})
void [cp, freePort, peer]
