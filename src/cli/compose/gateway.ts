// SPDX-License-Identifier: EUPL-1.2
/**
 * Composition root of `serve` and `start`: configuration → keys, core, desk, endpoints → two listening applications.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import tls from 'node:tls'
import { isPlainOffLoopback } from '../../config/cross-checks.js'
import { keyOf } from '../../config/problems.js'
import type { Config } from '../../config/types.js'
import { startTimer, systemClock } from '../../core/adapters/timers.js'
import { CoreError } from '../../core/errors.js'
import type { Core, MailboxPolicy } from '../../core/ports.js'
import type { Directory, DirectoryParticipant } from '../../directory/ports.js'
import { staticDirectory } from '../../directory/static.js'
import { GATEWAY_LIMITS, TLS_CIPHERS, type Limits } from '../../env.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { lmdbRepeats } from '../../gateway/adapters/lmdb-repeats.js'
import { adminApp, keyringBroken, publicApp, type AddressEntry, type Hindrance, type Mount } from '../../gateway/app.js'
import { coreApi, type CoreApiOptions } from '../../gateway/core-api.js'
import { outcomeShelf, outcomeSigner } from '../../gateway/core-outcomes.js'
import { LONG_POLL_LIMITS } from '../../gateway/core-waits.js'
import { coreCounter } from '../../gateway/core-counter.js'
import type { GatewayLog } from '../../gateway/log.js'
import { gatewayMetrics } from '../../gateway/metrics.js'
import type { GatewayPorts, RecipientEndpoint } from '../../gateway/ports.js'
import { repeatTable } from '../../gateway/repeats.js'
import { openApi } from '../../gateway/openapi.js'
import { passiveRecipient } from '../../gateway/passive-recipient.js'
import { listen, type Listening, type ServerLimits } from '../../gateway/server.js'
import { pinnedTrust } from '../../pki/pinned.js'
import { openCore } from './core.js'
import { claimDataDirectory } from './data-directory.js'
import { dataRoom } from './data-room.js'
import { openIdentity, type OpenedIdentity } from './identity.js'
import { drainCore, endAll, FLUSH_MS } from './draining.js'
import { assertCertificates, openOwnKeys } from './keys.js'
import { packageCodec } from './package-codec.js'
import { openIntermediaries } from './intermediary.js'
import { openOperator } from './operator.js'
import { openOsciDirectory } from './osci-directory.js'
import { readParticipants } from './participants.js'
import { assertFindings, makeEndpoints, makePeers, strictAlgorithms } from './peers.js'
import { openTester } from './tester.js'
import { openWaysOut } from './way-out.js'
import { nextTurn, portionedRandom } from './world.js'
import { brokenSchemas, deskOf, type OpenedDesk } from './xoev-desk.js'

export interface RunningGateway {
  readonly public: Listening
  readonly admin: Listening
  readonly core: Core
  readonly directory: Directory
  readonly identity: OpenedIdentity
  /** What the applications were built of; for tests and benchmarks. */
  readonly inside: { readonly ports: GatewayPorts; readonly endpoints: readonly RecipientEndpoint[] }
  /** Schemas compiled, not draining. */
  readonly ready: () => boolean
  readonly warnings: readonly ConfigProblem[]
  /** Lets calls under way finish, tells those that are not through in time what is known, then ends. */
  close(withinMs: number): Promise<void>
}

export interface GatewayOptions {
  readonly log: GatewayLog
  /** Threads of schema validation. */
  readonly workers: number
  readonly serverLimits?: Partial<ServerLimits>
  /** Begun before; it is closed with the gateway. */
  readonly desk?: Promise<OpenedDesk>
  /** Shown beside the gateway, under its public address. */
  readonly mounts?: readonly Mount[]
}

const random = portionedRandom()

function at(config: Config, key: string, de: string, en: string): ConfigProblem {
  const line = config.lineOf(key)
  return { key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } }
}

const ttlOf = (config: Config, mailbox: string): number => config.mailboxes[mailbox]?.ttlSeconds ?? 10

