// SPDX-License-Identifier: EUPL-1.2
/**
 * The OpenAPI document against what is served: every answer of every route, in each status that a caller can provoke, is one that it
 * describes (status, media type, body, headers), and what it does not allow is refused.
 * @module
 */
import Ajv2020Module from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { CORE_ROUTES } from '../../src/gateway/core-api-openapi.js'
import { OPENAPI } from '../../src/gateway/openapi.js'
import { BOX, LEASED, MEDIA_TYPE, newId, Setup, type CallOptions, type Person } from './core-api-setup.js'
import { openHouse, removeDirectories, type House } from './support.js'

const { Ajv2020 } = Ajv2020Module
const ajv = new Ajv2020({ strict: false, formats: { binary: true, 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) } })
ajv.addSchema(OPENAPI, 'openapi')

interface Described {
  readonly content?: Readonly<Record<string, object>>
  readonly headers?: Readonly<Record<string, object>>
}

const { paths } = OPENAPI as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, Described> }>>>>
}

const pointer = (...steps: readonly (string | number)[]): string =>
  steps.map((step) => '/' + encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1'))).join('')

/** Headers that say something of the interface; all others belong to HTTP, or to every page. */
const TELLING = /^(protektor-.*|retry-after|www-authenticate|location|content-(disposition|language)|allow)$/

/** @returns the status; throws what is not as described. */
async function described(path: string, method: string, answer: Response): Promise<number> {
  const { status, headers } = answer
  const what = `${method} ${path} ${status}`
  const told = paths[path]?.[method]?.responses[status]
  expect(told, what).to.be.an('object')
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  const names = Object.keys(told?.headers ?? {}).map((name) => name.toLowerCase())
  for (const name of headers.keys()) if (TELLING.test(name)) expect(names, what).to.include(name)
  const body = await answer.arrayBuffer()
  if (told?.content === undefined) expect([type, body.byteLength], what).to.deep.equal(['', 0])
  else {
    expect(Object.keys(told.content), what).to.include(type)
    if (!type.endsWith('json')) return status
    const valid = ajv.getSchema(`openapi#${pointer('paths', path, method, 'responses', status, 'content', type, 'schema')}`)
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    expect(valid?.(value), `${what} ${JSON.stringify(valid?.errors)}`).to.equal(true)
    // what anybody may be told stands in the document, so that nobody has to guess
    if (type === 'application/problem+json')
      expect(
        Object.keys((OPENAPI as { components: { schemas: { Problem: { properties: object } } } }).components.schemas.Problem.properties),
      ).to.include.members(Object.keys(value as object))
  }
  return status
}

describe('OpenAPI document', function () {
  this.timeout(30_000)
  after(removeDirectories)

  describe('core', () => {
    let setup: Setup
    beforeEach(async () => {
      setup = await Setup.start({ envelopeBytes: 8192 })
    })
    afterEach(() => setup.stop())

    /** Calls a route by its row. */
    const call = async (who: Person, operation: string, name: string, query = '', options: CallOptions = {}): Promise<number> => {
      const row = CORE_ROUTES.find((one) => one.operation === operation)
      if (row === undefined) throw new Error(operation)
      const address = row.path.replace(/\{\w+\}/, name) + query
      const body = options.body === undefined ? {} : { type: row.request?.mediaType ?? MEDIA_TYPE }
      return described(row.path, row.method, await setup.call(who, address, { method: row.method.toUpperCase(), ...body, ...options }))
    }
    const json = (value: unknown): CallOptions => ({ body: new TextEncoder().encode(JSON.stringify(value)) })

    it('describes every answer on the way of an envelope, and every refusal that its caller can bring about', async () => {
      const { portal, register } = setup
      const put = async (to: string, id = newId(), replyTo = ''): Promise<string> => {
        expect(await call(portal, 'putEnvelope', to, replyTo, { body: await setup.envelope(to, id) })).to.equal(201)
        return id
      }
      const first = await put(BOX, newId(), `?replyTo=reply.${newId()}`)
      expect(await call(portal, 'putEnvelope', BOX, '', { body: await setup.envelope(BOX, first) })).to.equal(409)
      expect(await call(portal, 'putEnvelope', BOX, '', { body: new Uint8Array(4096) })).to.equal(400)
      expect(await call(portal, 'putEnvelope', BOX, '', { body: new Uint8Array(9), type: 'application/json' })).to.equal(415)
      expect(await call(portal, 'getOutcome', first)).to.equal(200)
      expect(await call(register, 'takeEnvelope', BOX)).to.equal(200)
      expect(await call(register, 'takeEnvelope', BOX)).to.equal(204)
      expect(await call(portal, 'getOutcome', first, '?waitSeconds=5')).to.equal(200)
      expect(await call(portal, 'withdrawEnvelope', first)).to.equal(409)
      expect(await call(portal, 'withdrawEnvelope', await put(BOX))).to.equal(204)

      for (const [operation, more] of [['confirmEnvelope'], ['refuseEnvelope', json({ code: 'X001' })], ['returnEnvelope']] as const) {
        const id = await put(LEASED)
        expect(await call(register, 'takeEnvelope', LEASED, `?leaseSeconds=5&id=${id}`)).to.equal(200)
        expect(await call(register, operation, id, '', more)).to.equal(204)
        // what was given back lies there again
        if (operation === 'returnEnvelope') await call(portal, 'withdrawEnvelope', id)
        else expect(await call(portal, 'getOutcome', id)).to.equal(200)
        expect(await call(register, 'returnEnvelope', id)).to.equal(410)
      }
      for (const { operation, method, request } of CORE_ROUTES) {
        const body = request === undefined ? {} : json({ code: 'X001' })
        expect(await call(register, operation, newId(), '', { ...body, authorization: 'none' })).to.equal(401)
        expect(await call(register, operation, newId(), '?more=1', body)).to.equal(400)
        if (operation !== 'putEnvelope') expect(await call(portal, operation, newId(), '', body)).to.equal(404)
        if (method === 'post') expect(await call(portal, operation, BOX, '', { body: new Uint8Array(9000) }), operation).to.equal(413)
      }
      expect(setup.errors).to.deep.equal([])
    })

    it('describes what is answered to whoever calls too often, and when something fails', async () => {
      await setup.stop()
      setup = await Setup.start({ longPolls: { perTarget: 0, perParticipant: 0, total: 0, maxSeconds: 30 } })
      expect(await call(setup.register, 'takeEnvelope', BOX, '?waitSeconds=1')).to.equal(429)
      setup.core.outcome = () => Promise.reject(new Error('a failure that nobody foresaw'))
      for (const operation of ['getOutcome', 'withdrawEnvelope']) expect(await call(setup.portal, operation, newId())).to.equal(500)
    })

    it('refuses a body where none is described, and a reason that is no JSON: neither passes for a confirmation', async () => {
      const { register } = setup
      const id = await setup.put(LEASED)
      expect(await call(register, 'takeEnvelope', LEASED)).to.equal(200)
      for (const operation of ['confirmEnvelope', 'returnEnvelope'])
        expect(await call(register, operation, id, '', json({ code: 'X001' })), operation).to.equal(413)
      for (const type of ['text/plain', MEDIA_TYPE, ''])
        expect(await call(register, 'refuseEnvelope', id, '', { ...json({ code: 'X001' }), type }), type).to.equal(415)
      const type = 'Application/JSON; charset=utf-8'
      expect(await call(register, 'refuseEnvelope', id, '', { ...json({ code: 'X001', more: 1 }), type })).to.equal(204)
    })
  })

  describe('POST /v1/check', () => {
    let house: House
    before(async () => {
      house = await openHouse({ topOptions: 'check: { requestsPerMinute: 20, files: 2 }' })
    })
    after(() => house.close())

    const post = async (fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<number> => {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      return described('/v1/check', 'post', await fetch(`${house.url}/v1/check`, { method: 'POST', body: form, headers }))
    }

    it('says in German what is wrong to whoever asks for German, at every address', async () => {
      const said = async (path: string, method = 'POST'): Promise<unknown[]> => {
        const answer = await fetch(house.url + path, { method, headers: { 'accept-language': 'de' } })
        const { title, detail } = (await answer.json()) as { title: string; detail?: string }
        return [answer.status, answer.headers.get('content-language'), title, detail]
      }
      const form = 'Eine Prüfung wird mit einem Formular verlangt (multipart/form-data).'
      expect(await said('/v1/check')).to.deep.equal([415, 'de', form, undefined])
      expect(await said('/nowhere')).to.deep.equal([404, 'de', 'Unter dieser Adresse gibt es nichts.', undefined])
      const method = ['Diese Methode wird hier nicht bedient.', 'Only POST is served here.']
      for (const path of ['/v1/check', '/osci/recipient']) expect(await said(path, 'GET')).to.deep.equal([405, 'de', ...method])
    })

    it('describes every report and every refusal', async () => {
      const file = '<a/>'
      // the page of `html` would have to be built first
      for (const format of ['json', 'text', 'junit', 'sarif']) expect(await post({ file, format }), format).to.equal(200)
      expect(await post({ file, include: 'layers' })).to.equal(200)
      for (const wrong of [
        { file, format: 'pdf' },
        { file, keystore: 'no keystore', pin: '1' },
      ])
        expect(await post(wrong), JSON.stringify(wrong)).to.equal(400)
      expect(await post({ file }, { 'sec-fetch-site': 'cross-site' })).to.equal(403)
      const noForm = async () => described('/v1/check', 'post', await fetch(`${house.url}/v1/check`, { method: 'POST', body: 'no form' }))
      let status = await noForm()
      expect(status).to.equal(415)
      for (let n = 0; n < 20 && status !== 429; n++) status = await noForm()
      expect(status).to.equal(429)
    })
  })
})
