// SPDX-License-Identifier: EUPL-1.2
/**
 * Makes regression suites out of material that must stay outside the repository: copies its messages into a folder and writes an
 * `expected.yaml` beside them, from what the material says of itself.
 *
 *   node --import tsx tools/expected.ts MATERIAL OUT
 *
 *   MATERIAL/osci-wire          captures with an index.json        →  OUT/osci-wire
 *   MATERIAL/official-schemas   sets with samples and a README     →  OUT/official-schemas
 *
 * What the index and the READMEs say decides what is expected; where they give a reason in words, a table names the finding that it
 * must lead to. A README that no longer says what is read here ends the run.
 * @module
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { EXPECTED_FILE, type Expected } from '../src/check/differences.js'

/** Path below the suite → where the message lies, and what it must come to. */
type Suite = ReadonlyMap<string, Expected & { readonly source: string }>

const VALID: Expected = { verdict: 'valid', findings: [] }
const invalid = (...findings: string[]): Expected => ({ verdict: 'invalid', findings })

interface CapturedMessage {
  readonly file: string
  /** `made:WHAT`: changed in one place, or what answered that. */
  readonly leg: string
  readonly direction: 'request' | 'response'
  readonly transport?: { readonly symmetric: string; readonly keyTransport: string }
  readonly contentEncryption?: readonly { readonly symmetric: string; readonly keyTransport: readonly string[] }[]
}

interface Index {
  readonly scenarios: readonly {
    readonly scenario: string
    readonly messages: readonly CapturedMessage[]
    readonly clientResults?: readonly { readonly call: string; readonly ok: boolean }[]
  }[]
}

/** What each change of the index's last set must lead to. A change that is not here leaves the message valid. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  // the changed byte is in the Id of the content, so that the author's reference hangs in the air
  'body-changed': ['message-signature.digest-mismatch', 'author-signature.not-covered'],
  'attachment-changed': ['message-signature.digest-mismatch', 'author-signature.digest-mismatch'],
  'control-block-changed': ['message-signature.digest-mismatch'],
  'signature-value-changed': ['message-signature.value-mismatch'],
  'extra-header': ['message-signature.not-covered'],
  'extra-header-no-id': ['osci-structure.block-without-id'],
  'no-schema-location': ['osci-structure.schema-location'],
  'other-schema-location': ['osci-structure.schema-location'],
  'no-mime-header-in-body': ['mime.no-boundary'],
  'lf-only': ['mime.bare-line-break'],
  'no-content-transfer-encoding': ['mime.part-header'],
  'duplicate-id': ['osci-structure.duplicate-id'],
  doctype: ['xml.doctype'],
  // stricter than the reference: threat model X6
  'comment-in-body': ['xml.comment'],
  // the control block is signed, so that its signature breaks, too
  'response-in-request': ['control-block.forbidden-response', 'osci-structure.schema', 'message-signature.digest-mismatch'],
  'unknown-type': ['osci-structure.schema-location'],
  truncated: ['mime.no-end'],
  // prefixes are part of what the author signed
  'other-prefixes-unsigned-message': ['author-signature.value-mismatch'],
  'xsi-prefix-changed': ['osci-structure.schema-location', 'author-signature.value-mismatch'],
}

const FOREIGN_READER = '57-expired-and-foreign'

/** Threat model §7: neither is allowed for transport; for content they are legacy. */
const isWeak = (algorithm: string): boolean => /#(?:rsa-1_5|tripledes-cbc|aes\d+-cbc)$/.test(algorithm)

function expectedOf(scenario: Index['scenarios'][number], message: CapturedMessage): Expected {
  const change = /^made:(.*)$/.exec(message.leg)?.[1]
  if (change !== undefined) {
    const findings = message.direction === 'request' ? CHANGES[change] : undefined
    const refused = scenario.clientResults?.find(({ call }) => call === change)?.ok === false && message.direction === 'request'
    if (refused && !findings) throw new Error(`${message.file}: the reference refuses it, and no finding is known for the change ${change}`)
    return findings ? invalid(...findings) : VALID
  }
  const { transport, contentEncryption = [] } = message
  if (transport && [transport.symmetric, transport.keyTransport].some(isWeak)) return invalid('policy.forbidden-algorithm')
  if (scenario.scenario === FOREIGN_READER && message.direction === 'request')
    return invalid('certificates.unknown-issuer', 'certificates.expired')
  const isLegacy = contentEncryption.some(({ symmetric, keyTransport }) => [symmetric, ...keyTransport].some(isWeak))
  return isLegacy ? { verdict: 'valid', findings: ['policy.legacy-algorithm'] } : VALID
}

