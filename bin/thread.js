// SPDX-License-Identifier: EUPL-1.2
/*
 * A thread of `protektor check`, or of `POST /v1/check`: the same program, entered by another door.
 */
'use strict'
const { loadProgram } = require('./program.js')

loadProgram('thread').then(({ thread }) => thread())
