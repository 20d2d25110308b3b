// SPDX-License-Identifier: EUPL-1.2
/**
 * Who may be reached where: cipher certificates that stand for mailboxes, and addresses that lead to a party. Every claim is made
 * once; a second one that says something else is refused, since a message must never have two possible addressees.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError } from '../errors.js'
import { sha256Hex } from '../pki/certificate.js'
import type { Words } from './format.js'
import { sha1Hex } from './names.js'
import type { OsciMailbox, OsciReceiver } from './ports.js'

/** A mailbox of the configuration (`mailboxes.*.cipherCertificates`), the current certificate first. */
export interface ConfiguredMailbox {
  readonly mailbox: string
  readonly certificates: readonly X509Certificate[]
}

export interface House {
  /** Name of the network we stand in. */
  readonly network: string
  readonly mailboxes: readonly ConfiguredMailbox[]
  readonly participantsMailboxes: ReadonlySet<string>
}

/** What an OSCI_ADDRESSEE says, its certificates read. */
export interface Addressee {
  /** In the form of {@link file://./uri.ts}. */
  readonly uri?: string
  readonly mailbox?: string
  readonly receiver?: OsciReceiver['kind']
  readonly network: string
  readonly cipherCertificate?: X509Certificate
  readonly formerCertificates: readonly X509Certificate[]
  readonly signatureCertificates: readonly X509Certificate[]
}

/** What a cipher certificate opens. */
export interface OpenedBy {
  readonly mailbox: OsciMailbox
  /** SHA-1 of this very certificate: revocations are told by it. */
  readonly fingerprint: string
}

export interface Claims {
  /** @param owner the organisation: several of its services may name the same mailbox. @returns what is wrong, by key. */
  claim(addressee: Addressee, owner: object): readonly (readonly [key: keyof Addressee, words: Words])[]
  /** By SHA-256 of the cipher certificate. */
  mailboxes(): ReadonlyMap<string, OpenedBy>
  /** By address. */
  receivers(): ReadonlyMap<string, OsciReceiver>
}

const sameMeaning = (a: OsciReceiver, b: OsciReceiver): boolean => {
  const said = (one: OsciReceiver): string =>
    one.kind === 'passive'
      ? [one.cipherCertificate ? sha256Hex(one.cipherCertificate) : '', ...one.signatureCertificates.map(sha256Hex).sort()].join()
      : one.mailbox
  return a.kind === b.kind && said(a) === said(b)
}

