// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor keys participant`: keys of a protector client, as `send`, `take` and `answer` read them, and the public half for whoever
 * registers the participant (`participants[].jwks`). Made here, never sent anywhere; nothing is overwritten.
 * @module
 */
import { generateEnvelopeKey, type KeyOwner } from '../../envelope/keys.js'
import { NAME } from '../../config/options.js'
import { PARTICIPANT } from '../../envelope/metadata.js'
import { parseCommand, UsageError } from '../arguments.js'
import { assertAddress, readJwks, recipientKey, type KeysFile } from '../participant/keys-file.js'

const OPTIONS = {
  id: { type: 'string' },
  out: { type: 'string' },
  recipient: { type: 'string' },
  sender: { type: 'string', multiple: true, default: [] as string[] },
  url: { type: 'string' },
} as const

async function senderOf(text: string): Promise<KeyOwner> {
  const at = text.indexOf('=')
  const id = text.slice(0, at)
  if (at < 1 || !PARTICIPANT.test(id))
    throw new UsageError({ de: `--sender verlangt TEILNEHMER=DATEI: ${text}`, en: `--sender wants PARTICIPANT=FILE: ${text}` })
  return { id, jwks: await readJwks(text.slice(at + 1)) }
}

/** @returns the directory, and the files to be written into it. @throws {UsageError} {ConfigError} */
export async function makeParticipant(argv: readonly string[]): Promise<{ directory: string; files: ReadonlyMap<string, string> }> {
  const { values } = parseCommand(argv, OPTIONS, false)
  const { id: participant = '', out: directory, url } = values
  // what `participants[].id` takes; envelopes know more
  if (!NAME.safeParse(participant).success || directory === undefined)
    throw new UsageError({
      de: 'keys participant verlangt --id TEILNEHMER (Buchstaben, Ziffern und . _ -, höchstens 64) --out VERZEICHNIS',
      en: 'keys participant wants --id PARTICIPANT (letters, digits and . _ -, 64 at most) --out DIR',
    })
  if (url !== undefined) assertAddress(url)
  const sign = await generateEnvelopeKey('sig')
  const open = await generateEnvelopeKey('enc')
  const bare: KeysFile = { participant, sign: sign.privateJwk, open: open.privateJwk }
  const keys: KeysFile = {
    ...bare,
    ...(values.recipient === undefined ? {} : { recipient: await recipientKey(values.recipient, bare) }),
    senders: await Promise.all(values.sender.map(senderOf)),
    ...(url === undefined ? {} : { url }),
  }
  const json = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'
  return {
    directory,
    files: new Map([
      [`${participant}.keys.json`, json(keys)],
      [`${participant}.json`, json({ keys: [sign.publicJwk, open.publicJwk] })],
    ]),
  }
}