const MAILBOX_DEFAULTS = { ttlSeconds: 10, handover: 'at-most-once', leaseSeconds: 5, maxBytes: 64 * 1024 * 1024, maxCount: 1000 } as const

/** Mailboxes of participants; those of OSCI clients and of ways out belong to the gateway itself. */
async function openMailboxes(core: Core, own: string, config: Config, participants: readonly DirectoryParticipant[]): Promise<void> {
  const problems: ConfigProblem[] = []
  const open = async (address: string, owner: string, forced: Partial<MailboxPolicy> = {}): Promise<void> => {
    const { ttlSeconds, handover, leaseSeconds, maxBytes, maxCount } = { ...MAILBOX_DEFAULTS, ...config.mailboxes[address] }
    await core
      .openMailbox(address, owner, { ttlSeconds, handover, leaseSeconds, maxBytes, maxCount, ...forced })
      .catch((error: unknown) => {
        if (!(error instanceof CoreError)) throw error
        problems.push(
          error.kind === 'in-use'
            ? at(
                config,
                keyOf(['mailboxes', address, 'handover']),
                `${address} ist nicht leer: handover wechselt erst, wenn nichts mehr darin liegt (alle Knoten anhalten, höchstens ttlSeconds warten)`,
                `${address} is not empty: handover changes only when nothing lies in it (stop all nodes, wait ttlSeconds at most)`,
              )
            : at(config, 'core', `${address} gehört dort nicht ${own}`, `${address} does not belong to ${own} there`),
        )
      })
  }
  for (const { id, mailboxes } of participants) for (const address of mailboxes) await open(address, id)
  // storeDelivery puts, fetchDelivery leases, the next request confirms: there is no other way (Decisions, "lease and confirm")
  for (const [address, { cipherCertificates }] of Object.entries(config.mailboxes))
    if (cipherCertificates.length > 0) await open(address, own, { handover: 'lease-and-confirm' })
  for (const { mailbox } of config.outgoing) await open(mailbox, own)
  if (problems.length > 0) throw new ConfigError(problems)
}

const limitsOf = (config: Config): Limits => ({
  ...GATEWAY_LIMITS,
  messageBytes: config.limits.messageBytes,
  xmlBytes: config.limits.xmlBytes,
})

/** Endpoints whose keyring cannot be used, said loudly. */
function brokenEndpoints(config: Config, broken: ReadonlySet<string>, log: GatewayLog): AddressEntry[] {
  const said = { findings: ['gateway.keyring-broken'], error: 'ERR_GATEWAY_KEYRING_BROKEN' }
  for (const { mailbox } of config.outgoing.filter((way) => broken.has(way.keys)))
    log.write('error', 'keyring-broken', { endpoint: mailbox, role: 'wayOut', ...said })
  return config.endpoints
    .filter((endpoint) => broken.has(endpoint.keys))
    .map(({ path, role, mode = 'blind' }) => {
      log.write('error', 'keyring-broken', { endpoint: path, role, mode, ...said })
      return { path, role, mode }
    })
}

/** Koa's handler answers for its own errors; its promise says nothing. */
function handlerOf(app: ReturnType<typeof publicApp>): RequestListener {
  const handle = app.callback()
  return (request, response) => void handle(request, response)
}

/**
 * Builds everything a configuration says and begins to listen.
 * @throws {ConfigError} keys, key files, participants; the system's error when an address is taken.
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<RunningGateway> {
  // calls by fetch (DVDV, time stamps) have no option of their own for it
  tls.DEFAULT_CIPHERS = TLS_CIPHERS
  // first, since its threads compile while this one opens keys
  const desk = await (options.desk ?? deskOf(config, options.log, options.workers))
  const opened: (() => Promise<unknown>)[] = [() => desk.close()]
  try {
    return await compose(config, options, desk, opened)
  } catch (error) {
    await Promise.allSettled(opened.map((close) => close()))
    throw error
  }
}

/** What the named files hold. @throws {ConfigError} the problems of all of them at once; else the first failure. */
async function allRead<T extends readonly unknown[]>(parts: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const settled = await Promise.allSettled<unknown>(parts)
  const problems = settled.flatMap((one) => (one.status === 'rejected' && one.reason instanceof ConfigError ? one.reason.problems : []))
  if (problems.length > 0) throw new ConfigError(problems)
  return await Promise.all(parts)
}

