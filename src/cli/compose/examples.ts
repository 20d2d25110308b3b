// SPDX-License-Identifier: EUPL-1.2
/**
 * Loads programs from `examples/`. They lie outside the sources, as a Fachverfahren or an online service does, and are shipped as
 * sources, whatever the rest runs from. What they throw are instances of their own classes.
 * @module
 */

/** @param path below `examples/` */
export async function importExample(path: string): Promise<unknown> {
  const up = import.meta.url.includes('/dist/src/') ? '../../../../' : '../../../'
  const { tsImport } = await import('tsx/esm/api')
  return tsImport(new URL(`${up}examples/${path}`, import.meta.url).href, import.meta.url)
}
