// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/messages.md: every message, from the table in `src/osci/messages.ts`.
 * @module
 */
import { CERTIFICATE_SETS, EXCHANGES, MESSAGE_TYPES, REQUEST_NAMES, bodySlots, headerSlots } from '../../src/osci/messages.js'
import type { CertificateCards, Exchange, MessageType, Slot } from '../../src/osci/messages.js'
import { PREFIX } from '../../src/osci/names.js'
import type { Generator } from '../generated.js'
import { GENERATED, code, table } from './markdown.js'

const SOURCE = 'src/osci/messages.ts'

const INTRODUCTION = `# Messages of OSCI-Transport 1.2

Twelve exchanges, two messages each; besides them there are the encrypted message and the SOAP fault. One slot order explains all 24
headers: a message only states how often a slot occurs. Custom header blocks follow behind these slots.

How often: \`1\` once · \`?\` at most once · \`*\` any number · \`+\` once or more · \`2\` twice · \`0..2\` up to twice.
ControlBlock: \`!\` required · \`?\` optional · \`-\` forbidden.
`

const ASKS: Readonly<Record<Exchange['asks'], string>> = {
  client: 'a user asks an intermediary',
  intermediary: 'an intermediary asks a passive recipient',
}

const DIALOG: Readonly<Record<Exchange['dialog'], string>> = {
  opens: 'opens an explicit dialog',
  closes: 'closes the explicit dialog',
  explicit: 'inside an explicit dialog only',
  either: 'alone (implicit dialog) or inside an explicit dialog',
  none: 'no dialog: one request, one response',
}

const slots = (list: readonly Slot[]): string =>
  list.length === 0 ? 'empty' : list.map((slot) => `${code(`${PREFIX[slot.uri] ?? '?'}:${slot.name}`)} ${slot.card}`).join(' · ')

function control(type: MessageType): string {
  const names = ['Response', 'Challenge', 'ConversationId', 'SequenceNumber']
  return names.map((name, index) => `${name} ${type.control[index] ?? ''}`).join(' · ')
}

const certificates = (cards: CertificateCards): string =>
  Object.entries(cards)
    .map(([name, card]) => `${code(name)} ${card}`)
    .join(' · ')

function message(type: MessageType): string {
  const rows = [
    ['ControlBlock', control(type)],
    ['header', slots(headerSlots(type))],
    ['body', slots(bodySlots(type))],
    ['message signature', `${code(type.signatureElement)}, key of ${code(type.signer)}`],
    ['NonIntermediaryCertificates', type.nonIntermediary && type.certificates ? certificates(CERTIFICATE_SETS[type.certificates]) : '–'],
    ['schema', code(type.schemaFile)],
  ]
  return `### ${type.name}\n\n${table(['', ''], rows)}\n`
}

function exchangeSection(name: (typeof REQUEST_NAMES)[number]): string {
  const exchange: Exchange = EXCHANGES[name]
  const both = MESSAGE_TYPES.filter((type) => type.exchange === name)
  const codes = exchange.feedback.length === 0 ? '–' : exchange.feedback.map((one) => `[${one}](feedback.md)`).join(', ')
  return (
    `\n## ${name} · ${exchange.de}\n\nRoles: ${ASKS[exchange.asks]}. Dialog: ${DIALOG[exchange.dialog]}.\n\nFeedback of the answer, beyond what every answer may carry: ${codes}\n\n${both.map(message).join('')}`.trimEnd() +
    '\n'
  )
}

export const messagesPage: Generator = {
  name: 'messages',
  source: SOURCE,
  make: () => {
    const overview = table(
      ['request', 'Auftrag', 'who asks', 'dialog', 'response'],
      REQUEST_NAMES.map((name) => {
        const exchange: Exchange = EXCHANGES[name]
        return [
          code(name),
          exchange.de,
          exchange.asks,
          exchange.dialog,
          code(MESSAGE_TYPES.find((type) => type.exchange === name && type.kind === 'response')?.name ?? ''),
        ]
      }),
    )
    return Promise.resolve(
      new Map([['docs/messages.md', GENERATED(SOURCE) + INTRODUCTION + '\n' + overview + REQUEST_NAMES.map(exchangeSection).join('')]]),
    )
  },
}
