// SPDX-License-Identifier: EUPL-1.2
/**
 * A gateway in a process of its own, to be killed. Says "ready" when it listens.
 * @module
 */
import { startGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import { gatewayLog } from '../../../src/gateway/log.js'

const config = await loadConfig(process.argv[2] ?? '')
await startGateway(config, { log: gatewayLog({ write: () => undefined }), workers: 1 })
process.stdout.write('ready\n')
