// SPDX-License-Identifier: EUPL-1.2
/**
 * The operator page.
 * @module
 */
import uPlot from 'uplot'

document.body.textContent = typeof uPlot