/** @param opened what must be closed when it fails later on */
async function compose(
  config: Config,
  options: GatewayOptions,
  desk: OpenedDesk,
  opened: (() => Promise<unknown>)[],
): Promise<RunningGateway> {
  const clock = systemClock
  const { log } = options
  const [own, tester, { participants, warnings }] = await allRead([
    openOwnKeys(config, clock.now()),
    openTester(config, clock, log),
    readParticipants(config),
    assertCertificates(config),
    assertFindings(config),
  ])
  const directory = staticDirectory(participants)
  const { remote } = config.core
  const release = await claimDataDirectory(config.dataDirectory)
  opened.push(release)
  const identity = await openIdentity(config.dataDirectory, remote?.participant)
  const peers = await makePeers(config)
  const endpoints = await makeEndpoints(config, own.rings)
  const oscis = await openOsciDirectory(config, participants, clock, log)
  const limits = limitsOf(config)
  const metrics = gatewayMetrics(() => clock.now())
  const slowPollers = Object.entries(config.mailboxes).filter(([, { slowPoller }]) => slowPoller)
  for (const [address, { ttlSeconds }] of slowPollers) metrics.slowPoller(address, ttlSeconds)
  const observe = coreCounter(metrics, new Set(slowPollers.map(([address]) => address)))
  const { core, once, journal } = await openCore(config, { clock, random, log, identity, observe }, opened)
  await openMailboxes(core, identity.participant, config, participants)
  const used = join(config.dataDirectory, 'used-ids')
  await mkdir(used, { recursive: true, mode: 0o700 })
  const [stopping, ending] = [new AbortController(), new AbortController()]
  // every wait for an answer listens to one of them
  setMaxListeners(0, stopping.signal, ending.signal)
  const ports: GatewayPorts = {
    clock,
    startTimer,
    random,
    env: { ...clock, random, trust: pinnedTrust([]), limits, breathe: nextTurn },
    algorithms: strictAlgorithms(),
    core,
    directory,
    mailboxTtlSeconds: (mailbox) => ttlOf(config, mailbox),
    identity,
    desk,
    packages: packageCodec(limits),
    repeats: repeatTable(clock, lmdbRepeats(used)),
    log,
    metrics,
    limits: { messageBytes: limits.messageBytes },
    faultStatus: config.soap.faultStatus,
    stopping: stopping.signal,
    ending: ending.signal,
  }
  const intermediaries = await openIntermediaries(config, own.rings, oscis, ports)
  const publicOptions = config.listen.public
  const signOutcome = outcomeSigner(identity.signing)
  const { longPolls, transfers } = config.core
  const apiOptions: CoreApiOptions = {
    core,
    publicUrl: config.publicUrl,
    participants,
    clock,
    once,
    limits: {
      envelopeBytes: config.limits.envelopeBytes,
      longPolls: { ...LONG_POLL_LIMITS, ...longPolls },
      transfers: { minBytesPerSecond: transfers.minBytesPerSecond, graceMs: transfers.graceSeconds * 1000 },
    },
    signOutcome,
    assertOpen: (mailbox) => {
      if (config.outgoing.some((way) => way.mailbox === mailbox && own.broken.has(way.keys))) throw keyringBroken()
    },
    onError: () => log.write('error', 'core-api-failed', { error: 'ERR_INTERNAL' }),
    onRefusal: (status) => metrics.refusal(String(status)),
  }
  // participants speak to the core itself, wherever it is
  const api = remote ? undefined : coreApi(apiOptions)
  const addresses = [...endpoints.map((endpoint) => passiveRecipient(endpoint, ports)), ...intermediaries.addresses]
  const shown = publicApp({
    ports,
    addresses,
    broken: brokenEndpoints(config, own.broken, log),
    publicUrl: config.publicUrl,
    ...(api ? { coreApi: api.router } : {}),
    openapi: openApi({ core: api !== undefined, check: tester !== undefined }),
    tester,
    jwks: identity.jwks,
    mounts: options.mounts ?? [],
    onlyOsci: isPlainOffLoopback(config, 'public'),
  })
  let draining = false
  const serves = addresses.length > 0 || config.endpoints.length === 0
  const ready = () => !draining && serves && desk.ready()
  const data = dataRoom(config.dataDirectory, {
    clock,
    onChange: (found) => log.write(found === 'ok' ? 'info' : 'error', 'data-directory', { outcome: found }),
  })
  const hindrance = async (): Promise<Hindrance | undefined> => {
    const found = await data()
    if (found !== 'ok') return { part: 'data', state: found }
    return ready() ? undefined : {}
  }
  const state = async () => (draining ? 'draining' : (await hindrance()) === undefined ? 'ready' : 'not-ready')
  const said = [...config.warnings, ...own.warnings, ...warnings]
  const weak = [...new Set(said.map(({ key }) => key))]
  for (const key of weak) log.write('warn', 'configuration-warning', { findings: [key] })
  const operator = await openOperator(config, { clock, metrics, state, core, desk, data, directory: oscis, own, warnings: weak })
  const requestId = () => Buffer.from(random(12)).toString('base64url')
  const serverLimits: Partial<ServerLimits> = {
    requestTimeoutMs: config.http.requestTimeoutSeconds * 1000,
    headersTimeoutMs: config.http.headersTimeoutSeconds * 1000,
    maxConnections: config.http.maxConnections,
    maxConnectionsPerPeer: config.http.maxConnectionsPerPeer,
    ...options.serverLimits,
  }
  const listening: Listening[] = []
  const abandon = async (error: unknown): Promise<never> => {
    operator.close()
    await Promise.all(listening.map((one) => one.close(0)))
    throw error
  }
  const outcomes = journal ? { outcomes: outcomeShelf(journal, signOutcome) } : {}
  const admin = await listen(
    handlerOf(adminApp({ log, metrics, hindrance, requestId, operator, ...outcomes })),
    config.listen.admin.address,
    {
      limits: serverLimits,
      ...(own.adminTls ? { tls: own.adminTls } : {}),
    },
  ).catch(abandon)
  listening.push(admin)
  const open = await listen(handlerOf(shown), publicOptions.address, {
    limits: serverLimits,
    ...(own.publicTls ? { tls: own.publicTls } : {}),
  }).catch(abandon)
  listening.push(open)
  const waysOut = await openWaysOut(config, own.rings, peers, oscis.services, ports).catch(abandon)
  return {
    public: open,
    admin,
    core,
    directory,
    identity,
    inside: { ports, endpoints },
    ready,
    warnings: [...said, ...brokenSchemas(desk, config, log)],
    async close(withinMs) {
      draining = true
      stopping.abort()
      // the address goes on answering meanwhile: answers to what was taken still come in, and whoever asked fetches them
      const leftMs = await drainCore({ core, api, clock, log }, withinMs)
      // before connections are cut: who still waits is told what is known
      const disarm = startTimer(leftMs, () => ending.abort())
      await endAll([
        // together: whoever waits for an answer from a way out gets it
        () => Promise.all([open.close(leftMs + FLUSH_MS), waysOut.close(leftMs)]),
        // also what nobody waits for any more
        () => (disarm(), ending.abort()),
        () => core.close(),
        () => intermediaries.close(),
        () => journal?.close(),
        () => operator.close(),
        ...[tester?.api.desk, desk, ports.repeats, oscis].map((one) => () => one?.close()),
        () => admin.close(0),
        release,
      ])
    },
  }
}
