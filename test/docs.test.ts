// SPDX-License-Identifier: EUPL-1.2
/**
 * The documents say what the program does: generated pages match their tables, links lead somewhere, every short name of a
 * specification is explained.
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { PAGES } from '../tools/docs.js'
import { FIXTURES } from '../tools/fixtures.js'
import { ROOT, compare } from '../tools/generated.js'

const markdown = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .map((name) => 'docs/' + String(name))
    .filter((name) => name.endsWith('.md')),
]

describe('documents', () => {
  for (const generator of PAGES) {
    it(`${generator.name}: the generated page equals its source (npm run docs)`, async () => {
      expect(await compare(generator)).to.deep.equal([])
    })
  }

  for (const generator of FIXTURES) {
    it(`${generator.name}: the fixtures equal their generator (npm run fixtures)`, async () => {
      expect(await compare(generator)).to.deep.equal([])
    })
  }

  it('links only to files that are there', () => {
    const broken = markdown.flatMap((name) => {
      const text = readFileSync(join(ROOT, name), 'utf8')
      return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !existsSync(join(ROOT, dirname(name), link)))
        .map((link) => `${name} → ${link}`)
    })
    expect(broken).to.deep.equal([])
  })

  it('links from the pages of the package to nothing that is not part of it', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    const pages = ['README.md', ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)]
    const missing = pages
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        [...readFileSync(join(ROOT, name), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
          .map((match) => join(name, '..', match[1] ?? ''))
          .filter((target) => !['README.md', 'LICENSE', ...files].some((part) => target === part || target.startsWith(`${part}/`)))
          .map((target) => `${name} → ${target}`),
      )
    expect(missing).to.deep.equal([])
  })

  it('has the documents a newcomer and a security officer look for', () => {
    for (const name of [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'LICENSE',
      'docs/glossary.md',
      'docs/spec-refs.md',
      'docs/envelope.md',
    ])
      expect(existsSync(join(ROOT, name)), name).to.equal(true)
    expect(readdirSync(join(ROOT, 'docs/adr')).filter((name) => /^\d{4}-.*\.md$/.test(name)).length).to.be.at.least(6)
    expect(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')).to.contain('### Wire')
  })

  it('tells in every decision record the context, the decision, the consequence and what would change our mind', () => {
    for (const name of readdirSync(join(ROOT, 'docs/adr')).filter((one) => /^\d{4}-/.test(one))) {
      const text = readFileSync(join(ROOT, 'docs/adr', name), 'utf8')
      for (const heading of ['## Context', '## Decision', '## Consequence', '## What would change our mind'])
        expect(text, name).to.contain(heading)
    }
  })

  it('explains every short name of a specification that the sources cite', () => {
    const cited = new Set<string>()
    for (const entry of readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      for (const match of text.matchAll(/\[([A-Z][A-Z0-9-]{2,})(?: §[^\]\n]*| "[^"\]\n]*")[^\]\n]*\]/g)) cited.add(match[1] ?? '')
    }
    const explained = readFileSync(join(ROOT, 'docs/spec-refs.md'), 'utf8')
    expect([...cited].filter((name) => !explained.includes(`| ${name} |`))).to.deep.equal([])
  })
})
