// SPDX-License-Identifier: EUPL-1.2
/**
 * The measured process: a core as `serve` builds it, or a bare koa-router that reads the same body and answers the same. The parent asks
 * over IPC. What is put is taken here at once (`drain`), so that nothing of a taker's connection weighs on the puts.
 * @module
 */
import Koa, { type Context } from 'koa'
import Router from 'koa-router'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { startGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import type { Core } from '../../../src/core/ports.js'
import { silentLog } from '../../../src/gateway/log.js'
import { listen } from '../../../src/gateway/server.js'
import { DRAINED, PATH } from './people.js'

export type Question = 'cpu' | 'memory' | 'end'
export interface Started {
  readonly url: string
}

interface Running {
  readonly url: string
  close(): Promise<void>
}

async function bare(key: string | undefined, certificate: string | undefined): Promise<Running> {
  const app = new Koa()
  const router = new Router()
  router.post(PATH, async (context: Context) => {
    const chunks: Buffer[] = []
    await new Promise((resolve, reject) =>
      context.req
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('end', resolve)
        .once('error', reject),
    )
    const body = Buffer.concat(chunks)
    context.status = 201
    context.body = { id: 'none', outcome: 'waiting', bytes: body.length }
  })
  app.use(router.routes())
  const handle = app.callback()
  const tls = key && certificate ? { tls: { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') } } : {}
  const server = await listen((request, response) => void handle(request, response), { host: '127.0.0.1', port: 0 }, tls)
  return { url: server.url, close: () => server.close(100) }
}

async function swallow(core: Core, mailbox: string): Promise<void> {
  for (;;) {
    const claim = await core.take(mailbox, 1000).catch(() => pause(100).then(() => undefined))
    await claim?.confirm()
  }
}

async function whole(configFile: string): Promise<Running> {
  const gateway = await startGateway(await loadConfig(configFile), { log: silentLog, workers: 1 })
  for (let i = 0; i < 8; i++) void swallow(gateway.core, DRAINED)
  return { url: gateway.public.url, close: () => gateway.close(100) }
}

async function resident(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await pause(100)
  }
  return process.memoryUsage.rss()
}

async function main(kind: string, ...args: readonly string[]): Promise<void> {
  const running = kind === 'bare' ? await bare(args[0], args[1]) : await whole(args[0] ?? '')
  const answers: Readonly<Record<Question, () => unknown>> = {
    cpu: () => process.cpuUsage(),
    memory: resident,
    end: () => running.close(),
  }
  process.on('message', (question: Question) => {
    void (async () => {
      process.send?.({ answer: (await answers[question]()) ?? null })
      if (question === 'end') process.exit()
    })()
  })
  process.on('disconnect', () => process.exit())
  const started: Started = { url: running.url }
  process.send?.(started)
}

const [kind, ...args] = process.argv.slice(2)
if (process.send && kind !== undefined) await main(kind, ...args)
