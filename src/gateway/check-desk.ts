// SPDX-License-Identifier: EUPL-1.2
/**
 * What `POST /v1/check` needs of the house: somebody who takes a form apart and checks it, off the event loop, without any key of ours
 * (threat model K2).
 * @module
 */

export interface CheckCall {
  /** The form as it came; from here on it belongs to the desk. */
  readonly body: Uint8Array
  readonly contentType: string
}

export interface CheckedCall {
  readonly contentType: string
  readonly body: Uint8Array
}

export interface CheckDesk {
  /**
   * @param signal the caller has gone: nothing more needs to be done for it.
   * @throws {HttpError} 400 the form or a keystore will not do, 422 beyond limits of time or memory, 503 too much is waiting.
   */
  check(call: CheckCall, signal: AbortSignal): Promise<CheckedCall>
  close(): Promise<void>
}
