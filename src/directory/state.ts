// SPDX-License-Identifier: EUPL-1.2
/**
 * The state of the directory: everything a file and the configuration say, in the form of the questions. Built whole, used whole,
 * replaced in one step.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { claimsOf, type House, type OpenedBy } from './claims.js'
import type { Entries, Path, Placed, OrganizationAt, ServiceAt, Remark } from './document.js'
import type { ElementEntry, Words } from './format.js'
import { holdsAt } from './certificates.js'
import { sha1Hex } from './names.js'
import type { DirectoryOrganization, OsciReceiver } from './ports.js'
import { cipherCertificateOf, signatureCertificatesOf, type ElementFacts, type ServiceFacts } from './resolve.js'

export interface KnownOrganization {
  readonly entry: DirectoryOrganization
  readonly services: ReadonlyMap<string, Omit<ServiceFacts, 'organizationKey'>>
}

export interface DirectoryState {
  /** By SHA-256 of the cipher certificate. */
  readonly mailboxes: ReadonlyMap<string, OpenedBy>
  /** By address in the form of {@link file://./uri.ts}. */
  readonly receivers: ReadonlyMap<string, OsciReceiver>
  /** By each of its keys. */
  readonly organizations: ReadonlyMap<string, KnownOrganization>
  /** Categories of the organisations whose client certificate (SHA-1) it is; acting for another gives none of the other's. */
  readonly categories: ReadonlyMap<string, ReadonlySet<string>>
  /** Since when a certificate (SHA-1) is revoked. */
  readonly revoked: ReadonlyMap<string, Date>
}

/** A file's certificates by the name they have there; unreadable ones are missing. */
export type ReadCertificates = ReadonlyMap<string, X509Certificate>

export interface BuiltState {
  readonly state: DirectoryState
  readonly remarks: readonly Remark[]
}

type Say = (path: Path, words: Words, finding?: string) => void

const EMPTY: Entries = { validFrom: undefined, organizations: [], certificates: [], files: [] }

/** @throws {ProtektorError} `directory.ambiguous` (see {@link claimsOf}); everything else is a remark. */
export function buildState(house: House, at: Date, entries: Entries = EMPTY, read: ReadCertificates = new Map()): BuiltState {
  const remarks: Remark[] = []
  const say: Say = (path, words, finding) => remarks.push({ path, words, ...(finding === undefined ? {} : { finding }) })
  if (entries.validFrom && entries.validFrom > at) say(['validFrom'], { de: 'gilt noch nicht', en: 'does not hold yet' })
  sayExpired(entries, read, at, say)
  const claims = claimsOf(house)
  const organizations = new Map<string, KnownOrganization>()
  for (const organization of entries.organizations) {
    const known = knownOrganization(organization, read, say)
    organization.keys.forEach((key, index) => {
      const other = organizations.get(key)
      if (other === undefined) organizations.set(key, known)
      else say([...organization.path, 'keys', index], { de: 'dieser Schlüssel kommt schon einmal vor', en: 'this key occurs before' })
    })
    for (const service of organization.found) {
      checkService(service, house.network, say)
      const elements = service.found.map((element) => factsOf(element, read))
      service.found.forEach((element, index) => {
        const facts = elements[index]
        if (element.type !== 'OSCI_ADDRESSEE' || !facts) return
        const cipherCertificate = cipherCertificateOf(elements, facts, element.network)
        const addressee = {
          network: element.network,
          formerCertificates: certificates(element.formerCertificates, read),
          signatureCertificates: signatureCertificatesOf(elements, facts, element.network),
          ...(element.uri === undefined ? {} : { uri: element.uri }),
          ...(element.mailbox === undefined ? {} : { mailbox: element.mailbox }),
          ...(element.receiver === undefined ? {} : { receiver: element.receiver }),
          ...(cipherCertificate ? { cipherCertificate } : {}),
        }
        for (const [key, words] of claims.claim(addressee, organization)) say([...element.path, key], words)
      })
    }
  }
  const revoked = revocations(entries, read, say)
  const categories = categoriesOf(entries.organizations, organizations, say)
  return { state: { mailboxes: claims.mailboxes(), receivers: claims.receivers(), organizations, categories, revoked }, remarks }
}

const certificates = (files: readonly string[], read: ReadCertificates): X509Certificate[] => files.flatMap((file) => read.get(file) ?? [])

function factsOf(element: ElementEntry, read: ReadCertificates): ElementFacts {
  const cipher = element.cipherCertificate === undefined ? undefined : read.get(element.cipherCertificate)
  return {
    type: element.type,
    network: element.network,
    signatureCertificates: certificates(element.signatureCertificate, read),
    ...(element.name === undefined ? {} : { name: element.name }),
    ...(element.uri === undefined ? {} : { uri: element.uri }),
    ...(cipher ? { cipherCertificate: cipher } : {}),
  }
}

function knownOrganization(organization: OrganizationAt, read: ReadCertificates, say: Say): KnownOrganization {
  const services = new Map<string, Omit<ServiceFacts, 'organizationKey'>>()
  for (const service of organization.found) {
    if (services.has(service.serviceUri))
      say([...service.path, 'serviceUri'], {
        de: 'diesen Dienst hat die Organisation schon',
        en: 'the organisation has this service already',
      })
    services.set(service.serviceUri, {
      serviceUri: service.serviceUri,
      communicationType: service.communicationType,
      mode: service.mode,
      contentEncrypted: service.contentEncrypted,
      contentSigned: service.contentSignature !== 'none',
      allowedUserCategories: service.allowedUserCategories,
      elements: service.found.map((element) => factsOf(element, read)),
      ...(service.delivery === undefined ? {} : { delivery: service.delivery }),
      ...(service.subject === undefined ? {} : { subject: service.subject }),
      ...(service.containerId === undefined ? {} : { containerId: service.containerId }),
    })
  }
  const { keys, name, categories } = organization
  return { entry: { keys, name, categories }, services }
}

