// SPDX-License-Identifier: EUPL-1.2
/**
 * Directory: who takes part, with which keys, whose a mailbox is, and where OSCI parties are found. Adapters: {@link file://./static.ts}
 * (participants of the configuration), {@link file://./file.ts} (a file shaped after DVDV), {@link file://./dvdv.ts} (DVDV2 over REST).
 * @module
 */
import type { X509Certificate } from 'node:crypto'
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

/**
 * Where the URI of a ContentReceiver leads. Only what is registered is ever called (no free outbound calls).
 *
 *   passive      an OSCI recipient that we call: processDelivery, acceptDelivery to its URI
 *   participant  a protector participant: envelope into its mailbox, answer out of the reply mailbox
 *   active       an OSCI recipient that fetches from its mailbox here and stores its answer
 */
export type OsciReceiver =
  | {
      readonly kind: 'passive'
      readonly uri: string
      readonly cipherCertificate?: X509Certificate
      /** Whose signature under an answer counts; empty: whatever the trust roots allow. */
      readonly signatureCertificates: readonly X509Certificate[]
    }
  | { readonly kind: 'participant' | 'active'; readonly uri: string; readonly mailbox: string }

/** A mailbox that OSCI clients address by a cipher certificate. */
export interface OsciMailbox {
  readonly mailbox: string
  /** Lower-case hex SHA-256 of every cipher certificate that stands for it, or did: current, former and revoked ones. */
  readonly cipherSha256: readonly string[]
}

/** What the intermediary asks, at once and without waiting: the state of the last good configuration and directory file. */
export interface OsciDirectory {
  /** The mailbox that a cipher certificate (SHA-256, hex) stands for; a revoked one stands for none. */
  mailboxOf(cipherSha256: string): OsciMailbox | undefined
  receiver(uri: string): OsciReceiver | undefined
}

/** How an envelope leaves to an OSCI party. */
export type OsciDelivery = 'mediate' | 'process' | 'forward' | 'accept' | 'store'

export interface OsciElement {
  readonly uri: string
  readonly cipherCertificate: X509Certificate
  /** Whose signature under answers counts; empty: the peer's entry decides. */
  readonly signatureCertificates: readonly X509Certificate[]
}

/** A service of an organisation, ready to be called (spec/xoev.md §10). */
export interface ServiceEntry {
  readonly organizationKey: string
  readonly serviceUri: string
  readonly communicationType: 'request-response' | 'one-way'
  readonly delivery: OsciDelivery
  readonly mode: 'terminating' | 'blind'
  readonly contentEncrypted: boolean
  readonly contentSigned: boolean
  readonly subject?: string
  readonly containerId?: string
  /** Category that a caller must have (`verifyCategory`); empty: any. */
  readonly allowedUserCategories: readonly string[]
  /** `uri` is absent where the addressee has no address of its own (store). */
  readonly addressee: Omit<OsciElement, 'uri'> & { readonly uri?: string }
  /** Absent for `process` and `accept`, which go to the addressee itself. */
  readonly intermediary?: OsciElement
}

export interface DirectoryOrganization {
  readonly keys: readonly string[]
  readonly name: string
  readonly categories: readonly string[]
}

/** Answers that take time (DVDV). Everything that throws is a {@link DirectoryError}. */
export interface ServiceDirectory {
  findService(organizationKey: string, serviceUri: string): Promise<ServiceEntry>
  findOrganization(organizationKey: string): Promise<DirectoryOrganization>
  /** @param fingerprint SHA-1 of the certificate, 40 hex digits, as DVDV has it. */
  findCategories(fingerprint: string): Promise<readonly string[]>
  verifyCategory(fingerprint: string, category: string): Promise<boolean>
  /** The last question to a remote directory was not answered; what is kept may still stand in. Absent: nothing can be away. */
  isAway?(): boolean
  close(): Promise<void>
}
