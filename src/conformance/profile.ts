// SPDX-License-Identifier: EUPL-1.2
/**
 * Profile: what a party claims to support. What is not claimed is not tested, and the report says so.
 *
 *   name: Testintermediär
 *   certificates: { cipher: im-cipher.pem, signature: [ im-sign.pem ] }
 *   exchanges: [ getMessageId, initDialog, exitDialog, storeDelivery, fetchDelivery ]
 *   encrypted: optional
 * @module
 */
import { LineCounter, isNode, parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError, type ConfigProblem } from '../errors.js'
import { REQUEST_NAMES, type RequestName } from '../osci/messages.js'
import { ALGORITHMS, type AlgorithmRow } from '../xml/algorithms.js'

const fragment = (uri: string): string => uri.slice(uri.indexOf('#') + 1)

/** What we can send of a kind, by the last part of its URI. */
const sendable = (kind: AlgorithmRow['kind'], where: 'transport' | 'signature'): ReadonlyMap<string, string> =>
  new Map(
    ALGORITHMS.filter((row) => row.kind === kind && row[where] === 'allowed' && !('send' in row && row.send === false)).map(({ uri }) => [
      fragment(uri),
      uri,
    ]),
  )
export const SIGNATURE_METHODS = sendable('signature', 'signature')
export const DIGEST_METHODS = sendable('digest', 'signature')
export const CIPHERS = sendable('cipher', 'transport')

const oneOf = (known: ReadonlyMap<string, string>) => z.array(z.enum([...known.keys()] as [string, ...string[]]))
const file = z.string().min(1)
const policy = z.enum(['required', 'optional'])

const PROFILE = z.strictObject({
  name: z.string().min(1).max(200),
  certificates: z.strictObject({ cipher: file.optional(), signature: z.array(file).min(1) }),
  exchanges: z.array(z.enum(REQUEST_NAMES as unknown as [RequestName, ...RequestName[]])).default([...REQUEST_NAMES]),
  implicitDialogs: z.boolean().default(true),
  signed: policy.default('required'),
  encrypted: policy.default('required'),
  algorithms: z
    .strictObject({
      signature: oneOf(SIGNATURE_METHODS).default([]),
      digest: oneOf(DIGEST_METHODS).default([]),
      cipher: oneOf(CIPHERS).default([]),
      ivBytes: z.array(z.union([z.literal(12), z.literal(16)])).default([12]),
    })
    .prefault({}),
  chunkKilobytes: z.int().min(1).max(50_000).default(64),
  timestamps: z.enum(['plain', 'cryptographic']).default('plain'),
  keepsFetched: z.boolean().default(false),
  document: file.optional(),
  receiver: z.strictObject({ uri: z.url({ protocol: /^https?$/ }), cipher: file, signature: file.optional() }).optional(),
  timeoutSeconds: z.int().min(1).max(300).default(30),
})

export type Profile = z.infer<typeof PROFILE>

/**
 * @param name of the file, for complaints.
 * @throws {ConfigError} every problem with its line; unknown keys are problems.
 */
export function readProfile(name: string, text: string): Profile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const [broken] = document.errors
  if (broken) {
    const message = { de: `kein gültiges YAML: ${broken.message}`, en: `not valid YAML: ${broken.message}` }
    throw new ConfigError([{ key: '(file)', file: name, line: lines.linePos(broken.pos[0]).line, message }])
  }
  const read = PROFILE.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (read.success) return read.data
  throw new ConfigError(
    read.error.issues.map(({ path, message }): ConfigProblem => {
      // what is missing has no line: where it should stand
      const at = path.map((_, cut) => path.slice(0, path.length - cut)).find((one) => isNode(document.getIn(one, true)))
      const node = at && document.getIn(at, true)
      const line = isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
      const key = path.length === 0 ? '(file)' : path.map(String).join('.')
      return { key, file: name, line, message: { de: `falsch: ${message}`, en: `wrong: ${message}` } }
    }),
  )
}
