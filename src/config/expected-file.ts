// SPDX-License-Identifier: EUPL-1.2
/**
 * `expected.yaml` beside files turns a folder into a regression suite: what each file must come to, and nothing else.
 *
 *   files:
 *     broken.bin: { verdict: invalid, findings: [ xml.doctype ] }     findings may be left out where there are none
 *     folder/good.bin: { verdict: valid }                             paths count from the folder of expected.yaml
 *
 * What counts as a difference: check/differences.ts.
 * @module
 */
import { posix } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../errors.js'
import { option } from './option.js'
import { problem } from './problems.js'
import { checkYaml, readYaml } from './yaml.js'

/** Below the folder of the file: no `/` in front, no `..` inside. */
const BELOW = /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+$/

const SUITE = z.strictObject({
  files: option(
    z.record(
      z.string().regex(BELOW),
      z.strictObject({ verdict: z.enum(['valid', 'invalid', 'unchecked', 'error']), findings: z.array(z.string()).default([]) }),
    ),
    {
      de: 'Dateien und was bei ihnen herauskommen muss',
      en: 'files, and what they must come to',
      example: 'broken.bin: { verdict: invalid, findings: [ xml.doctype ] }',
      expects: {
        de: 'Pfade, die im Verzeichnis der Datei bleiben, mit dem, was herauskommen muss',
        en: 'paths that stay in the folder of the file, with what must come out',
      },
    },
  ),
})

type Expectation = z.output<typeof SUITE>['files'][string]

/**
 * @param file its name, for complaints.
 * @param isFinding whether there is a finding of this id.
 * @returns what is expected, by path relative to the folder of the file.
 * @throws {ConfigError} no YAML, unknown keys, verdicts or finding ids, a path in two spellings; with the line.
 */
export function readExpected(
  file: string,
  source: string | Uint8Array,
  isFinding: (id: string) => boolean,
): ReadonlyMap<string, Expectation> {
  const read = readYaml(file, source, SUITE)
  const { files } = checkYaml(SUITE, read)
  const unknown = Object.entries(files).flatMap(([name, { findings }]) =>
    findings.flatMap((id, index) => {
      const words = { de: `unbekannte Befund-Kennung ${id}`, en: `unknown finding id ${id}` }
      return isFinding(id) ? [] : [problem(read.place, ['files', name, 'findings', index], words)]
    }),
  )
  // `./a.bin` and `sub//a.bin` name files that the walk knows as `a.bin` and `sub/a.bin`
  const byPath = new Map<string, Expectation>()
  const twice = Object.entries(files).flatMap(([name, expectation]) => {
    const path = posix.normalize(name)
    const isSecond = byPath.has(path)
    byPath.set(path, expectation)
    return isSecond ? [problem(read.place, ['files', name], { de: `${path} steht schon da`, en: `${path} is there already` })] : []
  })
  const problems = [...unknown, ...twice]
  if (problems.length > 0) throw new ConfigError(problems)
  return byPath
}
