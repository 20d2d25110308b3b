// SPDX-License-Identifier: EUPL-1.2
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { CHECK_LIMITS, GATEWAY_LIMITS, type Limits } from '../../src/env.js'
import { StructureError } from '../../src/errors.js'
import { parseXml } from '../../src/xml/gate.js'
import { Lines } from '../../src/xml/lines.js'
import { attributeOf, elementsOf, textOf } from '../../src/xml/tree.js'
import { bytesOf, content, find, findingOf, osci } from './support.js'

const DS = 'http://www.w3.org/2000/09/xmldsig#'

/** Refused with this finding and 9100, and the next valid message still works. */
function refused(
  finding: string,
  xml: string | Uint8Array,
  frame: 'osci' | 'content' = 'osci',
  limits: Limits = GATEWAY_LIMITS,
): StructureError {
  const bytes = typeof xml === 'string' ? bytesOf(xml) : xml
  let error: unknown
  try {
    parseXml(bytes, { limits, frame })
  } catch (e) {
    error = e
  }
  expect(error, finding).to.be.instanceOf(StructureError)
  const found = error as StructureError
  expect(found.finding).to.equal(finding)
  expect(found.feedback).to.equal('9100')
  expect(textOf(osci('<a>next</a>').root)).to.equal('next')
  return found
}

