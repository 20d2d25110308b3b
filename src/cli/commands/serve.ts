// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor serve --config FILE`: gateway and core by a configuration, until SIGTERM or SIGINT.
 * Exit codes: 0 drained · 2 usage or configuration · 4 failed (address taken, …).
 * @module
 */
import { availableParallelism } from 'node:os'
import { loadConfig } from '../../config/load.js'
import { ConfigError, type ConfigProblem } from '../../errors.js'
import { gatewayLog } from '../../gateway/log.js'
import { parseCommand, UsageError } from '../arguments.js'
import { shutDumps } from '../compose/dumps.js'
import type { RunningGateway } from '../compose/gateway.js'
import { deskOf } from '../compose/xoev-desk.js'
import { interruption } from '../interruption.js'
import type { Io, Language } from '../io.js'

const HELP = {
  de: `protektor serve --config DATEI
    Gateway und Kern nach einer Konfiguration; Beispiel: .protektor/demo/gateway.yaml nach »protektor start«
Ende mit: 0 ordentlich beendet · 2 Aufruf oder Konfiguration · 4 gescheitert
`,
  en: `protektor serve --config FILE
    gateway and core by a configuration; for an example see .protektor/demo/gateway.yaml after "protektor start"
Exit codes: 0 ended in order · 2 usage or configuration · 4 failed
`,
} as const

const DRAIN_MS = 25_000

const WORDS = {
  de: {
    public: 'öffentlich',
    admin: 'Betrieb',
    warning: 'WARNUNG',
    draining: 'beende; laufende Anfragen werden noch beantwortet',
    endpoint: 'OSCI',
  },
  en: { public: 'public', admin: 'admin', warning: 'WARNING', draining: 'ending; calls under way are still answered', endpoint: 'OSCI' },
} as const

export function renderWarnings(warnings: readonly ConfigProblem[], lang: Language): string {
  return warnings.map((w) => `${WORDS[lang].warning}: ${w.key}${w.line === undefined ? '' : ` (${w.line})`}: ${w.message[lang]}\n`).join('')
}

/** Resolves with the first signal that asks to end. A second one ends at once. */
export function endSignal(): Promise<void> {
  const { signal } = interruption()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseCommand(argv, { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } } as const, false)
  if (values.help) {
    io.out.write(HELP[io.lang])
    return 0
  }
  if (values.config === undefined) throw new UsageError({ de: 'serve verlangt --config DATEI', en: 'serve wants --config FILE' })
  io.outliveReaders?.()
  const words = WORDS[io.lang]
  const open = await shutDumps(io.env)
  io.err.write(open.map((text) => `${words.warning}: ${text[io.lang]}\n`).join(''))
  const config = await loadConfig(values.config)
  let gateway: RunningGateway
  try {
    // schemas are compiled in a thread while this one still reads the rest of the program
    const log = gatewayLog()
    const workers = Math.max(1, availableParallelism() - 1)
    const desk = deskOf(config, log, workers)
    desk.catch(() => undefined)
    const { startGateway } = await import('../compose/gateway.js')
    gateway = await startGateway(config, { log, workers, desk })
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { causeOf } = await import('../cause.js')
    io.err.write(`protektor: ${causeOf(error)[io.lang]}\n`)
    return 4
  }
  // whoever reads that we are up may end us at once
  const ended = endSignal()
  io.err.write(renderWarnings(gateway.warnings, io.lang))
  const endpoints = config.endpoints
    .map((e) => `  ${words.endpoint}: ${gateway.public.url}${e.path} (${e.role}, ${e.mode ?? 'blind'})\n`)
    .join('')
  io.err.write(`${words.public}: ${gateway.public.url}\n${endpoints}${words.admin}: ${gateway.admin.url}\n`)
  await ended
  io.err.write(words.draining + '\n')
  await gateway.close(DRAIN_MS)
  return 0
}
