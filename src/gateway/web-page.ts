// SPDX-License-Identifier: EUPL-1.2
/**
 * Serves a page of `web/`: a handful of files in memory, with the strictest policy a page can have. Nothing is inline, nothing comes from
 * anywhere else, nobody may frame it; a file that is not in the list does not exist.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Context } from 'koa'
import type Router from 'koa-router'
import { HttpError } from '../errors.js'

export interface WebAsset {
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** By path below the page's own, without a leading slash; the page itself is `index.html`. */
export type WebAssets = ReadonlyMap<string, WebAsset>

/** `img-src data:` is for icons that a style sheet carries in itself. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const tagOf = ({ bytes }: WebAsset): string => `"${createHash('sha256').update(bytes).digest('base64url')}"`

/**
 * Adds the files of a page to a router; addresses of its own below the page come before.
 * @param path where the page lives, with a slash at both ends: `/operator/`
 * @param assets asked at the first call, and again only after it failed
 */
export function servePage(router: Router, path: string, assets: () => Promise<WebAssets>): void {
  let loading: Promise<WebAssets> | undefined
  const load = (): Promise<WebAssets> => {
    loading ??= assets().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
  router.get(path.slice(0, -1), (context: Context, next) => {
    // the router takes both spellings for one; relative links need the slash
    if (context.path.endsWith('/')) return next()
    context.redirect(path)
    return undefined
  })
  router.get(`${path}{:file}`, async (context: Context) => {
    const { file = 'index.html' } = context.params as { readonly file?: string }
    const asset = (await load()).get(file)
    if (!asset) throw new HttpError(404, 'http.not-found', 'There is nothing at this address.')
    context.set('Content-Security-Policy', PAGE_POLICY)
    context.set('Cache-Control', 'no-cache')
    context.set('ETag', tagOf(asset))
    context.status = 200
    context.type = asset.contentType
    if (context.fresh) context.status = 304
    else context.body = Buffer.from(asset.bytes)
  })
}
