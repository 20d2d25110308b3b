// SPDX-License-Identifier: EUPL-1.2
/**
 * DVDV2 over REST (v2), read only.
 *
 *   GET <url>/v2/<function>?request_json={…}
 *     200 application/json          a hit, or an empty list
 *     204, 404 problem+json         a miss; `dvdv-warning-msg` says that only an invalid entry is there
 *     anything else                 away: 4xx of ours, 5xx, redirects, other media types, broken JSON, too large, too late
 *
 * The directory is not trusted with our time or memory, and its absence never stops the gateway: {@link AnswerCache}.
 * Specs: xoev §10.1; osci-in-the-field §4.
 * @module
 */
import type * as z from 'zod'
import type { Clock } from '../env.js'
import { AnswerCache, type Answer, type CacheTimes } from './answer-cache.js'
import {
  CATEGORIES_ANSWER,
  CERTIFICATE_ANSWER,
  decodeWords,
  knownService,
  organizationOf,
  ORGANIZATIONS_ANSWER,
  PROBLEM_ANSWER,
  SERVICE_ANSWER,
  VERIFICATION_ANSWER,
  type CertificateAnswer,
  type ServiceAsFound,
} from './dvdv-answers.js'
import { DirectoryError, type DirectoryErrorKind } from './errors.js'
import { fingerprintOf, organizationKey, sha1Hex } from './names.js'
import type { DirectoryOrganization, ServiceDirectory, ServiceEntry } from './ports.js'
import { readWhole } from './read-whole.js'
import { resolveService } from './resolve.js'

export interface DirectoryResponse {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Uint8Array
}

/** One GET. @throws anything: no answer, a redirect, more than `maxBytes`, later than `timeoutMs`. */
export type DirectoryFetch = (
  url: string,
  options: { readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number; readonly maxBytes: number },
) => Promise<DirectoryResponse>

export interface DvdvOptions extends CacheTimes {
  /** Base address including the entry path, e.g. `https://host/dvdv2-backend/intern/directory/`; `v2/` is added unless it is there. */
  readonly url: string
  /** Network whose elements are used; an element without a network in its name is used in every one. */
  readonly network: string
  readonly timeoutSeconds: number
  readonly clock: Clock
  /** Its times come without a zone as well: the moment that one means where the authorities are, as ISO text; undefined: it is none. */
  readonly momentOf: (local: string) => string | undefined
  /** How content leaves to services of this directory; it does not say. Default `terminating`. */
  readonly mode?: ServiceEntry['mode']
  /** Default: node's fetch. Adds its own headers where the operator demands a token. */
  readonly fetch?: DirectoryFetch
}

/** `findcategories` of v2 demands the organisation beside the fingerprint. */
export interface DvdvDirectory extends ServiceDirectory {
  findCategories(fingerprint: string, organizationKey?: string): Promise<readonly string[]>
}

const MAX_ANSWER_BYTES = 2 * 1024 * 1024
const MAX_ENTRIES = 5000
const MAX_WAITING = 64
/** Categories decide who may ask what: they are asked again sooner. */
const CATEGORY_SECONDS = 300
/** After a failure nobody waits for the directory for this long, doubled with every further failure. */
const PAUSE_SECONDS = 5
const MAX_DOUBLINGS = 4
/** A Retry-After beyond this is cut. */
const MAX_PAUSE_SECONDS = 300

