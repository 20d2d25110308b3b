// SPDX-License-Identifier: EUPL-1.2
/**
 * The roles that the tester plays, as a table: what each needs of the command line, its clauses, and its run.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { OsciHttp } from '../../client/osci/ports.js'
import { osciHttp, type OsciHttpConnections } from '../../client/osci/transport.js'
import { systemSleep } from '../../client/transport.js'
import type { Check } from '../../conformance/arrivals.js'
import { ClientRole } from '../../conformance/as-client.js'
import { IntermediaryRole, recipientScenarios } from '../../conformance/as-intermediary.js'
import { proxyClauses, ProxyRole } from '../../conformance/as-proxy.js'
import { RecipientRole, recipientClauses } from '../../conformance/as-recipient.js'
import { chosen, type Clause, type ClauseResult, type Party } from '../../conformance/clause.js'
import { deviationClauses, positiveClauses } from '../../conformance/clauses.js'
import type { Fault } from '../../conformance/faults.js'
import { wanted, type RunKeys } from '../../conformance/keys.js'
import { listen, type Incoming, type Outgoing } from '../../conformance/listener.js'
import type { Profile } from '../../conformance/profile.js'
import { NoRun } from '../../conformance/no-run.js'
import { runClauses } from '../../conformance/run.js'
import { scenarioClauses } from '../../conformance/scenarios.js'
import { stationOf, type ProfileCertificates } from '../../conformance/setup.js'
import type { Legs } from '../../conformance/wire.js'
import { EXCHANGES, REQUEST_NAMES } from '../../osci/messages.js'
import { makeSigner } from '../../pki/keys.js'
import type { KeyPair } from '../../pki/keystore.js'

/** What a run has at hand, whatever its role. */
export interface Run {
  readonly profile: Profile
  readonly certificates: ProfileCertificates
  /** Of `profile.receiver`. */
  readonly receiver?: { readonly cipher: X509Certificate; readonly signature?: X509Certificate }
  readonly document?: Uint8Array
  readonly pairs: readonly KeyPair[]
  readonly keys: RunKeys
  readonly legs: Legs
  readonly check: Check
  readonly url?: string
  readonly listen?: { readonly host: string; readonly port: number }
  readonly to?: string
  readonly faults: readonly Fault[]
  readonly waitSeconds: number
  readonly only: readonly string[]
  readonly signal: AbortSignal
  readonly say: (text: string) => void
  readonly told: (result: ClauseResult) => Promise<void>
}

/** Enough to list clauses without a run. */
export type Planned = Pick<Run, 'profile' | 'url' | 'faults'>

/** Options that some roles have a use for. */
export type Given = 'url' | 'listen' | 'to' | 'fault'

export interface RoleRow {
  readonly needs: readonly Given[]
  /** Besides what it needs; anything else would have no effect. */
  readonly takes: readonly Given[]
  readonly clauses: (planned: Planned) => readonly Clause<never>[]
  readonly run: (run: Run, http: OsciHttpConnections) => Promise<void>
}

const POLL_MS = 100
const MAX_BODY_BYTES = 64 * 1024 * 1024

const base = ({ certificates }: Profile) => ({ signed: true, encrypted: certificates.cipher !== undefined })
const asked = (asks: 'client' | 'intermediary') => REQUEST_NAMES.filter((name) => EXCHANGES[name].asks === asks)

const clientClauses = ({ profile }: Planned): readonly Clause<ClientRole>[] => [
  ...positiveClauses(asked('client'), 'intermediary', profile),
  ...scenarioClauses(profile),
  ...deviationClauses(asked('client'), 'intermediary', profile, base(profile)),
]
const intermediaryClauses = ({ profile }: Planned): readonly Clause<IntermediaryRole>[] => [
  ...positiveClauses(asked('intermediary'), 'recipient', profile),
  ...recipientScenarios(profile),
  ...deviationClauses(asked('intermediary'), 'recipient', profile, base(profile)),
]
const passiveClauses = ({ profile, url }: Planned): readonly Clause<RecipientRole>[] => recipientClauses(profile, url !== undefined)

/** acceptDelivery and processDelivery go to a recipient; everything else is between client and intermediary. */
function partiesOf({ exchanges }: Profile): { readonly asker: Party; readonly supplier: Party } {
  const onward = exchanges.every((name) => EXCHANGES[name].asks === 'intermediary')
  return onward ? { asker: 'intermediary', supplier: 'recipient' } : { asker: 'client', supplier: 'intermediary' }
}
const betweenClauses = ({ profile, faults }: Planned): readonly Clause<ProxyRole>[] => proxyClauses(profile, faults, partiesOf(profile))

/** Calls of our own end with the run. */
const endingWith = (signal: AbortSignal, http: OsciHttp): OsciHttp => ({
  post: (url, body, options) => http.post(url, body, { ...options, signal }),
})

function clientOf(run: Run, url: string, http: OsciHttp): ClientRole {
  const { keys, profile, certificates, legs, check, receiver, signal } = run
  const station = stationOf({ url, role: 'originator', keys, profile, certificates, http: endingWith(signal, http), legs })
  return new ClientRole({ station, profile, check, ...(receiver ? { receiver: receiver.cipher } : {}) })
}

