// SPDX-License-Identifier: EUPL-1.2
/**
 * The inside of the thread that evaluates Schematron: XPath may loop over everything a message holds, so it must be possible to end it
 * from outside (schematron-runner.ts).
 *
 * `serve` is sent to the thread as text and must stand alone: it uses its parameters and nothing of this module. XPath functions that
 * read documents find none.
 * @module
 */
import type * as Threads from 'node:worker_threads'
import type { SchematronCheck, SchematronLet, SchematronSchema } from './schematron.js'

export interface ToSchematron {
  readonly schemas: readonly SchematronSchema[]
  readonly text: string
}

/** `path`: positions among the child elements, from the root downwards. */
export interface SchematronHit {
  readonly file: string
  readonly check: string
  readonly severity: 'error' | 'warning'
  readonly text: string
  readonly path: readonly number[]
}

/** A check that could not be evaluated. */
export interface SchematronFailure {
  readonly file: string
  readonly check: string
  /** A code, or fixed words: sentences of the evaluator quote values of the message. */
  readonly reason: string
}

export interface FromSchematron {
  readonly hits: readonly SchematronHit[]
  readonly failures: readonly SchematronFailure[]
}

interface DomNode {
  readonly nodeType: number
  readonly parentElement?: DomNode | null
  readonly parentNode?: DomNode | null
  readonly ownerElement?: DomNode | null
  readonly children?: readonly DomNode[]
}

type Variables = Readonly<Record<string, unknown>>
interface Options {
  readonly namespaceResolver: (prefix: string) => string | null
}
/** What is in use; the package's own types would bring those of a browser into the whole program. */
interface XPath {
  readonly evaluateXPath: (xpath: string, node: DomNode, facade: null, variables: Variables, type: number, options: Options) => unknown
  readonly evaluateXPathToBoolean: (xpath: string, node: DomNode, facade: null, variables: Variables, options: Options) => boolean
  readonly evaluateXPathToNodes: (xpath: string, node: DomNode, facade: null, variables: Variables, options: Options) => DomNode[]
  readonly createTypedValueFactory: (type: string) => (value: unknown, facade: null) => unknown
  readonly ReturnType: { readonly ALL_RESULTS: number; readonly STRING: number }
}

/**
 * What `let` elements have bound. Values of known kinds are kept, with their kind: without it the evaluator takes a sequence for one array,
 * an empty one for something, an attribute for its text. What it could not give back as it was (dates) stays an expression.
 */
interface Scope {
  readonly values: Variables
  /** `let $a := (…) return `, one behind the other. */
  readonly expressions: string
}

