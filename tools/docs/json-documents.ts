// SPDX-License-Identifier: EUPL-1.2
/**
 * Machine-readable documents that come from our own types: the HTTP interfaces and the envelope's metadata.
 * @module
 */
import { metadataJsonSchema } from '../../src/envelope/metadata.js'
import type { Generator } from '../generated.js'

const json = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'

const OPENAPI_SOURCE = 'src/gateway/openapi.ts'

export const openApi: Generator = {
  name: 'OpenAPI',
  source: OPENAPI_SOURCE,
  make: async () => {
    const module = (await import(new URL(`../../${OPENAPI_SOURCE}`, import.meta.url).href)) as Record<string, unknown>
    const document = module['OPENAPI']
    if (document === undefined) throw new Error(`${OPENAPI_SOURCE} exports no OPENAPI`)
    return new Map([['docs/openapi.json', json(document)]])
  },
}

export const envelopeSchema: Generator = {
  name: 'envelope metadata schema',
  source: 'src/envelope/metadata.ts',
  make: () => Promise.resolve(new Map([['schemas/envelope/metadata-1.schema.json', json(metadataJsonSchema())]])),
}
