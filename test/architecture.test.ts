// SPDX-License-Identifier: EUPL-1.2
/**
 * The shape of the house, kept by a machine: which room may import which, who may touch the world, who alone may use a
 * library, how long a file may grow, which names are refused, and that every row of the threat model has its test.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

interface Import {
  readonly specifier: string
  readonly names: string
  readonly typeOnly: boolean
}

interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

function walk(folder: string, accept: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path, accept)
    return accept(entry.name) ? [path] : []
  })
}

/** Blanks out comments (strings are left alone), so that prose cannot count as code. Line numbers stay. */
function withoutComments(text: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*(?=\s*[.,;)\]}\n])/g
  return text.replace(token, (found) => (found.startsWith('/*') || found.startsWith('//') ? found.replace(/[^\n]/g, ' ') : found))
}

function importsOf(code: string): Import[] {
  const found: Import[] = []
  for (const match of code.matchAll(/(?:^|\n)\s*(import|export)\s+(type\s+)?((?:[\w$*{}\s,]|\bas\b)*?)\s*from\s*['"]([^'"\n]+)['"]/g)) {
    found.push({ specifier: match[4] ?? '', names: match[3] ?? '', typeOnly: match[2] !== undefined })
  }
  for (const match of code.matchAll(/(?:^|\n)\s*import\s+['"]([^'"\n]+)['"]/g))
    found.push({ specifier: match[1] ?? '', names: '', typeOnly: false })
  for (const match of code.matchAll(/(typeof\s+)?\bimport\s*\(\s*['"]([^'"\n]+)['"]/g))
    found.push({ specifier: match[2] ?? '', names: '', typeOnly: match[1] !== undefined })
  for (const match of code.matchAll(/\brequire(?:\.resolve)?\s*\(\s*['"]([^'"\n]+)['"]/g))
    found.push({ specifier: match[1] ?? '', names: '', typeOnly: false })
  return found
}

function load(folder: string): SourceFile[] {
  return walk(join(root, folder), (name) => name.endsWith('.ts')).map((file) => {
    const text = readFileSync(file, 'utf8')
    return { path: relative(root, file).split(sep).join('/'), text, imports: importsOf(withoutComments(text)) }
  })
}

const sources = load('src')
const tests = load('test')
const everything = [...sources, ...tests, ...load('tools'), ...load('examples')]

/** `src/osci/parts.ts` → `osci`; `src/errors.ts` → `errors`. */
function roomOf(path: string): string {
  const parts = path.split('/')
  return parts.length === 2 ? (parts[1] ?? '').replace(/\.ts$/, '') : (parts[1] ?? '')
}

/** The file of ours that a relative specifier means, or undefined for a package. */
function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return normalize(join(dirname(from), specifier))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts')
}

const GROUND = ['errors', 'env']

/** [style-anchors "Folders"]: the rooms a room may import, besides the ground floor and itself. */
const MATRIX: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  env: [],
  mime: [],
  xml: [],
  pki: [],
  osci: ['mime', 'xml', 'pki'],
  xoev: ['xml'],
  envelope: [],
  check: ['mime', 'xml', 'pki', 'osci', 'xoev', 'envelope'],
  core: ['envelope'],
  directory: ['pki'],
  client: ['osci', 'xoev', 'envelope', 'pki'],
  gateway: ['osci', 'xoev', 'envelope', 'check', 'client', 'core', 'directory'],
  conformance: ['mime', 'xml', 'pki', 'osci', 'check', 'client'],
  web: ['envelope', 'client', 'xoev', 'xml'],
  config: [],
  cli: [
    'mime',
    'xml',
    'pki',
    'osci',
    'xoev',
    'envelope',
    'check',
    'core',
    'directory',
    'client',
    'conformance',
    'gateway',
    'web',
    'config',
  ],
  index: ['mime', 'xml', 'pki', 'osci', 'xoev', 'envelope', 'check', 'core', 'directory', 'client', 'gateway', 'config'],
}

/** Rooms of which another room may use only these files. */
const ONLY_PORTS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  gateway: { core: /^src\/core\/(ports|errors|chain|fair)\.ts$/, directory: /^src\/directory\/(ports|errors)\.ts$/ },
  core: { envelope: /^src\/envelope\/types\.ts$/ },
  // what runs in a browser, and no more of it than the citizen page needs: docs/adr/0013
  web: {
    envelope: /^src\/envelope\/(keys|types)\.ts$/,
    client: /^src\/client\/(ask|fate|ports)\.ts$/,
    xoev: /^src\/xoev\/xprotektor(-types)?\.ts$/,
    xml: /^src\/xml\/gate\.ts$/,
  },
}

