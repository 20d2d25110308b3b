// SPDX-License-Identifier: EUPL-1.2
/**
 * Files that the rights of the system keep from us: root may read everything, so it steps aside for as long.
 * @module
 */
const NOBODY = 65_534

export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}
