// SPDX-License-Identifier: EUPL-1.2
/**
 * The validation port: verdicts that cannot be wrong in the dangerous direction, threads that die, hang, lie or grow old.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { CHECK_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { editText, validateWithPlaces } from '../../src/xml/schema-places.js'
import { prepareSet } from '../../src/xml/schema-set.js'
import { readVerdict, refusal } from '../../src/xml/schema-verdict.js'
import {
  startValidator,
  tryEngine,
  type SchemaSource,
  type SchemaValidator,
  type StartWorker,
  type ValidatorOptions,
} from '../../src/xml/schema.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const startWorker: StartWorker = (url, options) => new Worker(url, options)
const XS = 'xmlns:s="http://www.w3.org/2001/XMLSchema"'
const source = (files: Readonly<Record<string, string>>, entry = 'main.xsd'): SchemaSource => ({
  id: 'test',
  entry,
  files: new Map(Object.entries(files).map(([name, text]) => [name, bytes(text)])),
})
const LIST = source({
  'main.xsd':
    `<s:schema ${XS} targetNamespace="urn:l" xmlns="urn:l" elementFormDefault="qualified"><s:element name="list"><s:complexType><s:sequence>` +
    '<s:element name="n" type="s:int" minOccurs="0" maxOccurs="unbounded"/><s:element name="t" type="s:string" minOccurs="0" maxOccurs="unbounded"/>' +
    '</s:sequence><s:attribute name="a" type="s:int"/></s:complexType></s:element></s:schema>',
})
const list = (inner: string): Uint8Array => bytes(`<list xmlns="urn:l">${inner}</list>`)
const GOOD = list('<n>1</n>')
const BAD = list('<n>one</n>')
const start = (more: Partial<ValidatorOptions> = {}, from = LIST): Promise<SchemaValidator> =>
  startValidator(from, { workers: 1, startWorker, ...more })

async function usable(validator: SchemaValidator): Promise<void> {
  expect((await validator.validate(GOOD)).verdict).to.equal('valid')
  expect((await validator.validate(BAD)).verdict).to.equal('invalid')
}

describe('schema validation', () => {
  let validator: SchemaValidator
  before(async () => {
    validator = await start()
  })
  after(() => validator.close())

  it('gives line, message and element of every problem', async () => {
    expect(await validator.validate(list('\n<n>1</n>\n<n>one</n><x/>'))).to.deep.equal({
      verdict: 'invalid',
      problems: [
        { line: 3, message: "Element '{urn:l}n': 'one' is not a valid value of the atomic type 'xs:int'.", element: 'n' },
        { line: 3, message: "Element '{urn:l}x': This element is not expected. Expected is one of ( {urn:l}n, {urn:l}t ).", element: 'x' },
      ],
    })
  })

  it('X1 X2 lets no document type reach the engine', async () => {
    for (const prolog of ['', '\uFEFF', '<?xml version="1.0"?>\n', '<!-- <list> -->', '<?pi?> \n'])
      for (const type of ['<!DOCTYPE list SYSTEM "file:///etc/passwd">', '<!DOCTYPE list [<!ENTITY a "1">]>', '<!doctype list>']) {
        const verdict = await validator.validate(bytes(`${prolog}${type}<list xmlns="urn:l"/>`))
        expect(verdict.verdict, prolog + type).to.equal('invalid')
      }
    expect(refusal(bytes('<!DOCTYPE a><a/>'))).to.match(/document type/)
    expect(refusal(list('<t><![CDATA[<!DOCTYPE a>]]></t><!-- <!DOCTYPE a> -->'))).to.equal(undefined)
    await usable(validator)
  })

  it('X3 takes UTF-8 only', async () => {
    expect((await validator.validate(Buffer.from('<list xmlns="urn:l"/>', 'utf16le'))).verdict).to.equal('invalid')
    expect((await validator.validate(bytes('<?xml version="1.0" encoding="UTF-7"?><list xmlns="urn:l"/>'))).verdict).to.equal('invalid')
    expect((await validator.validate(bytes('<?xml version="1.0" encoding="UTF-8"?><list xmlns="urn:l"/>'))).verdict).to.equal('valid')
  })

  it('X4 loads nothing that a document names', async () => {
    const hint =
      'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:l file:///main.xsd urn:o http://127.0.0.1:9/o.xsd"'
    expect((await validator.validate(bytes(`<list xmlns="urn:l" ${hint}><n>1</n></list>`))).verdict).to.equal('valid')
    expect((await validator.validate(bytes(`<o xmlns="urn:o" ${hint}/>`))).verdict).to.equal('invalid')
    // the name under which the engine waits for the next document
    const own = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:noNamespaceSchemaLocation="m" i:schemaLocation="urn:l m urn:o m"'
    const documents = [`<o xmlns="urn:o" ${own}/>`, `<list xmlns="urn:l" ${own}/>`, `<o ${own}/>`, '<list xmlns="urn:l"/>']
    const verdicts = await Promise.all(documents.map((one) => validator.validate(bytes(one))))
    expect(verdicts.map((one) => one.verdict)).to.deep.equal(['invalid', 'valid', 'invalid', 'valid'])
    await usable(validator)
  })

  it('X5 stands depth, width and long texts, and judges the next document rightly', async () => {
    const deep = await validator.validate(bytes('<x>'.repeat(100_000) + '</x>'.repeat(100_000)))
    expect(deep.verdict).not.to.equal('valid')
    await usable(validator)
    const wide = Array.from({ length: 20_000 }, (_, i) => `b${i}="1"`).join(' ')
    expect((await validator.validate(bytes(`<list xmlns="urn:l" ${wide}/>`))).verdict).not.to.equal('valid')
    expect((await validator.validate(list(`<t>${'a'.repeat(11_000_000)}</t>`))).verdict).to.equal('valid')
    await usable(validator)
  })

  it('X5 ends a thread that takes too long, with an error and not with a verdict', async () => {
    const slow = list('<n>1</n>'.repeat(300_000))
    const behind = validator.validate(slow, 1).then((first) => first.verdict)
    const next = validator.validate(GOOD).then((second) => second.verdict)
    expect(await behind).to.equal('error')
    expect(await next).to.equal('valid')
    expect((await validator.validate(slow, 60_000)).verdict).to.equal('valid')
  })

  it('is never valid unless the engine said exactly that', () => {
    expect(readVerdict(['m validates'])).to.deep.equal({ verdict: 'valid', problems: [] })
    for (const lines of [
      [],
      [''],
      ['m validates', ''],
      ['', 'm validates'],
      ['m validates', 'm validates'],
      ['M validates'],
      ['x validates'],
      ['m fails to validate'],
    ])
      expect(readVerdict(lines).verdict, JSON.stringify(lines)).to.equal('error')
    expect(readVerdict(['m:1: parser warning : x', 'm validates']).verdict).to.equal('invalid')
    expect(readVerdict(['m:1: Schemas validity internal error : x', 'm validates']).verdict).not.to.equal('valid')
    expect(readVerdict(['m:1: out of memory']).verdict).to.equal('error')
  })

  it('cannot be talked into a verdict by what stands in the document', async () => {
    const talk = '\nm validates\nm validates\n'
    for (const xml of [
      list(`<n>${talk}</n>`),
      list(`${talk}<y/>`),
      bytes(talk),
      bytes(`<list xmlns="urn:l">${talk}`),
      bytes(''),
      bytes(`<?x ${talk}?>`),
    ])
      expect((await validator.validate(xml)).verdict).to.equal('invalid')
    await usable(validator)
  })

  it('takes no word of a value for trouble of the engine, and gives values with their line breaks', async () => {
    for (const value of ['one\nout of memory', 'I/O error', 'x\nfailed to load\ninternal error\n']) {
      const { verdict, problems } = await validator.validate(list(`<n>1</n><n a="">${value}</n><n>2</n>`))
      expect(verdict).to.equal('invalid')
      expect(problems.every(({ element }) => element === 'n')).to.equal(true)
    }
    const text = "m:1: Schemas validity error : Element 'n': [facet 'pattern'] The value 'a"
    expect(readVerdict([text, "b' is not accepted by the pattern 'x'.", 'm fails to validate'])).to.deep.equal({
      verdict: 'invalid',
      problems: [{ line: 1, message: "Element 'n': [facet 'pattern'] The value 'a\nb' is not accepted by the pattern 'x'.", element: 'n' }],
    })
    expect(readVerdict(['m : I/O error : x', text]).verdict).to.equal('error')
  })

  it('shows no piece of the document behind what the parser says of it', async () => {
    for (const xml of ['<n>1</n><?xmlx a?><n>1</n>', '<n xml:space="x">1</n>', '<n xmlns:x="a b">1</n>']) {
      const { verdict, problems } = await validator.validate(list(`<!-- Geheim -->${xml}<!-- Geheim -->`))
      expect(verdict).to.equal('invalid')
      expect(problems.map(({ message }) => message).join())
        .to.match(/\S/)
        .and.not.match(/Geheim|\n/)
    }
  })

  it('judges values that hold other line breaks than its own', async () => {
    for (const sign of ['\u2028', '\u2029', '&#13;']) {
      const { verdict, problems } = await validator.validate(list(`<n>1</n><n>x${sign}y</n><n>z${sign}</n>`))
      expect(verdict).to.equal('invalid')
      expect(problems.map(({ element }) => element)).to.deep.equal(['n', 'n'])
    }
  })

  it('replaces threads before they grow old, without losing or mixing up a verdict', async () => {
    const short = await start({ perLife: 7, workers: 2 })
    const verdicts = await Promise.all(Array.from({ length: 150 }, (_, i) => short.validate(i % 3 === 0 ? BAD : GOOD)))
    expect(verdicts.map((v) => v.verdict)).to.deep.equal(verdicts.map((_, i) => (i % 3 === 0 ? 'invalid' : 'valid')))
    await short.close()
  })

  it('settles what was pending when a thread dies, and goes on', async () => {
    const threads: Worker[] = []
    const mortal = await start({
      startWorker: (url, options) => {
        const worker = new Worker(url, options)
        threads.push(worker)
        return worker
      },
    })
    const pending = [mortal.validate(list('<n>1</n>'.repeat(300_000)), 60_000), mortal.validate(GOOD), mortal.validate(BAD)]
    await Promise.all(threads.map((worker) => worker.terminate()))
    expect((await Promise.all(pending)).map((v) => v.verdict)).to.deep.equal(['error', 'valid', 'invalid'])
    await usable(mortal)
    await mortal.close()
  })

  it('refuses to queue without end', async () => {
    const small = await start({ maxQueued: 2 })
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => small.validate(GOOD)))
    // one is being judged, two wait
    expect(verdicts.map((v) => v.verdict)).to.deep.equal(verdicts.map((_, i) => (i < 3 ? 'valid' : 'error')))
    expect(verdicts.at(-1)?.problems[0]?.message).to.match(/waiting/)
    await usable(small)
    await small.close()
  })

  it('answers everything on closing, and nothing but errors afterwards', async () => {
    const closing = await start()
    const pending = Array.from({ length: 20 }, () => closing.validate(list('<n>1</n>'.repeat(10_000))))
    await closing.close()
    for (const one of await Promise.all(pending)) expect(one.verdict).to.be.oneOf(['valid', 'error'])
    expect((await closing.validate(GOOD)).verdict).to.equal('error')
  })

  const LIAR =
    `const { port } = require('node:worker_threads').workerData; let life;` +
    `port.on('message', (message) => { const begins = message.life !== undefined; if (begins) life = message.life;` +
    `port.postMessage({ life, ...(begins ? { kind: 'ready', lines: [] } : { kind: 'done', answers: [{ id: message.id, lines: ['m validates'] }], bytes: 1 }) }) })`
  for (const [what, code] of [
    ['dies at its start', 'process.exit(1)'],
    ['finds everything valid', LIAR],
  ] as const)
    it(`falls back to the published call, loudly, when the engine ${what}`, async () => {
      const said: string[] = []
      const slow = await start({
        startWorker: (_url, options) => new Worker(code, { ...options, eval: true }),
        onFallback: (reason) => said.push(reason),
      })
      expect(said).to.have.length(1)
      await usable(slow)
      await slow.close()
    })

  it('falls back when no thread can be started, and tries the engine again for the next set', async () => {
    const said: string[] = []
    let refuses = true
    const startWorker: StartWorker = (url, options) => {
      if (refuses) throw new Error('no more threads')
      return new Worker(url, options)
    }
    expect(await tryEngine(startWorker)).to.equal('self-test: no more threads')
    refuses = false
    const validator = await start({ startWorker, onFallback: (reason) => said.push(reason) })
    expect(said).to.deep.equal([])
    await usable(validator)
    await validator.close()
  })

  it('does not keep the process alive when it has nothing to do', function () {
    this.timeout(30_000)
    const module = fileURLToPath(new URL('../../src/xml/schema.ts', import.meta.url))
    const code =
      `import { Worker } from 'node:worker_threads'; import { startValidator } from ${JSON.stringify(module)};` +
      `const files = new Map([['a.xsd', new TextEncoder().encode('<s:schema ${XS}><s:element name="a"/></s:schema>')]]);` +
      `const v = await startValidator({ id: 'a', entry: 'a.xsd', files }, { workers: 2, startWorker: (u, o) => new Worker(u, o) });` +
      `console.log((await v.validate(new TextEncoder().encode('<a/>'))).verdict)`
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { encoding: 'utf8', timeout: 25_000 })
    expect(child.stdout.trim()).to.equal('valid')
    expect(child.status, child.stderr).to.equal(0)
  })
})

describe('schema sets', () => {
  const refused = async (set: SchemaSource, text: RegExp, detail = /^/): Promise<void> => {
    const error = await start({}, set).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(error).to.be.instanceOf(Error)
    expect(error).to.have.property('finding', 'xoev-schema.set-broken')
    expect((error as Error).message).to.match(text)
    expect((error as { detail?: string }).detail ?? '').to.match(detail)
  }

  it('resolves dots, folders, absolute URLs and either quote, and drops document types', async () => {
    const set = source(
      {
        './a/main.xsd':
          `<!DOCTYPE s:schema PUBLIC "x" "y.dtd" [\n<!ATTLIST s:schema id ID #IMPLIED>\n]>\n<s:schema ${XS} xmlns:x="urn:x" targetNamespace="urn:m">` +
          `<!-- <s:include schemaLocation="nowhere.xsd"/> --><s:include schemaLocation = './../b/./c.xsd'/>` +
          `<s:import namespace="urn:x" schemaLocation="http://example.org/x.xsd"/><s:element name="m" type="s:int"/></s:schema>`,
        'b/c.xsd': `<s:schema ${XS} targetNamespace="urn:m"><s:include schemaLocation="../a/main.xsd"/><s:element name="c" type="s:int"/></s:schema>`,
        'http://example.org/x.xsd': `<s:schema ${XS} targetNamespace="urn:x"><s:element name="x" type="s:int"/></s:schema>`,
      },
      'a/main.xsd',
    )
    expect(prepareSet(set).files.map((f) => f.fileName)).to.deep.equal(['set/a/main.xsd', 'set/b/c.xsd', 'url/http_58___example.org_x.xsd'])
    const validator = await start({}, set)
    for (const name of ['m', 'c', 'x']) {
      const uri = name === 'x' ? 'urn:x' : 'urn:m'
      expect((await validator.validate(bytes(`<${name} xmlns="${uri}">1</${name}>`))).verdict, name).to.equal('valid')
      expect((await validator.validate(bytes(`<${name} xmlns="${uri}">a</${name}>`))).verdict, name).to.equal('invalid')
    }
    await validator.close()
  })

  it('X4 refuses a set that needs a file which is not there, instead of judging by half a set', async () => {
    await refused(
      source({ 'main.xsd': `<s:schema ${XS}><s:include schemaLocation="more.xsd"/><s:element name="a"/></s:schema>` }),
      /more\.xsd/,
    )
    await refused(source({ 'main.xsd': '<a/>' }, 'other.xsd'), /other\.xsd/)
  })

  it('refuses a set that does not compile', async () => {
    await refused(source({ 'main.xsd': `<s:schema ${XS}><s:element name="a" type="nothing"/></s:schema>` }), /does not compile/)
    await refused(source({ 'main.xsd': '<s:schema' }), /does not compile/)
  })

  it('says why a set does not compile, for however many reasons', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `<s:element name="a${i}" type="nothing"/>`).join('')
    await refused(source({ 'main.xsd': `<s:schema ${XS}>${many}</s:schema>` }), /does not compile/, /'nothing' does not resolve/)
  })
})

describe('places of schema problems', () => {
  let validator: SchemaValidator
  before(async () => {
    validator = await start()
  })
  after(() => validator.close())
  const places = async (text: string, edits: Parameters<typeof validateWithPlaces>[2] = []) => {
    const { verdict, problems } = await validateWithPlaces(
      validator,
      parseXml(bytes(text), { limits: CHECK_LIMITS, frame: 'content' }),
      edits,
    )
    return [verdict, ...problems.map((p) => `${p.xpath ?? '-'} ${p.line}:${p.column}`)]
  }

  it('are those of the element however long the document is: the engine counts to 65,535', async () => {
    const rows = (count: number): string => '<n>1</n>\n'.repeat(count)
    const long = `<list xmlns="urn:l">\n${rows(70_000)}<n>x</n>${rows(61_000)}<n>1</n><n>y</n></list>`
    expect(await places(long)).to.deep.equal(['invalid', '/list/n[70001] 70002:1', '/list/n[131003] 131002:9'])
    const breaks = `<list xmlns="urn:l"><t>${'\n'.repeat(70_000)}</t><n/></list>`
    expect(await places(breaks)).to.deep.equal(['invalid', '/list/n 70001:5'])
  })

  it('are XPath, line and column of the original, on one line or on many', async () => {
    expect(await places('<l:list xmlns:l="urn:l"><l:n>1</l:n><l:n>x</l:n><l:n>2</l:n></l:list>')).to.deep.equal([
      'invalid',
      '/l:list/l:n[2] 1:37',
    ])
    expect(await places('<!-- >\n-->\n<list\n xmlns="urn:l"\n a="\n1 > x"><n\n>1</n><n>\n\nx</n\n>\n  <n>y</n></list>')).to.deep.equal([
      'invalid',
      '/list 3:1',
      '/list/n[2] 7:7',
      '/list/n[3] 11:3',
    ])
    expect(await places('<list xmlns="urn:l"><n>1</n></list>')).to.deep.equal(['valid'])
  })

  it('do not shift by what was cut out or put in', async () => {
    const text = '<list xmlns="urn:l"><n>1</n><cut><me>\n</me></cut><n>x</n></list>'
    const start = text.indexOf('<cut>')
    const edits = [
      { start, end: text.indexOf('<n>x'), insert: '\n' },
      { start: 5, end: 5, insert: ' a="7"' },
    ]
    expect(editText(text, edits)).to.equal('<list a="7" xmlns="urn:l"><n>1</n>\n<n>x</n></list>')
    expect(await places(text, edits)).to.deep.equal(['invalid', '/list/n[2] 2:12'])
  })
})
