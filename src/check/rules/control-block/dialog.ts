// SPDX-License-Identifier: EUPL-1.2
/**
 * Control block: what one message alone shows of its dialog. Which fields must be there says the table of messages; the chain of
 * challenges over several messages is the dialog's business (osci/dialog.ts).
 * Specs: osci-1.2 §3.1 to §3.5, §3.7; trap T9.
 * @module
 */
import { EXCHANGES } from '../../../osci/messages.js'
import type { Raised } from '../../types.js'
import { blockOf, type OsciView, type Rule } from '../rule.js'

const MIN_CHALLENGE = 8

const at = (view: OsciView, detail?: string): Raised => ({
  element: blockOf(view, 'ControlBlock'),
  ...(detail === undefined ? {} : { detail }),
})

/** A request that may stand alone or in a dialog. */
const mayStandAlone = ({ type }: OsciView): boolean => type.kind === 'request' && EXCHANGES[type.exchange].dialog === 'either'

export const CONTROL_BLOCK_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'control-block.dialog-without-response',
    severity: 'error',
    reference: 'osci-1.2 §3.1, §3.7',
    feedback: '9400',
    de: 'Der Auftrag nennt einen Dialog (ConversationId), gibt aber dessen Challenge nicht zurück (Response).',
    en: 'The request names a dialog (ConversationId) and does not return its challenge (Response).',
    *run(view) {
      const { conversationId, response } = view.message.control
      if (mayStandAlone(view) && conversationId !== undefined && response === undefined) yield at(view)
    },
  },
  {
    id: 'control-block.response-outside-dialog',
    severity: 'info',
    reference: 'osci-1.2 §3.7, T9',
    de: 'Response ohne Dialog: wird übergangen, die verbreitete Bibliothek schreibt es so.',
    en: 'Response without a dialog: passed over, the common library writes it.',
    *run(view) {
      const { conversationId, response } = view.message.control
      if (mayStandAlone(view) && conversationId === undefined && response !== undefined) yield at(view)
    },
  },
  {
    id: 'control-block.implicit-sequence',
    severity: 'warning',
    reference: 'osci-1.2 §3.4',
    de: 'Ein einzelner Auftrag ohne Dialog trägt nicht die SequenceNumber 0.',
    en: 'A single request without a dialog does not carry SequenceNumber 0.',
    *run(view) {
      const { conversationId, sequenceNumber } = view.message.control
      if (mayStandAlone(view) && conversationId === undefined && sequenceNumber !== undefined && sequenceNumber !== 0)
        yield at(view, `SequenceNumber ${sequenceNumber}`)
    },
  },
  {
    id: 'control-block.short-challenge',
    severity: 'warning',
    reference: 'osci-1.2 §3.2',
    de: 'Die Challenge ist leer oder kürzer als acht Zeichen: sie lässt sich erraten.',
    en: 'The challenge is empty or shorter than eight characters: it can be guessed.',
    *run(view) {
      const { challenge } = view.message.control
      if (challenge !== undefined && challenge.length < MIN_CHALLENGE) yield at(view, `${challenge.length} characters`)
    },
  },
  {
    id: 'control-block.repeated-challenge',
    severity: 'warning',
    reference: 'osci-1.2 §3.2',
    de: 'Challenge und Response sind gleich: die Challenge ist nicht neu gewählt.',
    en: 'Challenge and Response are the same: the challenge is not a fresh one.',
    *run(view) {
      const { challenge, response } = view.message.control
      if (challenge !== undefined && challenge !== '' && challenge === response) yield at(view)
    },
  },
  {
    id: 'control-block.open-dialog-without-challenge',
    severity: 'warning',
    reference: 'osci-1.2 §3.1, §3.2',
    de: 'Der Dialog bleibt offen (0801), aber die Antwort gibt keine Challenge für den nächsten Auftrag.',
    en: 'The dialog stays open (0801), and the answer gives no challenge for the next request.',
    *run(view) {
      const stays = (view.order.feedback?.entries ?? []).some(({ code }) => code === '0801')
      if (stays && view.message.control.challenge === undefined) yield at(view)
    },
  },
]
