// SPDX-License-Identifier: EUPL-1.2
import { coreContract } from './contract.js'
import { openMemory } from './memory-opened.js'

coreContract('memory', openMemory())
