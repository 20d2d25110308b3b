// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs the example register (`examples/musterstadt`) against a gateway's core, as a protector client over HTTP.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Received } from '../../client/received.js'
import { connect } from '../../client/connect.js'
import type { OpenedIdentity } from './identity.js'
import { DEMO_REGISTER, type RegisterKeys } from './demo-kit.js'

/** What the example exports; it lies outside the sources, as a Fachverfahren does. */
interface RegisterExample {
  serve(
    request: Received,
    env: { now(): Date; uuid(): string },
  ): Promise<{ readonly notice: { readonly status?: string }; readonly result?: { readonly status?: string } }>
}

/** Examples are shipped as sources, whatever the rest runs from. */
async function loadExample(): Promise<RegisterExample> {
  const up = import.meta.url.includes('/dist/src/') ? '../../../../' : '../../../'
  const { tsImport } = await import('tsx/esm/api')
  return (await tsImport(new URL(`${up}examples/musterstadt/register.ts`, import.meta.url).href, import.meta.url)) as RegisterExample
}

export interface RunningRegister {
  stop(): Promise<void>
}

/** Takes and answers until stopped. */
export async function startRegister(
  url: string,
  keys: RegisterKeys,
  identity: Pick<OpenedIdentity, 'participant' | 'jwks'>,
  options: { readonly audience: string; readonly onProblem: (error: unknown) => void },
): Promise<RunningRegister> {
  const example = await loadExample()
  const client = await connect({
    url,
    audience: options.audience,
    participant: keys.participant,
    key: keys.sign,
    openingKeys: [keys.open],
    senders: [{ id: identity.participant, jwks: identity.jwks.keys }],
    onProblem: (error) => options.onProblem(error),
  })
  const stopped = new AbortController()
  const loop = (async () => {
    for await (const request of client.requests(DEMO_REGISTER, { signal: stopped.signal })) {
      await example.serve(request, { now: () => new Date(), uuid: randomUUID })
    }
  })().catch((error: unknown) => options.onProblem(error))
  return {
    async stop() {
      stopped.abort()
      await loop
    },
  }
}
