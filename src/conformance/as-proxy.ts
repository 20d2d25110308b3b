// SPDX-License-Identifier: EUPL-1.2
/**
 * We sit between two parties. What passes is judged; each fault that was asked for is done once, to the first exchange that it fits.
 *
 *   request bent ──► does the supplier's answer name it?                     `fault.request.…`, the supplier's clause
 *   answer bent  ──► does the asker say nothing more in that dialog?         `fault.answer.…`, the asker's clause (osci-1.2 §3.6)
 * @module
 */
import type { CheckResult } from '../check/types.js'
import { EXCHANGES, REQUEST_NAMES } from '../osci/messages.js'
import { osci } from '../osci/stages.js'
import type { OsciMessage } from '../osci/types.js'
import { ProtektorError } from '../errors.js'
import { arrivalClauses, type Arrivals, type Arrived } from './arrivals.js'
import { failed, notTested, oneOf, PASSED, type Clause, type Party, type Verdict } from './clause.js'
import type { Where } from './deviation.js'
import { readTold } from './driver.js'
import type { Fault } from './faults.js'
import type { Profile } from './profile.js'
import { Proxy, type Passed, type ProxyNeeds } from './proxy.js'

export interface ProxyRoleNeeds extends Omit<ProxyNeeds, 'faultFor' | 'passed'> {
  readonly faults: readonly Fault[]
  readonly check: (bytes: Uint8Array) => Promise<CheckResult>
}

interface Seen extends Passed {
  readonly message?: OsciMessage
}

export class ProxyRole implements Arrivals {
  readonly proxy: Proxy
  readonly check: ProxyRoleNeeds['check']
  readonly arrived: Arrived[] = []
  readonly seen: Seen[] = []
  readonly #needs: ProxyRoleNeeds
  readonly #waiting: Set<Fault>

