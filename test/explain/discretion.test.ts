// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be seen of values, names and bytes without `--show-values`.
 * @module
 */
import { expect } from 'chai'
import { Discretion, maskedValue, namesPerson } from '../../src/check/explain/discretion.js'
import { byteOffsets, DocumentBytes, XmlBytes } from '../../src/check/explain/documents.js'
import { words } from '../../src/check/explain/types.js'
import { CHECK_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'

describe('explanations: discretion', () => {
  it('masks values by classes of length', () => {
    expect(['', 'm', 'ja', 'Ort', 'Berlin', 'Mustermann', 'a'.repeat(17), 'b'.repeat(500)].map(maskedValue)).to.deep.equal([
      '',
      '••',
      '••',
      'O•••',
      'B•••••',
      'M•••••',
      'a••••••••',
      'b••••••••••••',
    ])
    expect(maskedValue('Österreich')).to.equal('Ö•••••')
    // signs of two units; of a document that is one text only the beginning is looked at
    expect([64, 65].map((signs) => maskedValue('𝔐'.repeat(signs)).length)).to.deep.equal([2 + 8, 2 + 12])
    const before = performance.now()
    expect(maskedValue('b'.repeat(50_000_000))).to.equal('b••••••••••••')
    expect(performance.now() - before).to.be.lessThan(2000)
  })

  it('keeps the prefix of keys, and shows all when asked to', () => {
    expect(new Discretion(false).key('ags:99001000')).to.equal('ags:9•••••')
    expect(new Discretion(false).key('Musterstadt')).to.equal('M•••••')
    expect(new Discretion(true).key('ags:99001000')).to.equal('ags:99001000')
    expect(new Discretion(true).value('Mustermann')).to.equal('Mustermann')
  })

  it('tells names of people from names of organisations', () => {
    for (const name of ['CN=Erika Muster,O=Stadt,GN=Erika', 'CN=Erika Muster,C=DE', '2.5.4.42=#0c054572696b61,CN=x,O=Stadt', 'SERIALNUMBER=1,CN=x,O=y', 'CN=x,O=y+SN=Muster'])
      expect(namesPerson(name), name).to.equal(true)
    for (const name of ['CN=Test Originator,O=OSCI Test,C=DE', 'CN=GRP: Meldebehörde,OU=Amt,O=Stadt,L=Ort,C=DE'])
      expect(namesPerson(name), name).to.equal(false)
  }) // prettier-ignore

  it('L1 masks as a whole what is no distinguished name of RFC 2253', () => {
    const names = ['Max Zaubermann', '/C=DE/CN=Erika/O=Amt', 'C=DE; CN=Eva Zaubermann; O=Amt', 'CN="Zaubermann, Ottilie",C=DE', 'CN="Zaubermann, Ottilie",O=Amt', 'C=DE/CN=Erika,O=Amt', 'CN=Zaubermann,O=Amt,', 'Zaubermann,O=Amt', '']
    for (const name of names) {
      expect(namesPerson(name), name).to.equal(true)
      expect(new Discretion(false).name(name), name).to.equal(maskedValue(name))
    }
    // a comma that is part of a value begins no organisation, and a country is two letters
    expect(new Discretion(false).name('CN=Zaubermann\\,O\\=Amt,C=DE')).to.equal('CN=Z••••••••,C=DE')
    expect(new Discretion(false).name('CN=Max,C=Zaubermann')).to.equal('CN=M•••,C=Z•••••')
  }) // prettier-ignore

  it('hides a name wherever the engine repeats it', () => {
    const discretion = new Discretion(false)
    const name = 'CN=Erika Muster,L=Musterstadt,C=DE'
    expect(discretion.name(name)).to.equal('CN=E•••••,L=M•••••,C=DE')
    expect(discretion.remark(`RSA 2048 bit: ${name}`)).to.equal('RSA 2048 bit: CN=E•••••,L=M•••••,C=DE')
    expect(discretion.contentId('Erika Muster.pdf')).to.equal('attachment-1')
    expect(discretion.contentId('other.pdf')).to.equal('attachment-2')
    expect(discretion.uri('cid:Erika%20Muster.pdf')).to.equal('cid:attachment-1')
    expect(discretion.remark('cid:Erika%20Muster.pdf, cid:Erika Muster.pdf')).to.equal('cid:attachment-1, cid:attachment-1')
    expect(discretion.contentId('osci_enc')).to.equal('osci_enc')
    expect(discretion.uri('#body')).to.equal('#body')
    expect(discretion.uri('https://erika:secret@a.example/osci?x@y')).to.equal('https://a.example/osci')
    expect(discretion.uri('cid:%')).to.equal('cid:attachment-3')
  })

  it('L1 shows origin and path of web addresses, and nothing of other addresses', () => {
    const discretion = new Discretion(false)
    const uris: readonly (readonly [uri: string, shown: string])[] = [
      ['CID:zauber.pdf', 'cid:attachment-1'],
      ['cid:zauber.pdf', 'cid:attachment-1'],
      ['https://h.example/post?user=zauber&password=geheim', 'https://h.example/post'],
      ['HTTP://zauber:geheim@h.example:8080#zauber', 'HTTP://h.example:8080'],
      ['https://h.example/osci', 'https://h.example/osci'],
      ['https://h.example\\zauber', 'h••••••••'],
      ['file:///home/zauber/brief.pdf', 'f••••••••'],
      ['mailto:zauber@example.org', 'm••••••••'],
      ['zauber', 'z•••••'],
      ['', ''],
    ]
    for (const [uri, shown] of uris) expect(discretion.uri(uri), uri).to.equal(shown)
    expect(new Discretion(true).uri('mailto:zauber@example.org')).to.equal('mailto:zauber@example.org')
  })

  it('counts bytes of UTF-8 at every place of a text', () => {
    const text = 'aÄ€😀'.repeat(3000)
    const at = byteOffsets(text)
    for (const index of [0, 1, 2, 3, 5, 4096, 4100, 9001, text.length]) {
      // not between the halves of a pair, where no octet begins
      const cut = text.charCodeAt(index) >= 0xdc00 && text.charCodeAt(index) < 0xe000 ? index + 1 : index
      expect(at(cut), String(cut)).to.equal(Buffer.byteLength(text.slice(0, cut)))
    }
  })

  it('shows tags and names, and no value, comment or instruction unless it may', () => {
    const xml = '<?xml version="1.0"?>\n<!-- secret1 --><a xmlns="urn:x" b="secret2" c=\'shown1\'><d>secret3</d><e/>\n <f g="secret4"/><!--secret5--><h>shown2 <i>secret6</i></h><h>secret8<!--secret9--></h></a><?secret7 x?>'
    const bytes = new TextEncoder().encode(xml)
    const document = parseXml(bytes, { limits: CHECK_LIMITS, frame: 'content' })
    const home = new DocumentBytes('x', words('x', 'x'), bytes)
    new XmlBytes(home, document, 0).reveal({ text: (e) => e.local === 'h', attribute: (_e, a) => a.local === 'c' })
    const { visible } = home.shown(false)
    const seen = visible.map(([from, to]) => xml.slice(from, to)).join('…')
    expect(seen).to.not.contain('secret')
    expect(seen).to.equal(`<?xml version="1.0"?>\n…<a xmlns="urn:x" b="…" c='shown1'><d>…</d><e/>\n <f g="…"/>…<h>shown2 <i>…</i></h><h>…</h></a>`)
    expect(home.shown(true).visible).to.deep.equal([[0, bytes.length]])
  }) // prettier-ignore

  it('knows where an element lies', () => {
    const xml = '\ufeff<ä x="ö"><b>€</b></ä>'
    const bytes = new TextEncoder().encode('..' + xml)
    const document = parseXml(bytes.subarray(2), { limits: CHECK_LIMITS, frame: 'content' })
    const home = new DocumentBytes('x', words('x', 'x'), bytes)
    const [b] = document.root.children
    const place = b?.kind === 'element' ? new XmlBytes(home, document, 2).placeOf(b) : undefined
    expect(new TextDecoder().decode(bytes.subarray(place?.from, place?.to))).to.equal('<b>€</b>')
  })
})
