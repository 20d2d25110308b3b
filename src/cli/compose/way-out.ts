// SPDX-License-Identifier: EUPL-1.2
/**
 * Composition of the ways out: `outgoing` of the configuration → takers over the core's own mailboxes, the directory, the OSCI client.
 * @module
 */
import { oscCaller } from '../../client/osci/caller.js'
import { osciHttp } from '../../client/osci/transport.js'
import { systemSleep } from '../../client/transport.js'
import type { Config } from '../../config/types.js'
import { DirectoryError } from '../../directory/errors.js'
import type { ServiceDirectory } from '../../directory/ports.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import type { EndpointKeys, GatewayPorts, Peer } from '../../gateway/ports.js'
import { startWaysOut, type RunningWaysOut } from '../../gateway/way-out/loop.js'
import type { WayOut } from '../../gateway/way-out/ports.js'

/** Long polls and calls per mailbox; an envelope waits in the core meanwhile, and expires there. */
const AT_ONCE = 16

/** A way out and its place in the configuration. */
interface Placed {
  readonly way: WayOut
  readonly index: number
}

/** Those whose keyring can be used. */
function waysOf(config: Config, rings: ReadonlyMap<string, EndpointKeys>, peers: ReadonlyMap<string, Peer>): Placed[] {
  return config.outgoing.flatMap((entry, index): Placed[] => {
    const keys = rings.get(entry.keys)
    const peer = peers.get(entry.peer)
    if (!peer) throw new TypeError('the configuration checks that peers exist')
    if (!keys) return []
    const { mailbox, organization, service, answerWithinSeconds, metadata } = entry
    return [{ index, way: { mailbox, organization, service, keys, peer, answerWithinSeconds, metadata } }]
  })
}

/** A service that wants signed content needs an author key. What the directory does not say yet is no mistake of the configuration. */
async function authorMissing(way: WayOut, services: ServiceDirectory): Promise<boolean> {
  if (way.keys.author) return false
  try {
    const { mode, contentSigned } = await services.findService(way.organization, way.service)
    return mode === 'terminating' && contentSigned
  } catch (error) {
    if (error instanceof DirectoryError) return false
    throw error
  }
}

/** @throws {ConfigError} a service wants signed content, and the keyring has no `author`. */
async function assertKeys(config: Config, ways: readonly Placed[], services: ServiceDirectory): Promise<void> {
  const checked = await Promise.all(ways.map(async ({ way, index }) => ({ index, isMissing: await authorMissing(way, services) })))
  const problems = checked.flatMap(({ isMissing, index }): ConfigProblem[] => {
    if (!isMissing) return []
    const key = `outgoing[${index}].keys`
    const line = config.lineOf(key)
    const name = config.outgoing[index]?.keys ?? ''
    const message = {
      de: `der Dienst verlangt signierte Inhalte: keyrings.${name}.author fehlt`,
      en: `the service wants signed content: keyrings.${name}.author is missing`,
    }
    return [{ key, file: config.file, ...(line === undefined ? {} : { line }), message }]
  })
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Begins to take; nothing is opened where nothing leaves. @throws {ConfigError} an author key is missing. */
export async function openWaysOut(
  config: Config,
  rings: ReadonlyMap<string, EndpointKeys>,
  peers: ReadonlyMap<string, Peer>,
  services: ServiceDirectory,
  ports: GatewayPorts,
): Promise<RunningWaysOut> {
  const ways = waysOf(config, rings, peers)
  if (ways.length === 0) return { close: () => Promise.resolve() }
  await assertKeys(config, ways, services)
  const http = osciHttp()
  const newMessageId = (): string => Buffer.from(ports.random(18)).toString('base64url')
  const all = ways.map(({ way }) => way)
  const running = startWaysOut(all, { caller: oscCaller(http), services, newMessageId, sleep: systemSleep, atOnce: AT_ONCE }, ports)
  return {
    async close(withinMs) {
      await running.close(withinMs)
      http.close()
    },
  }
}
