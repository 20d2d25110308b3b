// SPDX-License-Identifier: EUPL-1.2
/**
 * The core API as one table: routes are mounted from it, and the OpenAPI document is made from it.
 * @module
 */
import { MEDIA_TYPE } from '../envelope/container.js'

export type CoreOperation =
  'putEnvelope' | 'takeEnvelope' | 'confirmEnvelope' | 'refuseEnvelope' | 'returnEnvelope' | 'withdrawEnvelope' | 'getOutcome'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description: string
  readonly schema: object
}

export interface CoreRoute {
  readonly operation: CoreOperation
  readonly method: 'get' | 'post'
  /** OpenAPI spelling, e.g. `{address}`. */
  readonly path: string
  readonly summary: string
  readonly parameters: readonly Parameter[]
  readonly request?: { readonly mediaType: string; readonly schema: object }
  readonly success: Readonly<Record<string, { readonly description: string; readonly content?: object; readonly headers?: object }>>
  /** Problem answers besides {@link COMMON_PROBLEMS}. */
  readonly problems: readonly number[]
}

const address: Parameter = {
  name: 'address',
  in: 'path',
  required: true,
  description: 'Mailbox, e.g. ags:99001000, or a reply mailbox',
  schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9._:-]{0,119}$' },
}
const id: Parameter = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of the envelope',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{22,64}$' },
}
const waitSeconds: Parameter = {
  name: 'waitSeconds',
  in: 'query',
  required: false,
  description: 'How long to wait; 0 when absent',
  schema: { type: 'integer', minimum: 0, maximum: 30, default: 0 },
}
const take: readonly Parameter[] = [
  {
    name: 'id',
    in: 'query',
    required: false,
    description: 'This very envelope, if it is available; then nobody waits',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{22,64}$' },
  },
  {
    name: 'leaseSeconds',
    in: 'query',
    required: false,
    description: "Length of the lease, instead of the mailbox's; without effect where envelopes are handed out at most once",
    schema: { type: 'integer', minimum: 1, maximum: 3600 },
  },
  {
    name: 'confirm',
    in: 'query',
    required: false,
    description:
      'Where envelopes are handed out at most once: the taker says himself how the hand-over ended (confirm, refuse, return); silence for a minute is unknown. It is handed out once all the same',
    schema: { type: 'boolean', default: false },
  },
]
const binary = { type: 'string', format: 'binary' }
const header = (description: string, type: string) => ({ description, schema: { type } })

