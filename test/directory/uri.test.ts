// SPDX-License-Identifier: EUPL-1.2
/**
 * Addresses of OSCI parties: what is registered is found in every spelling of the same place, and nothing else is ever found
 * (threat model X4: no free outbound calls).
 * @module
 */
import fc from 'fast-check'
import { expect } from 'chai'
import { organizationKey, fingerprintOf } from '../../src/directory/names.js'
import { partyUri } from '../../src/directory/uri.js'
import { makeFolder, open, type Folder, type House } from './support.js'

const REGISTERED = [
  'http://127.0.0.1:8082/osci',
  'https://Gateway.Example:443/a/../osci/box?x=1#part',
  'http://[::1]:8080/osci',
  'http://dotted.example./osci',
  'http://example.org/a%2Fb/%C3%A4',
]

describe('addresses of OSCI parties', () => {
  let folder: Folder
  let house: House
  before(async () => {
    folder = await makeFolder()
    const elements = REGISTERED.map(
      (uri, i) => `{ serviceUri: 'urn:${i}', communicationType: one-way, elements: [ { type: OSCI_ADDRESSEE, uri: '${uri}' } ] }`,
    )
    await folder.write(`formatVersion: 1\norganizations: [ { keys: [ 'x:1' ], name: X, services: [ ${elements.join(', ')} ] } ]\n`)
    house = await open({ file: folder.file })
  })
  after(async () => {
    await house.close()
    await folder.remove()
  })
  const found = (uri: string) => house.osci.receiver(uri)?.uri

  it('X4 finds a registered address in every spelling that leads the connector to the same place', () => {
    for (const [asked, expected] of [
      ['HTTP://127.0.0.1:8082/osci', 'http://127.0.0.1:8082/osci'],
      ['http://127.0.0.1:8082/./x/../osci#anything', 'http://127.0.0.1:8082/osci'],
      ['http://0x7f.1:8082/osci', 'http://127.0.0.1:8082/osci'],
      ['https://gateway.example/osci/box?x=1', 'https://gateway.example/osci/box?x=1'],
      ['https://GATEWAY.%65xample:443/%2e%2e/osci/box?x=1', 'https://gateway.example/osci/box?x=1'],
      ['http://[0:0:0:0:0:0:0:1]:8080/osci', 'http://[::1]:8080/osci'],
      ['http://dotted.example./osci', 'http://dotted.example./osci'],
      ['http://example.org:80/a%2Fb/ä', 'http://example.org/a%2Fb/%C3%A4'],
    ] as const)
      expect(found(asked), asked).to.equal(expected)
  })

  it('X4 finds nothing for an address that is only similar, or that the parser would mend', () => {
    for (const asked of [
      'http://127.0.0.1:8082/osci/',
      'http://127.0.0.1:8082/Osci',
      'http://127.0.0.1:8082/osci?',
      'http://127.0.0.1:8083/osci',
      'https://127.0.0.1:8082/osci',
      'http://user@127.0.0.1:8082/osci',
      'http://user:secret@127.0.0.1:8082/osci',
      'http://@127.0.0.1:8082/osci',
      'http://127.0.0.1:8082@evil.example/osci',
      'http://evil.example\\@127.0.0.1:8082/osci',
      'http:\\\\127.0.0.1:8082\\osci',
      'http:127.0.0.1:8082/osci',
      'http:/127.0.0.1:8082/osci',
      'http:///127.0.0.1:8082/osci',
      ' http://127.0.0.1:8082/osci',
      'http://127.0.0.1:8082/osci\n',
      'ht\ntp://127.0.0.1:8082/osci',
      'http://127.0.0.1:80\t82/osci',
      'http://127.0.0.1.:8082/osci/x',
      'http://dotted.example/osci',
      'http://gateway.example./osci/box?x=1',
      'http://example.org/a/b/%C3%A4',
      'http://example.org/a%2fb/%C3%A4',
      'file:///etc/passwd',
      'ftp://127.0.0.1:8082/osci',
      'javascript:alert(1)',
      '//127.0.0.1:8082/osci',
      '/osci',
      '',
      'http://',
      'http://[::1/osci',
      'http://127.0.0.1:99999/osci',
      'http://127.0.0.1:8082/osci' + '?'.repeat(3000),
    ])
      expect(found(asked), asked).to.equal(undefined)
  })

  it('X4 whatever is asked, only a registered address comes back, and it is where the connector would go', () => {
    const registered = new Set(REGISTERED.map((uri) => partyUri(uri)))
    const mutated = fc
      .tuple(
        fc.constantFrom(...REGISTERED),
        fc.array(
          fc.tuple(fc.nat(60), fc.constantFrom('@', ':', '/', '#', '?', '\\', '%2e', '.', '\t', 'A', '%00', '[', '//', 'ⓔ', '。', '%40')),
        ),
      )
      .map(([uri, edits]) => edits.reduce((text, [at, edit]) => text.slice(0, at) + edit + text.slice(at), uri))
    const built = fc
      .tuple(
        fc.constantFrom('http://', 'HTTP://', 'https://', 'http:', 'ftp://', '//', 'http:/\\'),
        fc.constantFrom('', 'user@', 'a:b@', '@', '%40'),
        fc.constantFrom(
          '127.0.0.1',
          '2130706433',
          '0177.0.0.1',
          '[::1]',
          '[::ffff:127.0.0.1]',
          'gateway.example',
          'GATEWAY.example.',
          'dotted.example.',
          'example.org',
        ),
        fc.constantFrom('', ':80', ':443', ':8080', ':8082', ':08082', ':'),
        fc.constantFrom('/osci', '/osci/box?x=1', '/OSCI', '/%6fsci', '/a%2Fb/%C3%A4', '/a/../osci', '/osci;x', '\\osci'),
        fc.constantFrom('', '#', '#x', '?', ' '),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(mutated, built, fc.webUrl(), fc.string()), (asked) => {
        const answer = found(asked)
        if (answer === undefined) return
        expect(registered.has(answer)).to.equal(true)
        const connector = new URL(asked)
        connector.hash = ''
        expect([connector.href, connector.username, connector.password]).to.deep.equal([answer, '', ''])
      }),
      { numRuns: 1000 },
    )
  })

  it('a form of an address has that form itself, without user, fragment or default port', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.constantFrom(...REGISTERED)), (uri) => {
        const form = partyUri(uri)
        if (form === undefined) return
        expect(partyUri(form)).to.equal(form)
        expect(form).to.match(/^https?:\/\/[^/?#@]+\/[^#]*$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('names of a directory', () => {
  it('knows one form of a key: outer blanks dropped, prefix as written, an AGS of 8 digits', () => {
    expect(organizationKey(' ags:99001000\n')).to.equal('ags:99001000')
    for (const wrong of [
      'ags:9900100',
      'ags:990010000',
      'ags:9900100x',
      'AGS:99001000',
      'Ags:99001000',
      'ags: 99001000',
      'ags',
      ':x',
      'a b:c',
      '1:x',
      'a:',
      '',
    ])
      expect(organizationKey(wrong), wrong).to.equal(undefined)
    expect(organizationKey('psb:01001000_00')).to.equal('psb:01001000_00')
    for (const prefix of ['ag', 'MELDID', 'töj']) expect(organizationKey(`${prefix}:1`)).to.equal(`${prefix}:1`)
    expect(organizationKey('PSB:x')).to.equal('PSB:x')
  })

  it('knows one form of a fingerprint', () => {
    for (const same of ['AB:'.repeat(19) + 'AB', 'ab'.repeat(20), ' sha1:' + 'AB '.repeat(20)])
      expect(fingerprintOf(same)).to.equal('ab'.repeat(20))
    for (const wrong of ['ab'.repeat(32), 'ab', '', 'xy'.repeat(20)]) expect(fingerprintOf(wrong)).to.equal(undefined)
  })
})
