// SPDX-License-Identifier: EUPL-1.2
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDemo, DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { buildDelivery, readAnswer } from '../../src/cli/compose/demo-request.js'
import { connect } from '../../src/client/connect.js'
import { importSigningKey } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import { httpTransport } from '../../src/client/transport.js'
import { certificateRequest } from '../gateway/support.js'
import { readParticipant } from '../../src/cli/compose/demo-keys.js'
import { Watched } from './watched.js'
import { readFile } from 'node:fs/promises'

const random = (n: number) => new Uint8Array(randomBytes(n))
describe('exp', () => {
  it('x', async function () {
    this.timeout(300000)
    const dir = mkdtempSync(join(tmpdir(), 'protektor-canary-'))
    const demo = await openDemo(dir, { publicPort: 0, adminPort: 0, key: 'rsa-2048', topOptions: 'allowSmallOwnKeys: true' })
    const t0 = Date.now()
    const w = new Watched('serve-child.ts', ['serve', '--config', demo.configFile, '--lang', 'en'], dir, (process.env.NODEFLAGS ?? '').split(' ').filter(Boolean))
    const url = (await w.said(/^public: (\S+)$/m))[1]!
    console.log('up', Date.now() - t0)
    const jwks = JSON.parse(await readFile(join(dir, 'data', 'gateway.jwks.json'), 'utf8'))
    const portal = await readParticipant(join(dir, 'keys'), 'portal-1')
    const key = await importSigningKey(portal.sign)
    const audience = 'http://127.0.0.1:0'
    const register = await connect({ url, audience, participant: 'register-1', key: demo.register.sign, openingKeys: [demo.register.open], senders: [{ id: 'gateway', jwks: jwks.keys }, { id: 'portal-1', jwks: [portal.sign] }] })
    const tr = httpTransport({ url, audience, participant: 'portal-1', key })
    const canaries: Record<string, string | Uint8Array> = {}
    // core
    for (let i = 0; i < 4; i++) {
      const header = { id: randomBytes(16).toString('hex'), to: DEMO_REGISTER, ttlSeconds: 10 }
      const body = await sealEnvelope({ header, kind: 'message', sender: 'portal-1', createdAt: new Date().toISOString(), parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: random(i % 2 ? 3000 : 200000) }] }, { recipient: demo.register.open, sender: key }, random)
      for (const [n, at] of [['jwe', 1500], ['mid', body.length >> 1], ['end', body.length - 64]] as const) canaries[`core${i}-${n}`] = body.slice(at, at + 32)
      await tr.put({ ...header, body: new Uint8Array(body) })
      const got = await register.take(DEMO_REGISTER, { waitSeconds: 10 })
      console.log(got?.id === header.id)
    }
    const t1 = Date.now()
    console.log(await w.search(canaries), Date.now() - t1)
    const name = () => 'KANARIE' + randomBytes(12).toString('hex')
    for (const n of ['doc', 'att', 'attname', 'subject', 'answer']) canaries[n] = name()
    const s = canaries as Record<string, string>
    const serve = (async () => { const r = await register.take(DEMO_REGISTER, { waitSeconds: 20 }); await r!.result({ document: new TextEncoder().encode(`<antwort>${s.answer}</antwort>`) }) })()
    const reply = await fetch(`${url}/osci/recipient`, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: Buffer.from(await buildDelivery({ document: certificateRequest({ familienname: s.doc! }), subject: s.subject!, attachments: [{ name: s.attname!, bytes: new TextEncoder().encode(s.att) }] }, demo.keys)) })
    await serve
    console.log((await readAnswer(new Uint8Array(await reply.arrayBuffer()), demo.keys)).codes)
    const again = !process.env.AGAIN ? undefined : (async () => { for (let i = 0; i < 4; i++) { const r = await register.take(DEMO_REGISTER, { waitSeconds: 20 }); await r!.result({ document: new TextEncoder().encode(`<antwort>ja</antwort>`) }) } })()
    if (process.env.AGAIN) { for (let i = 0; i < 4; i++) { const reply = await fetch(`${url}/osci/recipient`, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: Buffer.from(await buildDelivery({ document: certificateRequest({ familienname: 'X' }), subject: 'Y', attachments: [{ name: 'Z', bytes: new TextEncoder().encode('Z') }] }, demo.keys)) }); await reply.arrayBuffer() } await again }
    for (let i = 0; i < 1; i++) console.log(await w.search(canaries))
    const held = name(); await w.ask({ call: 'hold', as: 'string', masked: Buffer.from(Buffer.from(held).map((b) => b ^ 255)).toString('base64') })
    const hb = name(); await w.ask({ call: 'hold', as: 'buffer', masked: Buffer.from(Buffer.from(hb).map((b) => b ^ 255)).toString('base64') })
    console.log(await w.search({ held, hb }))
    if (process.env.RETAIN) console.log(w.output)
    await w.stop()
    rmSync(dir, { recursive: true })
    void expect
  })
})
