// SPDX-License-Identifier: EUPL-1.2
/**
 * What an operator sees of a running gateway: figures read from its parts, for the scrape and for the page.
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Config } from '../../config/types.js'
import type { Core, CoreFigures } from '../../core/ports.js'
import type { Clock } from '../../env.js'
import type { OpenedDirectory } from '../../directory/open.js'
import { knownMailboxesOnly, type GatewayFigures, type PartFigure, type ReadFigures } from '../../gateway/figures.js'
import type { GatewayMetrics } from '../../gateway/metrics.js'
import type { OperatorPage } from '../../gateway/operator-app.js'
import { operatorFeed } from '../../gateway/operator-feed.js'
import { packageVersion } from '../version.js'
import type { OwnKeys } from './keys.js'
import { webAssets } from './web-assets.js'
import type { OpenedDesk } from './xoev-desk.js'

/** The parts that are looked at. */
export interface Watched {
  readonly clock: Clock
  readonly metrics: GatewayMetrics
  readonly state: () => Promise<GatewayFigures['state']>
  readonly core: Core
  readonly desk: OpenedDesk
  readonly data: () => Promise<PartFigure['state']>
  readonly directory: OpenedDirectory
  readonly own: OwnKeys
  /** Keys of the configuration that are warned of. */
  readonly warnings: readonly string[]
}

/** Every mailbox that a configuration names. */
function mailboxesOf({ participants, mailboxes, outgoing }: Config): ReadonlySet<string> {
  return new Set([...participants.flatMap((one) => one.mailboxes), ...Object.keys(mailboxes), ...outgoing.map((way) => way.mailbox)])
}

function schemasState(desk: OpenedDesk): PartFigure['state'] {
  if (desk.hasBroken()) return 'broken'
  if (desk.fellBack()) return 'fallback'
  return desk.ready() ? 'ok' : 'starting'
}

async function figuresReader(config: Config, { clock, state, core, desk, data, directory, own, warnings }: Watched): Promise<ReadFigures> {
  const known = mailboxesOf(config)
  const version = await packageVersion()
  const startedAt = clock.now().toISOString()
  const partsOf = ({ adapter, state: coreState }: CoreFigures, dataState: PartFigure['state']): readonly PartFigure[] => [
    { part: 'core', name: adapter, state: coreState },
    { part: 'schemas', name: '', state: schemasState(desk) },
    ...(config.directory.file === undefined
      ? []
      : [{ part: 'directory', name: '', state: directory.notTaken() ? 'not-taken' : 'ok' } as const]),
    ...(config.directory.dvdv ? [{ part: 'dvdv', name: '', state: directory.services.isAway?.() ? 'away' : 'ok' } as const] : []),
    ...Object.keys(config.keyrings).map((name) => ({ part: 'keyring', name, state: own.broken.has(name) ? 'broken' : 'ok' }) as const),
    { part: 'data', name: '', state: dataState },
  ]
  const endpoints = config.endpoints.map(({ path, role, mode = 'blind' }) => ({ path, role, mode }))
  return async () => {
    const figures = knownMailboxesOnly(await core.figures(), known)
    return {
      version,
      startedAt,
      state: await state(),
      core: figures,
      parts: partsOf(figures, await data()),
      endpoints,
      warnings,
      certificates: own.certificates,
      schemaThreads: desk.threads(),
    }
  }
}

const RESOLUTION_MS = 20

/** The longest delay since it was last asked, in milliseconds. */
function loopDelay(): { readonly longestMs: () => number; readonly stop: () => void } {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  monitor.enable()
  return {
    longestMs() {
      // it measures whole intervals, the one that was asked for included
      const longest = Math.max(0, Math.round(monitor.max / 1e6) - RESOLUTION_MS)
      monitor.reset()
      return longest
    },
    stop: () => void monitor.disable(),
  }
}

export interface OpenedOperator extends OperatorPage {
  close(): void
}

/** Begins to look: from here on `/metrics` has its gauges, and the page a past. */
export async function openOperator(config: Config, watched: Watched): Promise<OpenedOperator> {
  const { clock, metrics } = watched
  const figures = await figuresReader(config, watched)
  metrics.watch(figures)
  const delay = loopDelay()
  const feed = await operatorFeed({ clock, figures, counts: () => metrics.counts(), loopDelayMs: delay.longestMs })
  return {
    feed,
    assets: () => webAssets('operator'),
    close() {
      feed.close()
      delay.stop()
    },
  }
}
