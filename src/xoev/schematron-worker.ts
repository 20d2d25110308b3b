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
import type { SchematronLet, SchematronSchema } from './schematron.js'

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
/** The three functions in use; the package's own types would bring those of a browser into the whole program. */
interface XPath {
  readonly evaluateXPath: (xpath: string, node: DomNode, facade: null, variables: Variables, type: undefined, options: Options) => unknown
  readonly evaluateXPathToBoolean: (xpath: string, node: DomNode, facade: null, variables: Variables, options: Options) => boolean
  readonly evaluateXPathToNodes: (xpath: string, node: DomNode, facade: null, variables: Variables, options: Options) => DomNode[]
}

/** @param require resolves from this package. */
export function serve(threads: typeof Threads, require: NodeJS.Require): void {
  const { evaluateXPath, evaluateXPathToBoolean, evaluateXPathToNodes } = require('fontoxpath') as XPath
  const { parseXmlDocument } = require('slimdom') as { readonly parseXmlDocument: (text: string) => DomNode }
  /** Of one check; more of the same say nothing new. */
  const mostOfAKind = 100

  const reasonOf = (cause: unknown): string =>
    /^[A-Z]{4}\d{4}/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? 'cannot be evaluated'

  function pathOf(node: DomNode): number[] {
    const path: number[] = []
    let at: DomNode | null | undefined = node.nodeType === 1 ? node : (node.ownerElement ?? node.parentElement)
    for (; at; at = at.parentElement) if (at.parentElement?.children) path.unshift(at.parentElement.children.indexOf(at))
    return path
  }

  function judge({ schemas, text }: ToSchematron): FromSchematron {
    const document = parseXmlDocument(text)
    const hits: SchematronHit[] = []
    const failures: SchematronFailure[] = []
    for (const { file, namespaces, lets, patterns } of schemas) {
      const options = { namespaceResolver: (prefix: string) => namespaces[prefix] ?? null }
      const bind = (node: DomNode, outer: Record<string, unknown>, list: readonly SchematronLet[]): Record<string, unknown> => {
        const bound = { ...outer }
        for (const { name, value } of list) bound[name] = evaluateXPath(value, node, null, bound, undefined, options)
        return bound
      }
      const counts = new Map<string, number>()
      const failed = new Set<string>()
      const fail = (check: string, cause: unknown): void => {
        if (!failed.has(check)) failures.push({ file, check, reason: reasonOf(cause) })
        failed.add(check)
      }
      let globals: Record<string, unknown> = {}
      try {
        globals = bind(document, {}, lets)
      } catch (cause) {
        fail('let', cause)
        continue
      }
      for (const pattern of patterns) {
        const judged = new Set<DomNode>()
        let known: Record<string, unknown> = {}
        try {
          known = bind(document, globals, pattern.lets)
        } catch (cause) {
          fail('let', cause)
          continue
        }
        for (const rule of pattern.rules) {
          let nodes: DomNode[] = []
          try {
            nodes = evaluateXPathToNodes(rule.context, document, null, known, options)
          } catch (cause) {
            for (const { id } of rule.checks) fail(id, cause)
          }
          for (const node of nodes) {
            if (judged.has(node)) continue
            judged.add(node)
            for (const check of rule.checks) {
              const count = counts.get(check.id) ?? 0
              if (count >= mostOfAKind) continue
              try {
                const holds = evaluateXPathToBoolean(check.test, node, null, bind(node, known, rule.lets), options)
                if (holds === (check.kind === 'report')) {
                  counts.set(check.id, count + 1)
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
