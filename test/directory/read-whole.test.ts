// SPDX-License-Identifier: EUPL-1.2
/** An answer that gets stuck is given up in time, also when the garbage collector runs meanwhile. Specs: threat model G10. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { directoryFetch } from '../../src/directory/dvdv.js'

describe('an answer over HTTP that is read as a whole', () => {
  let server: Server
  let url: string
  before(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  it('ends when its time is over, whatever the garbage collector took', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const collecting = setInterval(collect, 50)
    try {
      const error: unknown = await directoryFetch(url, { headers: {}, timeoutMs: 300, maxBytes: 100 }).catch((cause: unknown) => cause)
      expect((error as Error).name).to.equal('TimeoutError')
    } finally {
      clearInterval(collecting)
    }
  })
})
