// SPDX-License-Identifier: EUPL-1.2
/**
 * Runs the example registers (`examples/musterstadt`) against a gateway's core, as protector clients over HTTP.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Received } from '../../client/received.js'
import { connect } from '../../client/connect.js'
import type { KeyOwner } from '../../envelope/keys.js'
import type { ParticipantKeys } from './demo-keys.js'
import { importExample } from './examples.js'

export type OfficeName = 'musterstadt' | 'nachbarstadt'

/** What the example exports; it lies outside the sources, as a Fachverfahren does. */
interface RegisterExample {
  readonly OFFICES: Readonly<Record<OfficeName, unknown>>
  serve(
    request: Received,
    env: { now(): Date; uuid(): string; office: unknown },
  ): Promise<{ readonly notice: { readonly status?: string }; readonly result?: { readonly status?: string } }>
}

let loaded: Promise<unknown> | undefined

const loadExample = async (): Promise<RegisterExample> => (await (loaded ??= importExample('musterstadt/register.ts'))) as RegisterExample

export interface RunningRegister {
  stop(): Promise<void>
}

/** Takes and answers until stopped. */
export async function startRegister(
  url: string,
  keys: ParticipantKeys,
  /** Whose requests it takes. */
  senders: readonly KeyOwner[],
  options: {
    readonly office: OfficeName
    readonly mailbox: string
    readonly audience: string
    readonly onProblem: (error: unknown) => void
  },
): Promise<RunningRegister> {
  const example = await loadExample()
  const client = await connect({
    url,
    audience: options.audience,
    participant: keys.participant,
    key: keys.sign,
    openingKeys: [keys.open],
    senders,
    onProblem: (error) => options.onProblem(error),
  })
  const stopped = new AbortController()
  const loop = (async () => {
    for await (const request of client.requests(options.mailbox, { signal: stopped.signal })) {
      await example.serve(request, { now: () => new Date(), uuid: randomUUID, office: example.OFFICES[options.office] })
    }
  })().catch((error: unknown) => options.onProblem(error))
  return {
    async stop() {
      stopped.abort()
      await loop
    },
  }
}
