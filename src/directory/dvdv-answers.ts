// SPDX-License-Identifier: EUPL-1.2
/**
 * Answers of DVDV2 (REST, v2) in our words. Of each answer only the fields that are used are looked at; unknown ones are ignored,
 * null means absent (in practice most fields can be null).
 *
 *   Service ─── serviceElements[] ─── cipherCertificate, signatureCertificate { content, fingerprint, revocation… }
 *   OrganizationDescription { organization, representatives }      VerificationResult { verifyCategory }      strings[]
 * Specs: osci-in-the-field §4 and §3, lessons 29, 34, 35; xoev §10.1.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { certificateOf } from './certificates.js'
import { descriptionFacts } from './dvdv-description.js'
import { fingerprintOf, sha1Hex } from './names.js'
import type { DirectoryOrganization } from './ports.js'
import type { ElementFacts, ElementType, ServiceFacts } from './resolve.js'

const text = z.string().max(1_000_000).nullish()

export const CERTIFICATE_ANSWER = z.object({ content: text, fingerprint: text, revocationDate: text, revocationReason: text })

const ELEMENT_ANSWER = z.object({
  serviceElementDescriptionName: text,
  serviceElementName: text,
  serviceElementType: text,
  serviceElementUri: text,
  cipherCertificate: CERTIFICATE_ANSWER.nullish(),
  signatureCertificate: CERTIFICATE_ANSWER.nullish(),
})

export const SERVICE_ANSWER = z.object({
  validFrom: text,
  validTo: text,
  serviceSpecificationUri: text,
  serviceSpecificationDocument: text,
  serviceElements: z.array(ELEMENT_ANSWER).max(1000).nullish(),
})

const ORGANIZATION_ANSWER = z.object({
  organization: z.object({ nameDe: text, category: text, organizationKeys: z.array(z.string()).nullish() }).nullish(),
})

/** Documented as one object where the function has no plural, as a list where it has one: read both. */
export const ORGANIZATIONS_ANSWER = z.preprocess(
  (value): unknown[] => (Array.isArray(value) ? value : [value]),
  z.array(ORGANIZATION_ANSWER).max(1000),
)

export const CATEGORIES_ANSWER = z.array(z.string()).max(1000)
export const VERIFICATION_ANSWER = z.union([z.boolean(), z.object({ verifyCategory: z.boolean() }).transform((one) => one.verifyCategory)])

/** An error as DVDV reports it. */
export const PROBLEM_ANSWER = z.object({ type: text, title: text, detail: text, instance: text })

export type CertificateAnswer = z.output<typeof CERTIFICATE_ANSWER>
export type ServiceAnswer = z.output<typeof SERVICE_ANSWER>

const TYPES: readonly string[] = ['OSCI_INTERMEDIARY', 'OSCI_ADDRESSEE', 'CIPHER_CERTIFICATE', 'SIGNATURE_CERTIFICATE', 'WEBSERVER', 'TEXT']

/** Networks that element descriptions are named after: `InternetEmpfänger`, `TESTAIntermediär`. */
const NETWORKS = ['internet', 'testa']

/** What is kept of a service: certificates are read, nothing is decided yet. */
export interface ServiceAsFound {
  readonly facts: Omit<ServiceFacts, 'organizationKey' | 'serviceUri' | 'mode'>
  readonly validFrom: Date | undefined
  readonly validTo: Date | undefined
  /** SHA-1 of certificates that the directory calls revoked. */
  readonly revoked: ReadonlySet<string>
}

export type FetchCertificate = (fingerprint: string) => Promise<CertificateAnswer | undefined>

export interface ServiceReading {
  readonly network: string
  /** Asked for what is named by its fingerprint only. */
  readonly certificate: FetchCertificate
  /** What a time without a zone means. */
  readonly momentOf: (local: string) => string | undefined
}

