// SPDX-License-Identifier: EUPL-1.2
/**
 * The part of the contract about a node that ends. What becomes of what still lies there is the adapter's own business: with memory it is
 * lost with the node, with a shared store another node hands it out.
 * @module
 */
import { expect } from 'chai'
import type { OpenedCore } from './opened.js'
import { BOX, envelope, failure, newId, taken, waiters } from './opened.js'

export function drainContract(setUp: () => Promise<OpenedCore>): void {
  it('a draining node takes no puts, ends every wait, and lets what is claimed come to its end', async () => {
    const one = await setUp()
    const { core } = one
    const sent = envelope()
    await core.put(sent)
    const claim = await taken(core)
    const wait = core.take(BOX, 20_000)
    await waiters(one, 1)
    let drained = false
    const drain = core.drain(20_000).then(() => (drained = true))
    expect(await wait).to.equal(undefined)
    expect(await failure(core.put(envelope()))).to.equal('full')
    expect(await failure(core.reserve(BOX, 'portal-1', 1))).to.equal('full')
    expect(await failure(core.take(BOX, 20_000)), 'nobody waits here any more').to.equal('full')
    expect(await core.take(BOX, 0)).to.equal(undefined)
    expect(drained).to.equal(false)
    await claim.confirm()
    await drain
    expect((await core.outcome(sent.id))?.outcome).to.equal('delivered')
  })

  it('a draining node lets the answers to requests that were handed out through', async () => {
    const one = await setUp()
    const { core } = one
    const asked = 'reply.' + newId()
    const lying = 'reply.' + newId()
    await core.put(envelope({ replyTo: asked }))
    const request = await taken(core)
    await core.put(envelope({ replyTo: lying }))
    const early = core.take(asked, 20_000)
    await waiters(one, 1)
    const drain = core.drain(20_000)
    const [notice, result] = [envelope({ to: asked, sender: 'register-1' }), envelope({ to: asked, sender: 'register-1' })]
    await core.put(notice, await core.reserve(asked, 'register-1', 1000))
    await request.confirm()
    await (await early)?.confirm()
    expect((await core.outcome(notice.id))?.outcome).to.equal('delivered')
    expect(await failure(core.put(envelope({ to: lying, sender: 'register-1' })))).to.equal('full')
    const late = core.take(asked, 20_000)
    await core.put(result)
    await (await late)?.confirm()
    expect((await core.outcome(result.id))?.outcome).to.equal('delivered')
    await (await taken(core)).confirm()
    await drain
  })

  it('a draining node does not wait longer than it may', async () => {
    const { core, pass } = await setUp()
    await core.put(envelope())
    await taken(core)
    const drain = core.drain(300)
    await pass(600)
    await drain
  })
}