/** @param require resolves from this package. */
export function serve(threads: typeof Threads, require: NodeJS.Require): void {
  const { evaluateXPath, evaluateXPathToBoolean, evaluateXPathToNodes, createTypedValueFactory, ReturnType } =
    require('fontoxpath') as XPath
  const { parseXmlDocument } = require('slimdom') as { readonly parseXmlDocument: (text: string) => DomNode }
  const kinds = ['node()', 'xs:string', 'xs:boolean', 'xs:integer', 'xs:decimal', 'xs:double']
  const kindOf = kinds.map((kind) => `if (every $item in $value satisfies $item instance of ${kind}) then "${kind}" else `).join('') + '""'
  /** Of one check; more of the same say nothing new. */
  const mostOfAKind = 100

  const reasonOf = (cause: unknown): string =>
    /^[A-Z]{4}\d{4}/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? 'cannot be evaluated'

  /** A CDATA section and the text around it are one node of XPath; the parser makes several of them. Neither `<` nor a tag hides in what is searched. */
  const withoutSections = (text: string): string =>
    text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>/g, (found, characters: string | undefined) =>
      characters === undefined ? found : characters.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    )

  function pathOf(node: DomNode): number[] {
    const path: number[] = []
    let at: DomNode | null | undefined = node.nodeType === 1 ? node : (node.ownerElement ?? node.parentElement)
    for (; at; at = at.parentElement) if (at.parentElement?.children) path.unshift(at.parentElement.children.indexOf(at))
    return path
  }

  function judge({ schemas, text }: ToSchematron): FromSchematron {
    const document = parseXmlDocument(withoutSections(text))
    const hits: SchematronHit[] = []
    const failures: SchematronFailure[] = []
    for (const { file, namespaces, lets, patterns } of schemas) {
      const options = { namespaceResolver: (prefix: string) => namespaces[prefix] ?? null }
      const holds = (xpath: string, node: DomNode, { values, expressions }: Scope): boolean =>
        evaluateXPathToBoolean(`${expressions}(${xpath})`, node, null, values, options)
      const nodesOf = (xpath: string, { values, expressions }: Scope): DomNode[] =>
        evaluateXPathToNodes(`${expressions}(${xpath})`, document, null, values, options)
      const within = ({ values, expressions }: Scope, name: string, value: string): Scope => ({
        values,
        expressions: `${expressions}let $${name} := (${value}) return `,
      })
      /** Evaluated once for the document, where that is possible, and not again for each node that a rule judges. */
      const bind = (outer: Scope, list: readonly SchematronLet[]): Scope => {
        let scope = outer
        for (const { name, value } of list) {
          const { values, expressions } = scope
          const get = (xpath: string, type: number): unknown =>
            evaluateXPath(`${expressions}${xpath}`, document, null, values, type, options)
          const kind = get(`let $value := (${value}) return ${kindOf}`, ReturnType.STRING)
          if (kind === '' || expressions.includes(`let $${name} :=`)) scope = within(scope, name, `root() ! (${value})`)
          else {
            const items = kind === 'node()' ? nodesOf(value, scope) : get(`(${value})`, ReturnType.ALL_RESULTS)
            scope = { expressions, values: { ...values, [name]: createTypedValueFactory(`${String(kind)}*`)(items, null) } }
          }
        }
        return scope
      }
      const counts = new Map<SchematronCheck, number>()
      const failed = new Set<string>()
      const fail = (check: string, cause: unknown): void => {
        if (!failed.has(check)) failures.push({ file, check, reason: reasonOf(cause) })
        failed.add(check)
      }
      let globals: Scope = { values: {}, expressions: '' }
      try {
        globals = bind(globals, lets)
      } catch (cause) {
        fail('let', cause)
        continue
      }
      for (const pattern of patterns) {
        const judged = new Set<DomNode>()
        let known = globals
        try {
          known = bind(globals, pattern.lets)
        } catch (cause) {
          fail('let', cause)
          continue
        }
        for (const rule of pattern.rules) {
          let nodes: readonly DomNode[]
          try {
            nodes = nodesOf(rule.context, known)
          } catch (cause) {
            for (const { id } of rule.checks) fail(id, cause)
            // which nodes it leaves to the rules behind it, nobody knows
            fail('context', cause)
            break
          }
          const inRule = rule.lets.reduce((scope, { name, value }) => within(scope, name, value), known)
          for (const node of nodes) {
            if (judged.has(node)) continue
            judged.add(node)
            for (const check of rule.checks) {
              const count = counts.get(check) ?? 0
              if (count >= mostOfAKind) continue
              try {
                if (holds(check.test, node, inRule) === (check.kind === 'report')) {
                  counts.set(check, count + 1)
                  hits.push({ file, check: check.id, severity: check.severity, text: check.text, path: pathOf(node) })
                }
              } catch (cause) {
                fail(check.id, cause)
              }
            }
          }
        }
      }
    }
    return { hits, failures }
  }

  threads.parentPort?.on('message', (message: ToSchematron) => {
    let answer: FromSchematron
    try {
      answer = judge(message)
    } catch (cause) {
      answer = { hits: [], failures: message.schemas.map(({ file }) => ({ file, check: 'all', reason: reasonOf(cause) })) }
    }
    threads.parentPort?.postMessage(answer)
  })
}
