// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/problems.md: the codes of refused calls, from `src/gateway/problem.ts`.
 * @module
 */
import { PROBLEMS } from '../../src/gateway/problem.js'
import type { Generator } from '../generated.js'
import { GENERATED, table } from './markdown.js'

const SOURCE = 'src/gateway/problem.ts'

const INTRODUCTION = `# Codes of refused calls

What the HTTP interfaces ([openapi.json](openapi.json)) refuse is answered by \`application/problem+json\`. \`code\` is stable and meant for programs;
\`title\` is its text, German or English as \`Accept-Language\` asks, English without; \`detail\` says in English what exactly, where there is
more to say. Besides the codes of this page: \`envelope.…\` of an envelope that the core cannot take (its text says why), \`keystore.…\` of
a keystore, certificate or PIN in \`POST /v1/check\`.

`

export const problemsPage: Generator = {
  name: 'problems',
  source: SOURCE,
  make: () => {
    const rows = [...PROBLEMS].map(([code, { de, en }]) => [`\`${code}\``, de, en])
    return Promise.resolve(
      new Map([['docs/problems.md', `${GENERATED(SOURCE)}${INTRODUCTION}${table(['code', 'Deutsch', 'English'], rows)}\n`]]),
    )
  },
}
