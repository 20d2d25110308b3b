// SPDX-License-Identifier: EUPL-1.2
/**
 * We sit between two parties. What passes is judged; each fault that was asked for is done once, to the first exchange that it fits.
 *
 *   request bent ──► does the supplier's answer name it?                     `fault.request.…`, the supplier's clause
 *   answer bent  ──► does the asker say nothing more in that dialog?         `fault.answer.…`, the asker's clause (osci-1.2 §3.6)
 * @module
 */
import { ProtektorError } from '../errors.js'
import { EXCHANGES, messageType, REQUEST_NAMES } from '../osci/messages.js'
import { osci } from '../osci/stages.js'
import type { OsciEnv } from '../osci/types.js'
import { arrivalClauses, arrivedAs, expected, type Arrived, type Check } from './arrivals.js'
import { failed, notTested, oneOf, PASSED, type Clause, type Party, type Verdict } from './clause.js'
import type { Where } from './deviation.js'
import { readTold } from './driver.js'
import type { Fault } from './faults.js'
import type { Profile } from './profile.js'
import { Proxy, type Passed, type ProxyNeeds } from './proxy.js'
import { envFor } from './wire.js'

export interface ProxyRoleNeeds extends Omit<ProxyNeeds, 'faultFor' | 'passed'> {
  readonly faults: readonly Fault[]
  readonly check: Check
  /** Strict, with the keys of the hand: what passes is judged by it. */
  readonly env: OsciEnv
}

/** Facts of an exchange that passed; its bytes lie in the legs. */
interface Seen extends Pick<Passed, 'fault' | 'undone' | 'legs'> {
  readonly request?: Arrived
  /** Of the answer to a request that was bent. */
  readonly tokens: readonly string[]
  readonly atMs: number
}

export class ProxyRole {
  readonly proxy: Proxy
  readonly seen: Seen[] = []
  readonly #needs: ProxyRoleNeeds
  readonly #waiting: Set<Fault>

