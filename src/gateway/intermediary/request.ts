// SPDX-License-Identifier: EUPL-1.2
/**
 * First steps of the role intermediary: bytes → frame → shape → proven request, in the order of the feedback codes.
 *
 *   1 message   2 decrypt   3 order            9100–9300, fault
 *   4 control block: dialog found, bound, next   9400, fault
 *   5 client's cipher certificate                9500–9503, fault; 3500, 3501
 *   6 signature, peer, policy                    9600–9603, 9811
 *   7 certificates                               97xx, 37xx
 *
 * Until step 6 nothing of the message has an effect but its number in its dialog. Specs: osci-1.2 §9.1–9.3; threat model P1–P5.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { CertificateError, DialogError, OrderError, type FeedbackCode } from '../../errors.js'
import { languageOf, type Language } from '../../osci/feedback.js'
import { message } from '../../osci/message.js'
import { EXCHANGES, messageType, REQUEST_NAMES, type CertificateRole, type RequestName } from '../../osci/messages.js'
import { isSigned } from '../../osci/signature.js'
import type { FetchRule } from '../../osci/parts.js'
import { assertServed, frame as frameStage } from '../../osci/stages.js'
import { canEncryptFor } from '../../osci/transport.js'
import type { OsciEnv, OsciMessage, SoapEnvelope } from '../../osci/types.js'
import { hasZone } from '../../xoev/time-zone.js'
import { formerKeys, proveCaller, smallKeys } from '../admission.js'
import { certificateSha256 } from '../digest.js'
import type { GatewayPorts, Peer } from '../ports.js'
import { readX509 } from '../recipient/certificates.js'
import type { Call } from '../recipient/request.js'
import type { OpenDialog } from './dialogs.js'
import type { ClientRequestName } from './exchange.js'
import type { IntermediaryEndpoint, IntermediaryPorts } from './ports.js'

/** Enough to answer, nothing proven. */
export interface RequestShape {
  readonly call: Call
  /** Counts the work of this one message (threat model H6). */
  readonly env: OsciEnv
  readonly frame: SoapEnvelope
  readonly unverified: OsciMessage<ClientRequestName>
  readonly type: ClientRequestName
  readonly signed: boolean
  readonly encrypted: boolean
  readonly language: Language
  /** CipherCertificateOriginator of this very request. */
  readonly namedCipher?: X509Certificate
  /** SignatureCertificateOriginator of a signed request: nobody else's signature is taken. */
  readonly namedSigner?: X509Certificate
}

/** The environment of one endpoint before the peer is known. */
export function intermediaryEnv(endpoint: IntermediaryEndpoint, ports: GatewayPorts, httpContentType?: string): OsciEnv {
  return {
    ...ports.env,
    keys: endpoint.keys.ring,
    algorithms: ports.algorithms,
    withoutDialog: true,
    ...(httpContentType === undefined ? {} : { httpContentType }),
  }
}

export function certificateOf(m: Pick<OsciMessage, 'certificates'>, role: CertificateRole): X509Certificate | undefined {
  const entry = m.certificates?.find((c) => c.role === role)
  return entry && readX509(entry)
}

const SERVED = REQUEST_NAMES.filter((name) => EXCHANGES[name].asks === 'client')

/** Phases 1 to 3. @throws {OsciError} 9100–9300 as fault. */
export async function openRequest(call: Call, endpoint: IntermediaryEndpoint, ports: GatewayPorts): Promise<RequestShape> {
  const { httpContentType, ...env } = { ...intermediaryEnv(endpoint, ports, call.httpContentType), work: { milliseconds: 0 } }
  const opened = await frameStage.open(call.bytes, { ...env, ...(httpContentType === undefined ? {} : { httpContentType }) })
  assertServed(opened, SERVED)
  const unverified = await message.open(opened, env)
  const row = messageType(unverified.type)
  if (row?.kind !== 'request' || EXCHANGES[row.exchange].asks !== 'client')
    throw new OrderError('osci-structure.unexpected-message', `${unverified.type} is not served here`)
  const namedCipher = certificateOf(unverified, 'CipherCertificateOriginator')
  const signed = isSigned(opened)
  const namedSigner = signed ? certificateOf(unverified, 'SignatureCertificateOriginator') : undefined
  return {
    call,
    env,
    frame: opened,
    unverified: unverified as OsciMessage<ClientRequestName>,
    type: row.exchange as ClientRequestName,
    signed,
    encrypted: opened.evidence.transport !== undefined,
    language: languageOf(unverified.languages ?? []),
    ...(namedCipher ? { namedCipher } : {}),
    ...(namedSigner ? { namedSigner } : {}),
  }
}

