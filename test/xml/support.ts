// SPDX-License-Identifier: EUPL-1.2
/**
 * What the tests of the XML room share: keys, a signer, a finder, tools of the system, the captures beside the project.
 * @module
 */
import { constants, createPrivateKey, privateDecrypt, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { GATEWAY_LIMITS, type Decrypter, type Signer } from '../../src/env.js'
import { ProtektorError } from '../../src/errors.js'
import { algorithmOf } from '../../src/xml/algorithms.js'
import { paddingOf } from '../../src/xml/dsig.js'
import { parseXml } from '../../src/xml/gate.js'
import { elementsOf, type XmlDocument, type XmlElement } from '../../src/xml/tree.js'
import { needsMaterial } from '../needs.js'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
export const VECTORS = at('../vectors/xml/')
export const CAPTURES = at('../../../shared/osci-wire/')

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8')
export const vector = (name: string): Buffer => readFileSync(VECTORS + name)
export const osci = (xml: string | Uint8Array): XmlDocument =>
  parseXml(typeof xml === 'string' ? bytesOf(xml) : xml, { limits: GATEWAY_LIMITS, frame: 'osci' })
export const content = (xml: string | Uint8Array): XmlDocument =>
  parseXml(typeof xml === 'string' ? bytesOf(xml) : xml, { limits: GATEWAY_LIMITS, frame: 'content' })

export const certificateOf = (name: string): X509Certificate => new X509Certificate(vector(`keys/${name}.crt.pem`))
export const keyOf = (name: string): KeyObject => createPrivateKey(vector(`keys/${name}.key.pem`))

export function signerOf(name: string): Signer {
  const key = keyOf(name)
  return {
    certificate: certificateOf(name),
    sign: (algorithm, data) => {
      const row = algorithmOf(algorithm)
      if (row?.kind !== 'signature') throw new Error('no signature algorithm')
      return Promise.resolve(sign(row.hash, data, { key, ...paddingOf(row) }))
    },
  }
}

/** Counts the calls of the private key. */
export function decrypterOf(name: string): Decrypter & { calls: number } {
  const key = keyOf(name)
  return {
    calls: 0,
    certificate: certificateOf(name),
    unwrap(keyTransport, wrapped) {
      this.calls++
      const hash = keyTransport.digest === undefined ? undefined : algorithmOf(keyTransport.digest)
      if (hash?.kind !== 'digest') return Promise.reject(new Error('OAEP only'))
      try {
        return Promise.resolve(privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.hash }, wrapped))
      } catch (e) {
        return Promise.reject(new Error('unwrap', { cause: e }))
      }
    },
  }
}

/** The finding somebody throws, or `none`. Other errors go on. */
export function findingOf(act: () => unknown): string {
  try {
    act()
  } catch (e) {
    if (e instanceof ProtektorError) return e.finding
    throw e
  }
  return 'none'
}

export async function findingOfAsync(act: () => Promise<unknown>): Promise<string> {
  try {
    await act()
  } catch (e) {
    if (e instanceof ProtektorError) return e.finding
    throw e
  }
  return 'none'
}

/** First element with this local name, depth first. */
export function find(root: XmlElement, local: string): XmlElement {
  const found = findAll(root, local)[0]
  if (!found) throw new Error(`no ${local}`)
  return found
}

export function findAll(root: XmlElement, local: string): XmlElement[] {
  return [...(root.local === local ? [root] : []), ...elementsOf(root).flatMap((e) => findAll(e, local))]
}

export function needsCaptures(context: Context): void {
  needsMaterial(context, existsSync(CAPTURES), 'osci-wire')
}
