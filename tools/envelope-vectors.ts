// SPDX-License-Identifier: EUPL-1.2
/**
 * Makes the test vectors of the envelope once: `node --import tsx tools/envelope-vectors.ts`. Keys and envelopes that exist are kept:
 * they would differ every time (ES256 and PS256 are randomised), so this is no part of `npm run fixtures`.
 * With `--schema` only the JSON Schema is written anew.
 * @module
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { JWK } from 'jose'
import type { SigningKey } from '../src/envelope/keys.js'
import { generateEnvelopeKey, generateSessionKey, importSigningKey, publicJwkOf, thumbprint } from '../src/envelope/keys.js'
import { metadataJsonSchema } from '../src/envelope/metadata.js'
import { sealEnvelope } from '../src/envelope/seal.js'
import type { EnvelopeContent } from '../src/envelope/types.js'
import { writeVoucher } from '../src/envelope/voucher.js'

const root = new URL('../', import.meta.url)
const path = (name: string) => new URL(name, root)

interface Keys {
  readonly note: string
  readonly recipientEc: JWK
  readonly recipientRsa: JWK
  readonly senderEc: JWK
  readonly senderRsa: JWK
}

async function rsa(use: 'sig' | 'enc'): Promise<JWK> {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey.export({ format: 'jwk' }) as JWK
  return { ...jwk, kid: await thumbprint(jwk), use }
}

async function keys(): Promise<Keys> {
  const file = path('fixtures/envelope/keys.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Keys
  const made = {
    note: 'Test keys, published on purpose. Never use them for anything else.',
    recipientEc: (await generateEnvelopeKey('enc')).privateJwk,
    recipientRsa: await rsa('enc'),
    senderEc: (await generateEnvelopeKey('sig')).privateJwk,
    senderRsa: await rsa('sig'),
  }
  writeFileSync(file, JSON.stringify(made, null, 2) + '\n')
  return made
}

function request(replyKey: JWK): EnvelopeContent {
  const xml = new TextEncoder().encode('<?xml version="1.0" encoding="UTF-8"?>\n<demo>Müßtermann – Demo</demo>\n')
  return {
    header: { id: '0123456789abcdef0123456789abcdef', to: 'ags:99001000', ttlSeconds: 10 },
    kind: 'request',
    sender: 'portal-1',
    replyTo: 'reply.00112233445566778899aabbccddeeff',
    replyKey: publicJwkOf(replyKey),
    createdAt: '2026-11-23T09:15:30.123Z',
    subject: 'Demo',
    xoev: { standard: 'XProtektor-Demo', version: '1.0', messageType: 'meldebescheinigung.anfrage.1000', verdict: 'valid' },
    parts: [
      { name: 'content0', mediaType: 'application/xml', role: 'document', bytes: xml },
      { name: 'reading', mediaType: 'application/json', role: 'reading', bytes: new TextEncoder().encode('{"demo":"Müßtermann – Demo"}') },
      {
        name: 'bild@demo',
        mediaType: 'application/octet-stream',
        role: 'attachment',
        bytes: Uint8Array.from({ length: 20_000 }, (_, i) => i % 251),
      },
      { name: 'empty', mediaType: 'text/plain', role: 'attachment', bytes: new Uint8Array(0) },
    ],
  }
}

/** A key made for this one vector and forgotten: the voucher is all that a reader needs. */
async function sessionKey({ sender, header, createdAt }: EnvelopeContent, registered: SigningKey): Promise<SigningKey> {
  const { key, publicJwk } = await generateSessionKey()
  const now = new Date(createdAt)
  return { ...key, voucher: await writeVoucher({ participant: sender, key: registered, jwk: publicJwk, to: header.to, now }) }
}

async function main(): Promise<void> {
  writeFileSync(path('schemas/envelope/metadata-1.schema.json'), JSON.stringify(metadataJsonSchema(), null, 2) + '\n')
  if (process.argv.includes('--schema')) return
  const { recipientEc, recipientRsa, senderEc, senderRsa } = await keys()
  const vectors: { name: string; content: EnvelopeContent; recipient: JWK; sender: JWK; vouched?: true }[] = [
    { name: 'request-ec', content: request(recipientEc), recipient: recipientEc, sender: senderEc },
    { name: 'request-rsa', content: request(recipientRsa), recipient: recipientRsa, sender: senderRsa },
    {
      name: 'result-ec',
      content: {
        header: { id: 'fedcba9876543210fedcba9876543210', to: 'reply.00112233445566778899aabbccddeeff', ttlSeconds: 10 },
        kind: 'result',
        sender: 'register-1',
        inReplyTo: '0123456789abcdef0123456789abcdef',
        createdAt: '2026-11-23T09:15:31.000Z',
        outcome: { status: 'rejected', reasons: [{ code: 'X001', text: 'Demo' }] },
        parts: [],
      },
      recipient: recipientEc,
      sender: senderRsa,
    },
    { name: 'request-vouched', content: request(recipientEc), recipient: recipientEc, sender: senderRsa, vouched: true },
  ]
  const before = existsSync(path('fixtures/envelope/vectors.json'))
    ? (JSON.parse(readFileSync(path('fixtures/envelope/vectors.json'), 'utf8')) as { readonly name: string }[])
    : []
  const index: object[] = []
  for (const { name, content, recipient, sender, vouched } of vectors) {
    const kept = before.find((one) => one.name === name)
    if (kept) {
      index.push(kept)
      continue
    }
    const registered = await importSigningKey(sender)
    const signing = vouched ? await sessionKey(content, registered) : registered
    const bytes = await sealEnvelope(content, { recipient: publicJwkOf(recipient), sender: signing }, (n) => randomBytes(n))
    writeFileSync(path(`fixtures/envelope/${name}.bin`), bytes)
    const { parts, ...rest } = content
    index.push({
      name,
      file: `${name}.bin`,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      recipientKid: recipient.kid,
      senderKid: signing.kid,
      ...(vouched ? { vouched, vouchedByKid: sender.kid } : {}),
      content: rest,
      parts: parts.map(({ bytes: plain, ...part }) => ({
        ...part,
        bytes: plain.length,
        sha256: createHash('sha256').update(plain).digest('hex'),
      })),
    })
  }
  writeFileSync(path('fixtures/envelope/vectors.json'), JSON.stringify(index, null, 2) + '\n')
}

await main()
