// SPDX-License-Identifier: EUPL-1.2
/**
 * The demo directory: throwaway keys, a register, a portal and a gateway.yaml that `serve` takes as it is. Made once, then reused.
 * Everything in it is readable by its owner only. Specs: product.md, Decisions, "demo".
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateEnvelopeKey } from '../../envelope/keys.js'
import { readPkcs12, writePkcs12, type KeyPair } from '../../pki/keystore.js'
import { makePki, type TestKey, type TestUsage } from '../../pki/test-pki.js'

export const DEMO_REGISTER = 'ags:99001000'

/** Own keys of the gateway, keys of the calling intermediary, keys of the portal behind it. */
const LEAVES = {
  'town-cipher': 'cipher',
  'town-signature': 'signature',
  'town-reader': 'cipher',
  'town-author': 'signature',
  'intermediary-cipher': 'cipher',
  'intermediary-signature': 'signature',
  'portal-cipher': 'cipher',
  'portal-author': 'signature',
} as const satisfies Record<string, TestUsage>
export type DemoKeyName = keyof typeof LEAVES

export interface Demo {
  readonly directory: string
  readonly configFile: string
  readonly dataDirectory: string
  readonly keys: Readonly<Record<DemoKeyName, KeyPair>>
  /** Private keys of the register: what `examples/fachverfahren.ts` reads, without the gateway's public key. */
  readonly register: RegisterKeys
  readonly made: boolean
}

type Jwk = Awaited<ReturnType<typeof generateEnvelopeKey>>['privateJwk']
export interface RegisterKeys {
  readonly participant: string
  readonly sign: Jwk
  readonly open: Jwk
}

export interface DemoOptions {
  readonly fresh?: boolean
  readonly publicPort: number
  readonly adminPort: number
  /** Tests take short keys; the demo does not. */
  readonly key?: TestKey
  /** More lines for the configuration's `endpoints`, `peers` and top level. */
  readonly peerOptions?: string
  readonly endpointOptions?: string
  readonly endpointPeers?: string
  readonly mailboxOptions?: string
  readonly topOptions?: string
  readonly mode?: 'terminating' | 'blind'
}

const NAMES = Object.keys(LEAVES) as DemoKeyName[]

function yaml(options: DemoOptions): string {
  const pair = (name: string): string => `{ pkcs12: keys/${name}.p12, pinFile: keys/pin }`
  const { mode = 'terminating' } = options
  return `# Demo of Protektor: throwaway keys, nobody's register. Start it with: protektor serve --config gateway.yaml
listen: { public: 127.0.0.1:${options.publicPort}, admin: 127.0.0.1:${options.adminPort} }
dataDirectory: ./data
${options.topOptions ?? ''}
keyrings:
  town:
    cipher:    ${pair('town-cipher')}
    signature: ${pair('town-signature')}
${mode === 'terminating' ? `    reader:    [ ${pair('town-reader')} ]\n    author:    ${pair('town-author')}\n` : ''}
peers:
  - name: intermediary-1
    signatureCertificates: [ keys/intermediary-signature.pem ]
${options.peerOptions ?? '    signed: required\n    encrypted: required'}
participants:
  - { id: register-1, jwks: keys/register-1.json, mailboxes: [ '${DEMO_REGISTER}' ] }
  - { id: portal-1, jwks: keys/portal-1.json }
mailboxes:
  '${DEMO_REGISTER}': { ${options.mailboxOptions ?? 'ttlSeconds: 10'} }
endpoints:
  - path: /osci/recipient
    role: passiveRecipient
    mode: ${mode}
    keys: town
    peers: [ ${options.endpointPeers ?? 'intermediary-1'} ]
${options.endpointOptions ?? `    routes: [ { addresseeCertificate: keys/town-reader.pem, mailbox: '${DEMO_REGISTER}' } ]\n    defaultMailbox: '${DEMO_REGISTER}'`}
`
}

async function makeKeys(directory: string, key: TestKey): Promise<void> {
  const now = new Date()
  const notAfter = new Date(now.getTime() + 365 * 86_400_000)
  const notBefore = new Date(now.getTime() - 3_600_000)
  const leaves = Object.fromEntries(NAMES.map((name) => [name, { usage: LEAVES[name], key }]))
  const pki = await makePki({ name: 'Protektor Demo', notBefore, notAfter, caKey: key, leaves })
  const pin = randomBytes(18).toString('base64url')
  const put = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content, { mode: 0o600 })
  await put('pin', pin + '\n')
  await put('ca.pem', pki.ca.certificate.toString())
  for (const [name, pair] of pki.leaves) {
    await put(`${name}.p12`, writePkcs12(pair, pin, randomBytes(16)))
    await put(`${name}.pem`, pair.certificate.toString())
  }
  for (const participant of ['register-1', 'portal-1']) {
    const sign = await generateEnvelopeKey('sig')
    const open = await generateEnvelopeKey('enc')
    await put(`${participant}.json`, JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }, null, 2))
    await put(`${participant}.private.json`, JSON.stringify({ participant, sign: sign.privateJwk, open: open.privateJwk }, null, 2))
  }
}

const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined

/** Opens the demo directory, making what is missing. The configuration is written anew each time. */
export async function openDemo(directory: string, options: DemoOptions): Promise<Demo> {
  if (options.fresh) await rm(directory, { recursive: true, force: true })
  const keyDirectory = join(directory, 'keys')
  await mkdir(keyDirectory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  // the last file that is made says that all are there
  const made = !(await exists(join(keyDirectory, 'portal-1.private.json')))
  if (made) await makeKeys(keyDirectory, options.key ?? 'rsa-3072')
  const configFile = join(directory, 'gateway.yaml')
  await writeFile(configFile, yaml(options), { mode: 0o600 })
  const pin = (await readFile(join(keyDirectory, 'pin'), 'utf8')).trim()
  const open = async (name: DemoKeyName): Promise<[DemoKeyName, KeyPair]> => {
    const [pair] = readPkcs12(await readFile(join(keyDirectory, `${name}.p12`)), pin)
    if (!pair) throw new TypeError(`${name} was written with its key`)
    return [name, pair]
  }
  const keys = Object.fromEntries(await Promise.all(NAMES.map(open))) as Record<DemoKeyName, KeyPair>
  const register = JSON.parse(await readFile(join(keyDirectory, 'register-1.private.json'), 'utf8')) as RegisterKeys
  return { directory, configFile, dataDirectory: join(directory, 'data'), keys, register, made }
}
