// SPDX-License-Identifier: EUPL-1.2
/**
 * What stands behind the browser: the gateway's core, the register of Musterstadt and the example online service, as `start` runs them.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readParticipant } from '../../../src/cli/compose/demo-keys.js'
import { DEMO_REGISTER, openDemo } from '../../../src/cli/compose/demo-kit.js'
import { gatewayOwner, ownerOf } from '../../../src/cli/compose/demo-participants.js'
import { onlineMount } from '../../../src/cli/compose/demo-online.js'
import { startRegister } from '../../../src/cli/compose/demo-register.js'
import { startGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'

const free = createServer()
await new Promise<void>((done) => free.listen(0, '127.0.0.1', done))
const { port: publicPort } = free.address() as AddressInfo
await new Promise<void>((done) => free.close(() => done()))

const directory = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit())

const { register, configFile } = await openDemo(directory, { publicPort, adminPort: 0 })
const portal = await readParticipant(join(directory, 'keys'), 'portal-1')
const config = await loadConfig(configFile)
const url = `http://127.0.0.1:${publicPort}`
const online = onlineMount({ portal, register, url, audience: config.publicUrl, requestsPerMinute: 100_000 })
const gateway = await startGateway(config, { log: { write: () => undefined }, workers: 1, mounts: [online] })
await startRegister(url, register, [gatewayOwner(gateway.identity), ownerOf(portal)], {
  office: 'musterstadt',
  mailbox: DEMO_REGISTER,
  audience: config.publicUrl,
  onProblem: (error) => console.error(error),
})
process.send?.(url + online.path)
