// SPDX-License-Identifier: EUPL-1.2
/**
 * Deviations of the control block. Which of them a message can have follows from its marks in the table and from the state of the dialog:
 *
 *   mark `!`  missing is wrong        mark `-`  being there is wrong        `?`  wrong only inside a dialog
 *
 * Each is signed anew, so that nothing but the control block is wrong. Specs: osci-1.2 §3.1–3.7; wire facts §4.
 * @module
 */
import { certificateSets, messageType, type MessageType } from '../../osci/messages.js'
import type { ControlBlock, OsciMessage } from '../../osci/types.js'
import { Unbendable, type Bend } from '../bend.js'
import { inAnswer, inRequest, type Deviation, type Where } from '../deviation.js'

type Field = keyof ControlBlock
const FIELDS: readonly Field[] = ['response', 'challenge', 'conversationId', 'sequenceNumber']

const marked =
  (field: Field, mark: string) =>
  ({ type }: Where): boolean =>
    type.control[FIELDS.indexOf(field)] === mark
const inDialog = ({ inDialog: it }: Where): boolean => it

const with_ = (change: (control: ControlBlock) => ControlBlock): Bend => ({ message: (m) => ({ ...m, control: change(m.control) }) })
const without = (...fields: readonly Field[]): Bend =>
  with_((control) => Object.fromEntries(Object.entries(control).filter(([name]) => !fields.includes(name as Field))))

/** Whether the row has a place for the certificate that an encrypted answer needs: in a dialog it came with initDialog (osci-1.2 §5.3). */
const hasPlaceForAnswerKey = (type: MessageType): boolean => certificateSets(type).others[ANSWER_KEY] !== undefined
const ANSWER_KEY = 'CipherCertificateOriginator'

/** As it would come alone: nothing but the dialog is missing. */
function alone(m: OsciMessage): OsciMessage {
  const type = messageType(m.type)
  if (type && hasPlaceForAnswerKey(type) && m.certificates?.some(({ role }) => role === ANSWER_KEY) !== true)
    throw new Unbendable('das Zertifikat für die Antwort fehlt ohnehin', 'the certificate for the answer is missing anyhow')
  const { challenge } = m.control
  return { ...m, control: { ...(challenge === undefined ? {} : { challenge }), sequenceNumber: 0 } }
}

const NO_DIALOG = '99999999999999999999'
const dialog = inRequest('control-block', 'exchange', '9400')
const form = inRequest('control-block', 'exchange', '9400', '9300')
const REFERENCE = 'osci-1.2 §3.7'

