// SPDX-License-Identifier: EUPL-1.2
/**
 * A DVDV2 service on a local port. It answers from tables, and misbehaves on demand in every way that is documented of the real
 * ones or of what stands before them.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined }

export interface Asked {
  readonly path: string
  readonly name: string
  readonly request: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
}

/** Writes the answer; whatever it does is the misbehaviour. */
export type Behaviour = (response: ServerResponse, asked: Asked) => void

export interface StandIn {
  readonly url: string
  readonly asked: Asked[]
  /** Behaviour per function, e.g. `findservicedescription`; `*`: of all others. */
  readonly behave: Map<string, Behaviour>
  close(): Promise<void>
}

const send = (
  response: ServerResponse,
  status: number,
  type: string | undefined,
  body = '',
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { ...(type === undefined ? {} : { 'content-type': type }), ...headers })
  response.end(body)
}

const problem =
  (status: number, type: string, detail: string): Behaviour =>
  (response) =>
    send(response, status, 'application/problem+json', JSON.stringify({ type: `problems/type/${type}`, title: 'x', status, detail }))

export const behaviours = {
  json:
    (value: Json): Behaviour =>
    (response) =>
      send(response, 200, 'application/json; charset=utf-8', JSON.stringify(value)),
  raw:
    (status: number, type: string | undefined, body = '', headers: Record<string, string> = {}): Behaviour =>
    (response) =>
      send(response, status, type, body, headers),
  nothing: ((response) => send(response, 204, undefined)) satisfies Behaviour,
  /** Only an invalid entry is there: an RFC 2047 header on the 204. */
  onlyInvalid:
    (warning: string): Behaviour =>
    (response) =>
      send(response, 204, undefined, '', { 'dvdv-warning-msg': `=?UTF-8?B?${Buffer.from(warning).toString('base64')}?=` }),
  notFound: problem(404, 'ENTITY_NOT_FOUND', '5005: Kein Dienst'),
  badRequest: problem(400, 'INPUT_VALIDATION', '7006: Fehler bei JSON-Konvertierung'),
  unauthorized: problem(401, 'AUTHENTICATION', 'Kein passendes Client-Zertifikat'),
  redirect:
    (to: string): Behaviour =>
    (response) =>
      send(response, 302, undefined, '', { location: to }),
  /** Never stops. */
  endless: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const chunk = Buffer.alloc(256 * 1024, 0x20)
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  }) satisfies Behaviour,
  /** Sends the head at once and the body never. */
  stuck: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{')
  }) satisfies Behaviour,
  silent: (() => undefined) satisfies Behaviour,
  cut: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"verifyCategory":true}')
    setImmediate(() => response.destroy())
  }) satisfies Behaviour,
}

export async function standIn(): Promise<StandIn> {
  const behave = new Map<string, Behaviour>()
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand.in')
    const name = url.pathname.split('/').at(-1) ?? ''
    const question = url.searchParams.get('request_json') ?? '{}'
    const one: Asked = {
      path: url.pathname,
      name,
      request: JSON.parse(question) as Record<string, string>,
      headers: request.headers,
    }
    asked.push(one)
    const behaviour = behave.get(name) ?? behave.get('*') ?? behaviours.nothing
    behaviour(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dvdv2-backend/intern/directory/`,
    asked,
    behave,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