export const CORE_ROUTES: readonly CoreRoute[] = [
  {
    operation: 'putEnvelope',
    method: 'post',
    path: '/core/v1/mailboxes/{address}/envelopes',
    summary: 'Puts a sealed envelope into a mailbox',
    parameters: [
      address,
      {
        name: 'replyTo',
        in: 'query',
        required: false,
        description: 'Reply mailbox to open for the sender; it dies 60 s after the deadline of the envelope',
        schema: { type: 'string', pattern: '^reply\\.[0-9a-f]{32}$' },
      },
    ],
    request: { mediaType: MEDIA_TYPE, schema: binary },
    success: {
      '201': {
        description: 'The envelope waits in the mailbox',
        content: {
          'application/json': {
            schema: { type: 'object', required: ['id', 'outcome'], properties: { id: { type: 'string' }, outcome: { const: 'waiting' } } },
          },
        },
        headers: { Location: header('Where its outcome can be asked', 'string') },
      },
    },
    problems: [409],
  },
  {
    operation: 'takeEnvelope',
    method: 'post',
    path: '/core/v1/mailboxes/{address}/take',
    summary: 'Takes the next envelope out of a mailbox; at most once, or with a lease that is to be confirmed',
    parameters: [address, waitSeconds, ...take],
    success: {
      '200': {
        description: 'The envelope',
        content: { [MEDIA_TYPE]: { schema: binary } },
        headers: {
          'Protektor-Envelope-Id': header('Id of the envelope', 'string'),
          'Protektor-Sender': header('Participant that put it', 'string'),
          'Protektor-Reply-To': header('Reply mailbox that its sender opened for the answer', 'string'),
          'Protektor-Handover': header('at-most-once or lease-and-confirm', 'string'),
          'Protektor-Lease-Ms': header('Time to confirm; only with lease-and-confirm', 'integer'),
          'Protektor-Remaining-Ms': header('Time until the deadline of the envelope', 'integer'),
        },
      },
      '204': { description: 'Nothing came' },
    },
    problems: [],
  },
  {
    operation: 'confirmEnvelope',
    method: 'post',
    path: '/core/v1/envelopes/{id}/confirm',
    summary: 'Confirms an envelope that was taken on lease, or with confirm; the core forgets it',
    parameters: [id],
    success: { '204': { description: 'Confirmed, also when repeated' } },
    problems: [410],
  },
  {
    operation: 'refuseEnvelope',
    method: 'post',
    path: '/core/v1/envelopes/{id}/refuse',
    summary: 'Refuses an envelope that was taken on lease, or with confirm: it was not processed',
    parameters: [id],
    request: {
      mediaType: 'application/json',
      schema: { type: 'object', required: ['code'], properties: { code: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,40}$' } } },
    },
    success: { '204': { description: 'Refused' } },
    problems: [410],
  },
  {
    operation: 'returnEnvelope',
    method: 'post',
    path: '/core/v1/envelopes/{id}/return',
    summary: 'Ends a hand-over without a word on processing: leased, the envelope waits again; else its outcome is unknown',
    parameters: [id],
    success: { '204': { description: 'Ended' } },
    problems: [410],
  },
  {
    operation: 'withdrawEnvelope',
    method: 'post',
    path: '/core/v1/envelopes/{id}/withdraw',
    summary: 'Takes back what nobody has taken yet; only for its sender',
    parameters: [id],
    success: { '204': { description: 'Nobody will be handed it; its outcome is refused' } },
    problems: [409],
  },
  {
    operation: 'getOutcome',
    method: 'get',
    path: '/core/v1/envelopes/{id}/outcome',
    summary: 'What became of an envelope; only for its sender',
    parameters: [
      id,
      waitSeconds,
      {
        name: 'until',
        in: 'query',
        required: false,
        description: 'With waitSeconds: wait until claimed, or until settled',
        schema: { type: 'string', enum: ['claimed', 'settled'], default: 'settled' },
      },
    ],
    success: {
      '200': { description: 'The outcome', content: { 'application/json': { schema: { $ref: '#/components/schemas/Outcome' } } } },
    },
    problems: [],
  },
]

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
/** Of every call: who calls is asked, its parameters are known or none, a body is read (none is expected of most), tokens and core may be at their limits. */
const COMMON_PROBLEMS = [400, 401, 404, 408, 413, 415, 429, 500, 503]

const retryAfter = { 'Retry-After': header('Seconds', 'integer') }
const BY_STATUS: Readonly<Record<number, object>> = {
  401: { 'WWW-Authenticate': header('The scheme that is expected in Authorization', 'string') },
  429: retryAfter,
  503: retryAfter,
}

/** What a problem answer tells beside its body. */
export const problemHeaders = (status: number): object => ({
  'Content-Language': header('Of title: de or en', 'string'),
  ...BY_STATUS[status],
})

const PROBLEM_TEXTS: Readonly<Record<number, string>> = {
  400: 'Malformed',
  401: 'The caller is not known',
  404: 'There is nothing of this name for this caller',
  408: 'The body came too slowly',
  409: 'The id was used before; to withdraw it is too late',
  410: 'The hand-over is over',
  413: 'Too large',
  415: 'The body is of another type than is expected here, or compressed',
  429: 'Over the quota of the caller or the mailbox; see Retry-After',
  500: 'Something failed; whether anything was done is not known',
  503: 'The core is full, cannot be reached, cannot record or is about to stop, nothing was done; see Retry-After (a put: under a new id)',
}

function operationOf(route: CoreRoute): object {
  const problems = [...COMMON_PROBLEMS, ...route.problems].sort()
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: route.parameters,
    ...(route.request === undefined
      ? {}
      : { requestBody: { required: true, content: { [route.request.mediaType]: { schema: route.request.schema } } } }),
    responses: {
      ...route.success,
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          {
            description: PROBLEM_TEXTS[status],
            content: PROBLEM,
            headers: problemHeaders(status),
          },
        ]),
      ),
    },
  }
}

/** OpenAPI 3.1. */
export const CORE_API_OPENAPI = {
  openapi: '3.1.0',
  info: { title: 'Protektor core API', version: '1', license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' } },
  security: [{ token: [] }, { clientCertificate: [] }],
  paths: Object.fromEntries(CORE_ROUTES.map((route) => [route.path, { [route.method]: operationOf(route) }])),
  components: {
    securitySchemes: {
      token: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: 'Protektor <JWS>: iss, aud, htm, htu (path and query), iat, jti, bh (SHA-256 of the body); see docs/envelope.md §8',
      },
      clientCertificate: { type: 'mutualTLS' },
    },
    schemas: {
      Outcome: {
        type: 'object',
        required: ['id', 'outcome', 'claimed', 'at'],
        properties: {
          id: { type: 'string' },
          outcome: { enum: ['waiting', 'delivered', 'expired', 'refused', 'unknown'] },
          claimed: { type: 'boolean' },
          reason: { type: 'string' },
          at: { type: 'string', format: 'date-time' },
          node: { type: 'string', description: 'Node of the core that settled it; once it is settled' },
          seq: { type: 'integer', description: 'Its number among the records of this node, from 1, without gaps' },
          prev: { type: 'string', description: 'SHA-256 (base64url) of the payload of the record before it' },
          jws: { type: 'string', description: 'The same members, signed by the core (type protektor-outcome+jws); once it is settled' },
        },
      },
      Problem: {
        type: 'object',
        required: ['type', 'title', 'status', 'code'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string', description: 'For people: German or English, as Accept-Language asks; English without' },
          detail: { type: 'string', description: 'What exactly, in English, where there is more to say' },
          status: { type: 'integer' },
          code: { type: 'string', description: 'Stable, for programs; see docs/problems.md' },
          ref: { type: 'string', description: 'Leads to a line of the log, where there is one' },
        },
      },
    },
  },
} as const
