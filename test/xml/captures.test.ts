// SPDX-License-Identifier: EUPL-1.2
/** All captured messages that are sent in clear: the gate reads them, every message signature holds. */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { inspectionAlgorithms } from '../../src/xml/algorithms-inspection.js'
import { decodeBase64 } from '../../src/xml/base64.js'
import { canonicalize } from '../../src/xml/c14n.js'
import { digest, readSignature, sameOctets, verifyValue } from '../../src/xml/dsig.js'
import { parseXml } from '../../src/xml/gate.js'
import { DS } from '../../src/xml/names.js'
import { attributeOf, childOf, elementsOf, textOf, type XmlElement } from '../../src/xml/tree.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { CAPTURES, find, findAll, needsCaptures } from './support.js'

/** Just enough MIME for captures: parts by Content-ID, the root first. */
function split(body: Buffer): { id: string; data: Buffer }[] {
  const boundary = /boundary=([^;\r\n]+)/.exec(body.toString('latin1'))?.[1]
  if (boundary === undefined) return []
  const latin = body.toString('latin1')
  return latin.split(`--${boundary}`).slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n')
    const head = piece.slice(0, end)
    const raw = Buffer.from(piece.slice(end + 4, -2), 'latin1')
    const encoded = /Content-Transfer-Encoding: base64/i.test(head) || /Content-Type: text\/base64/i.test(head)
    return { id: /Content-ID: <([^>]*)>/i.exec(head)?.[1] ?? '', data: encoded ? Buffer.from(raw.toString('latin1'), 'base64') : raw }
  }) // prettier-ignore
}

interface Indexed {
  scenarios: { scenario: string; messages: { file: string; leg: string; type: string; signatureValidByJdk?: boolean }[] }[]
}

describe('captures of the reference library', () => {
  it('every message signature sent in clear verifies: value, digests, coverage', function () {
    this.timeout(120_000)
    needsCaptures(this)
    const index = JSON.parse(readFileSync(CAPTURES + 'index.json', 'utf8')) as Indexed
    const valid = new Set(index.scenarios.flatMap((s) => s.messages.filter((m) => m.signatureValidByJdk === true).map((m) => m.file)))
    const algorithms = inspectionAlgorithms()
    let signed = 0
    let read = 0
    for (const folder of readdirSync(CAPTURES).filter((d) => /^\d\d-/.test(d) && !d.startsWith('58'))) {
      for (const name of readdirSync(CAPTURES + folder).filter((f) => f.endsWith('.bin'))) {
        const parts = split(readFileSync(`${CAPTURES}${folder}/${name}`))
        const bytes = parts[0]?.data
        if (!bytes) continue
        const { root } = parseXml(bytes, { limits: GATEWAY_LIMITS, frame: 'osci' })
        read++
        const header = childOf(root, 'http://schemas.xmlsoap.org/soap/envelope/', 'Header')
        const block = header && elementsOf(header).find((e) => /^(Client|Supplier)Signature$/.test(e.local))
        if (!header || !block) continue
        const at = `${folder}/${name}`
        const signature = readSignature(find(block, 'Signature'), 'message-signature')
        const everything = new Map<string, XmlElement>()
        for (const e of [...elementsOf(header), find(root, 'Body'), ...elementsOf(header).flatMap((h) => elementsOf(h))]) {
          const id = attributeOf(e, 'Id')
          if (id !== undefined) everything.set(id, e)
        }
        const holder = everything.get(signature.retrievalUri)
        const der = holder && decodeBase64(textOf(find(holder, 'X509Certificate')))
        expect(verifyValue(signature, new X509Certificate(der ?? Buffer.alloc(0)), algorithms), at).to.equal(true)
        expect(signature.references.length, at).to.equal(elementsOf(header).length + parts.length - 1)
        for (const r of signature.references) {
          const target = everything.get(r.uri.slice(1))
          const octets = r.uri.startsWith('cid:') ? parts.find((p) => p.id === r.uri.slice(4))?.data : target && canonicalize(target)
          expect(octets, `${at} ${r.uri}`).not.to.equal(undefined)
          expect(sameOctets(digest(algorithms, r.digestMethod, octets ?? Buffer.alloc(0)), r.digestValue), `${at} ${r.uri}`).to.equal(true)
        }
        signed++
        expect(findAll(block, 'Signature').filter((s) => s.uri === DS)).to.have.length(1)
        if (valid.size > 0) expect(valid.has(at) || valid.has(name), at).to.equal(true)
      }
    }
    expect(read).to.be.greaterThan(300)
    expect(signed).to.be.greaterThan(100)
    console.log(`      ${read} read, ${signed} signatures`)
  })
})