describe('xml gate', () => {
  it('reads namespaces, attributes, texts and positions', () => {
    const xml =
      '<?xml version="1.0" encoding="utf-8"?>\r\n<p:a xmlns:p="urn:p" Id="x">\n  <b p:q="1&amp;2">t&lt;<![CDATA[<c>]]></b>\r\n  <𝒳/></p:a>\n'
    const { root, text, byteOrderMark } = content(xml)
    expect(text).to.equal(xml)
    expect(byteOrderMark).to.equal(false)
    expect([root.uri, root.prefix, root.local, attributeOf(root, 'Id')]).to.deep.equal(['urn:p', 'p', 'a', 'x'])
    expect([root.line, root.column]).to.deep.equal([2, 1])
    const [b, x] = elementsOf(root)
    expect(b && [b.line, b.column, textOf(b), attributeOf(b, 'q', 'urn:p')]).to.deep.equal([3, 3, 't<<c>', '1&2'])
    expect(b?.children).to.deep.equal([{ kind: 'text', value: 't<<c>', cdata: true }])
    expect(b && text.slice(b.start, b.end)).to.equal('<b p:q="1&amp;2">t&lt;<![CDATA[<c>]]></b>')
    expect(x && [x.line, x.column, text.slice(x.start, x.end)]).to.deep.equal([4, 3, '<𝒳/>'])
    expect(text.slice(root.start, root.end)).to.equal(text.slice(text.indexOf('<p:a'), -1))
  })

  it('says what is not well-formed, where it began, and quotes nothing', () => {
    const cases: readonly (readonly [xml: string, reason: string, line: number, column: number])[] = [
      ['<a>x & y\nfoo\n<b>1</b>\n</a>', '& without a reference', 1, 6],
      ['<a>\n<b>ok &amp; x</b><c>A & B &amp; Co; </c></a>', '& without a reference', 2, 23],
      ['<a>\n<b c="x & y"/></a>', '& without a reference', 2, 9],
      ['<a>\n &foo; </a>', 'undefined entity', 2, 2],
      ['<a>\r\n<b>\r</c></a>', 'unexpected close tag', 3, 1],
      ['<a>\n<q:b/></a>', 'unbound namespace prefix', 2, 6],
      ['<a>\n<b c="1" c="2"/></a>', 'duplicate attribute', 2, 16],
    ]
    for (const [xml, reason, line, column] of cases) {
      const { message, place } = refused('xml.not-well-formed', xml, 'content')
      expect([message, place], xml).to.deep.equal([`not well-formed: ${reason}`, { line, column }])
    }
  })

  it('names the first octet that is no UTF-8', () => {
    const bad: readonly (readonly [bytes: Buffer, line: number, column: number])[] = [
      [Buffer.from('<a>\nM\u00fcller</a>', 'latin1'), 2, 2],
      [Buffer.concat([Buffer.from('<a>\u00fc\u20ac\ud83d\ude00'), Buffer.from([0xed, 0xa0, 0x80])]), 1, 8],
      [Buffer.from([0xff, 0xfe, 0x3c, 0]), 1, 1],
      [Buffer.concat([Buffer.from('\ufeff<a>'), Buffer.from([0xe2, 0x82])]), 1, 4],
    ]
    for (const [bytes, line, column] of bad) expect(refused('xml.encoding', bytes, 'content').place).to.deep.equal({ line, column })
  })

  it('X6 looks at line ends once, whatever they are', () => {
    const searches = (text: string): number => {
      let calls = 0
      const counted = Object.assign(Object(text) as string, {
        indexOf: (sign: string, from: number) => (calls++, text.indexOf(sign, from)),
      })
      const lines = new Lines(counted)
      for (let at = 0; at < text.length; at += 100) lines.at(at)
      expect(lines.at(text.length)).to.deep.equal({
        line: text.split(/\r\n|\r|\n/).length,
        column: 1 + (/[^\r\n]*$/.exec(text)?.[0].length ?? 0),
      })
      return calls
    }
    // a search that finds nothing goes to the end of the text: there may be one for each sign, not one for each line
    for (const line of ['\r', '\n', '\r\n', '\r\n\r', `${'x'.repeat(100)}\r`]) {
      const few = searches(line.repeat(500))
      const many = searches(line.repeat(1000))
      expect(many, JSON.stringify(line)).to.be.at.most(line.length > 32 ? 2 * few + 2 : 4)
    }
    expect(searches(`${'x'.repeat(100)}\r`.repeat(1000))).to.be.at.most(1000 + 3)
  })

  it('keeps positions and texts when long runs bypass the tokenizer', () => {
    const run = ('A'.repeat(76) + '\n').repeat(100)
    const hard = run + '&amp;' + run
    const xml = `<a x="${'>'.repeat(3000)}"><b>${run}</b><c>${hard}</c><!-- > ${run} <z>${run}</z> --><![CDATA[ > ${run}<y>${run}]]><d/>${run}</a>`
    const { root, text } = content(xml)
    const [b, c, d] = elementsOf(root)
    expect(b && textOf(b)).to.equal(run)
    expect(c && textOf(c)).to.equal(hard.replace('&amp;', '&'))
    for (const e of [b, c, d]) expect(e && text.slice(e.start, e.start + 2)).to.equal(`<${e?.local}`)
    expect(d && [text.slice(d.start, d.end), d.line]).to.deep.equal(['<d/>', text.slice(0, text.indexOf('<d/>')).split('\n').length])
    expect(textOf(root)).to.equal(` > ${run}<y>${run}${run}`)
    expect(elementsOf(root)).to.have.length(3)
    expect(findingOf(() => content(`<a><b>${run}</c></a>`))).to.equal('xml.not-well-formed')
    expect(findingOf(() => content(`<a>${'x'.repeat(5000)}]]></a>`))).to.equal('xml.not-well-formed')
    expect(findingOf(() => content(`<a/>${'x'.repeat(5000)}<b/>`))).to.equal('xml.not-well-formed')
    expect(findingOf(() => content(`<a>${'x'.repeat(5000)}\u0001${'x'.repeat(5000)}</a>`))).to.equal('xml.not-well-formed')
  })

  it('counts lines by LF, CR LF and lone CR alike', () => {
    expect(['\n', '\r\n', '\r'].map((nl) => find(content(`<a>${nl}${nl} <b${nl}/></a>`).root, 'b')).map((e) => [e.line, e.column])).to.deep.equal([[3, 2], [3, 2], [3, 2]]) // prettier-ignore
  })

  it('X1 refuses DOCTYPE with file and network entities, and asks nobody', async () => {
    let asked = 0
    const canary = createServer((_, answer) => {
      asked++
      answer.end('<!ENTITY leak "leaked">')
    })
    await new Promise<void>((done) => canary.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`
    const file = new URL(import.meta.url).href
    for (const xml of [
      `<!DOCTYPE a [<!ENTITY e SYSTEM "${url}">]><a>&e;</a>`,
      `<!DOCTYPE a SYSTEM "${url}"><a/>`,
      `<!DOCTYPE a [<!ENTITY % p SYSTEM "${url}">%p;]><a>&leak;</a>`,
      `<!DOCTYPE a [<!ENTITY e SYSTEM "${file}">]><a>&e;</a>`,
      '<!DOCTYPE a><a/>',
      '<?xml version="1.0"?>\n<!doctype a><a/>',
      '<a/><!DOCTYPE a>',
      '<a><!DOCTYPE a></a>',
    ]) {
      for (const frame of ['osci', 'content'] as const) {
        const error = refused('xml.doctype', xml, frame)
        expect(JSON.stringify([error.message, error.detail])).not.to.contain('module')
      }
    }
    await new Promise((done) => canary.close(done))
    expect(asked).to.equal(0)
  })

  it('X2 refuses entity expansion and floods of character references', () => {
    refused('xml.doctype', '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>')
    refused('xml.not-well-formed', '<a>&undefined;</a>')
    refused('xml.not-well-formed', '<a>&constructor;</a>')
    refused('xml.not-well-formed', '<a>&#0;</a>')
    refused('xml.not-well-formed', '<a>&#xD800;</a>')
    refused('xml.references', `<a>${'&#65;'.repeat(GATEWAY_LIMITS.xmlElements + 1)}</a>`)
    expect(textOf(osci(`<a>${'&#65;'.repeat(1000)}</a>`).root)).to.equal('A'.repeat(1000))
  })

  it('X3 refuses every encoding but strict UTF-8', () => {
    const doc = '<?xml version="1.0"?><a>ä</a>'
    refused('xml.encoding', Buffer.from('\ufeff' + doc, 'utf16le'))
    refused('xml.encoding', Buffer.from('<a/>', 'utf16le'))
    for (const [encoding, bytes] of [
      ['UTF-16', Buffer.from('<a/>', 'utf16le')],
      ['UTF-16', Buffer.from('<a/>', 'utf16le').swap16()],
      ['UTF-32', Buffer.from([0x3c, 0, 0, 0, 0x61, 0, 0, 0])],
      ['UTF-32', Buffer.from([0, 0, 0, 0x3c, 0, 0, 0, 0x61])],
    ] as const)
      expect(() => osci(bytes)).to.throw(`${encoding}, not UTF-8`)
    refused('xml.not-well-formed', Buffer.from('<a\0/>'))
    refused('xml.encoding', Buffer.from(doc, 'latin1'))
    refused('xml.encoding', Buffer.from([0x4c, 0x6f, 0xa7, 0x94])) // EBCDIC "<?xm"
    refused('xml.encoding', '<?xml version="1.0" encoding="UTF-7"?><a>+ADw-</a>')
    refused('xml.encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>')
    refused('xml.encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>')
    refused('xml.version', '<?xml version="1.1"?><a/>')
    refused('xml.version', '<?xml version="1.2" encoding="UTF-8"?><a/>')
    refused('xml.not-well-formed', '<a>\u0000</a>')
    refused('xml.not-well-formed', '<a>\uffff</a>')
    for (const bad of [[0xc0, 0xbc], [0xe0, 0x80, 0xbc], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff], [0xc3], [0x80]]) {
      // prettier-ignore
      refused('xml.encoding', Buffer.concat([bytesOf('<a>'), Buffer.from(bad), bytesOf('</a>')]))
    }
  })

  it('X3 refuses a byte order mark in the OSCI frame and reports it in content', () => {
    refused('xml.byte-order-mark', '\ufeff<a/>')
    expect(content('\ufeff<a/>')).to.include({ byteOrderMark: true, text: '<a/>' })
    refused('xml.not-well-formed', '\ufeff\ufeff<a/>', 'content')
  })

  it('X4 refuses instructions in the OSCI frame and never follows hints', () => {
    refused('xml.instruction', '<?xml-stylesheet href="http://127.0.0.1:9/"?><a/>')
    refused('xml.instruction', '<a><?p x?></a>')
    refused('xml.instruction', '<a/><?p x?>')
    const { prolog, root, epilog } = content(
      '<?p x?><a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="http://127.0.0.1:9/"/></a><?q?>',
    )
    expect([prolog, epilog]).to.deep.equal([
      [{ kind: 'instruction', target: 'p', value: 'x' }],
      [{ kind: 'instruction', target: 'q', value: '' }],
    ])
    expect(find(root, 'include').children).to.deep.equal([])
  })

  it('X5 enforces each limit exactly', () => {
    const small: Limits = {
      ...GATEWAY_LIMITS, xmlBytes: 2000, xmlDepth: 5, xmlAttributes: 3, xmlNamespaces: 3, xmlNamespacesInScope: 4, xmlElements: 10, xmlNameBytes: 8, xmlAttributeBytes: 12,
    } // prettier-ignore
    const nested = (n: number): string => '<a>'.repeat(n) + '</a>'.repeat(n)
    const attributes = (n: number): string => `<a ${Array.from({ length: n }, (_, i) => `a${i}="1"`).join(' ')}/>`
    const namespaces = (n: number, from = 0): string =>
      Array.from({ length: n }, (_, i) => `xmlns:n${i + from}="urn:${i + from}"`).join(' ')
    const cases: [string, (n: number) => string, number][] = [
      ['xml.too-large', (n) => `<a>${'x'.repeat(n - 7)}</a>`, 2000],
      ['xml.depth', nested, 5],
      ['xml.attributes', attributes, 3],
      ['xml.namespaces', (n) => `<a ${namespaces(n)}/>`, 3],
      ['xml.namespaces-in-scope', (n) => `<a ${namespaces(3)}><b ${namespaces(n - 3, 3)}/></a>`, 4],
      ['xml.elements', (n) => `<a>${'<b/>'.repeat(n - 1)}</a>`, 10],
      ['xml.elements', (n) => `<a>${'<!---->'.repeat(n - 1)}</a>`, 10],
      ['xml.name-size', (n) => `<${'n'.repeat(n)}/>`, 8],
      ['xml.name-size', (n) => `<a ${'ä'.repeat(n / 2)}${'n'.repeat(n % 2)}="1"/>`, 8],
      ['xml.attribute-size', (n) => `<a b="${'x'.repeat(n)}"/>`, 12],
      ['xml.references', (n) => `<a>${'&lt;'.repeat(n)}</a>`, 10],
    ]
    for (const [finding, make, limit] of cases) {
      expect(
        findingOf(() => parseXml(bytesOf(make(limit)), { limits: small, frame: 'content' })),
        `${finding} at the limit`,
      ).to.equal('none')
      refused(finding, make(limit + 1), 'content', small)
    }
  })

  it('X5 counts redeclared namespaces once, and forgets them at the end tag', () => {
    const limits = { ...GATEWAY_LIMITS, xmlNamespacesInScope: 2 }
    const five = '<a xmlns:a="urn:a" xmlns:b="urn:b">'.repeat(5) + '</a>'.repeat(5)
    expect(findingOf(() => parseXml(bytesOf(five), { limits, frame: 'osci' }))).to.equal('none')
    const siblings = `<a>${Array.from({ length: 20 }, (_, i) => `<b xmlns:n${i}="urn:${i}"/>`).join('')}</a>`
    expect(findingOf(() => parseXml(bytesOf(siblings), { limits, frame: 'osci' }))).to.equal('none')
  })

  it('X5 answers bombs of depth, attributes and comments by the limit, under the limits of check as well', () => {
    for (const limits of [GATEWAY_LIMITS, CHECK_LIMITS]) {
      refused('xml.depth', '<a>'.repeat(100_000), 'osci', limits)
      refused('xml.depth', '<a>'.repeat(100_000) + '</a>'.repeat(100_000), 'osci', limits)
      refused('xml.attributes', `<a ${Array.from({ length: 50_000 }, (_, i) => `a${i}=""`).join(' ')}/>`, 'osci', limits)
      refused('xml.namespaces', `<a ${Array.from({ length: 50_000 }, (_, i) => `xmlns:a${i}="urn:x"`).join(' ')}/>`, 'osci', limits)
    }
    refused('xml.elements', `<a>${'<b/>'.repeat(GATEWAY_LIMITS.xmlElements)}</a>`)
  })

  it('X6 refuses what two parsers could read differently', () => {
    refused('xml.comment', '<a>x<!-- y -->z</a>')
    refused('xml.comment', '<!-- y --><a/>')
    refused('xml.cdata', `<ds:Signature xmlns:ds="${DS}"><ds:X><y><![CDATA[x]]></y></ds:X></ds:Signature>`)
    expect(textOf(osci(`<a><b xmlns="${DS}"/><![CDATA[x]]></a>`).root)).to.equal('x')
    for (const xml of [
      '<a/><b/>', '<a/>x', '<a/>&#32;', 'x<a/>', '<a b="1" b="2"/>', '<a xmlns:p="urn:1" xmlns:q="urn:1" p:b="1" q:b="2"/>', '<a xmlns:p="urn:1" xmlns:p="urn:2"/>',
      '<p:a/>', '<a p:b="1"/>', '<a xmlns:p=""/>', '<xmlns:a/>', '<a xmlns:xmlns="urn:x"/>', '<a xmlns:xml="urn:x"/>', '<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>',
      '<a:b:c xmlns:a="urn:a"/>', '<a:1 xmlns:a="urn:a"/>', '<a xmlns:-p="urn:a"/>', '<a b=c/>', '<a b/>', '<a b="<"/>', '<a', '<a>', '</a>', '', ' ', '<a></b>', '<a>]]></a>', '<a/><![CDATA[x]]>', ' <?xml version="1.0"?><a/>',
    ]) refused('xml.not-well-formed', xml) // prettier-ignore
    refused('xml.namespace', '<a xmlns:p=" urn:p"/>')
  })

  it('X7 names like __proto__ are names and nothing else', () => {
    const { root } = osci('<__proto__ constructor="1" __proto__="polluted"><constructor/><hasOwnProperty toString="2"/></__proto__>')
    expect(root.local).to.equal('__proto__')
    expect(attributeOf(root, '__proto__')).to.equal('polluted')
    expect(elementsOf(root).map((e) => e.local)).to.deep.equal(['constructor', 'hasOwnProperty'])
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
    refused('xml.not-well-formed', '<__proto__:a/>')
  })

  it('says where: line and column of the first offence', () => {
    expect(refused('xml.comment', '<a>\n  <b/>\n <!-- x --></a>').place).to.deep.equal({ line: 3, column: 2 })
    expect(refused('xml.not-well-formed', '<a>\n  <p:b/></a>').place).to.deep.include({ line: 2 })
  })

  it('quotes nothing of the document in its message', () => {
    const error = refused('xml.not-well-formed', '<a geheim="1" geheim="2"/>')
    expect(error.message).not.to.contain('geheim')
  })

  it('reads a view into a larger buffer', () => {
    const buffer = bytesOf('xx<a>1</a>yy')
    expect(textOf(osci(buffer.subarray(2, 10)).root)).to.equal('1')
  })
})
