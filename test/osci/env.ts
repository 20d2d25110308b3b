// SPDX-License-Identifier: EUPL-1.2
/**
 * The environment of the OSCI tests: throwaway keys made once per run, a fixed clock, the gateway's algorithms.
 * @module
 */
import { randomBytes, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { GATEWAY_LIMITS, type Decrypter, type Signer } from '../../src/env.js'
import { keyRing, makeDecrypter, makeSigner } from '../../src/pki/keys.js'
import { readPkcs12 } from '../../src/pki/keystore.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import type { ContainerSpec } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { osci } from '../../src/osci/stages.js'
import type { CertificateEntry, OsciEnv, OsciMessage } from '../../src/osci/types.js'

export interface Party {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
  readonly decrypter: Decrypter
  readonly signer: Signer
}

export const RSA_PSS_SHA256 = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
export const AES256_GCM = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
export const OAEP_SHA256 = {
  algorithm: 'http://www.w3.org/2009/xmlenc11#rsa-oaep',
  digest: SHA256,
  mgf: 'http://www.w3.org/2009/xmlenc11#mgf1sha256',
} as const

export const signature = gatewayAlgorithms({ where: 'signature' })
export const ALGORITHMS = {
  transport: gatewayAlgorithms({ where: 'transport' }),
  signature,
  content: gatewayAlgorithms({ where: 'content' }),
}

export function envWith(...decrypters: readonly Decrypter[]): OsciEnv {
  return {
    now: () => new Date('2026-11-24T09:00:00.000Z'),
    monotonicMs: () => 0,
    random: (n) => randomBytes(n),
    keys: keyRing(decrypters),
    trust: { check: async () => Promise.resolve({ verdict: 'valid', path: [] }) },
    limits: GATEWAY_LIMITS,
    algorithms: ALGORITHMS,
  }
}

export interface Parties {
  readonly signer: Party
  readonly cipher: Party
  readonly reader: Party
  readonly author: Party
}

export const FOREIGN = new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url)

/** A party of the captured messages, by the name of its keystore. */
export async function party(name: string): Promise<Party> {
  const [pair] = readPkcs12(readFileSync(new URL(`pki/${name}.p12`, FOREIGN)), 'test')
  if (!pair) throw new Error(`no key in ${name}`)
  const { certificate, privateKey } = pair
  const opens = certificate.publicKey.asymmetricKeyType === 'rsa'
  const decrypter = opens
    ? await makeDecrypter(certificate, privateKey)
    : { certificate, unwrap: () => Promise.reject(new Error('EC keys open nothing')) }
  return { certificate, privateKey, decrypter, signer: makeSigner(certificate, privateKey) }
}

/** Bytes of a processDelivery with this content, in clear, signed by `sender`. */
export async function processDeliveryOf(
  containers: readonly ContainerSpec[],
  certificates: readonly CertificateEntry[],
  sender: Party,
  env: OsciEnv,
): Promise<Uint8Array> {
  const message: OsciMessage<'processDelivery'> = {
    type: 'processDelivery',
    control: { challenge: 'abc' },
    languages: ['de'],
    order: {},
    intermediaryCertificates: [certificateEntry('SignatureCertificateIntermediary', sender.certificate)],
    certificates,
    custom: [],
    evidence: {},
    remarks: [],
    ...(await sealContent(containers, env)),
  }
  const sign = { signer: sender.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 }
  return osci.seal(message, { ...env, sealing: { sign } })
}

let made: Promise<Parties> | undefined

/** Four throwaway parties (RSA 2048). */
export function parties(): Promise<Parties> {
  made ??= Promise.all(['intermed-sign', 'intermed-cipher', 'reader-cipher', 'author-sign'].map(party)).then(
    ([signer, cipher, reader, author]) => {
      if (!signer || !cipher || !reader || !author) throw new Error('a party is missing')
      return { signer, cipher, reader, author }
    },
  )
  return made
}