export function dvdvDirectory(options: DvdvOptions): DvdvDirectory {
  const { clock, network, momentOf, mode = 'terminating' } = options
  const times = { hitSeconds: options.hitSeconds, missSeconds: options.missSeconds, staleSeconds: options.staleSeconds }
  const cache = <V>(hitSeconds = times.hitSeconds): AnswerCache<V> =>
    new AnswerCache<V>({ ...times, hitSeconds, clock, maxEntries: MAX_ENTRIES, maxWaiting: MAX_WAITING })
  const question = questions(options)
  let isAway = false
  const ask: Ask = async (name, request, shape) => {
    try {
      const answer = await question(name, request, shape)
      isAway = false
      return answer
    } catch (error) {
      isAway = true
      throw error
    }
  }
  const services = cache<ServiceAsFound>()
  const organizations = cache<DirectoryOrganization>()
  const certificates = cache<CertificateAnswer>()
  const categories = cache<readonly string[]>(Math.min(CATEGORY_SECONDS, times.hitSeconds))
  const verdicts = cache<true>(Math.min(CATEGORY_SECONDS, times.hitSeconds))

  const certificate = async (fingerPrint: string): Promise<CertificateAnswer | undefined> =>
    hitOf(await certificates.get(fingerPrint, () => ask('findCertificateByFingerprint', { fingerPrint }, CERTIFICATE_ANSWER)))

  const serviceOf = async (key: string, uri: string): Promise<Answer<ServiceAsFound>> => {
    const found = await ask('findservicedescription', { organizationKey: key, serviceSpecificationUri: uri }, SERVICE_ANSWER)
    if ('miss' in found) return found
    const named = found.hit.serviceSpecificationUri
    if (typeof named === 'string' && named !== uri) throw away('The directory answered for another service.')
    return { hit: await knownService(found.hit, { network, certificate, momentOf }) }
  }

  return {
    async findService(organizationText, serviceText) {
      const key = keyOf(organizationText)
      const serviceUri = serviceText.trim()
      const answer = await services.get(`${key} ${serviceUri}`, () => serviceOf(key, serviceUri))
      const known = hitOrThrow(answer, 'unknown-service', 'The directory knows no such service of this organisation.')
      const at = clock.now()
      if ((known.validFrom && at < known.validFrom) || (known.validTo && at > known.validTo))
        throw new DirectoryError('unknown-service', 'The service is not valid now.')
      const facts = { ...known.facts, organizationKey: key, serviceUri, mode }
      return resolveService(facts, { network, at, revoked: (one) => known.revoked.has(sha1Hex(one)) })
    },
    async findOrganization(text) {
      const key = keyOf(text)
      const answer = await organizations.get(key, async () => {
        const found = await ask('findauthoritydescriptions', { organizationKey: key }, ORGANIZATIONS_ANSWER)
        const organization = 'hit' in found ? organizationOf(found.hit, key) : undefined
        return organization ? { hit: organization } : { miss: 'miss' in found ? found.miss : undefined }
      })
      return hitOrThrow(answer, 'unknown-organization', 'The directory does not know this organisation.')
    },
    async findCategories(text, organizationText) {
      const fingerPrint = fingerprintOf(text)
      if (fingerPrint === undefined) return []
      const organization = organizationText === undefined ? {} : { organizationKey: keyOf(organizationText) }
      const answer = await categories.get(`${fingerPrint} ${organization.organizationKey ?? ''}`, async () => {
        const found = await ask('findcategories', { fingerPrint, ...organization }, CATEGORIES_ANSWER)
        return 'hit' in found && found.hit.length === 0 ? { miss: undefined } : found
      })
      return hitOf(answer) ?? []
    },
    async verifyCategory(text, category) {
      const fingerPrint = fingerprintOf(text)
      if (fingerPrint === undefined) return false
      const answer = await verdicts.get(`${fingerPrint} ${category}`, async () => {
        const found = await ask('verifycategory', { fingerPrint, category }, VERIFICATION_ANSWER)
        return 'hit' in found && found.hit ? { hit: true } : { miss: undefined }
      })
      return 'hit' in answer
    },
    isAway: () => isAway,
    close: () => Promise.resolve(),
  }
}

const away = (message: string, detail?: string, cause?: unknown): DirectoryError =>
  new DirectoryError('away', message, { ...(detail === undefined ? {} : { detail }), ...(cause === undefined ? {} : { cause }) })

function keyOf(text: string): string {
  const key = organizationKey(text)
  if (key === undefined) throw new DirectoryError('unknown-organization', 'This is no key of an organisation.')
  return key
}

const hitOf = <V>(answer: Answer<V>): V | undefined => ('hit' in answer ? answer.hit : undefined)

function hitOrThrow<V>(answer: Answer<V>, kind: DirectoryErrorKind, message: string): V {
  if ('hit' in answer) return answer.hit
  throw new DirectoryError(kind, message, answer.miss === undefined ? {} : { detail: answer.miss })
}

