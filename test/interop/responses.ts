// SPDX-License-Identifier: EUPL-1.2
/**
 * What others make of responses that we wrote: our schema set, the official one, the parser of the Java library.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { schemaInput } from '../../src/osci/schema-input.js'
import { wireForms } from '../../src/osci/wire-forms.js'
import { peer } from './java.js'
import { envelopesIn, privateKeys, type CapturedEnvelope } from './xsd-captures.js'
import { official, parse, startOurSet } from './xsd-judges.js'

export interface SchemaJudgement {
  /** Envelopes by message, shells of transport encryption among them. */
  readonly counts: Readonly<Record<string, number>>
  /** What our set refuses. */
  readonly ours: readonly string[]
  /** What the official set refuses although it carries none of the warnings of wire facts §15. */
  readonly official: readonly string[]
  /** Encrypted responses that could not be opened. */
  readonly closed: number
}

/** Every response, decrypted with the keys of the peer, before both judges. */
export async function judgeBySchema(responses: readonly Uint8Array[], directory: string): Promise<SchemaJudgement> {
  const keys = privateKeys(directory)
  const opened = responses.map((bytes, i) => envelopesIn(Buffer.from(bytes), `response ${i}`, keys))
  const envelopes: readonly CapturedEnvelope[] = opened.flat()
  const counts: Record<string, number> = {}
  for (const { name } of envelopes) counts[name] = (counts[name] ?? 0) + 1
  const validator = await startOurSet()
  try {
    const mine = await Promise.all(envelopes.map(({ xml, name }) => validator.validate(schemaInput(parse(xml), name).bytes)))
    const theirs = official(envelopes)
    const said = ({ name, file }: CapturedEnvelope, why: string | undefined): string => `${name} (${file}): ${why ?? ''}`
    return {
      counts,
      ours: envelopes.flatMap((e, i) => (mine[i]?.verdict === 'valid' ? [] : [said(e, mine[i]?.problems[0]?.message)])),
      official: envelopes.flatMap((e, i) =>
        theirs[i]?.valid === true || wireForms(parse(e.xml)).length > 0 ? [] : [said(e, theirs[i]?.why)],
      ),
      closed: opened.filter((of) => of[0]?.name === 'messageEncrypted' && of.length === 1).length,
    }
  } finally {
    await validator.close()
  }
}

export interface LibraryVerdict {
  readonly type: string
  readonly error?: string
  readonly signatureValidByJdk?: boolean
  /** The stored-message parser does not know such a message; the library's client does. */
  readonly onlyForClients: boolean
}

/** Wire facts §12; and the echo of a rule by RecentModification, which that parser refuses in the library's own answer as well (capture 44, message 17). */
const ONLY_FOR_CLIENTS = /^responseTo(InitDialog|GetMessageId|ExitDialog)$/
const onlyForClients = ({ name, xml }: CapturedEnvelope): boolean =>
  ONLY_FOR_CLIENTS.test(name) || (name === 'responseToFetchProcessCard' && xml.includes('<osci:RecentModification'))

/** Responses as the library's stored-message parser reads them. */
export async function parseByLibrary(responses: readonly Uint8Array[], directory: string): Promise<readonly LibraryVerdict[]> {
  const folder = join(directory, 'responses')
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const [i, bytes] of responses.entries()) {
    const file = join(folder, `${i}.osci`)
    await writeFile(file, bytes)
    files.push(file)
  }
  const { out } = await peer('parse', ...files, '--pki', directory)
  const keys = privateKeys(directory)
  return out
    .trim()
    .split('\n')
    .map((line, i) => ({
      ...(JSON.parse(line) as LibraryVerdict),
      onlyForClients: envelopesIn(Buffer.from(responses[i] ?? []), '', keys).some(onlyForClients),
    }))
}

/** At most `each` responses per message type and way of transport, so that one run of the parser is enough. */
export function someOfEach(responses: readonly Uint8Array[], directory: string, each: number): readonly Uint8Array[] {
  const keys = privateKeys(directory)
  const seen = new Map<string, number>()
  return responses.filter((bytes) => {
    const kind = envelopesIn(Buffer.from(bytes), '', keys)
      .map(({ name }) => name)
      .join(' ')
    const count = (seen.get(kind) ?? 0) + 1
    seen.set(kind, count)
    return count <= each
  })
}

/** Verdicts that are not as they must be: no error but the parser's own limits, signed by us, and a fault with its own code. */
export function problemsOf(verdicts: readonly LibraryVerdict[]): readonly LibraryVerdict[] {
  return verdicts.filter(({ type, error, signatureValidByJdk, onlyForClients }) => {
    if (type === 'SOAPFault') return !/^9[0-5]\d\d$/.test(error ?? '')
    return signatureValidByJdk !== true || (error ?? null) !== (onlyForClients ? '9100' : null)
  })
}
