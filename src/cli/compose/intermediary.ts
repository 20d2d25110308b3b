// SPDX-License-Identifier: EUPL-1.2
/**
 * Composition of the role intermediary: stores below `dataDirectory`, directory, trust, time stamps, the OSCI client, and one role per
 * endpoint.
 * @module
 */
import { join } from 'node:path'
import { systemSleep } from '../../client/transport.js'
import { oscCaller } from '../../client/osci/caller.js'
import { osciHttp } from '../../client/osci/transport.js'
import type { Config, EndpointConfig } from '../../config/types.js'
import { startTimer } from '../../core/adapters/timers.js'
import type { OpenedDirectory } from '../../directory/open.js'
import { lmdbCards } from '../../gateway/adapters/lmdb-cards.js'
import { lmdbIds } from '../../gateway/adapters/lmdb-ids.js'
import { openLedger } from '../../gateway/adapters/lmdb-ledger.js'
import { openSpool } from '../../gateway/adapters/spool.js'
import { intermediary, type IntermediaryAddress } from '../../gateway/intermediary.js'
import { instantsIn } from '../../gateway/intermediary/instants.js'
import { messageIds } from '../../gateway/intermediary/message-ids.js'
import { makeInspector } from '../../gateway/intermediary/inspect.js'
import type { IntermediaryEndpoint, IntermediaryPorts } from '../../gateway/intermediary/ports.js'
import type { EndpointKeys, GatewayPorts, Peer } from '../../gateway/ports.js'
import { endAll } from './draining.js'
import { makePeers } from './peers.js'
import { openTrust } from './trust.js'

/** Each holds a descriptor. */
const MAX_SPOOL_FILES = 256

export interface OpenedIntermediaries {
  readonly addresses: readonly IntermediaryAddress[]
  /** After the core was closed. */
  close(): Promise<void>
}

const endpointOf = (endpoint: EndpointConfig, keys: EndpointKeys, peers: ReadonlyMap<string, Peer>): IntermediaryEndpoint => {
  const { path, takeWithinSeconds, answerWithinSeconds, dialogIdleSeconds, maxDialogs, maxDialogsPerClient, requireMessageId } = endpoint
  return {
    path,
    keys,
    peers: endpoint.peers.map((name) => peers.get(name)).filter((p): p is Peer => p !== undefined),
    takeWithinSeconds,
    answerWithinSeconds,
    dialogIdleSeconds,
    maxDialogs,
    maxDialogsPerClient,
    requireMessageId,
  }
}

/** Nothing is opened where no endpoint needs it. @throws {ConfigError} stores, trust, time stamping. */
export async function openIntermediaries(
  config: Config,
  rings: ReadonlyMap<string, EndpointKeys>,
  directory: OpenedDirectory,
  ports: GatewayPorts,
): Promise<OpenedIntermediaries> {
  const endpoints = config.endpoints.filter((endpoint) => endpoint.role === 'intermediary')
  if (endpoints.length === 0) return { addresses: [], close: () => Promise.resolve() }
  const { clock, random } = ports
  const peers = await makePeers(config, 'user')
  const toInstant = instantsIn(config.timeZone)
  const { keepDays, unusedIdHours } = config.processCards
  const place = (name: string): string => join(config.dataDirectory, name)
  // one ledger: a card and the id that is used with it are one commit
  const ledger = openLedger(place('process-cards'))
  const cards = await lmdbCards(ledger, { clock, startTimer, toInstant, keepDays })
  const ids = messageIds({ clock, random, unusedIdHours, journal: await lmdbIds(ledger, random) })
  const spool = await openSpool({
    directory: place('spool'),
    random,
    maxBytes: config.chunks.spoolKilobytes * 1024,
    maxFiles: MAX_SPOOL_FILES,
  })
  const { log } = ports
  const opened = await openTrust(config, {
    clock,
    random,
    onReload: () => log.write('info', 'revocation-lists-taken', { role: 'intermediary' }),
    onProblem: (problems) => log.write('error', 'revocation-lists-not-taken', { findings: problems.map(({ key }) => key) }),
  })
  const { trust, timeStamper } = opened
  const http = osciHttp()
  const own: IntermediaryPorts = {
    cards,
    ids,
    spool,
    inspector: makeInspector({ trust, ...(ports.env.breathe ? { breathe: ports.env.breathe } : {}) }),
    ...(timeStamper ? { timeStamper } : {}),
    directory: directory.osci,
    caller: oscCaller(http),
    chunks: {
      minKilobytes: config.limits.chunkKilobytes[0],
      maxKilobytes: config.limits.chunkKilobytes[1],
      messageKilobytes: config.limits.chunkedMessageKilobytes,
      idleSeconds: config.chunks.idleMinutes * 60,
      answerWithinSeconds: config.chunks.answerWithinSeconds,
      maxUploadsPerClient: config.chunks.maxUploadsPerClient,
    },
    toInstant,
    sleep: systemSleep,
  }
  const addresses = endpoints.flatMap((endpoint) => {
    const keys = rings.get(endpoint.keys)
    return keys ? [intermediary(endpointOf(endpoint, keys, peers), ports, own)] : []
  })
  return {
    addresses,
    async close() {
      const ends = [...addresses, cards, ids, spool, opened, ledger, http].map((one) => () => one.close())
      await endAll(ends)
    },
  }
}
