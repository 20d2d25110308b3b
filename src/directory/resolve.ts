// SPDX-License-Identifier: EUPL-1.2
/**
 * From what a directory says of a service to an entry that can be called: the elements of one network, their certificates, and the
 * way that fits. File and DVDV go through here alike.
 *
 *   certificate of an element: its own ──► else the standalone element of the same name and the right type ──► certificate-missing
 * Specs: xoev §10.1 "sender's algorithm"; osci-in-the-field §3, lessons 34 and 35.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { holdsAt } from './certificates.js'
import { DirectoryError } from './errors.js'
import type { OsciDelivery, OsciElement, ServiceEntry } from './ports.js'
import { partyUri } from './uri.js'

export type ElementType = 'OSCI_INTERMEDIARY' | 'OSCI_ADDRESSEE' | 'CIPHER_CERTIFICATE' | 'SIGNATURE_CERTIFICATE' | 'WEBSERVER' | 'TEXT'

export interface ElementFacts {
  readonly type: ElementType
  /** Absent: of every network. */
  readonly network?: string
  readonly name?: string
  /** As registered; an empty text is an error, not "none". */
  readonly uri?: string
  readonly cipherCertificate?: X509Certificate
  readonly signatureCertificates: readonly X509Certificate[]
}

/** What a directory says of a service, before anything is chosen. */
export interface ServiceFacts extends Omit<ServiceEntry, 'addressee' | 'intermediary' | 'delivery'> {
  /** Absent: follows from the elements. */
  readonly delivery?: OsciDelivery
  readonly elements: readonly ElementFacts[]
}

export interface ResolveOptions {
  readonly network: string
  readonly at: Date
  readonly revoked: (certificate: X509Certificate) => boolean
}

const ofNetwork = (element: ElementFacts, network: string): boolean => element.network === undefined || element.network === network

/** The one element of a type in this network. @throws {DirectoryError} `element-missing`: there are several. */
export function elementOf(elements: readonly ElementFacts[], type: ElementType, network: string): ElementFacts | undefined {
  const [first, second] = elements.filter((element) => element.type === type && ofNetwork(element, network))
  if (second) throw new DirectoryError('element-missing', `The service has several elements ${type} for this network.`)
  return first
}

/** Standalone certificates that belong to an element by name. Without a name nothing belongs to it. */
function standalone(elements: readonly ElementFacts[], type: ElementType, element: ElementFacts, network: string): ElementFacts[] {
  if (element.name === undefined || element.name === '') return []
  return elements.filter((other) => other.type === type && other.name === element.name && ofNetwork(other, network))
}

/** Undefined: none at all. Two different ones of one name are none either, since nobody could say which is meant. */
export function cipherCertificateOf(
  elements: readonly ElementFacts[],
  element: ElementFacts,
  network: string,
): X509Certificate | undefined {
  if (element.cipherCertificate) return element.cipherCertificate
  const [first, ...rest] = standalone(elements, 'CIPHER_CERTIFICATE', element, network).flatMap((one) => one.cipherCertificate ?? [])
  return first && rest.every((other) => other.raw.equals(first.raw)) ? first : undefined
}

export function signatureCertificatesOf(
  elements: readonly ElementFacts[],
  element: ElementFacts,
  network: string,
): readonly X509Certificate[] {
  if (element.signatureCertificates.length > 0) return element.signatureCertificates
  return standalone(elements, 'SIGNATURE_CERTIFICATE', element, network).flatMap((one) => one.signatureCertificates)
}

/** The way that the elements suggest. */
export function deliveryOf(facts: Pick<ServiceFacts, 'communicationType' | 'delivery'>, intermediary: boolean, uri: boolean): OsciDelivery {
  if (facts.delivery) return facts.delivery
  if (facts.communicationType === 'request-response') return intermediary ? 'mediate' : 'process'
  if (!intermediary) return 'accept'
  return uri ? 'forward' : 'store'
}

const WITH_INTERMEDIARY: readonly OsciDelivery[] = ['mediate', 'forward', 'store']

/**
 * @throws {DirectoryError} `element-missing`, also for an empty or unusable address; `certificate-missing`, `certificate-expired`
 *   (or not valid yet), `certificate-revoked`.
 */
export function resolveService(facts: ServiceFacts, options: ResolveOptions): ServiceEntry {
  const { delivery: _wish, elements, ...rest } = facts
  const { network } = options
  const called = (element: ElementFacts): Omit<OsciElement, 'uri'> & { readonly uri?: string } => {
    const uri = element.uri === undefined ? undefined : partyUri(element.uri)
    if (element.uri !== undefined && uri === undefined)
      throw new DirectoryError('element-missing', `The element ${element.type} has no usable address.`)
    return {
      cipherCertificate: usable(cipherCertificateOf(elements, element, network), element.type, options),
      signatureCertificates: signatureCertificatesOf(elements, element, network),
      ...(uri === undefined ? {} : { uri }),
    }
  }
  const addressee = elementOf(elements, 'OSCI_ADDRESSEE', network)
  if (!addressee) throw new DirectoryError('element-missing', 'The service has no element OSCI_ADDRESSEE for this network.')
  const intermediary = elementOf(elements, 'OSCI_INTERMEDIARY', network)
  const delivery = deliveryOf(facts, intermediary !== undefined, addressee.uri !== undefined)
  const target = called(addressee)
  if (delivery !== 'store' && target.uri === undefined)
    throw new DirectoryError('element-missing', `The element OSCI_ADDRESSEE has no address, which ${delivery} needs.`)
  if (!WITH_INTERMEDIARY.includes(delivery)) return { ...rest, delivery, addressee: target }
  if (!intermediary) throw new DirectoryError('element-missing', 'The service has no element OSCI_INTERMEDIARY for this network.')
  const station = called(intermediary)
  if (station.uri === undefined) throw new DirectoryError('element-missing', 'The element OSCI_INTERMEDIARY has no address.')
  return { ...rest, delivery, addressee: target, intermediary: { ...station, uri: station.uri } }
}

function usable(certificate: X509Certificate | undefined, type: ElementType, { at, revoked }: ResolveOptions): X509Certificate {
  if (!certificate) throw new DirectoryError('certificate-missing', `The element ${type} has no cipher certificate.`)
  if (revoked(certificate)) throw new DirectoryError('certificate-revoked', `The cipher certificate of ${type} is revoked.`)
  if (!holdsAt(certificate, at)) throw new DirectoryError('certificate-expired', `The cipher certificate of ${type} is not valid now.`)
  return certificate
}
