// SPDX-License-Identifier: EUPL-1.2
/**
 * A profile as a person wrote it: what is wrong with it is told with key and line, all of it at once.
 * @module
 */
import { checkYaml, readYaml } from '../../config/yaml.js'
import { PROFILE, type Profile } from '../../conformance/profile.js'

/**
 * @param file its name, for complaints.
 * @throws {ConfigError} no YAML, unknown keys, values that are none.
 */
export const readProfile = (file: string, source: string | Uint8Array): Profile => checkYaml(PROFILE, readYaml(file, source, PROFILE))
