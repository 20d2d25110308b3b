// SPDX-License-Identifier: EUPL-1.2
/**
 * `POST /v1/check` and the page `/tester/` by the configuration. Nothing of the gateway's keys goes in here (threat model K2).
 * @module
 */
import { isCheckEnabled } from '../../config/cross-checks.js'
import type { Config } from '../../config/types.js'
import type { Clock } from '../../env.js'
import { ConfigError } from '../../errors.js'
import type { Tester } from '../../gateway/app.js'
import type { GatewayLog } from '../../gateway/log.js'
import { checkThreads } from './check-threads.js'
import { firstLine } from './keys.js'
import { reportPage } from './report-page.js'
import { webAssets } from './web-assets.js'

const MIN_TOKEN_CHARS = 32

async function tokenOf(config: Config): Promise<string | undefined> {
  const { tokenFile } = config.check
  if (tokenFile === undefined) return undefined
  const token = await firstLine(tokenFile)
  // what a header carries as it is
  if (token.length >= MIN_TOKEN_CHARS && /^[\x21-\x7e]+$/.test(token)) return token
  const key = 'check.tokenFile'
  const line = config.lineOf(key)
  const message = {
    de: `die erste Zeile ist kein Token: wenigstens ${MIN_TOKEN_CHARS} Zeichen ohne Leerzeichen, z. B. von »openssl rand -hex 32«`,
    en: `its first line is no token: ${MIN_TOKEN_CHARS} characters at least without spaces, e.g. from "openssl rand -hex 32"`,
  }
  throw new ConfigError([{ key, file: config.file, ...(line === undefined ? {} : { line }), message }])
}

/** @returns undefined: not served by this configuration. @throws {ConfigError} the token file holds no token. */
export async function openTester(config: Config, clock: Clock, log: GatewayLog): Promise<Tester | undefined> {
  if (!isCheckEnabled(config)) return undefined
  const { check } = config
  const token = await tokenOf(config)
  const desk = checkThreads({
    schemas: config.schemas.directories,
    limits: { files: check.files, keystores: check.keystores },
    threads: check.threads,
    waiting: check.waiting,
    waitMs: check.waitSeconds * 1000,
    timeLimitMs: check.timeLimitSeconds * 1000,
    memoryMegabytes: check.threadMegabytes,
    reportPage,
  })
  const api = {
    desk,
    clock,
    log,
    maxBytes: check.requestBytes,
    maxCalls: check.threads + check.waiting,
    requestsPerMinute: check.requestsPerMinute,
    ...(token === undefined ? {} : { token }),
  }
  return { api, assets: () => webAssets('tester') }
}