/** The one page that may import rooms. */
const SEALING_PAGE = /^src\/web\/citizen\//

/** Files that touch the world, in rooms where the others must not. Workers run in threads of their own; adapters are adapters. */
const WORLD_DOORS: Readonly<Record<string, RegExp>> = {
  mime: /^$/,
  xml: /-worker\.ts$/,
  osci: /^$/,
  xoev: /-worker\.ts$/,
  envelope: /^$/,
  check: /^$/,
  pki: /^src\/pki\/(keystore|test-pki|rsa15)\.ts$/,
  core: /^src\/core\/adapters\//,
  directory: /^src\/directory\/(file|dvdv)\.ts$/,
  client: /^src\/client\/(osci\/)?transport\.ts$/,
  config: /^src\/config\/(folder|load|schema-files|schema-store|schema-zip)\.ts$/,
  conformance: /^src\/conformance\/listener\.ts$/,
  errors: /^$/,
  env: /^$/,
}

const WORLD =
  /^(?:node:)?(fs|fs\/promises|http|https|http2|net|tls|dgram|dns|dns\/promises|timers|timers\/promises|child_process|cluster|os)$/
const CHANCE = /\b(randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues|webcrypto)\b/
const CLOCK = /\b(Date\.now|new Date\(\)|performance\.now|process\.hrtime|process\.env|setTimeout|setInterval|setImmediate|Math\.random)\b/

const SOLE_USERS: Readonly<Record<string, RegExp>> = {
  saxes: /^src\/xml\/gate\.ts$/,
  'xmllint-wasm': /^src\/xml\/schema[^/]*\.ts$/,
  'xml-crypto': /^src\/xml\/second-opinion\.ts$/,
  'node-forge': /^src\/pki\/(keystore|test-pki)\.ts$/,
  asn1js: /^src\/pki\/revocation-list\.ts$/,
  pkijs: /^src\/pki\/(path|revocation-list|timestamp)\.ts$/,
  'fast-xml-parser': /^src\/xoev\/reading\.ts$/,
  jose: /^src\/(envelope|client|gateway)\/|^src\/check\/reports\/signature\.ts$/,
  lmdb: /^src\/[^/]+\/adapters\//,
  ioredis: /^src\/[^/]+\/adapters\/redis[^/]*\.ts$/,
  koa: /^src\/gateway\//,
  'koa-router': /^src\/gateway\//,
  'prom-client': /^src\/gateway\/metrics\.ts$/,
  uplot: /^src\/web\//,
  esbuild: /^src\/cli\/compose\/web-assets\.ts$/,
  yauzl: /^src\/config\/schema-zip\.ts$/,
  zod: /^src\/(config|envelope|gateway|check|directory|conformance)\/|^src\/web\/citizen\/no-eval\.ts$/,
  yaml: /^src\/(config|directory)\//,
  fontoxpath: /^src\/xoev\/schematron-worker\.ts$/,
  slimdom: /^src\/xoev\/schematron-worker\.ts$/,
  ajv: /^$/,
  'libxml2-wasm': /^$/,
}

const TABLES = /(^|\/)(messages|feedback|options|types|findings)\.ts$/
const REFUSED_NAMES = /(^|[/-])(utils?|helpers?|common|impl|manager|service)([./-]|$)/i
const REFUSED_CLASSES = /\b(?:class|interface|type)\s+\w*(?:Manager|Service|Helper|Utils?|Impl)\b/

/** X1–X9, G1–G13, E1–E10, M1–M6, H1–H6, P1–P8, J1–J4, C1–C6, B1, L1, K1–K2: rows of the threat model, sections 4.1 to 4.6. */
const THREATS = Object.entries({ X: 9, G: 13, E: 10, M: 6, H: 6, P: 8, J: 4, C: 6, B: 1, L: 1, K: 2 }).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
)

