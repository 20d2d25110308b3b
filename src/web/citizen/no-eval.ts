// SPDX-License-Identifier: EUPL-1.2
/**
 * The page's policy forbids code made of text. zod would make its checks so, and finds out by trying; it is told before the first schema.
 * @module
 */
import { config } from 'zod'

config({ jitless: true })
