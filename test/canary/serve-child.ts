// SPDX-License-Identifier: EUPL-1.2
/**
 * The program as it is, `serve --config FILE`, with a probe in it.
 * @module
 */
import { main } from '../../src/cli/main.js'
import { openProbe } from './probe.js'

openProbe()
process.exitCode = await main(process.argv.slice(2))
process.disconnect()