describe('architecture', () => {
  it('knows every room', () => {
    const unknown = new Set(sources.map((file) => roomOf(file.path)).filter((room) => MATRIX[room] === undefined))
    expect([...unknown]).to.deep.equal([])
    expect(sources.length).to.be.greaterThan(3)
  })

  it('lets a room import only what the matrix allows', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const room = roomOf(file.path)
      for (const { specifier } of file.imports) {
        const to = target(file.path, specifier)
        if (to === undefined) continue
        const other = roomOf(to)
        const allowed = other === room || GROUND.includes(other) || (MATRIX[room] ?? []).includes(other)
        const page = room === 'web' && other !== 'web' && !SEALING_PAGE.test(file.path)
        if (!to.startsWith('src/') || !allowed || page) wrong.push(`${file.path} → ${to}`)
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('lets a room see only the ports of the rooms it is kept apart from', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const ports = ONLY_PORTS[roomOf(file.path)] ?? {}
      for (const { specifier } of file.imports) {
        const to = target(file.path, specifier)
        const port = to === undefined ? undefined : ports[roomOf(to)]
        if (to !== undefined && port !== undefined && !port.test(to)) wrong.push(`${file.path} → ${to}`)
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('has no import cycle, type imports included', () => {
    const edges = new Map(sources.map((file) => [file.path, file.imports.flatMap((one) => target(file.path, one.specifier) ?? [])]))
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path)
      if (at >= 0) {
        cycles.push([...trail.slice(at), path].join(' → '))
        return
      }
      if (done.has(path)) return
      for (const next of new Set(edges.get(path))) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
    expect(cycles).to.deep.equal([])
  })

  it('imports only files that exist', () => {
    const missing = everything.flatMap((file) =>
      file.imports.flatMap(({ specifier }) => {
        const to = target(file.path, specifier)
        return to === undefined || existsSync(join(root, to)) || existsSync(join(root, to.replace(/\.ts$/, '.js')))
          ? []
          : [`${file.path} → ${to}`]
      }),
    )
    expect(missing).to.deep.equal([])
  })

  it('keeps file system, network, timers, clock and chance out of the rooms without I/O', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const door = WORLD_DOORS[roomOf(file.path)]
      if (door === undefined || door.test(file.path)) continue
      for (const { specifier, names, typeOnly } of file.imports) {
        if (typeOnly) continue
        if (WORLD.test(specifier)) wrong.push(`${file.path}: ${specifier}`)
        if (/^(?:node:)?crypto$/.test(specifier) && CHANCE.test(names)) wrong.push(`${file.path}: chance from ${specifier}`)
      }
      const code = withoutComments(file.text)
      for (const rule of [CLOCK, /\bnew Worker\(/, /\bcrypto\.(randomBytes|randomUUID|randomInt|getRandomValues)\b/]) {
        const found = rule.exec(code)
        if (found) wrong.push(`${file.path}:${code.slice(0, found.index).split('\n').length} ${found[0]}`)
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('leaves every library to its sole user', () => {
    const wrong: string[] = []
    for (const file of sources) {
      for (const { specifier, typeOnly } of file.imports) {
        for (const [library, user] of Object.entries(SOLE_USERS)) {
          const uses = specifier === library || specifier.startsWith(library + '/')
          if (uses && !user.test(file.path) && !(typeOnly && library === 'jose')) wrong.push(`${file.path} uses ${library}`)
        }
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('generates keys in few places, which never export the generated object: Node 20 may stand still over it', () => {
    const makers = sources.filter(({ text }) => /\bgenerateKey(Pair|PairSync)?\b/.test(withoutComments(text)))
    expect(makers.map(({ path }) => path).sort()).to.deep.equal(['src/envelope/keys.ts', 'src/pki/test-pki.ts'])
  })

  it('hands the algorithms of offline inspection only to check', () => {
    const wrong = sources
      .filter((file) => roomOf(file.path) !== 'check')
      .filter((file) => file.imports.some(({ specifier }) => /algorithms-inspection(\.js)?$/.test(specifier)))
    expect(wrong.map((file) => file.path)).to.deep.equal([])
  })

  it('B1 makes no markup of text in a page, and nothing of Node', () => {
    const markup =
      /\b(innerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|document\.write|setHTMLUnsafe)\b|\bouterHTML\s*=|\beval\(|\bnew Function\b/
    const node = /\b(Buffer|process|__dirname|require)\b\s*[.(]/
    const pages = sources.filter((file) => roomOf(file.path) === 'web')
    const wrong = pages.flatMap((file) => {
      const code = withoutComments(file.text)
      const found = [markup.exec(code), node.exec(code)].flatMap((match) => (match ? [match[0]] : []))
      const imports = file.imports.filter(({ specifier }) => specifier.startsWith('node:')).map(({ specifier }) => specifier)
      return [...found, ...imports].map((what) => `${file.path}: ${what}`)
    })
    expect(pages.length).to.be.greaterThan(0)
    expect(wrong).to.deep.equal([])
  })

  it('never reads a schema location from a message', () => {
    // Schema documents come from the operator's directory; their imports are looked up in its catalog.
    const ofMessages = sources.filter((file) => !file.path.startsWith('src/xoev/schema-'))
    const wrong = ofMessages.flatMap((file) => {
      const code = withoutComments(file.text)
      const reads = /getAttribute\w*\([^)]*schemaLocation|\battribute\w*\([^)]*schemaLocation|\bfetch\([^)]*schemaLocation/i.exec(code)
      return reads ? [`${file.path}: ${reads[0]}`] : []
    })
    expect(wrong).to.deep.equal([])
  })

  it('X8 has no regular expression with a repeated repetition', () => {
    // A repeated atom that is a whole alternative of a repeated group: nothing tells where one round ends and the next begins.
    const nested = /[(|](?:\?:)?(?:\[[^\]]*\]|\.|\\[wdsWDS]|\w)[+*]\??(?:\)|\|[^()]*\))(?:[+*]|\{\d+,\})/
    expect(nested.test('/^(a+)+$/')).to.equal(true)
    expect(nested.test('/^(?:[a-z]*|b)*$/')).to.equal(true)
    expect(nested.test('/^[a-z]+(?:,[a-z]+;)*$/')).to.equal(false)
    const wrong = sources.flatMap((file) => {
      const literals = [
        ...withoutComments(file.text).matchAll(/(?<=[(,=:!&|?{};\s]|^)\/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g),
      ]
      return literals.filter((match) => nested.test(match[0])).map((match) => `${file.path}: ${match[0]}`)
    })
    expect(wrong).to.deep.equal([])
  })

  it('keeps files at 400 lines at most (tests: 600), tables excepted', () => {
    const long = everything
      .filter((file) => !TABLES.test(file.path))
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length }))
      .filter(({ path, lines }) => lines > (path.startsWith('test/') ? 601 : 401))
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).to.deep.equal([])
  })

  it('has no file, class or type named after nothing', () => {
    const wrong = sources.flatMap((file) => {
      const named = REFUSED_CLASSES.exec(withoutComments(file.text))
      return [...(REFUSED_NAMES.test(file.path) ? [file.path] : []), ...(named ? [`${file.path}: ${named[0]}`] : [])]
    })
    expect(wrong).to.deep.equal([])
  })

  it('names files in kebab-case', () => {
    const wrong = everything
      .map((file) => file.path)
      .filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(path.split('/').at(-1) ?? ''))
    expect(wrong).to.deep.equal([])
  })

  it('begins every source file with the licence, and tells what it is', () => {
    const wrong = everything.flatMap((file) => {
      const licensed = file.text.replace(/^#!.*\n/, '').startsWith('// SPDX-License-Identifier: EUPL-1.2\n')
      return [
        ...(licensed ? [] : [`${file.path}: no licence`]),
        ...(file.path.startsWith('test/') || file.text.includes('@module') ? [] : [`${file.path}: no @module`]),
      ]
    })
    expect(wrong).to.deep.equal([])
  })

  it('has no default export', () => {
    expect(sources.filter((file) => /^export default\b/m.test(withoutComments(file.text))).map((file) => file.path)).to.deep.equal([])
  })

  it('has a test for every row of the threat model', () => {
    // Titles stand behind `it(`, or in the tables that tests are made from: both are texts that begin with the row's id.
    const titles = tests.flatMap((file) =>
      [...withoutComments(file.text).matchAll(/[`'"]([A-Z]\d+[a-z]?[ :,/·–-][^\n]*)/g)].map((match) => match[1] ?? ''),
    )
    // A title may name several rows at its beginning: `G1 G3 …`, `E1, E3 …`.
    const named = new Set(titles.flatMap((title) => (/^((?:[A-Z]\d+[a-z]?[\s,/:·–-]*)+)/.exec(title)?.[1] ?? '').match(/[A-Z]\d+/g) ?? []))
    expect(THREATS.filter((row) => !named.has(row))).to.deep.equal([])
  })
})
