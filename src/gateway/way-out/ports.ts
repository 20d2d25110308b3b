// SPDX-License-Identifier: EUPL-1.2
/**
 * What a way out is made of: a core mailbox of the gateway's own whose envelopes leave to one service of an OSCI party.
 *
 *   participant ──► core mailbox ──► way out ──► OSCI party
 *               ◄── reply mailbox ◄──────────◄── its answer
 * Specs: product.md, story 6; spec/xoev.md §10.1.
 * @module
 */
import type { OsciCaller } from '../../client/osci/ports.js'
import type { ServiceDirectory } from '../../directory/ports.js'
import type { EndpointKeys, GatewayPorts, Peer } from '../ports.js'

/** One way out as configured. */
export interface WayOut {
  readonly mailbox: string
  /** Whom the envelopes are for, and which of its services: the directory says how. */
  readonly organization: string
  readonly service: string
  readonly keys: EndpointKeys
  /** Rules for the answers. */
  readonly peer: Peer
  readonly answerWithinSeconds: number
  /** MessageMetaData is written. */
  readonly metadata: boolean
}

export interface WayOutPorts {
  readonly caller: OsciCaller
  readonly services: ServiceDirectory
  /**
   * Id of a delivery that we hand to a passive recipient ourselves, where no intermediary issues one: new on every call, unguessable
   * (128 bit), printable ASCII without `;`.
   */
  readonly newMessageId: () => string
  /** Ends early, without an error, when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Envelopes under way at a time, per mailbox. */
  readonly atOnce: number
}

/** Everything one way out works with. */
export interface WayOutHouse {
  readonly way: WayOut
  readonly own: WayOutPorts
  readonly ports: GatewayPorts
  /** Aborted when what is under way has to end. */
  readonly ending: AbortSignal
}
