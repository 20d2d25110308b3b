// SPDX-License-Identifier: EUPL-1.2
/**
 * A ride of the story: one request through everything and back, told hop by hop.
 * @module
 */
import type { GatewayLog, LogFields } from '../../gateway/log.js'
import type { Story } from '../compose/demo-story.js'
import type { RunningGateway } from '../compose/gateway.js'
import type { Io, Text } from '../io.js'

/** Where a ride takes place. */
export interface Stage {
  readonly gateway: RunningGateway
  readonly demo: Story
  /** Audience of the participants' tokens. */
  readonly audience: string
}

/** What came of it. */
export interface Ridden {
  readonly good: boolean
  /** To be shown: the answer, process cards. */
  readonly shown: Text
  /** Messages worth keeping, by file name. */
  readonly files?: Readonly<Record<string, Uint8Array>>
}

export interface Ride {
  readonly title: Text
  /**
   * Every hop by its name: an event of the gateway's log, `request:` with a message type for those of an intermediary, or a name that
   * `run` tells itself.
   */
  readonly hops: Readonly<Record<string, Text>>
  run(stage: Stage, tell: (hop: string) => void): Promise<Ridden>
}

export interface Teller {
  /** Goes into the gateway; warnings and errors are shown in any case. */
  readonly log: GatewayLog
  /** Runs a ride and tells it. */
  tell(ride: Ride, stage: Stage): Promise<Ridden & { readonly ms: number }>
}

const hopOf = (event: string, { messageType }: LogFields): string =>
  event === 'request' && messageType !== undefined ? `request:${messageType}` : event

export function teller(io: Io): Teller {
  let hear: (hop: string) => void = () => undefined
  return {
    log: {
      write(level, event, fields) {
        if (level === 'info') hear(hopOf(event, fields))
        else io.err.write(`${event} ${JSON.stringify(fields)}\n`)
      },
    },
    async tell(ride, stage) {
      io.out.write(`${ride.title[io.lang]}\n`)
      let startedMs = performance.now()
      let told = 0
      hear = (hop) => {
        const text = ride.hops[hop]
        if (!text) return
        // the clock runs from the moment something leaves
        if (told === 0) startedMs = performance.now()
        const ms = (performance.now() - startedMs).toFixed(0).padStart(5)
        io.out.write(`${String(++told).padStart(3)}. ${ms} ms  ${text[io.lang]}\n`)
      }
      try {
        const ridden = await ride.run(stage, (hop) => hear(hop))
        return { ...ridden, ms: performance.now() - startedMs }
      } finally {
        hear = () => undefined
      }
    },
  }
}
