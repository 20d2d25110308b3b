// SPDX-License-Identifier: EUPL-1.2
/**
 * What a request must be like that somebody else sends: to our recipient, or through our proxy.
 * @module
 */
import type { CheckResult } from '../check/types.js'
import type { RequestName } from '../osci/messages.js'
import type { OsciMessage } from '../osci/types.js'
import { failed, notTested, PASSED, type Clause, type Party, type Verdict } from './clause.js'
import type { Words } from './deviation.js'
import type { Profile } from './profile.js'

/** A request that reached us. */
export interface Arrived {
  readonly leg: number
  readonly bytes: Uint8Array
  /** As far as our keys reach. */
  readonly message?: OsciMessage
  /** The finding that kept it closed. */
  readonly problem?: string
}

export interface Arrivals {
  readonly arrived: readonly Arrived[]
  readonly check: (bytes: Uint8Array) => Promise<CheckResult>
}

const MAX_SHOWN = 3

interface ArrivalRow {
  readonly name: string
  readonly text: Words
  readonly reference: string
  readonly wrong: (one: Arrived, all: Arrivals, profile: Profile) => Promise<string | undefined> | string | undefined
}

const ARRIVALS: readonly ArrivalRow[] = [
  {
    name: 'request-readable', text: { de: 'Der Auftrag ist lesbar, und seine Signatur stimmt.', en: 'The request can be read, and its signature is right.' }, reference: 'osci-1.2 §9.7',
    wrong: ({ problem }) => problem,
  },
  {
    name: 'request-form', text: { de: 'Der Auftrag besteht die Prüfung in allen Schichten.', en: 'The request passes the check in all layers.' }, reference: 'osci-1.2 §2',
    wrong: async ({ bytes }, { check }) => {
      const { findings } = await check(bytes)
      const wrong = findings.filter(({ severity, layer }) => severity === 'error' && layer !== 'certificates' && layer !== 'policy')
      return wrong.length === 0 ? undefined : wrong.map(({ id }) => id).join(', ')
    },
  },
  {
    name: 'request-signed', text: { de: 'Der Auftrag ist signiert.', en: 'The request is signed.' }, reference: 'osci-1.2 §9.7',
    wrong: ({ message }, _all, { signed }) => (signed === 'required' && !message?.evidence.signature ? 'not signed' : undefined),
  },
  {
    name: 'request-encrypted', text: { de: 'Der Auftrag ist verschlüsselt, und das Zertifikat für die Antwort liegt bei.', en: 'The request is encrypted, and brings the certificate for the answer.' }, reference: 'osci-1.2 §9.7, §5.3',
    wrong: ({ message }, _all, { encrypted }) => (encrypted === 'required' && !message?.evidence.transport ? 'in clear' : undefined),
  },
  {
    name: 'request-fresh', text: { de: 'Jeder Auftrag hat eine Challenge, die es noch nicht gab.', en: 'Each request has a challenge that was not there before.' }, reference: 'osci-1.2 §3.2',
    wrong: ({ message }, { arrived }) => {
      const challenge = message?.control.challenge
      return arrived.filter((one) => one.message?.control.challenge === challenge).length > 1 ? 'the same challenge again' : undefined
    },
  },
] // prettier-ignore

/** @param of where the role keeps what arrived. */
export function arrivalClauses<R>(
  names: readonly RequestName[],
  party: Party,
  profile: Profile,
  of: (role: R) => Arrivals,
): readonly Clause<R>[] {
  return names.flatMap((exchange) =>
    ARRIVALS.map(({ name, text, reference, wrong }): Clause<R> => ({
      id: `${exchange}.${name}`,
      party,
      exchange,
      text,
      reference,
      run: async (role): Promise<Verdict> => {
        const all = of(role)
        const those = all.arrived.filter(({ message }) => message?.type === exchange || (!message && name === 'request-readable'))
        if (those.length === 0) return notTested('Kein Auftrag dieser Art kam an.', 'No request of this kind arrived.')
        for (const one of those) {
          const why = await wrong(one, all, profile)
          if (why !== undefined) return { ...failed(why, why), legs: [one.leg] }
        }
        return { ...PASSED, legs: those.slice(0, MAX_SHOWN).map(({ leg }) => leg) }
      },
    })),
  )
}
