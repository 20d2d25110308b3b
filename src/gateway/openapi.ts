// SPDX-License-Identifier: EUPL-1.2
/**
 * The OpenAPI document of everything that is served: made of the parts, so that none is promised that is not there.
 * @module
 */
import { CHECK_OPERATION, CHECK_PATH, CHECK_SCHEMAS, CHECK_TOKEN } from './check-api-openapi.js'
import { CORE_API_OPENAPI } from './core-api-openapi.js'

interface ServedApis {
  readonly core: boolean
  readonly check: boolean
}

/** OpenAPI 3.1. */
export function openApi({ core, check }: ServedApis): object {
  const { info, paths, security, components } = CORE_API_OPENAPI
  return {
    ...CORE_API_OPENAPI,
    info: { ...info, title: 'Protektor' },
    security: core ? security : [],
    paths: { ...(core ? paths : {}), ...(check ? { [CHECK_PATH]: { post: CHECK_OPERATION } } : {}) },
    components: {
      securitySchemes: { ...(core ? components.securitySchemes : {}), ...(check ? { checkToken: CHECK_TOKEN } : {}) },
      schemas: { ...components.schemas, ...(check ? CHECK_SCHEMAS : {}) },
    },
  }
}

/** All of it, for docs/openapi.json. */
export const OPENAPI = openApi({ core: true, check: true })
