// SPDX-License-Identifier: EUPL-1.2
/**
 * Query languages of Schematron, and which expressions of XPath 1 mean something else to an evaluator of XPath 2 and later: they would be
 * judged wrongly, and in silence.
 * Specs: [ISO/IEC 19757-3 §6.4]; xoev.md §12.1.
 * @module
 */

/** Query languages by the names that a schema gives them, or none; what evaluates here is XPath 2 and later. */
const XPATH_1: ReadonlySet<string> = new Set(['xslt', 'xslt1.1', 'xpath'])
const XPATH_2: ReadonlySet<string> = new Set(['xslt2', 'xslt3', 'xpath2', 'xpath3', 'xpath31'])

/** The form of what stands beside a sign of comparison: a literal, or a call of a function. */
interface Form {
  readonly begins: RegExp
  readonly literal?: RegExp
  /** What stands before the brackets. */
  readonly call: RegExp
}

const NUMERIC_CALL = '(?:count|number|string-length|sum|floor|ceiling|round|position|last)\\s*'
const NUMBER: Form = {
  begins: new RegExp(`^\\s*-?\\s*(?:\\d|\\.\\d|${NUMERIC_CALL}\\()`),
  literal: /(?:^|[^\w.-])(?:\d+\.?\d*|\.\d+)$/,
  call: new RegExp(`(?:^|[^\\w-])${NUMERIC_CALL}$`),
}
const TRUTH_CALL = '(?:true|false|not|boolean|contains|starts-with|lang)\\s*'
const TRUTH: Form = { begins: new RegExp(`^\\s*${TRUTH_CALL}\\(`), call: new RegExp(`(?:^|[^\\w.-])${TRUTH_CALL}$`) }

/** What stands before the last closed bracket of a text that ends with one. */
function beforeBrackets(text: string): string | undefined {
  let depth = 0
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') depth += 1
    if (text[at] === '(' && (depth -= 1) === 0) return text.slice(0, at)
  }
  return undefined
}

function endsIn({ literal, call }: Form, text: string): boolean {
  const operand = text.trimEnd()
  // an element may be called count
  if (!operand.endsWith(')')) return literal?.test(operand) === true
  const name = beforeBrackets(operand)
  return name !== undefined && call.test(name)
}

/** Whether some comparison is one of those: `isWanted` gets whether its left and its right side have the form. */
function compares(xpath: string, signs: RegExp, form: Form, isWanted: (left: boolean, right: boolean) => boolean): boolean {
  const bare = xpath.replace(/"[^"]*"|'[^']*'/g, "''")
  return [...bare.matchAll(signs)].some(({ 0: sign, index }) =>
    isWanted(endsIn(form, bare.slice(0, index)), form.begins.test(bare.slice(index + sign.length))),
  )
}

/** Orders what is no number by its form: XPath 1 compares by number what later versions compare as texts (`@from < @until`). */
const ordersTexts = (xpath: string): boolean => compares(xpath, /[<>]=?/g, NUMBER, (left, right) => !left && !right)

/** Compares what is true with what has not that form: XPath 1 asks whether nodes are there, later versions what they say (`@a = true()`). */
const comparesTruth = (xpath: string): boolean => compares(xpath, /(?<![<>])!?=/g, TRUTH, (left, right) => left !== right)

/**
 * Why expressions cannot be evaluated here as they were meant.
 * @param queryBinding as the schema names it; undefined: it does not.
 * @returns undefined: they mean the same.
 */
export function otherMeaning(queryBinding: string | undefined, expressions: readonly string[]): string | undefined {
  const binding = queryBinding?.trim().toLowerCase() ?? 'xslt'
  if (XPATH_2.has(binding)) return undefined
  if (!XPATH_1.has(binding)) return `queryBinding ${binding} is not supported`
  if (expressions.some(ordersTexts))
    return `queryBinding ${binding} (XPath 1) compares by number what later versions compare as texts; not supported`
  if (expressions.some(comparesTruth))
    return `queryBinding ${binding} (XPath 1) compares true() with whether nodes are there; not supported`
  return undefined
}
