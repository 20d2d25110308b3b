// SPDX-License-Identifier: EUPL-1.2
/**
 * A node that is going to be killed: takes one envelope from each mailbox named, says so, and waits.
 * @module
 */
import { openNode } from './server.js'

const [url = '', prefix = '', handoverSeconds = '', ...mailboxes] = process.argv.slice(2)
const core = await openNode(url, prefix, { handoverSeconds: Number(handoverSeconds) })
for (const mailbox of mailboxes) {
  const claim = await core.take(mailbox, 20_000)
  process.stdout.write(`claimed ${claim?.envelope.id ?? 'nothing'}\n`)
}
setInterval(() => undefined, 1000)
