// SPDX-License-Identifier: EUPL-1.2
/**
 * What went over the wire, numbered: every pair of bodies that a clause was judged by is kept.
 * @module
 */
import { ProtektorError } from '../errors.js'
import { OsciCallError, type OsciHttp } from '../client/osci/ports.js'
import type { OsciEnv } from '../osci/types.js'

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

/**
 * Posts, and keeps what came of it.
 * @returns no `posted`: nothing came; `failure` says why.
 * @throws {ProtektorError} nobody is there: that is no verdict on anybody.
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
    if (error.stage === 'not-sent')
      throw new ProtektorError('conformance.unreachable', `Nobody is to be reached at ${url}.`, { cause: error })
    return { leg: await legs.add({ name, request, failure: error.finding }), failure: error.finding }
  }
}
