// SPDX-License-Identifier: EUPL-1.2
/**
 * What is said in problem+json: a text in German and in English for every code that the sources have, in the language that is asked for.
 * @module
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CORE_ERROR_STATUS } from '../../src/core/errors.js'
import { PROBLEMS } from '../../src/gateway/problem.js'
import { BOX, Setup } from './core-api-setup.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sources(path)
    return entry.name.endsWith('.ts') ? [readFileSync(join(root, path), 'utf8')] : []
  })
}

/** What makes an HttpError of a code: the class itself, and small functions beside it. */
const RAISED = [/new HttpError\(\s*\d+,\s*'([^']+)'/g, /\bwrong\('(check\.[^']+)'/g, /\bbusy\('([^']+)'/g]
/** Codes of core-body.ts: put together of a room and a rule. */
const OF_BODIES = ['core', 'check', 'http'].flatMap((room) => ['too-large', 'too-slow', 'upload-broken'].map((rule) => `${room}.${rule}`))
const OF_THE_CORE = Object.keys(CORE_ERROR_STATUS).map((kind) => `core.${kind}`)

interface Told {
  readonly title: string
  readonly detail?: string
}

describe('problem+json', () => {
  it('has a text in both languages for every code that is raised, and for no other', () => {
    const text = ['src/gateway', 'src/check', 'src/cli/compose'].flatMap(sources).join('\n')
    const raised = RAISED.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = '']) => code))
    const known = new Set([...raised, ...OF_BODIES, ...OF_THE_CORE, 'core.internal', 'gateway.internal'])
    expect([...known].filter((code) => !PROBLEMS.has(code))).to.deep.equal([])
    expect([...PROBLEMS.keys()].filter((code) => !known.has(code))).to.deep.equal([])
    for (const [code, { de, en }] of PROBLEMS) for (const said of [de, en]) expect(said, code).to.match(/^\S.*\.$/)
  })

  describe('of the core API', () => {
    let setup: Setup
    before(async () => {
      setup = await Setup.start()
    })
    after(() => setup.stop())

    it('speaks the language that the caller asks for, English to all others', async () => {
      for (const [asked, language, title] of [
        [undefined, 'en', 'The caller is not known.'],
        ['de', 'de', 'Der Aufrufer ist nicht bekannt.'],
        ['de-AT,de;q=0.9,en;q=0.8', 'de', 'Der Aufrufer ist nicht bekannt.'],
        ['fr, de;q=0.2, en;q=0.1', 'de', 'Der Aufrufer ist nicht bekannt.'],
        ['de;q=0.1, en', 'en', 'The caller is not known.'],
        ['fr', 'en', 'The caller is not known.'],
        ['*', 'en', 'The caller is not known.'],
        ['de;q=0, *;q=0', 'en', 'The caller is not known.'],
        [';;q=x,,', 'en', 'The caller is not known.'],
      ] as const) {
        const headers = asked === undefined ? {} : { 'accept-language': asked }
        const answer = await fetch(`${setup.url}/core/v1/mailboxes/${BOX}/take`, { method: 'POST', headers })
        expect([answer.status, answer.headers.get('content-language')], asked).to.deep.equal([401, language])
        expect(await answer.json(), asked).to.deep.equal({ type: 'about:blank', title, status: 401, code: 'core.unknown-caller' })
      }
    })

    it('says what exactly beside the text of the code, also of an envelope', async () => {
      const path = `/core/v1/mailboxes/${BOX}/envelopes`
      const body = new Uint8Array(4096)
      const authorization = await setup.token(setup.portal, 'POST', path, body)
      const headers = { authorization, 'content-type': 'application/vnd.protektor.envelope', 'accept-language': 'de' }
      const { title, detail } = (await (await fetch(setup.url + path, { method: 'POST', headers, body })).json()) as Told
      expect([title, detail]).to.deep.equal(['Die Bytes sind kein Umschlag der Formatversion 1.', 'This is no envelope.'])
    })

    it('tells nothing of a failure that nobody foresaw', async () => {
      setup.core.outcome = () => Promise.reject(new Error('a secret of the house'))
      const answer = await setup.call(setup.portal, `/core/v1/envelopes/${'a'.repeat(22)}/outcome`, { method: 'GET' })
      const told = { type: 'about:blank', title: 'Something went wrong here.', status: 500, code: 'core.internal' }
      expect(await answer.json()).to.deep.equal(told)
    })
  })
})
