// SPDX-License-Identifier: EUPL-1.2
/**
 * `POST /v1/check` as OpenAPI: the form of src/check/form.ts, and the reports of src/check/reports.
 * @module
 */
import { INCLUDES } from '../check/form.js'
import { FORMATS } from '../check/reports/formats.js'
import { LAYERS } from '../check/types.js'
import { problemHeaders } from './core-api-openapi.js'

export const CHECK_PATH = '/v1/check'

const binary = { type: 'string', format: 'binary' }
const many = (description: string, items: object = binary) => ({ type: 'array', description, items })

const VERDICT = { enum: ['valid', 'invalid', 'unchecked', 'error'] }
const nullable = (type: string) => ({ type: [type, 'null'] })

const FINDING = {
  type: 'object',
  required: ['id', 'layer', 'severity', 'rule', 'reference', 'xpath', 'line', 'column', 'document', 'message'],
  properties: {
    id: { type: 'string', description: '<layer>.<rule>, see docs/findings.md' },
    layer: { enum: LAYERS },
    severity: { enum: ['error', 'warning', 'info'] },
    rule: { type: 'string' },
    reference: { type: 'string' },
    xpath: nullable('string'),
    line: nullable('integer'),
    column: { ...nullable('integer'), description: 'In UTF-16 units, from 1' },
    document: { enum: ['file', 'unpacked', 'decrypted', 'content'], description: 'What line and column count in' },
    content: { ...nullable('string'), description: 'Id of the content item' },
    message: { type: 'object', required: ['de', 'en'], properties: { de: { type: 'string' }, en: { type: 'string' } } },
    detail: nullable('string'),
  },
}

export const CHECK_SCHEMAS = {
  CheckReport: {
    type: 'object',
    description: 'As `protektor check --format json` prints it; more fields may be added',
    required: ['tool', 'version', 'at', 'results', 'sum'],
    properties: {
      tool: { const: 'protektor' },
      version: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
      schemaSets: { type: 'array', items: { type: 'object' }, description: 'Name and SHA-256 of what was judged with' },
      codeLists: { type: 'array', items: { type: 'object' } },
      results: {
        type: 'array',
        items: {
          type: 'object',
          required: ['file', 'sha256', 'verdict', 'kind', 'findings', 'layers'],
          properties: {
            file: { type: 'string', description: 'Its name in the form' },
            sha256: { type: 'string' },
            verdict: VERDICT,
            kind: { enum: ['osci', 'xoev', 'envelope', 'unknown'] },
            messageType: nullable('string'),
            findings: { type: 'array', items: FINDING },
            layers: { type: 'object', additionalProperties: VERDICT },
            contents: { type: 'array', items: { type: 'object' } },
            opened: {
              type: 'array',
              description: 'With include=layers: texts of what was decoded, or opened with the keys of this very call',
              items: {
                type: 'object',
                required: ['document', 'content', 'bytes', 'text', 'cut'],
                properties: {
                  document: { enum: ['unpacked', 'decrypted', 'content'] },
                  content: nullable('string'),
                  bytes: { type: 'integer' },
                  text: { ...nullable('string'), description: 'null: no text' },
                  cut: { type: 'boolean', description: 'Only the beginning is here' },
                },
              },
            },
          },
        },
      },
      sum: { type: 'object', additionalProperties: { type: 'integer' } },
      reports: {
        type: 'object',
        description: 'With include=reports: the report in every format',
        additionalProperties: { type: 'string' },
      },
    },
  },
} as const

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The form will not do, or a keystore does not open',
  401: 'The access token is missing or wrong (demanded off loopback)',
  403: 'A page of another site called',
  408: 'The body came too slowly',
  413: 'Too large',
  415: 'No form',
  422: 'Beyond the limits of time, memory or size of the report; fewer files at a time may pass',
  429: 'Too many checks in a minute; see Retry-After',
  500: 'The check itself failed',
  503: 'Too many checks are under way; see Retry-After',
}

export const CHECK_OPERATION = {
  operationId: 'check',
  summary: 'Checks OSCI messages and XÖV documents layer by layer; opens only with the keys of the call, and forgets them with the answer',
  security: [{}, { checkToken: [] }],
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['file'],
          additionalProperties: false,
          properties: {
            file: many('What is to be checked; several parts of this name'),
            keystore: many('PKCS#12; several parts of this name'),
            pin: many('PIN of each keystore, in the same order', { type: 'string' }),
            trust: many('Trust anchors as PEM, and revocation lists as PEM or DER; without anchors certificates stay unchecked'),
            format: { enum: Object.keys(FORMATS), default: 'json' },
            lang: { enum: ['de', 'en'], default: 'de' },
            at: { type: 'string', format: 'date-time', description: 'Moment for certificates, with zone' },
            layers: { type: 'string', description: `Only these: a list of ${LAYERS.join(', ')}` },
            include: { type: 'string', description: `With format json: list of ${INCLUDES.join(', ')}` },
          },
        },
        encoding: { keystore: { contentType: 'application/x-pkcs12' }, trust: { contentType: 'application/x-pem-file' } },
      },
    },
  },
  responses: {
    '200': {
      description: 'The report; what is wrong with a file is a result, not a problem',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/CheckReport' } },
        'application/sarif+json': { schema: { type: 'object' } },
        'application/xml': { schema: { type: 'string', description: 'JUnit' } },
        'text/html': { schema: { type: 'string' } },
        'text/plain': { schema: { type: 'string' } },
      },
      headers: { 'Content-Disposition': { description: 'attachment: a report is kept, not shown', schema: { type: 'string' } } },
    },
    ...Object.fromEntries(
      Object.entries(PROBLEMS).map(([status, description]) => [
        status,
        {
          description,
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          headers: problemHeaders(Number(status)),
        },
      ]),
    ),
  },
} as const

export const CHECK_TOKEN = {
  type: 'http',
  scheme: 'bearer',
  description: 'The text of `check.tokenFile`; only where it is configured',
} as const
