// SPDX-License-Identifier: EUPL-1.2
/**
 * `/operator/` of the admin application: the page, its feed (Server-Sent Events) and the same as one JSON document.
 * @module
 */
import { PassThrough } from 'node:stream'
import type { Context } from 'koa'
import Router from 'koa-router'
import { HttpError } from '../errors.js'
import type { OperatorFeed } from './operator-feed.js'
import { turnOf } from './turn.js'
import { servePage, type WebAssets } from './web-page.js'

export interface OperatorPage {
  readonly feed: OperatorFeed
  readonly assets: () => Promise<WebAssets>
}

/** A listener that does not read is let go instead of being waited for. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** The browser asks again by itself after this. */
const RETRY_MS = 2000

export function operatorRouter({ feed, assets }: OperatorPage): Router {
  const router = new Router()
  router.get('/operator/snapshot', (context: Context) => {
    context.set('Cache-Control', 'no-store')
    context.body = feed.snapshot()
  })
  router.get('/operator/feed', async (context: Context) => {
    if (!(await turnOf(context.res))) return
    const stream = new PassThrough()
    const end = feed.listen((json) => {
      if (stream.readableLength + stream.writableLength > MAX_UNREAD_BYTES) context.res.destroy()
      else stream.write(`data: ${json}\n\n`)
    })
    if (!end) throw new HttpError(503, 'operator.too-many-listeners', 'Too many pages are open.', { retryAfterSeconds: 10 })
    context.res.once('close', () => {
      end()
      stream.destroy()
    })
    stream.write(`retry: ${RETRY_MS}\n\n`)
    context.status = 200
    context.type = 'text/event-stream'
    context.set('Cache-Control', 'no-store')
    context.body = stream
  })
  servePage(router, '/operator/', assets)
  return router
}