const ONLY_ADDRESSEE = ['mailbox', 'receiver', 'formerCertificates'] as const

function checkService({ found, path, delivery }: ServiceAt, network: string, say: Say): void {
  for (const element of found) checkElement(element, say)
  for (const type of ['OSCI_INTERMEDIARY', 'OSCI_ADDRESSEE'] as const) {
    const seen = new Set<string>()
    for (const element of found.filter((one) => one.type === type)) {
      if (seen.has(element.network))
        say(element.path, {
          de: `der Dienst hat in diesem Netz schon ein Element ${type}`,
          en: `the service has an element ${type} in this network already`,
        })
      seen.add(element.network)
    }
  }
  const here = (type: ElementEntry['type']) => found.find((element) => element.type === type && element.network === network)
  const addressee = here('OSCI_ADDRESSEE')
  if (delivery === undefined || !addressee) return
  if (delivery !== 'process' && delivery !== 'accept' && !here('OSCI_INTERMEDIARY'))
    say([...path, 'delivery'], {
      de: `${delivery} verlangt ein Element OSCI_INTERMEDIARY`,
      en: `${delivery} demands an element OSCI_INTERMEDIARY`,
    })
  if (delivery !== 'store' && addressee.uri === undefined)
    say([...path, 'delivery'], { de: `${delivery} verlangt eine uri des Empfängers`, en: `${delivery} demands a uri of the addressee` })
}

function checkElement(element: Placed<ElementEntry>, say: Say): void {
  const { type, path } = element
  const missing = (key: string): void => say([...path, key], { de: `fehlt: ${type} verlangt es`, en: `is missing: ${type} demands it` })
  if (type === 'OSCI_INTERMEDIARY' && element.uri === undefined) missing('uri')
  if (type === 'CIPHER_CERTIFICATE' && element.cipherCertificate === undefined) missing('cipherCertificate')
  if (type === 'SIGNATURE_CERTIFICATE' && element.signatureCertificate.length === 0) missing('signatureCertificate')
  if ((type === 'CIPHER_CERTIFICATE' || type === 'SIGNATURE_CERTIFICATE') && element.name === undefined) missing('name')
  if (type === 'OSCI_ADDRESSEE') {
    if (element.mailbox === undefined && element.formerCertificates.length > 0)
      say([...path, 'formerCertificates'], { de: 'nur zusammen mit mailbox', en: 'only together with mailbox' })
    return
  }
  for (const key of ONLY_ADDRESSEE) {
    const value = element[key]
    if (value !== undefined && value.length > 0) say([...path, key], { de: 'nur bei OSCI_ADDRESSEE', en: 'at OSCI_ADDRESSEE only' })
  }
}

/** Each file once, where it is named first. */
function sayExpired({ files }: Entries, read: ReadCertificates, at: Date, say: Say): void {
  const said = new Set<string>()
  for (const { file, path } of files) {
    const certificate = read.get(file)
    if (!certificate || said.has(file) || holdsAt(certificate, at)) continue
    said.add(file)
    const until = new Date(certificate.validTo).toISOString().slice(0, 10)
    const from = new Date(certificate.validFrom).toISOString().slice(0, 10)
    const words =
      new Date(certificate.validTo) < at
        ? { de: `abgelaufen am ${until}`, en: `expired on ${until}` }
        : { de: `gilt erst ab ${from}`, en: `holds from ${from} only` }
    say(path, words, 'directory.certificate-expired')
  }
}

function revocations({ certificates: list }: Entries, read: ReadCertificates, say: Say): Map<string, Date> {
  const revoked = new Map<string, Date>()
  const seen = new Set<string>()
  for (const { fingerprint, file, revocation, path } of list) {
    if (seen.has(fingerprint)) say([...path, 'fingerprint'], { de: 'kommt schon einmal vor', en: 'occurs before' })
    seen.add(fingerprint)
    const certificate = file === undefined ? undefined : read.get(file)
    if (certificate && sha1Hex(certificate) !== fingerprint)
      say([...path, 'fingerprint'], { de: `die Datei hat ${sha1Hex(certificate)}`, en: `the file has ${sha1Hex(certificate)}` })
    if (revocation !== null) revoked.set(fingerprint, new Date(revocation))
  }
  return revoked
}

function categoriesOf(list: readonly OrganizationAt[], known: ReadonlyMap<string, KnownOrganization>, say: Say): Map<string, Set<string>> {
  const categories = new Map<string, Set<string>>()
  for (const organization of list) {
    for (const one of organization.clientCertificates)
      categories.set(one, new Set([...(categories.get(one) ?? []), ...organization.categories]))
    organization.representatives.forEach((key, index) => {
      if (known.has(key)) return
      const path = [...organization.path, 'representatives', index]
      say(path, { de: 'steht nicht in dieser Datei', en: 'is not in this file' }, 'directory.unknown-organization')
    })
  }
  return categories
}
