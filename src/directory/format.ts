// SPDX-License-Identifier: EUPL-1.2
/**
 * The file format of the directory, version 1: every key with its check, texts and example.
 *
 *   head ─┬─ organizations[] ─── services[] ─── elements[]
 *         └─ certificates[]
 *
 * The five shapes are checked one by one, so that a mistake in one entry hides none in another. Shape after DVDV; ours are
 * `mailbox`, `formerCertificates`, `receiver` and `delivery`.
 * Specs: xoev §10.2; docs/directory.md.
 * @module
 */
import * as z from 'zod'
import { fingerprintOf, organizationKey } from './names.js'
import { partyUri } from './uri.js'

export interface Words {
  readonly de: string
  readonly en: string
}

/** What stands beside the check of a key. */
export interface KeyNote {
  /** What a value must look like. */
  readonly expects: Words
  /** As it would stand in the file. */
  readonly example: string
  /** Paths of certificate files, relative to the directory file. */
  readonly certificate?: boolean
}

const notes = z.registry<KeyNote>()

export const noteOf = (check: z.core.$ZodType): KeyNote | undefined => notes.get(check)

const words = (de: string, en: string): Words => ({ de, en })

function key<S extends z.ZodType>(check: S, de: string, en: string, example: string, certificate = false): S {
  notes.add(check, { expects: words(de, en), example, ...(certificate ? { certificate } : {}) })
  return check
}

const text = (): z.ZodString => z.string().trim().min(1).max(1024)
const listOf = <S extends z.ZodType>(inner: S) => z.array(inner).max(10_000).prefault([])
/** One value may stand for a list of one. */
const oneOrMany = <S extends z.ZodType>(inner: S) => z.preprocess((value) => (typeof value === 'string' ? [value] : value), listOf(inner))

/** A check and its one form. */
const inForm = (form: (value: string) => string | undefined) =>
  z.string().transform((value, context) => {
    const found = form(value)
    if (found !== undefined) return found
    context.addIssue({ code: 'custom' })
    return z.NEVER
  })

const ORGANIZATION_KEY = ['präfix:id; eine AGS als ags: und 8 Ziffern', 'prefix:id; an AGS as ags: and 8 digits'] as const
const FINGERPRINT = ['SHA-1 des Zertifikats, 40 Hexziffern', 'SHA-1 of the certificate, 40 hex digits'] as const
const FILE = ['Zertifikatsdatei, PEM oder DER', 'certificate file, PEM or DER'] as const
const FILES = ['eine Zertifikatsdatei oder eine Liste davon', 'one certificate file or a list of them'] as const
const MAILBOX = /^(?!reply\.)[a-z0-9][a-z0-9._:-]{0,119}$/

const flag = () => z.boolean()
const names = (example: string) => key(listOf(text()), 'Liste von Texten', 'list of texts', example)
const instant = () => z.iso.datetime({ offset: true })

/** The lists of `HEAD`, `ORGANIZATION` and `SERVICE` are walked entry by entry: here they only have to be lists. */
const section = (example: string) => key(z.array(z.unknown()).max(100_000).prefault([]), 'Liste von Einträgen', 'list of entries', example)

export const HEAD = z.object({
  formatVersion: key(z.literal(1), '1', '1', '1'),
  validFrom: key(
    instant().optional(),
    'Zeitpunkt mit Zone; vorher gilt die Datei nicht',
    'point in time with zone; the file does not hold before',
    "'2026-01-01T00:00:00Z'",
  ),
  organizations: key(z.array(z.unknown()).max(100_000), 'Liste von Organisationen', 'list of organisations', '[ { keys: …, name: … } ]'),
  certificates: section("[ { fingerprint: '…', file: certs/x.pem, revocation: null } ]"),
})

export const CERTIFICATE = z.object({
  fingerprint: key(inForm(fingerprintOf), ...FINGERPRINT, '64e604787cbf194841e7b68d7cd28786f6c9a0a3'),
  file: key(text().optional(), ...FILE, 'certs/register.pem', true),
  revocation: key(
    instant().nullable().prefault(null),
    'Zeitpunkt der Sperrung mit Zone, sonst null',
    'point in time of the revocation with zone, else null',
    "'2026-03-01T12:00:00Z'",
  ),
})