  constructor(needs: ProxyRoleNeeds) {
    this.#needs = needs
    this.#waiting = new Set(needs.faults)
    this.proxy = new Proxy({ ...needs, faultFor: (where) => this.#next(where), passed: (exchange) => this.#passed(exchange) })
  }

  /** Every fault has been done, and there was time to see what came of it. */
  get isDone(): boolean {
    const { faults } = this.#needs
    return faults.length > 0 && faults.every((fault) => this.seen.some((one) => one.fault === fault && this.watched(one)))
  }

  /** After a wrong answer the asker had as long to speak as a call may take. */
  watched({ fault, atMs }: Seen): boolean {
    const { env, timeoutMs } = this.#needs
    return fault?.codes !== undefined || env.monotonicMs() - atMs >= timeoutMs
  }

  get arrived(): readonly Arrived[] {
    return this.seen.flatMap(({ request }) => request ?? [])
  }

  #next(where: Where | undefined): Fault | undefined {
    const fault = [...this.#waiting].find(({ depth, fits, onlyKnown }) => (where ? fits(where) : depth === 'wire' && onlyKnown !== true))
    if (fault) this.#waiting.delete(fault)
    return fault
  }

  async #passed({ legs, request, where, answer, fault, undone }: Passed): Promise<void> {
    const { env, check } = this.#needs
    const opened = await osci.open(request.body, envFor(request, env)).catch(expected)
    // what we cannot open for want of a key says nothing about its sender
    const known = where !== undefined || !(opened instanceof ProtektorError)
    this.seen.push({
      legs,
      atMs: env.monotonicMs(),
      tokens: fault?.codes && answer ? (await readTold(answer, env)).tokens : [],
      ...(known ? { request: await arrivedAs(legs[0] ?? 0, request, opened, check) } : {}),
      ...(fault ? { fault } : {}),
      ...(undone === undefined ? {} : { undone }),
    })
  }
}

const closes = (name: Arrived['name']): boolean => {
  const exchange = name && messageType(name)?.exchange
  return exchange !== undefined && EXCHANGES[exchange].dialog === 'closes'
}

const NOT_DONE = notTested('Es kam kein Austausch, zu dem der Fehler passt.', 'No exchange came that the fault fits.')

/** What the supplier said is between it and the asker: without the asker's key there is no verdict. */
const NOT_OUR_KEY = 'transport-encryption.not-our-key'
const SEALED = notTested(
  'Die Antwort ist für einen Schlüssel verschlüsselt, der hier nicht vorliegt.',
  'The answer is encrypted for a key that is not at hand.',
)

const REFUSAL = [
  'Eine Absage ist eine richtige Antwort; was daraus wird, zeigt sich beim Anfragenden.',
  'A refusal is a regular answer; what comes of it only the asker shows.',
] as const

const NO_DIALOG = [
  'Ohne Dialog zeigt sich nur beim Anfragenden selbst, was er daraus macht.',
  'Without a dialog only the asker itself shows what it makes of it.',
] as const

const OVER = ['Mit diesem Auftrag endet der Dialog ohnehin.', 'The dialog ends with this request anyhow.'] as const
const UNREAD = [
  'Danach kam etwas, das sich keinem Dialog zuordnen lässt.',
  'After it something came that cannot be assigned to any dialog.',
] as const
const TOO_SHORT = ['Es wurde nicht lange genug zugesehen.', 'It was not watched for long enough.'] as const

function verdictOf(fault: Fault, role: ProxyRole): Verdict {
  const { seen } = role
  const at = seen.findIndex((one) => one.fault === fault)
  const done = seen[at]
  if (!done) return NOT_DONE
  const { legs, undone, tokens, request } = done
  if (undone !== undefined) return { ...notTested(`nicht herzustellen: ${undone.de}`, `cannot be made: ${undone.en}`), legs }
  if (fault.codes) return { ...(tokens.includes(NOT_OUR_KEY) ? SEALED : oneOf(fault.codes, tokens)), legs }
  // a refusal is a regular answer: the dialog may go on
  if (fault.refusal) return { ...notTested(...REFUSAL), legs }
  const { name, control } = request ?? {}
  if (control?.conversationId === undefined) return { ...notTested(...NO_DIALOG), legs }
  if (closes(name)) return { ...notTested(...OVER), legs }
  const after = seen.slice(at + 1)
  const more = after.find((one) => one.request?.control?.conversationId === control.conversationId)
  if (more) {
    const next = more.request?.name ?? ''
    return {
      ...failed(`Im selben Dialog kam danach noch ${next}.`, `In the same dialog ${next} came after it.`),
      legs: [...legs, ...more.legs],
    }
  }
  const unread = after.find((one) => one.request?.control === undefined)
  if (unread) return { ...notTested(...UNREAD), legs: [...legs, ...unread.legs] }
  return { ...(role.watched(done) ? PASSED : notTested(...TOO_SHORT)), legs }
}

/** The numbers of a dialog's requests, those aside to which a fault was done. */
function dialogVerdict(role: ProxyRole): Verdict {
  const next = new Map<string, number>()
  const legs: number[] = []
  for (const { request, fault } of role.seen) {
    const { conversationId, sequenceNumber } = request?.control ?? {}
    const leg = request?.leg ?? 0
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
      const codes = fault.codes?.join(', ') ?? ''
      return {
        id: `fault.${fault.name}`,
        party: fault.codes ? parties.supplier : parties.asker,
        exchange: 'message',
        text: fault.codes
          ? {
              de: `${fault.text.de} Der Beantwortende nennt es (${codes}).`,
              en: `${fault.text.en} The supplier names it (${codes}).`,
            }
          : {
              de: `${fault.text.de} Danach sagt der Anfragende im Dialog nichts mehr.`,
              en: `${fault.text.en} After it the asker says no more in the dialog.`,
            },
        reference: fault.codes ? 'osci-1.2 §9.1' : 'osci-1.2 §3.6, §9.9',
        run: (role) => Promise.resolve(verdictOf(fault, role)),
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
    ...arrivalClauses<ProxyRole>(names, parties.asker, profile, ({ arrived }) => arrived),
  ]
}
