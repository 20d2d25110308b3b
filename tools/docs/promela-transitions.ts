// SPDX-License-Identifier: EUPL-1.2
/**
 * proof/transitions.pml: the table of `src/core/states.ts` as the model checker reads it, so that what is proven is what runs.
 * @module
 */
import type { MailboxPolicy } from '../../src/core/ports.js'
import type { Event, State } from '../../src/core/states.js'
import { TRANSITIONS, isAvailable, isSettled, next } from '../../src/core/states.js'
import type { Generator } from '../generated.js'

const SOURCE = 'src/core/states.ts'

/** Every event once: the compiler misses one that is added to the table's type. */
const EVENTS: Readonly<Record<Event, true>> = {
  claim: true,
  confirm: true,
  refuse: true,
  broken: true,
  overdue: true,
  lapse: true,
  expire: true,
  withdraw: true,
  close: true,
  lost: true,
}

const HANDOVERS: Readonly<Record<MailboxPolicy['handover'], string>> = {
  'at-most-once': '!(confirms)',
  'lease-and-confirm': '(confirms)',
}

const STATES = Object.keys(TRANSITIONS) as State[]

/** One condition per step that can happen; a step that is the same for both kinds of mailbox says nothing of the kind. */
function steps(table: typeof next): string[] {
  const handovers = Object.keys(HANDOVERS) as MailboxPolicy['handover'][]
  return STATES.flatMap((from) =>
    (Object.keys(EVENTS) as Event[]).flatMap((event) => {
      const targets = handovers.map((handover) => [table(from, event, handover), ` && ${HANDOVERS[handover]}`] as const)
      const same = new Set(targets.map(([to]) => to)).size === 1
      return (same ? targets.slice(0, 1) : targets).flatMap(([to, kind]) =>
        to === undefined ? [] : [`((from) == ${from} && (what) == ${event}${same ? '' : kind} -> ${to} :`],
      )
    }),
  )
}

const anyOf = (test: (state: State) => boolean): string =>
  STATES.filter(test)
    .map((state) => `(s) == ${state}`)
    .join(' || ')

/** @param table the real one, or a wrong one that the model checker has to find out. */
export function promelaTransitions(table: typeof next = next): string {
  const lines = steps(table)
  return `/* SPDX-License-Identifier: EUPL-1.2 */
/* Generated from ${SOURCE} by "npm run docs". Change it there. */

mtype:state = { none, ${STATES.join(', ')} }
mtype:event = { ${Object.keys(EVENTS).join(', ')} }

#define AVAILABLE(s) (${anyOf(isAvailable)})
#define SETTLED(s) (${anyOf(isSettled)})

/* The state that an event leads to, or none when it cannot happen. confirms: the mailbox is of the kind lease-and-confirm. */
#define NEXT(from, what, confirms) \\
${lines.map((line) => `  ${line} \\`).join('\n')}
  none${')'.repeat(lines.length)}
`
}

export const promelaPage: Generator = {
  name: 'promela',
  source: SOURCE,
  make: () => Promise.resolve(new Map([['proof/transitions.pml', promelaTransitions()]])),
}
