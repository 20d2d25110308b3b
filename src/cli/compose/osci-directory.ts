// SPDX-License-Identifier: EUPL-1.2
/**
 * The directory of OSCI parties: mailboxes of the configuration, the directory file, DVDV behind it.
 * @module
 */
import type { Config } from '../../config/types.js'
import type { DirectoryParticipant, ServiceDirectory } from '../../directory/ports.js'
import { openDirectory, type OpenedDirectory } from '../../directory/open.js'
import type { Clock } from '../../env.js'
import type { GatewayLog } from '../../gateway/log.js'
import { momentOf } from '../../xoev/time-zone.js'
import { readCertificates } from './keys.js'

/** Loaded where it is asked only. */
async function openDvdv(
  { url, timeoutSeconds, cacheSeconds, missSeconds, staleSeconds }: NonNullable<Config['directory']['dvdv']>,
  network: string,
  clock: Clock,
  timeZone: string,
): Promise<ServiceDirectory> {
  const { dvdvDirectory } = await import('../../directory/dvdv.js')
  const times = { hitSeconds: cacheSeconds, missSeconds, staleSeconds, clock, momentOf: (local: string) => momentOf(local, timeZone) }
  return dvdvDirectory({ url, network, timeoutSeconds, ...times })
}

/** @throws {ConfigError} the file is not good: a gateway does not start on half a directory. */
export async function openOsciDirectory(
  config: Config,
  participants: readonly DirectoryParticipant[],
  clock: Clock,
  log: GatewayLog,
): Promise<OpenedDirectory> {
  const mailboxes = await Promise.all(
    Object.entries(config.mailboxes)
      .filter(([, { cipherCertificates }]) => cipherCertificates.length > 0)
      .map(async ([mailbox, { cipherCertificates }]) => ({ mailbox, certificates: await readCertificates(cipherCertificates) })),
  )
  const { file, dvdv } = config.directory
  const network = dvdv?.network ?? 'internet'
  return openDirectory({
    mailboxes,
    participantsMailboxes: new Set(participants.flatMap((participant) => participant.mailboxes)),
    network,
    clock,
    ...(dvdv ? { behind: await openDvdv(dvdv, network, clock, config.timeZone) } : {}),
    ...(file === undefined ? {} : { file }),
    onProblem: (problems) => log.write('error', 'directory-not-taken', { findings: problems.map(({ key }) => `directory.${key}`) }),
    onReload: ({ organizations }) => log.write('info', 'directory-taken', { bytes: organizations }),
  })
}