/**
 * Phase 4, second half: the request belongs to the client that opened the dialog.
 * @throws {DialogError} 9400: another client's, another way of protection.
 */
export function assertOfDialog(shape: RequestShape, dialog: OpenDialog): void {
  const { client } = dialog
  const foreign = (): DialogError => new DialogError('control-block.foreign-dialog', 'the request is not of the client of its dialog')
  if (shape.namedCipher && certificateSha256(shape.namedCipher) !== client.cipherSha256) throw foreign()
  // said before anything is proven, so that a stranger's request does not take the number of the client's
  const bound = client.signerSha256
  if (shape.namedSigner && bound !== undefined && certificateSha256(shape.namedSigner) !== bound) throw foreign()
  // the challenge was only proof of the cipher key because it travelled encrypted
  if (client.encrypted && !shape.encrypted) throw foreign()
}

/** Whom an encrypted answer is for (phase 5). */
export interface ClientCipher {
  readonly cipher?: X509Certificate
  readonly warnings: readonly FeedbackCode[]
}

/**
 * Phase 5: the certificate that an encrypted answer is made for.
 * @throws {CertificateError} 9500 there is none, 9501, 9502, 9503 it cannot be used.
 */
export async function clientCipher(
  shape: RequestShape,
  dialog: OpenDialog | undefined,
  own: IntermediaryPorts,
  at: Date,
): Promise<ClientCipher> {
  const cipher = shape.namedCipher ?? dialog?.client.cipher
  if (!shape.encrypted) return { ...(cipher ? { cipher } : {}), warnings: [] }
  if (!cipher || !canEncryptFor(cipher))
    throw new CertificateError('9500', 'certificates.no-answer-key', 'an encrypted request must bring the certificate for its answer')
  // judged once, when the dialog opens or the request stands alone
  if (dialog) return { cipher, warnings: [] }
  const { warnings, refusal } = await own.inspector.single(cipher, 'clientCipher', at)
  if (refusal) throw new CertificateError(refusal, 'certificates.client-cipher', 'the cipher certificate of the client cannot be used')
  return { cipher, warnings }
}

/** A time of a selection that is read in the configured zone is said (product.md, "clocks"). */
function unzoned({ order }: OsciMessage<ClientRequestName>): readonly string[] {
  const { selectionRule = {} } = order as { readonly selectionRule?: FetchRule & { readonly since?: string } }
  const { receptionOfDelivery, recentModification, since } = selectionRule
  const time = receptionOfDelivery ?? recentModification ?? since
  return time === undefined || hasZone(time) ? [] : ['osci-structure.time-without-zone']
}

export interface ProvenRequest {
  readonly message: OsciMessage<ClientRequestName>
  readonly peer: Peer
  readonly signer?: X509Certificate
  readonly env: OsciEnv
  readonly findings: readonly string[]
  readonly warnings: readonly FeedbackCode[]
}

/**
 * Phases 6 and 7 (the client's signature certificate).
 * @throws {SignatureError} 9600–9603; {DeliveryRefused} 9811 in clear; {CertificateError} 9700, 9701, 9710.
 */
export async function proveRequest(
  shape: RequestShape,
  dialog: OpenDialog | undefined,
  endpoint: IntermediaryEndpoint,
  ports: GatewayPorts,
  own: IntermediaryPorts,
): Promise<ProvenRequest> {
  const { env: bare } = shape
  const { verified, peer, signer, findings } = await proveCaller(shape.frame, endpoint.peers, bare)
  const bound = dialog?.client.signerSha256
  if (signer && bound !== undefined && bound !== certificateSha256(signer))
    throw new DialogError('control-block.foreign-dialog', 'the request is not of the client of its dialog')
  const warnings: FeedbackCode[] = []
  if (signer) {
    const judged = await own.inspector.single(signer, 'clientSignature', ports.clock.now())
    if (judged.refusal)
      throw new CertificateError(judged.refusal, 'certificates.client-signature', 'the signature certificate of the client cannot be used')
    warnings.push(...judged.warnings)
  }
  return {
    message: (await message.open(verified, bare)) as OsciMessage<ClientRequestName>,
    peer,
    ...(signer ? { signer } : {}),
    env: { ...bare, algorithms: peer.algorithms },
    findings: [
      ...findings,
      ...smallKeys(signer, shape.namedCipher),
      ...formerKeys(shape.frame, endpoint.keys),
      ...unzoned(shape.unverified),
    ],
    warnings,
  }
}

/** Requests that are refused outside an explicit dialog (9802). */
export const needsDialog = (type: RequestName): boolean => EXCHANGES[type].dialog === 'explicit' || EXCHANGES[type].dialog === 'closes'
