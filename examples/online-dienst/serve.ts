// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: the online service on its own, beside a core that runs elsewhere.
 *
 *   npx tsx examples/online-dienst/serve.ts http://127.0.0.1:8080 KEYS.json 8090
 *
 * KEYS.json: { "participant": "portal-1", "sign": private JWK, "authority": { "participant": "register-1", "jwks": [ public JWKs ] } }
 * @module
 */
import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import Koa from 'koa'
import helmet from 'koa-helmet'
import { webAssets } from '../../src/cli/compose/web-assets.js'
import { REGISTER } from '../musterstadt/register.js'
import { onlineService, PATH } from './service.js'

interface Keys {
  readonly participant: string
  readonly sign: JWK
  readonly authority: { readonly participant: string; readonly jwks: readonly JWK[] }
}

const [url = 'http://127.0.0.1:8080', keyFile = 'portal.json', port = '8090'] = process.argv.slice(2)
const keys = JSON.parse(readFileSync(keyFile, 'utf8')) as Keys
const origin = `http://127.0.0.1:${port}`

const app = new Koa()
// the service answers for its errors itself; a page that hangs up when it has its answer is none
app.silent = true
app.use(helmet())
app.use(
  await onlineService({
    portal: { participant: keys.participant, kennung: 'mbp:99001', name: 'Online-Dienst Musterstadt (Demo)', sign: keys.sign },
    authority: { ...REGISTER, mailbox: REGISTER.kennung, ...keys.authority },
    core: { url },
    origin,
    assets: () => webAssets('citizen'),
  }),
)
app.listen(Number(port), '127.0.0.1', () => console.log(`Demo: ${origin}${PATH}`))
