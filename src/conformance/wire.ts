// SPDX-License-Identifier: EUPL-1.2
/**
 * What went over the wire, numbered: every pair of bodies that a clause was judged by is kept.
 * @module
 */
import { OsciCallError, type OsciHttp } from '../client/osci/ports.js'
import type { OsciEnv } from '../osci/types.js'
import { NoRun } from './no-run.js'

export interface Leg {
  readonly number: number
  /** Element name of the request, as far as it is known. */
  readonly name: string
  readonly request: Uint8Array
  readonly status?: number
  readonly answer?: Uint8Array
  /** Why no answer came. */
  readonly failure?: string
}

/** Numbers legs, and hands each to whoever keeps the bytes. */
export class Legs {
  readonly #keep: (leg: Leg) => Promise<void>
  #count = 0
  #current: number[] = []

  constructor(keep: (leg: Leg) => Promise<void>) {
    this.#keep = keep
  }

  async add(leg: Omit<Leg, 'number'>): Promise<number> {
    const number = ++this.#count
    this.#current.push(number)
    await this.#keep({ number, ...leg })
    return number
  }

  /** The legs since the last time. */
  take(): readonly number[] {
    return this.#current.splice(0)
  }
}

/** What the library calls everything. */
export const TEXT_XML = 'text/xml; charset=UTF-8'

/** A message as HTTP carries it: a package may have its MIME header in there. */
export interface Body {
  /** Empty: none was named. */
  readonly contentType: string
  readonly body: Uint8Array
}

export interface Posted extends Body {
  readonly status: number
}

/** For reading this body. */
export const envFor = ({ contentType }: Body, env: OsciEnv): OsciEnv =>
  contentType === '' ? env : { ...env, httpContentType: contentType }

/** With the system's word for it, e.g. that a certificate is not trusted. */
function unreachable(url: string, error: OsciCallError): NoRun {
  const { code } = (error.cause ?? {}) as { readonly code?: unknown }
  const why = typeof code === 'string' ? code : error.finding
  return new NoRun('conformance.unreachable', `${url} ist nicht zu erreichen (${why})`, `${url} cannot be reached (${why})`, error)
}

/**
 * Posts, and keeps what came of it.
 * @returns no `posted`: nothing came; `failure` says why.
 * @throws {NoRun} nobody is there.
 */
export async function post(
  line: { readonly http: OsciHttp; readonly legs: Legs; readonly url: string; readonly timeoutMs: number; readonly maxBytes: number },
  name: string,
  request: Uint8Array,
): Promise<{ readonly leg: number; readonly posted?: Posted; readonly failure?: string }> {
  const { http, legs, url, timeoutMs, maxBytes } = line
  try {
    const posted = await http.post(url, request, { timeoutMs, maxBytes })
    return { leg: await legs.add({ name, request, status: posted.status, answer: posted.body }), posted }
  } catch (error) {
    if (!(error instanceof OsciCallError)) throw error
    if (error.stage === 'not-sent') throw unreachable(url, error)
    return { leg: await legs.add({ name, request, failure: error.finding }), failure: error.finding }
  }
}