/** @throws {ProtektorError} `directory.ambiguous`: a certificate of the configuration stands for two mailboxes. */
export function claimsOf({ network, mailboxes, participantsMailboxes }: House): Claims {
  /** Every certificate that names a mailbox, participants' included. */
  const certificates = new Map<string, string>()
  /** SHA-1 by SHA-256. */
  const fingerprints = new Map<string, string>()
  const named = (certificate: X509Certificate): string => {
    const sha256 = sha256Hex(certificate)
    fingerprints.set(sha256, sha1Hex(certificate))
    return sha256
  }
  /** OSCI mailboxes with their certificates in order. */
  const active = new Map<string, string[]>()
  const owners = new Map<string, object>()
  const receivers = new Map<string, OsciReceiver>()
  for (const one of mailboxes) {
    const list = one.certificates.map(named)
    for (const sha256 of list) {
      const other = certificates.get(sha256)
      if (other !== undefined && other !== one.mailbox)
        throw new ProtektorError('directory.ambiguous', `A cipher certificate stands for the mailboxes ${other} and ${one.mailbox}.`)
      certificates.set(sha256, one.mailbox)
    }
    active.set(one.mailbox, [...new Set([...(active.get(one.mailbox) ?? []), ...list])])
  }

  const kindOf = ({ mailbox, receiver, uri }: Addressee): OsciReceiver['kind'] | undefined => {
    if (receiver) return receiver
    if (mailbox === undefined) return uri === undefined ? undefined : 'passive'
    return participantsMailboxes.has(mailbox) ? 'participant' : 'active'
  }

  const kindTrouble = (kind: OsciReceiver['kind'], addressee: Addressee): readonly [keyof Addressee, Words] | undefined => {
    const { mailbox, uri } = addressee
    if (kind === 'passive') {
      if (mailbox !== undefined)
        return ['mailbox', { de: 'ein passiver Empfänger hat hier kein Postfach', en: 'a passive recipient has no mailbox here' }]
      return uri === undefined
        ? ['uri', { de: 'fehlt: ein passiver Empfänger wird angerufen', en: 'is missing: a passive recipient is called' }]
        : undefined
    }
    if (mailbox === undefined)
      return ['mailbox', { de: `fehlt: receiver ${kind} holt hier ab`, en: `is missing: receiver ${kind} takes from here` }]
    if (kind === 'participant' && !participantsMailboxes.has(mailbox))
      return ['mailbox', { de: 'gehört keinem Teilnehmer der Konfiguration', en: 'belongs to no participant of the configuration' }]
    if (kind === 'active' && !active.has(mailbox)) {
      const why = addressee.receiver ? ['', ''] : ['gehört keinem Teilnehmer und ', 'belongs to no participant and ']
      return [
        'mailbox',
        {
          de: `${why[0]}ist kein OSCI-Postfach der Konfiguration (mailboxes.*.cipherCertificates)`,
          en: `${why[1]}is no OSCI mailbox of the configuration (mailboxes.*.cipherCertificates)`,
        },
      ]
    }
    return undefined
  }

  const claimMailbox = (mailbox: string, kind: OsciReceiver['kind'], addressee: Addressee, owner: object) => {
    const troubles: (readonly [keyof Addressee, Words])[] = []
    if ((owners.get(mailbox) ?? owner) !== owner)
      troubles.push(['mailbox', { de: 'gehört schon zu einer anderen Organisation', en: 'belongs to another organisation already' }])
    else owners.set(mailbox, owner)
    const standsFor = (key: 'cipherCertificate' | 'formerCertificates', certificate: X509Certificate): void => {
      const sha256 = named(certificate)
      const other = certificates.get(sha256)
      if (other !== undefined && other !== mailbox)
        troubles.push([key, { de: `steht schon für das Postfach ${other}`, en: `stands for the mailbox ${other} already` }])
      else certificates.set(sha256, mailbox)
      const list = kind === 'active' ? active.get(mailbox) : undefined
      if (list && !list.includes(sha256)) list.push(sha256)
    }
    if (addressee.cipherCertificate) standsFor('cipherCertificate', addressee.cipherCertificate)
    for (const certificate of addressee.formerCertificates) standsFor('formerCertificates', certificate)
    return troubles
  }

  const register = (uri: string, kind: OsciReceiver['kind'], addressee: Addressee): (readonly [keyof Addressee, Words])[] => {
    const { mailbox, cipherCertificate, signatureCertificates } = addressee
    const entry: OsciReceiver | undefined =
      kind === 'passive'
        ? { kind, uri, signatureCertificates, ...(cipherCertificate ? { cipherCertificate } : {}) }
        : mailbox === undefined
          ? undefined
          : { kind, uri, mailbox }
    // An address of another network can only be a name of something of ours: we never call it.
    if (!entry || (kind === 'passive' && addressee.network !== network)) return []
    const before = receivers.get(uri)
    if (before && !sameMeaning(before, entry))
      return [['uri', { de: 'ist schon mit anderer Bedeutung eingetragen', en: 'is registered with another meaning already' }]]
    receivers.set(uri, before ?? entry)
    return []
  }

  return {
    claim(addressee, owner) {
      const kind = kindOf(addressee)
      if (!kind) return []
      const trouble = kindTrouble(kind, addressee)
      if (trouble) return [trouble]
      return [
        ...(addressee.mailbox === undefined ? [] : claimMailbox(addressee.mailbox, kind, addressee, owner)),
        ...(addressee.uri === undefined ? [] : register(addressee.uri, kind, addressee)),
      ]
    },
    mailboxes: () =>
      new Map(
        [...active].flatMap(([mailbox, cipherSha256]) => {
          const entry: OsciMailbox = { mailbox, cipherSha256: [...cipherSha256] }
          return cipherSha256.map((sha256) => [sha256, { mailbox: entry, fingerprint: fingerprints.get(sha256) ?? '' }] as const)
        }),
      ),
    receivers: () => new Map(receivers),
  }
}
