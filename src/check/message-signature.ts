// SPDX-License-Identifier: EUPL-1.2
/**
 * Message signature layer: verified by the pipeline's own stage, described also where it does not hold.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError, SignatureError } from '../errors.js'
import { certificateElements } from '../osci/certificates.js'
import { messageType } from '../osci/messages.js'
import { isSignatureBlock, isSigned, verifyMessageSignature } from '../osci/signature.js'
import type { OsciEnv, SoapEnvelope } from '../osci/types.js'
import { readCertificate, subjectRfc2253 } from '../pki/certificate.js'
import { readSignature } from '../xml/dsig.js'
import { elementsOf, type XmlElement } from '../xml/tree.js'
import type { Journal } from './journal.js'
import { judgeKey, judgeSignature } from './policy.js'
import { recorderChange } from './recorder.js'
import { listedIn } from './trust.js'
import type { SignatureResult, Verdict } from './types.js'

/** undefined: it is not signed. */
export function signatureElement({ header }: SoapEnvelope): XmlElement | undefined {
  const block = header.find(isSignatureBlock)
  return block && elementsOf(block)[0]
}

/** Names signer and algorithm also where the signature does not hold. */
function describeSignature(envelope: SoapEnvelope, journal: Journal): { signer?: X509Certificate; algorithm?: string } {
  const element = signatureElement(envelope)
  if (!element) return {}
  try {
    const signature = readSignature(element, 'message-signature')
    judgeSignature(journal, signature)
    const role = messageType(envelope.type ?? '')?.signer
    const entry = certificateElements(envelope.header).find((c) => c.role === role && c.id === signature.retrievalUri)
    if (!entry) return { algorithm: signature.signatureMethod }
    const signer = readCertificate(entry.der)
    judgeKey(journal, signer, listedIn(envelope)(signer))
    return { signer, algorithm: signature.signatureMethod }
  } catch {
    // verification has told what is wrong with it
    return {}
  }
}

/** A failed verification by its cause: what we do not execute is `unchecked`, what broke is `error`. */
function failedVerdict(cause: unknown): Verdict {
  if (!(cause instanceof SignatureError)) return cause instanceof ProtektorError ? 'invalid' : 'error'
  if (cause.feedback === '9603') return 'error'
  return cause.finding === 'message-signature.algorithm' ? 'unchecked' : 'invalid'
}

/** A part that only a recorder has changed is no tampering: whoever reads the report must know where to look. */
function askRecorder(cause: unknown, envelope: SoapEnvelope, env: OsciEnv, journal: Journal): void {
  if (!(cause instanceof ProtektorError) || cause.finding !== 'message-signature.digest-mismatch') return
  const element = signatureElement(envelope)
  const { xpath } = cause.place
  const detail = element && xpath?.startsWith('cid:') === true ? recorderChange(xpath, element, envelope, env) : undefined
  if (xpath !== undefined && detail !== undefined) journal.raise('message-signature.changed-by-recorder', { xpath, detail })
}

/** The envelope with evidence where there is any, and what can be said of its signature. */
export interface Verified {
  readonly envelope: SoapEnvelope
  readonly result: SignatureResult | null
  readonly signer?: X509Certificate
  /** Why it does not hold. */
  readonly problem?: ProtektorError
}

/** Verifies the message signature; a wrong one is described all the same. */
export async function checkSignature(envelope: SoapEnvelope, env: OsciEnv, journal: Journal): Promise<Verified> {
  if (!isSigned(envelope)) return { envelope, result: null }
  const { signer, algorithm } = describeSignature(envelope, journal)
  const facts = { signer: signer ? subjectRfc2253(signer) : null, algorithm: algorithm ?? null }
  const known = signer ? { signer } : {}
  try {
    const evidence = await verifyMessageSignature(envelope, env)
    if (!evidence) throw new Error('the signature was not looked at')
    const verified = { ...envelope, evidence: { ...envelope.evidence, signature: evidence } }
    journal.note('message-signature')
    return { envelope: verified, result: { verdict: 'valid', ...facts }, ...known }
  } catch (cause) {
    journal.caught('message-signature', cause)
    askRecorder(cause, envelope, env, journal)
    const verdict = failedVerdict(cause)
    // what ends it may be a finding of another layer; this one does not hold for that
    journal.note('message-signature', verdict)
    const problem = cause instanceof ProtektorError ? { problem: cause } : {}
    return { envelope, result: { verdict, ...facts }, ...known, ...problem }
  }
}
