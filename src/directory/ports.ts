// SPDX-License-Identifier: EUPL-1.2
/**
 * Directory: who takes part, with which keys, and whose a mailbox is. Adapters: {@link file://./static.ts} (the configuration);
 * a directory service later.
 * @module
 */
import type { JWK } from 'jose'

export interface DirectoryParticipant {
  readonly id: string
  /** Public keys: `use: 'sig'` (or none) verifies, `use: 'enc'` is sealed for. */
  readonly jwks: readonly JWK[]
  readonly mailboxes: readonly string[]
  /** Client certificates for mutual TLS, DER. */
  readonly tls: readonly Uint8Array[]
}

export interface Directory {
  participants(): readonly DirectoryParticipant[]
  participant(id: string): DirectoryParticipant | undefined
  /** Owner of a mailbox; undefined: nobody is registered for it. */
  ownerOf(mailbox: string): DirectoryParticipant | undefined
}