async function captures(folder: string): Promise<Suite> {
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Index
  return new Map(
    index.scenarios.flatMap((scenario) =>
      scenario.messages.map((message) => [message.file, { ...expectedOf(scenario, message), source: join(folder, message.file) }] as const),
    ),
  )
}

interface OfficialSamples {
  readonly set: string
  readonly folders: readonly string[]
  /** Groups of the sentence of the README are the numbers of samples that must be there. */
  readonly says: RegExp
  /** Folders of samples that are wrong on purpose. */
  readonly wrong?: string
}

const NUMBERS: Readonly<Record<string, number>> = { two: 2 }

/** Samples of the sets, and the sentences in which their READMEs vouch for them. */
const OFFICIAL: readonly OfficialSamples[] = [
  {
    set: 'xmeld-25.11a',
    folders: ['samples/kosit-testsuite', 'samples/third-party', 'samples/responses', 'samples/invalid', 'samples/constructed'],
    says: /(\d+) third-party samples valid, (\d+) invalid as intended, (\d+) constructed valid/,
    wrong: 'samples/invalid',
  },
  { set: 'xbeteiligung-1.2', folders: ['samples'], says: /samples\/\*\.xml\s+# (\d+) of \1 valid/ },
  { set: 'xdomea-3.0.0', folders: ['samples'], says: /samples\/\*\.xml\s+# (\d+) of \1 valid/ },
  { set: 'xta-2.1.1', folders: ['constructed'], says: /holds (two) small instances written by the spec author \(valid, synthetic\)/ },
]

async function official(folder: string): Promise<Suite> {
  const suite = new Map<string, Expected & { readonly source: string }>()
  for (const { set, folders, says, wrong } of OFFICIAL) {
    const said = says.exec(await readFile(join(folder, set, 'README.md'), 'utf8'))
    if (!said) throw new Error(`${set}: the README no longer says ${String(says)}`)
    const promised = said.slice(1).reduce((sum, number) => sum + (NUMBERS[number] ?? Number(number)), 0)
    const before = suite.size
    for (const samples of folders)
      for (const name of (await readdir(join(folder, set, samples))).filter((one) => one.endsWith('.xml')).sort())
        suite.set(`${set}/${samples}/${name}`, {
          ...(samples === wrong ? invalid('xoev-schema.invalid') : VALID),
          source: join(folder, set, samples, name),
        })
    if (suite.size - before !== promised) throw new Error(`${set}: ${suite.size - before} samples, and the README speaks of ${promised}`)
  }
  return suite
}

async function write(suite: Suite, out: string): Promise<void> {
  for (const [path, { source }] of suite) {
    await mkdir(dirname(join(out, path)), { recursive: true })
    await copyFile(source, join(out, path))
  }
  const files = Object.fromEntries(
    [...suite].map(([path, { verdict, findings }]) => [path, findings.length === 0 ? { verdict } : { verdict, findings: [...findings] }]),
  )
  await writeFile(join(out, EXPECTED_FILE), stringify({ files }))
}

/** Writes both suites. @returns how many messages each holds */
export async function writeSuites(material: string, out: string): Promise<Readonly<Record<'osci-wire' | 'official-schemas', number>>> {
  const wire = await captures(join(material, 'osci-wire'))
  const samples = await official(join(material, 'official-schemas'))
  await write(wire, join(out, 'osci-wire'))
  await write(samples, join(out, 'official-schemas'))
  return { 'osci-wire': wire.size, 'official-schemas': samples.size }
}

if (process.argv[1]?.endsWith('expected.ts') === true) {
  const [material, out] = process.argv.slice(2)
  if (material === undefined || out === undefined) {
    console.error('usage: node --import tsx tools/expected.ts MATERIAL OUT')
    process.exitCode = 2
  } else for (const [name, count] of Object.entries(await writeSuites(material, out))) console.log(`${join(out, name)}: ${count} messages`)
}
