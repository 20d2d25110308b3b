// SPDX-License-Identifier: EUPL-1.2
/**
 * Starts the threads of the engines (schema, Schematron) for commands and their threads.
 * @module
 */
import { resourceLimits, Worker } from 'node:worker_threads'
import type { StartWorker } from '../../xml/schema.js'

/** A thread of a thread: what bounds the one bounds the other, or work would escape its limits by being handed on. */
export const startWorker: StartWorker = (url, options) => new Worker(url, { ...options, resourceLimits })