export async function knownService(answer: ServiceAnswer, { network, certificate, momentOf }: ServiceReading): Promise<ServiceAsFound> {
  const revoked = new Set<string>()
  const read = async (inline: CertificateAnswer | null | undefined): Promise<X509Certificate | 'broken' | undefined> => {
    const fingerprint = fingerprintOf(inline?.fingerprint ?? '')
    const whole = inline && !inline.content && fingerprint !== undefined ? await certificate(fingerprint) : inline
    if (!whole?.content) return whole && fingerprint !== undefined ? 'broken' : undefined
    try {
      const found = certificateOf(Buffer.from(whole.content, 'latin1'))
      if (fingerprint !== undefined && sha1Hex(found) !== fingerprint) return 'broken'
      if ([inline, whole].some(saysRevoked)) revoked.add(sha1Hex(found))
      return found
    } catch {
      return 'broken'
    }
  }
  const elements: ElementFacts[] = []
  for (const one of answer.serviceElements ?? []) {
    const type = one.serviceElementType ?? ''
    if (!TYPES.includes(type)) continue
    const cipher = await read(one.cipherCertificate)
    const signature = await read(one.signatureCertificate)
    const name = one.serviceElementDescriptionName ?? ''
    const own = networkOf(name, network) ?? networkOf(one.serviceElementName ?? '', network)
    elements.push({
      type: type as ElementType,
      signatureCertificates: signature === undefined || signature === 'broken' ? [] : [signature],
      ...(own === undefined ? {} : { network: own }),
      // A certificate of its own that cannot be read must not be replaced by another one: without a name none belongs to it.
      ...(name === '' || cipher === 'broken' || signature === 'broken' ? {} : { name }),
      ...(typeof one.serviceElementUri === 'string' ? { uri: one.serviceElementUri.trim() } : {}),
      ...(cipher === undefined || cipher === 'broken' ? {} : { cipherCertificate: cipher }),
    })
  }
  const description = descriptionFacts(answer.serviceSpecificationDocument ?? undefined)
  const validFrom = dateOf(answer.validFrom, '00:00', momentOf)
  const validTo = dateOf(answer.validTo, '24:00', momentOf)
  return { facts: { ...description, allowedUserCategories: [], elements }, validFrom, validTo, revoked }
}

/** A reason without a date counts as well; "removed from the list" is the opposite. */
const saysRevoked = (one: CertificateAnswer | null | undefined): boolean =>
  Boolean(one?.revocationDate) || (Boolean(one?.revocationReason) && one?.revocationReason !== 'REMOVE_FROM_CRL')

function networkOf(name: string, ours: string): string | undefined {
  const small = name.toLowerCase()
  return [ours, ...NETWORKS].find((network) => small.startsWith(network))
}

const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,12})?))?)?$/

/** @param ofDay the time that a day alone means: the last day of a service is one on which it is valid. */
function dateOf(value: string | null | undefined, ofDay: '00:00' | '24:00', momentOf: ServiceReading['momentOf']): Date | undefined {
  const text = (value ?? '').trim()
  const local = LOCAL.exec(text)
  const date = new Date((local ? momentOf(`${local[1]}T${local[2] ?? ofDay}:${local[3] ?? '00'}`) : text) ?? '')
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** Several entries of one key are one organisation with several categories. Undefined: none of them says anything. */
export function organizationOf(answers: z.output<typeof ORGANIZATIONS_ANSWER>, key: string): DirectoryOrganization | undefined {
  const found = answers.flatMap(({ organization }) => organization ?? [])
  const [first] = found
  if (!first) return undefined
  const keys = found.flatMap(({ organizationKeys }) => organizationKeys ?? [])
  return {
    keys: [...new Set([key, ...keys])],
    name: first.nameDe ?? '',
    categories: [...new Set(found.flatMap(({ category }) => category ?? []))],
  }
}

/** A header value after RFC 2047: encoded words become text, everything else stays. */
export function decodeWords(value: string): string {
  return value
    .replace(/(=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)\s+(?==\?)/g, '$1')
    .replace(/=\?([^?\s]+)\?([BbQq])\?([^?\s]*)\?=/g, (whole, charset: string, encoding: string, packed: string) => {
      const bytes = /^b$/i.test(encoding)
        ? Buffer.from(packed, 'base64')
        : Buffer.from(
            packed.replace(/_/g, ' ').replace(/=([0-9A-Fa-f]{2})/g, (_hex, digits: string) => String.fromCharCode(parseInt(digits, 16))),
            'latin1',
          )
      try {
        return new TextDecoder(charset).decode(bytes)
      } catch {
        return whole
      }
    })
}
