// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be seen of the heads of a MIME package without `--show-values`.
 * @module
 */
import { expect } from 'chai'
import { Discretion } from '../../src/check/explain/discretion.js'
import { DocumentBytes } from '../../src/check/explain/documents.js'
import { mediaTypeIn, revealHead, transferEncodingIn } from '../../src/check/explain/mime-heads.js'
import { words } from '../../src/check/explain/types.js'

/** The head with every hidden byte as a dot. */
function seen(lines: readonly string[]): string[] {
  const bytes = Buffer.from(lines.join('\r\n'), 'latin1')
  const home = new DocumentBytes('x', words('x', 'x'), bytes)
  revealHead(home, 0, bytes.length, 'b_1', new Discretion(false))
  const shown = Buffer.alloc(bytes.length, '.')
  for (const [from, to] of home.shown(false).visible) bytes.copy(shown, from, from, to)
  return shown.toString('latin1').split('\r\n')
}

const hidden = (text: string): string => '.'.repeat(text.length)

describe('explanations: heads of MIME parts', () => {
  it('L1 shows known lines and parameters, and no names, descriptions or unknown lines', () => {
    const name = '; name="Zaubermann.xml"'
    const plain = [
      'MIME-Version: 1.0',
      'Content-Type: Multipart/Related; boundary=b_1;',
      ' start="<osci@message>"; type=text/xml',
      '',
      '--b_1',
      'Content-Type: text/xml; charset=UTF-8',
      'Content-Transfer-Encoding: 8bit',
      'Content-ID: <osci@message>',
      '',
    ]
    // the semicolon and fold belong to the parameter behind them
    expect(seen(plain)).to.deep.equal(plain)
    const secrets = ['Content-Description: Zaubermann', 'Content-Disposition: attachment; filename="Zaubermann"', 'Zaubermann', '--Zaubermann']
    for (const secret of secrets) expect(seen([secret])).to.deep.equal([hidden(secret)])
    expect(seen(['X-Mine: a', ' Zaubermann']).join('')).to.match(/^\.+$/)
    expect(seen([`Content-Type: text/xml${name}; charset=UTF-8`])).to.deep.equal([`Content-Type: text/xml${hidden(name)}; charset=UTF-8`])
    expect(seen(['Content-ID: <Zaubermann>', 'Content-Transfer-Encoding: Zauber'])).to.deep.equal([`Content-ID: ${hidden('<Zaubermann>')}`, `Content-Transfer-Encoding: ${hidden('Zauber')}`])
    expect(seen(['Content-Type: text/xml; start="<Zaubermann>"'])).to.deep.equal([`Content-Type: text/xml${hidden('; start="<Zaubermann>"')}`])
  }) // prettier-ignore

  it('L1 tells media types without parameters', () => {
    const discretion = new Discretion(false)
    expect(mediaTypeIn('text/plain; name="Zaubermann"', discretion)).to.equal('text/plain')
    expect(mediaTypeIn('Zaubermann', discretion)).to.equal('•')
    expect(transferEncodingIn('Zaubermann', discretion)).to.equal('Z•••••')
    expect(transferEncodingIn('base64', discretion)).to.equal('base64')
  })
})