export const ORGANIZATION = z.object({
  keys: key(z.array(inForm(organizationKey)).min(1).max(100), ...ORGANIZATION_KEY, "[ 'ags:99001000' ]"),
  name: key(text(), 'Text', 'text', 'Meldebehörde Musterstadt (Demo)'),
  categories: names('[ Meldebehörde ]'),
  clientCertificates: key(listOf(inForm(fingerprintOf)), ...FINGERPRINT, "[ 'sha1:64e604787cbf194841e7b68d7cd28786f6c9a0a3' ]"),
  representatives: key(listOf(inForm(organizationKey)), ...ORGANIZATION_KEY, "[ 'mbp:99001' ]"),
  services: section('[ { serviceUri: …, communicationType: … } ]'),
})

export const SERVICE = z.object({
  serviceUri: key(text().regex(/^\S+$/), 'URI des Dienstes', 'URI of the service', 'urn:example:xprotektor:service:meldebescheinigung:1.0'),
  communicationType: key(
    z.enum(['request-response', 'one-way']),
    'request-response | one-way',
    'request-response | one-way',
    'request-response',
  ),
  delivery: key(
    z.enum(['mediate', 'process', 'forward', 'accept', 'store']).optional(),
    'mediate | process | forward | accept | store',
    'mediate | process | forward | accept | store',
    'mediate',
  ),
  subject: key(text().optional(), 'Text', 'text', 'XProtektor 1.0'),
  containerId: key(
    z
      .string()
      .regex(/^[A-Za-z_][\w.-]{0,119}$/)
      .optional(),
    'Name wie xs:ID',
    'name as xs:ID',
    'XPROTEKTOR_DATA',
  ),
  allowedUserCategories: names('[ Meldebehördenportal ]'),
  input: names("[ '{urn:example:xprotektor:1.0}meldebescheinigung.anfrage.1000' ]"),
  output: names("[ '{urn:example:xprotektor:1.0}meldebescheinigung.antwort.1001' ]"),
  fault: names("[ '{urn:example:xprotektor:1.0}administration.rueckweisung.0010' ]"),
  contentSignature: key(
    z.enum(['none', 'advanced', 'qualified']).prefault('advanced'),
    'none | advanced | qualified',
    'none | advanced | qualified',
    'advanced',
  ),
  contentEncrypted: key(flag().prefault(true), 'true | false', 'true | false', 'true'),
  mode: key(z.enum(['terminating', 'blind']).prefault('terminating'), 'terminating | blind', 'terminating | blind', 'terminating'),
  elements: section('[ { type: OSCI_ADDRESSEE, uri: …, cipherCertificate: … } ]'),
})

const TYPES = ['OSCI_INTERMEDIARY', 'OSCI_ADDRESSEE', 'CIPHER_CERTIFICATE', 'SIGNATURE_CERTIFICATE', 'WEBSERVER', 'TEXT'] as const
const ADDRESS = ['http(s)-Adresse ohne Benutzerangabe', 'http(s) address without user information'] as const

export const ELEMENT = z.object({
  type: key(z.enum(TYPES), TYPES.join(' | '), TYPES.join(' | '), 'OSCI_ADDRESSEE'),
  network: key(
    z
      .string()
      .regex(/^[a-z]{1,20}$/)
      .prefault('internet'),
    'Name des Netzes, klein',
    'name of the network, lower case',
    'internet',
  ),
  name: key(text().optional(), 'Text', 'text', 'Abruf'),
  uri: key(inForm(partyUri).optional(), ...ADDRESS, 'http://127.0.0.1:8082/osci'),
  mailbox: key(
    z.string().regex(MAILBOX).optional(),
    'Adresse eines Postfachs dieses Hauses',
    'address of a mailbox of this house',
    "'ags:99001000'",
  ),
  receiver: key(
    z.enum(['participant', 'active', 'passive']).optional(),
    'participant | active | passive',
    'participant | active | passive',
    'active',
  ),
  cipherCertificate: key(text().optional(), ...FILE, 'certs/register-cipher.pem', true),
  formerCertificates: key(oneOrMany(text()), ...FILES, '[ certs/register-cipher-2025.pem ]', true),
  signatureCertificate: key(oneOrMany(text()), ...FILES, 'certs/intermediary-signature.pem', true),
  text: key(text().optional(), 'Text', 'text', 'Auskunft unter …'),
})

export type ElementEntry = z.output<typeof ELEMENT>
export type ServiceRow = z.output<typeof SERVICE>
export type OrganizationEntry = z.output<typeof ORGANIZATION>
export type CertificateEntry = z.output<typeof CERTIFICATE>

/** Every shape under the name of its place in the file. */
export const SHAPES = {
  '': HEAD,
  'organizations[]': ORGANIZATION,
  'organizations[].services[]': SERVICE,
  'organizations[].services[].elements[]': ELEMENT,
  'certificates[]': CERTIFICATE,
} as const

export type Shape = (typeof SHAPES)[keyof typeof SHAPES]