  constructor(needs: ProxyRoleNeeds) {
    this.#needs = needs
    this.check = needs.check
    this.#waiting = new Set(needs.faults)
    this.proxy = new Proxy({ ...needs, faultFor: (where) => this.#next(where), passed: (exchange) => this.#passed(exchange) })
  }

  /** Every fault has been done. */
  get isDone(): boolean {
    return this.#needs.faults.length > 0 && this.#waiting.size === 0
  }

  get env(): ProxyNeeds['hand']['env'] {
    return this.#needs.hand.env
  }

  #next(where: Where | undefined): Fault | undefined {
    const fault = [...this.#waiting].find(({ depth, fits }) => (where ? fits(where) : depth === 'wire'))
    if (fault) this.#waiting.delete(fault)
    return fault
  }

  async #passed(exchange: Passed): Promise<void> {
    const { leg, request: bytes, where } = exchange
    const opened: Pick<Arrived, 'message' | 'problem'> = await osci.open(bytes, this.env).then(
      (message) => ({ message }),
      (error: unknown) => (where ? { problem: error instanceof ProtektorError ? error.finding : String(error) } : {}),
    )
    // what we cannot open for want of a key says nothing about its sender
    if (opened.message || opened.problem !== undefined) this.arrived.push({ leg, bytes, ...opened })
    this.seen.push({ ...exchange, ...(opened.message ? { message: opened.message } : {}) })
  }
}

const NOT_DONE = notTested('Es kam kein Austausch, zu dem der Fehler passt.', 'No exchange came that the fault fits.')

const REFUSAL = [
  'Eine Absage ist eine richtige Antwort; was daraus wird, zeigt sich beim Anfragenden.',
  'A refusal is a regular answer; what comes of it only the asker shows.',
] as const

async function verdictOf(fault: Fault, role: ProxyRole): Promise<Verdict> {
  const at = role.seen.findIndex((one) => one.fault === fault)
  const done = role.seen[at]
  if (!done) return NOT_DONE
  const legs = [done.leg]
  if (done.undone !== undefined) return { ...notTested(`nicht herzustellen: ${done.undone}`, `cannot be made: ${done.undone}`), legs }
  if (fault.codes) return { ...oneOf(fault.codes, done.answer ? (await readTold(done.answer, role.env)).tokens : []), legs }
  // a refusal is a regular answer: the dialog may go on
  if (fault.seen?.finding === 'client.refused') return { ...notTested(...REFUSAL), legs }
  const conversation = done.message?.control.conversationId
  if (conversation === undefined)
    return {
      ...notTested(
        'Ohne Dialog zeigt sich nur beim Anfragenden selbst, was er daraus macht.',
        'Without a dialog only the asker itself shows what it makes of it.',
      ),
      legs,
    }
  const more = role.seen.slice(at + 1).find(({ message }) => message?.control.conversationId === conversation)
  if (!more) return { ...PASSED, legs }
  const name = more.message?.type ?? ''
  return { ...failed(`Im selben Dialog kam danach noch ${name}.`, `In the same dialog ${name} came after it.`), legs: [done.leg, more.leg] }
}

/** Requests follow the dialog: the answer before it said what this one must carry. */
function dialogVerdict(role: ProxyRole): Verdict {
  const next = new Map<string, number>()
  const legs: number[] = []
  for (const { message, leg, fault } of role.seen) {
    const { conversationId, sequenceNumber } = message?.control ?? {}
    if (conversationId === undefined || sequenceNumber === undefined) continue
    const due = next.get(conversationId) ?? 0
    if (sequenceNumber !== due && !fault) {
      const why = `SequenceNumber ${sequenceNumber} (${due})`
      return { ...failed(why, why), legs: [leg] }
    }
    next.set(conversationId, due + 1)
    legs.push(leg)
  }
  return legs.length === 0
    ? notTested('Kein Auftrag in einem Dialog kam vorbei.', 'No request inside a dialog passed.')
    : { ...PASSED, legs: legs.slice(0, 3) }
}

/** @param parties who asks and who answers here. */
export function proxyClauses(
  profile: Profile,
  faults: readonly Fault[],
  parties: { readonly asker: Party; readonly supplier: Party },
): readonly Clause<ProxyRole>[] {
  const asks = parties.asker === 'client' ? 'client' : 'intermediary'
  const names = REQUEST_NAMES.filter((name) => EXCHANGES[name].asks === asks && profile.exchanges.includes(name))
  return [
    ...faults.map((fault): Clause<ProxyRole> => {
      const expected = fault.codes?.join(', ') ?? [fault.seen?.code, fault.seen?.finding].filter((one) => one !== undefined).join(', ')
      return {
        id: `fault.${fault.name}`,
        party: fault.codes ? parties.supplier : parties.asker,
        exchange: 'message',
        text: fault.codes
          ? {
              de: `${fault.text.de} Der Beantwortende nennt es (${expected}).`,
              en: `${fault.text.en} The supplier names it (${expected}).`,
            }
          : {
              de: `${fault.text.de} Der Anfragende verwirft sie (${expected}) und schweigt im Dialog.`,
              en: `${fault.text.en} The asker discards it (${expected}) and says no more in the dialog.`,
            },
        reference: fault.codes ? 'osci-1.2 §9.1' : 'osci-1.2 §3.6, §9.9',
        run: (role) => verdictOf(fault, role),
      }
    }),
    ...(asks === 'client'
      ? [
          {
            id: 'message.request-order',
            party: parties.asker,
            exchange: 'message' as const,
            text: {
              de: 'Die Aufträge eines Dialogs sind lückenlos gezählt, von 0 an.',
              en: 'The requests of a dialog are counted without gaps, from 0 on.',
            },
            reference: 'osci-1.2 §3.4',
            run: (role: ProxyRole) => Promise.resolve(dialogVerdict(role)),
          },
        ]
      : []),
    ...arrivalClauses<ProxyRole>(names, parties.asker, profile, (role) => role),
  ]
}
