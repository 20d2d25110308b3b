// SPDX-License-Identifier: EUPL-1.2
/**
 * Small header blocks that every message has: ControlBlock, DesiredLanguages, QualityOfTimestamp.
 *
 *   osci:ControlBlock @ConversationId? @SequenceNumber? ─ Response?, Challenge?
 *
 * Specs: [OSCI12 order.xsd ControlBlockType]; osci-1.2 §3.1, §3.7.
 * @module
 */
import { DialogError } from '../errors.js'
import { attributeOf, xpathOf, type ElementSpec, type XmlElement } from '../xml/tree.js'
import { empty, integer, opt, optAttr, misfit, struct, text, type Codec } from './codec.js'
import type { Control } from './messages.js'
import { SOAP } from './names.js'
import type { ControlBlock, TimestampWish } from './types.js'

const digits: Codec<string> = {
  read(e) {
    const value = text.read(e)
    if (!/^\d{1,64}$/.test(value)) throw misfit(e, 'bad-value', 'ConversationId holds digits only')
    return value
  },
  write: (v) => text.write(v),
}

const block = struct({
  conversationId: optAttr('ConversationId', digits),
  sequenceNumber: optAttr('SequenceNumber', integer),
  response: opt('Response', text),
  challenge: opt('Challenge', text),
})

const FIELDS = ['response', 'challenge', 'conversationId', 'sequenceNumber'] as const

/** Header attributes that belong to SOAP, not to the block. */
function withoutSoap(e: XmlElement): XmlElement {
  return { ...e, attributes: e.attributes.filter((a) => a.uri !== SOAP && !(a.uri === '' && a.local === 'Id')) }
}

/**
 * Reads the ControlBlock and compares it with the row's marks.
 * @param withoutDialog a request that names no dialog is read where the row demands one: an intermediary answers it 9802.
 * @throws {DialogError} 9400 something that must not, or must, be there; {OrderError} 9300 a value of the wrong form.
 */
export function readControl(
  e: XmlElement,
  { control, strayChallenge }: { readonly control: Control; readonly strayChallenge?: true },
  withoutDialog = false,
): ControlBlock {
  const value = block.read(withoutSoap(e))
  const namesNone = withoutDialog && value.conversationId === undefined
  for (const [at, name] of FIELDS.entries()) {
    const optional = namesNone && (name === 'response' || name === 'conversationId') && control[at] === '!'
    const mark = optional ? '?' : control[at]
    const there = value[name] !== undefined
    const isStray = strayChallenge === true && name === 'challenge'
    if ((mark === '!' && !there) || (mark === '-' && there && !isStray))
      throw new DialogError(
        `control-block.${there ? 'forbidden' : 'missing'}-${name === 'conversationId' ? 'conversation-id' : name === 'sequenceNumber' ? 'sequence-number' : name}`,
        `ControlBlock: ${name} is ${there ? 'not allowed' : 'missing'}`,
        {
          line: e.line,
          column: e.column,
          xpath: xpathOf(e),
        },
      )
  }
  return value
}

export const writeControl = (value: ControlBlock): ElementSpec => block.write(value)

const LANGUAGE = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$/

/** LanguagesList: at least one xsd:language, in order of preference. */
export function readLanguages(e: XmlElement): readonly string[] {
  const list = (attributeOf(e, 'LanguagesList') ?? '').split(/[ \t\r\n]/).filter((l) => l !== '')
  if (list.length === 0) throw misfit(e, 'languages', 'DesiredLanguages names no language')
  if (!list.every((l) => LANGUAGE.test(l))) throw misfit(e, 'languages', 'LanguagesList holds what is no language; blanks part them')
  empty.read(e)
  return list
}

const pick = <W extends string>(e: XmlElement, name: string, ...words: readonly W[]): W => {
  const value = attributeOf(e, name)
  const found = words.find((w) => w === value)
  if (found === undefined) throw misfit(e, 'bad-value', `${e.local}/@${name} must be one of ${words.join(', ')}`)
  return found
}

export function readTimestampWish(e: XmlElement): TimestampWish {
  empty.read(e)
  return { service: pick(e, 'Service', 'creation', 'reception'), quality: pick(e, 'Quality', 'plain', 'cryptographic') }
}