/** Retry-After is a number or a date of HTTP; 0: it is neither. */
function secondsOf(retryAfter: string, now: Date): number {
  const seconds = /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) : (Date.parse(retryAfter) - now.getTime()) / 1000
  return Number.isFinite(seconds) ? seconds : 0
}

type Ask = <S extends z.ZodType>(name: string, request: Readonly<Record<string, string>>, shape: S) => Promise<Answer<z.output<S>>>

/** Questions with a pause after failures. */
function questions({ url, timeoutSeconds, clock, fetch = directoryFetch }: DvdvOptions): Ask {
  const base = url.replace(/\/*$/, '/')
  const root = /\/v\d+\/$/.test(base) ? base : `${base}v2/`
  let pausedUntilMs = -Infinity
  let failures = 0
  /** @param before failures when the question was asked: those that were under way together fail together, and count once. */
  const pause = (before: number, retryAfter?: string): void => {
    const seconds = Math.max(PAUSE_SECONDS * 2 ** Math.min(before, MAX_DOUBLINGS), secondsOf(retryAfter ?? '', clock.now()))
    failures = before + 1
    pausedUntilMs = Math.max(pausedUntilMs, clock.monotonicMs() + Math.min(seconds, MAX_PAUSE_SECONDS) * 1000)
  }
  return async (name, request, shape) => {
    if (clock.monotonicMs() < pausedUntilMs) throw away('The directory did not answer a moment ago.')
    const before = failures
    const address = `${root}${name}?request_json=${encodeURIComponent(JSON.stringify(request))}`
    const headers = { accept: 'application/json, application/problem+json' }
    const response = await fetch(address, { headers, timeoutMs: timeoutSeconds * 1000, maxBytes: MAX_ANSWER_BYTES }).catch(
      (cause: unknown) => {
        pause(before)
        throw away('The directory does not answer.', undefined, cause)
      },
    )
    const { status } = response
    if (status === 429 || status >= 500) pause(before, response.header('retry-after'))
    else failures = 0
    if (status === 204) return { miss: warningOf(response) }
    if (status === 404) return missOf(name, response)
    if (status !== 200) throw away(`The directory answers ${status}.`, problemText(response))
    const found = shape.safeParse(jsonOf(response))
    if (!found.success) throw away('The directory answers with something else than agreed.', found.error.issues[0]?.message)
    return { hit: found.data }
  }
}

/** Only the directory's own word counts as a miss; a 404 of whoever stands before it says that the address is wrong. */
function missOf(name: string, response: DirectoryResponse): Answer<never> {
  // documented without a body for this one function
  if (name === 'findCertificateByFingerprint' && response.body.byteLength === 0) return { miss: undefined }
  const problem = PROBLEM_ANSWER.safeParse(jsonOf(response))
  if (!problem.success || !(problem.data.type ?? '').endsWith('ENTITY_NOT_FOUND'))
    throw away('The directory answers 404, but not that it knows no such entry.', problemText(response))
  return { miss: problem.data.detail ?? undefined }
}

function warningOf(response: DirectoryResponse): string | undefined {
  const warning = response.header('dvdv-warning-msg')
  return warning === undefined ? undefined : decodeWords(warning.slice(0, 2000)).replace(/\p{Cc}/gu, ' ')
}

function jsonOf(response: DirectoryResponse): unknown {
  const type = (response.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/(json|[a-z0-9.-]+\+json)$/.test(type)) throw away('The directory answers with another media type than JSON.', type)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(response.body))
  } catch (cause) {
    throw away('The directory answers with broken JSON.', undefined, cause)
  }
}

/** For the log only. */
function problemText(response: DirectoryResponse): string | undefined {
  try {
    const problem = PROBLEM_ANSWER.safeParse(jsonOf(response))
    return problem.success ? (problem.data.detail ?? problem.data.title ?? undefined) : undefined
  } catch {
    return undefined
  }
}

/** Node's fetch: no redirect, no more bytes and no more time than allowed, headers and body together. */
export const directoryFetch: DirectoryFetch = async (url, { headers, timeoutMs, maxBytes }) => {
  const late = AbortSignal.timeout(timeoutMs)
  const response = await globalThis.fetch(url, { headers, redirect: 'error', signal: late })
  const body = await readWhole(response, late, maxBytes)
  return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body }
}