export const CONTROL: readonly Deviation[] = [
  dialog('response-wrong', 'Response ist nicht die letzte Challenge der Gegenseite.', 'Response is not the other side’s last challenge.', {
    reference: REFERENCE, finding: 'control-block.wrong-response', fits: inDialog, bend: with_((c) => ({ ...c, response: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
  }),
  dialog('response-missing', 'Response fehlt im Dialog.', 'Response is missing in the dialog.', {
    reference: REFERENCE, finding: 'control-block.wrong-response', fits: inDialog, bend: without('response'),
  }),
  dialog('response-forbidden', 'Response steht dort, wo es keine geben darf.', 'There is a Response where none may be.', {
    reference: REFERENCE, finding: 'control-block.forbidden-response', fits: marked('response', '-'), bend: with_((c) => ({ ...c, response: 'AAAA' })),
  }),
  // §3.7 says 9300, the library 9100, the block itself 9400: any of them says where to look
  inRequest('control-block', 'exchange', '9300', '9100', '9400')('challenge-missing', 'Challenge fehlt.', 'Challenge is missing.', {
    reference: REFERENCE, finding: 'control-block.missing-challenge', fits: marked('challenge', '!'), bend: without('challenge'),
  }),
  dialog('conversation-unknown', 'ConversationId eines Dialogs, den es nicht gibt.', 'ConversationId of a dialog that does not exist.', {
    reference: REFERENCE, finding: 'control-block.unknown-dialog', fits: inDialog, bend: with_((c) => ({ ...c, conversationId: NO_DIALOG })),
  }),
  form('conversation-no-number', 'ConversationId ist keine Zahl.', 'ConversationId is no number.', {
    reference: 'osci-1.2 §3.3', finding: 'osci-structure.bad-value', fits: inDialog, bend: with_((c) => ({ ...c, conversationId: '12a' })),
  }),
  dialog('conversation-forbidden', 'ConversationId steht dort, wo es keine geben darf.', 'There is a ConversationId where none may be.', {
    reference: REFERENCE, finding: 'control-block.forbidden-conversation-id', fits: marked('conversationId', '-'), bend: with_((c) => ({ ...c, conversationId: NO_DIALOG })),
  }),
  inRequest('control-block', 'exchange', '9802', '9400')('without-dialog', 'Der Auftrag kommt ohne den Dialog, den er braucht.', 'The request comes without the dialog that it needs.', {
    reference: 'osci-1.2 §3.5', finding: 'control-block.no-dialog', fits: (w) => w.inDialog && marked('conversationId', '!')(w) && (!w.encrypted || hasPlaceForAnswerKey(w.type)),
    bend: { message: alone },
  }),
  dialog('sequence-repeated', 'SequenceNumber ist die des vorigen Auftrags.', 'SequenceNumber is the one of the request before.', {
    reference: 'osci-1.2 §3.4', finding: 'control-block.wrong-sequence-number', fits: inDialog, second: true,
    bend: with_((c) => ({ ...c, sequenceNumber: Math.max(0, (c.sequenceNumber ?? 0) - 1) })),
  }),
  dialog('sequence-skipped', 'SequenceNumber überspringt eine Zahl.', 'SequenceNumber skips a number.', {
    reference: 'osci-1.2 §3.4', finding: 'control-block.wrong-sequence-number', fits: inDialog,
    bend: with_((c) => ({ ...c, sequenceNumber: (c.sequenceNumber ?? 0) + 1 })),
  }),
  form('sequence-missing', 'SequenceNumber fehlt.', 'SequenceNumber is missing.', {
    reference: REFERENCE, finding: 'control-block.missing-sequence-number', fits: marked('sequenceNumber', '!'), bend: without('sequenceNumber'),
  }),
  dialog('sequence-forbidden', 'SequenceNumber steht dort, wo es keine geben darf.', 'There is a SequenceNumber where none may be.', {
    reference: REFERENCE, finding: 'control-block.forbidden-sequence-number', fits: marked('sequenceNumber', '-'), bend: with_((c) => ({ ...c, sequenceNumber: 0 })),
  }),

  inAnswer('control-block', '9400')('wrong-challenge', 'Response der Antwort ist nicht die Challenge des Auftrags.', 'Response of the answer is not the challenge of the request.', {
    reference: 'osci-1.2 §3.2', finding: 'client.answer-response', bend: with_((c) => ({ ...c, response: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
  }),
  inAnswer('control-block', '9400')('no-response', 'Der Antwort fehlt Response.', 'The answer has no Response.', {
    reference: 'osci-1.2 §3.1', finding: 'control-block.missing-response', bend: without('response'),
  }),
  inAnswer('control-block', '9400')('other-conversation', 'Die Antwort nennt einen anderen Dialog.', 'The answer names another dialog.', {
    reference: 'osci-1.2 §3.3', finding: 'client.answer-conversation-id', fits: inDialog, bend: with_((c) => ({ ...c, conversationId: NO_DIALOG })),
  }),
  inAnswer('control-block', '9400')('other-sequence-number', 'Die Antwort nennt eine andere SequenceNumber.', 'The answer names another SequenceNumber.', {
    reference: 'osci-1.2 §3.4', finding: 'client.answer-sequence-number', fits: marked('sequenceNumber', '!'), bend: with_((c) => ({ ...c, sequenceNumber: (c.sequenceNumber ?? 0) + 7 })),
  }),
  inAnswer('control-block', '9400')('no-next-challenge', 'Die Antwort im Dialog bringt keine neue Challenge.', 'The answer inside a dialog brings no new challenge.', {
    reference: 'osci-1.2 §3.2', finding: 'control-block.missing-challenge', fits: (w) => w.inDialog && marked('challenge', '!')(w), bend: without('challenge'),
  }),
] // prettier-ignore
