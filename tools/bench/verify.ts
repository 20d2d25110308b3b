// SPDX-License-Identifier: EUPL-1.2
/**
 * Bench: verify a 20 KB document with 10 references (inclusive C14N, SHA-256, RSA-3072), bytes in, verdict out, against
 * `xmlsec1 --verify --repeat 200` on the same file with the same key, in the same run.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { constants, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { canonicalize } from '../../src/xml/c14n.js'
import { digest, readSignature, sameOctets, verifyValue } from '../../src/xml/dsig.js'
import { makeSignature } from '../../src/xml/dsig-write.js'
import { parseXml } from '../../src/xml/gate.js'
import { indexIds } from '../../src/osci/soap.js'
import { DS } from '../../src/xml/names.js'
import { attr, childOf, element, type XmlElement, type XmlNode } from '../../src/xml/tree.js'
import { atOnce } from '../../src/xml/turns.js'
import { writeXml } from '../../src/xml/write.js'

const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const REPEAT = 200
const algorithms = gatewayAlgorithms({ where: 'signature' })

/** Milliseconds per document; `ratio` = ours / reference, below 1 is faster. `reference` and `ratio` are undefined without xmlsec1. */
export interface VerifyBench {
  readonly name: string
  readonly ours: number
  readonly reference: number | undefined
  readonly ratio: number | undefined
  readonly goal: number
}

export async function benchVerify(): Promise<VerifyBench> {
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const { bytes, certificate, file, certificateFile } = await signedDocument(folder)
    for (let i = 0; i < REPEAT; i++) assertValid(bytes, certificate)
    const began = performance.now()
    for (let i = 0; i < REPEAT; i++) assertValid(bytes, certificate)
    const ours = (performance.now() - began) / REPEAT
    const reference = xmlsec(file, certificateFile)
    return {
      name: 'verify 20 KB, 10 references, RSA-3072 (ms per document)',
      ours,
      reference,
      ratio: reference === undefined ? undefined : ours / reference,
      goal: 1,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Gate, Ids, grammar, ten digests bound to nodes, value. */
function assertValid(bytes: Uint8Array, certificate: X509Certificate): void {
  const { root } = parseXml(bytes, { limits: GATEWAY_LIMITS, frame: 'osci' })
  const ids = atOnce(indexIds(root))
  const found = childOf(root, DS, 'Signature')
  if (!found) throw new Error('no signature')
  const signature = readSignature(found, 'message-signature')
  if (!verifyValue(signature, certificate, algorithms)) throw new Error('value')
  for (const r of signature.references) {
    const target = ids.get(r.uri.slice(1))
    if (!target || !sameOctets(digest(algorithms, r.digestMethod, canonicalize(target)), r.digestValue)) throw new Error(`digest ${r.uri}`)
  }
}

async function signedDocument(
  folder: string,
): Promise<{ bytes: Uint8Array; certificate: X509Certificate; file: string; certificateFile: string }> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  const keyFile = join(folder, 'key.pem')
  const certificateFile = join(folder, 'certificate.pem')
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const made = spawnSync('openssl', ['req', '-x509', '-new', '-key', keyFile, '-subj', '/CN=Bench', '-days', '2', '-out', certificateFile])
  if (made.status !== 0) throw new Error('openssl is needed to make the certificate')
  const certificate = new X509Certificate(readFileSync(certificateFile))
  const blocks = Array.from({ length: 10 }, (_, i) => block(i))
  const namespaces = [['ds', DS], ['o', 'urn:o'], ['soap', 'http://schemas.xmlsoap.org/soap/envelope/'], ['xenc', 'http://www.w3.org/2001/04/xmlenc#'], ['xsi', 'http://www.w3.org/2001/XMLSchema-instance']] as const // prettier-ignore
  const root = element('urn:o', 'o', 'Envelope', { namespaces: namespaces.map(([prefix, uri]) => ({ prefix, uri })), children: blocks })
  const signature = await makeSignature(root, {
    signatureMethod: RSA_SHA256,
    retrievalUri: '#certificate',
    references: blocks.map((b, i) => ({
      uri: `#block${i}`,
      transforms: [C14N],
      digestMethod: SHA256,
      digestValue: digest(algorithms, SHA256, canonicalize(b)),
    })),
    signer: {
      certificate,
      sign: (_, data) => Promise.resolve(sign('sha256', data, { key: privateKey, padding: constants.RSA_PKCS1_PADDING })),
    },
  })
  ;(root.children as XmlNode[]).push(signature)
  const bytes = writeXml(root, { declaration: true })
  const file = join(folder, 'signed.xml')
  writeFileSync(file, bytes)
  return { bytes, certificate, file, certificateFile }
}

/** About 1.5 KB of small elements, as in XÖV. */
function block(i: number): XmlElement {
  const person = (n: number): XmlElement =>
    element('urn:o', 'o', 'person', {
      attributes: [attr('nr', String(n)), attr('art', 'natürlich')],
      children: [
        element('urn:o', 'o', 'name', { children: [`Müller-${i}-${n} & Söhne`] }),
        '\n',
        element('urn:o', 'o', 'ort', { children: ['Musterstadt'] }),
      ],
    })
  return element('urn:o', 'o', 'Block', {
    attributes: [attr('Id', `block${i}`)],
    children: Array.from({ length: 14 }, (_, n) => person(n)),
  })
}

/**
 * Milliseconds per verification, start of the process and key loading taken off by the difference of two runs.
 * undefined where xmlsec1 is absent.
 */
function xmlsec(file: string, certificateFile: string): number | undefined {
  const run = (repeat: number): number | undefined => {
    const began = performance.now()
    const { status } = spawnSync('xmlsec1', [
      '--verify',
      '--repeat',
      String(repeat),
      '--id-attr:Id',
      'Block',
      '--pubkey-cert-pem',
      certificateFile,
      file,
    ])
    return status === 0 ? performance.now() - began : undefined
  }
  const once = run(1)
  const many = run(REPEAT + 1)
  return once === undefined || many === undefined ? undefined : (many - once) / REPEAT
}
