// SPDX-License-Identifier: EUPL-1.2
/**
 * What a rejecting answer leaves open.
 * @module
 */
import type { OpenedEnvelope } from '../envelope/types.js'

/**
 * Whether a rejected request may have been processed all the same: OSCI's code 9810 stands among the reasons. Then the matter must be
 * cleared up before the request is sent again; every other rejection means that nothing was processed (docs/envelope.md §5).
 */
export const mayHaveBeenProcessed = ({ outcome }: Pick<OpenedEnvelope, 'outcome'>): boolean =>
  outcome?.status === 'rejected' && (outcome.reasons ?? []).some(({ code }) => code === '9810')
