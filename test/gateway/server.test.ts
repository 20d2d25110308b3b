// SPDX-License-Identifier: EUPL-1.2
/**
 * Sockets: TLS, the graceful end, and what is shut on plain HTTP off loopback.
 * @module
 */
import { expect } from 'chai'
import { get } from 'node:https'
import { once } from 'node:events'
import { publicApp } from '../../src/gateway/app.js'
import { passiveRecipient } from '../../src/gateway/passive-recipient.js'
import { listen } from '../../src/gateway/server.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { openHouse, removeDirectories } from './support.js'

describe('server', function () {
  this.timeout(30_000)
  after(removeDirectories)

  it('speaks TLS 1.2 or later and asks for a client certificate without demanding one', async () => {
    const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2030-01-01') }
    const { certificate, privateKey } = await issueCertificate({ commonName: '127.0.0.1', usage: 'both', ...dates })
    const tls = { key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), certificate: certificate.toString() }
    const server = await listen((_request, response) => response.end('ok'), { host: '127.0.0.1', port: 0 }, { tls })
    try {
      expect(server.url).to.match(/^https:/)
      const body = await new Promise<string>((resolve, reject) => {
        get(server.url, { rejectUnauthorized: false }, (r) => {
          let text = ''
          r.on('data', (d: Buffer) => (text += d.toString()))
          r.once('end', () => resolve(text))
        }).once('error', reject)
      })
      expect(body).to.equal('ok')
      const old = get(server.url, { rejectUnauthorized: false, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })
      const [error] = (await once(old, 'error')) as [Error]
      expect(error).to.be.instanceOf(Error)
    } finally {
      await server.close(0)
    }
  })

  it('lets a call under way finish when it ends, and takes no new one', async () => {
    let release: () => void = () => undefined
    let arrived: () => void = () => undefined
    const here = new Promise<void>((resolve) => (arrived = resolve))
    const server = await listen(
      (_request, response) => {
        release = () => response.end('late')
        arrived()
      },
      { host: '127.0.0.1', port: 0 },
    )
    const call = fetch(server.url).then((r) => r.text())
    await here
    const closed = server.close(20_000)
    const refused = await fetch(server.url).then(
      () => false,
      () => true,
    )
    release()
    expect(await call).to.equal('late')
    await closed
    expect(refused).to.equal(true)
  })

  it('cuts what does not finish in time', async () => {
    let arrived: () => void = () => undefined
    const here = new Promise<void>((resolve) => (arrived = resolve))
    const server = await listen(() => arrived(), { host: '127.0.0.1', port: 0 })
    const call = fetch(server.url).then(
      () => 'answered',
      () => 'cut',
    )
    await here
    await server.close(50)
    expect(await call).to.equal('cut')
  })

  it('serves nothing but the OSCI paths where it must not', async () => {
    const house = await openHouse()
    try {
      const { ports, endpoints } = house.gateway.inside
      const addresses = endpoints.map((endpoint) => passiveRecipient(endpoint, ports))
      const app = publicApp({ ports, addresses, publicUrl: 'http://192.0.2.1', jwks: {}, openapi: {}, onlyOsci: true })
      const handle = app.callback()
      const server = await listen((request, response) => void handle(request, response), { host: '127.0.0.1', port: 0 })
      try {
        for (const path of ['/', '/openapi.json', '/.well-known/jwks.json', '/core/v1/envelopes/x/outcome', '/healthz'])
          expect((await fetch(server.url + path)).status, path).to.equal(404)
        expect((await fetch(`${server.url}/osci/recipient`)).status).to.equal(405)
      } finally {
        await server.close(0)
      }
    } finally {
      await house.close()
    }
  })
})