/** Listens for as long as `work` takes. @throws what kept us ourselves from answering: no clause is judged after it. */
async function listening(run: Run, answer: (incoming: Incoming) => Promise<Outgoing>, work: (run: Run) => Promise<void>): Promise<void> {
  const at = run.listen ?? { host: '127.0.0.1', port: 0 }
  const listener = await listen({ ...at, maxBytes: MAX_BODY_BYTES }, answer).catch((error: NodeJS.ErrnoException) => {
    const why = `${at.host}:${at.port} (${error.code ?? error.message})`
    throw new NoRun('conformance.address', `--listen: dort ist nicht zu lauschen: ${why}`, `--listen: not to be listened at: ${why}`, error)
  })
  run.say(listener.url)
  const told = async (result: ClauseResult): Promise<void> => {
    listener.broken.throwIfAborted()
    await run.told(result)
  }
  try {
    await work({ ...run, told, signal: AbortSignal.any([run.signal, listener.broken]) })
  } finally {
    await listener.close()
  }
  listener.broken.throwIfAborted()
}

async function wait({ waitSeconds, signal }: Run, isDone: () => boolean): Promise<void> {
  for (let left = waitSeconds * 1000; left > 0 && !signal.aborted && !isDone(); left -= POLL_MS) await systemSleep(POLL_MS, signal)
}

/** The pairs of the receiver that the profile names, else the first that fit. */
function recipientPairs({ pairs, keys, receiver }: Run): { readonly cipher: KeyPair; readonly signature: KeyPair } {
  const own = (wished: X509Certificate | undefined): KeyPair | undefined =>
    wished && pairs.find(({ certificate }) => certificate.raw.equals(wished.raw))
  return {
    cipher: own(receiver?.cipher) ?? wanted(keys.cipher, 'cipher'),
    signature: own(receiver?.signature) ?? wanted(keys.signature, 'signature'),
  }
}

export const ROLES = {
  client: {
    needs: ['url'],
    takes: [],
    clauses: clientClauses,
    run: (run, http) =>
      runClauses(chosen(clientClauses(run), run.only), clientOf(run, run.url ?? '', http), run.legs, run.told, run.signal),
  },
  intermediary: {
    needs: ['url'],
    takes: [],
    clauses: intermediaryClauses,
    run(run, http) {
      const { keys, profile, certificates, legs, check, document, signal } = run
      const calls = endingWith(signal, http)
      const station = stationOf({ url: run.url ?? '', role: 'intermediary', keys, profile, certificates, http: calls, legs })
      const addressee = run.receiver?.cipher ?? certificates.cipher ?? station.identity.cipher
      const role = new IntermediaryRole({ station, profile, check, addressee, ...(document ? { document } : {}) })
      return runClauses(chosen(intermediaryClauses(run), run.only), role, legs, run.told, signal)
    },
  },
  recipient: {
    needs: ['listen'],
    takes: ['url'],
    clauses: passiveClauses,
    async run(run, http) {
      const { cipher, signature } = recipientPairs(run)
      const { env, hand } = run.keys
      const recipient = { env, hand, cipher: cipher.certificate, signer: makeSigner(signature.certificate, signature.privateKey) }
      const client = run.url === undefined ? undefined : clientOf(run, run.url, http)
      const role = new RecipientRole({ recipient, legs: run.legs, check: run.check, ...(client ? { client } : {}) })
      await listening(run, (incoming) => role.answer(incoming), async (heard) => {
        if (!client) await wait(heard, () => false)
        // what came in is judged also when the waiting was ended
        await runClauses(chosen(passiveClauses(run), run.only), role, run.legs, heard.told, client && run.signal)
      }) // prettier-ignore
    },
  },
  proxy: {
    needs: ['listen', 'to'],
    takes: ['fault'],
    clauses: betweenClauses,
    async run(run, http) {
      const to = new URL(run.to ?? '')
      // an address with a path is the address; without one the path of each call is kept
      const target = (path: string): string => (to.pathname === '/' ? to.origin + path : to.href)
      const { legs, faults, check } = run
      const timeoutMs = run.profile.timeoutSeconds * 1000
      const { env, hand } = run.keys
      const role = new ProxyRole({ http, legs, env, hand, target, timeoutMs, maxBytes: MAX_BODY_BYTES / 2, faults, check })
      await listening(
        run,
        (incoming) => role.proxy.answer(incoming),
        (heard) => wait(heard, () => role.isDone),
      )
      await runClauses(chosen(betweenClauses(run), run.only), role, legs, run.told)
    },
  },
} as const satisfies Readonly<Record<string, RoleRow>>

export type RoleName = keyof typeof ROLES

/** Opens connections for one run, and closes them. */
export async function play(name: RoleName, run: Run): Promise<void> {
  const http = osciHttp()
  try {
    await ROLES[name].run(run, http)
  } finally {
    http.close()
  }
}
