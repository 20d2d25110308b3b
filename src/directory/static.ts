// SPDX-License-Identifier: EUPL-1.2
/**
 * The directory of a configuration file: fixed for the life of the process.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { Directory, DirectoryParticipant } from './ports.js'

/** @throws {ProtektorError} `directory.ambiguous`: an id twice, or a mailbox of two owners. */
export function staticDirectory(list: readonly DirectoryParticipant[]): Directory {
  const byId = new Map<string, DirectoryParticipant>()
  const owners = new Map<string, DirectoryParticipant>()
  for (const one of list) {
    if (byId.has(one.id)) throw new ProtektorError('directory.ambiguous', `Two participants are called ${one.id}.`)
    byId.set(one.id, one)
    for (const mailbox of one.mailboxes) {
      if (owners.has(mailbox)) throw new ProtektorError('directory.ambiguous', `The mailbox ${mailbox} has two owners.`)
      owners.set(mailbox, one)
    }
  }
  return {
    participants: () => list,
    participant: (id) => byId.get(id),
    ownerOf: (mailbox) => owners.get(mailbox),
  }
}
