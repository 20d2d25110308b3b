// SPDX-License-Identifier: EUPL-1.2
/**
 * Checks one XÖV document and says what it is. A result, not an exception: what a message does wrong is a finding.
 *
 *   bytes ─ gate ─ namespace known? ─ schema ─ head ─ code lists ─ empty strings ─ rules of the standard
 *           X000   V000               X001     T080   S010/S011    S030            S999/T099
 *
 * The order is that of the rejection codes; `rueckweisung` is the code of the first stage that failed [xoev.md §6.2]. A namespace
 * nobody configured is `unchecked`, never `invalid`. Details hold no content of the message.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { Limits } from '../env.js'
import { parseXmlInTurns } from '../xml/gate.js'
import type { SchemaSource, SchemaValidator } from '../xml/schema.js'
import { validateWithPlaces } from '../xml/schema-places.js'
import { attributeOf, elementsOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import type { Turn } from '../xml/turns.js'
import { looksLikeXml } from './beginning.js'
import { Checking, masked, worst, type Finding, type LayerId, type LayerVerdict, type LayerVerdicts } from './checking.js'
import { checkCodes, DEFAULT_CODE_POLICY, type CodeListStore, type CodePolicy } from './codelists.js'
import { xoevFinding } from './findings.js'
import { checkHead } from './head-rules.js'
import { readHead, type XoevHead } from './header.js'
import { DEFAULT_NAMESPACE, HEAD_RULES } from './rules/head.js'
import { IDNR_RULES } from './rules/idnr.js'
import { TEXT_RULES } from './rules/text.js'
import { isInForce, type SchemaChoice, type SchemaSets } from './schema-sets.js'
import { schemaTypesOf, type SchemaTypes } from './schema-types.js'
import type { SchematronRunner } from './schematron-runner.js'
import { profileFor, type XoevProfile } from './standards.js'
import { DEFAULT_TIME_ZONE, dayIn, momentOf } from './time-zone.js'
import { checkXprotektorRules } from './xprotektor-rules.js'

export interface XoevReport {
  readonly verdict: LayerVerdict
  readonly standard?: string
  readonly version?: string
  /** Local name of the root element. */
  readonly messageType?: string
  readonly head?: XoevHead
  readonly findings: readonly Finding[]
  /** Rejection code of the first failing stage, e.g. `X001`; `V000` also for `unchecked`. */
  readonly rueckweisung?: string
  /** Layers that were looked at. */
  readonly layers: LayerVerdicts
  /** The parsed document, for whoever goes on reading; undefined when the gate refused it. */
  readonly document?: XmlDocument
}

export interface ContentContext {
  readonly schemas: SchemaSets
  /** Compiled once per source by the caller. May reject: then the verdict is `error`. */
  validatorFor(source: SchemaSource): Promise<SchemaValidator>
  readonly codeLists: CodeListStore
  /** Evaluates the rules that come with schema sets; absent: such sets make the layer `rules` an `error`. */
  readonly schematron?: Pick<SchematronRunner, 'run'>
  readonly codePolicy?: CodePolicy
  readonly limits: Limits
  /** Awaited now and then while a large document is parsed. */
  readonly turn?: Turn
  /** Head of the request, when the document is an answer. */
  readonly request?: XoevHead
  /** The request itself: lets rules look at its scope. */
  readonly requestDocument?: XmlDocument
  /** Finds the document that an answer answers, by its nachrichtenUUID in lower case, among what else is checked. */
  requestFor?(nachrichtenUUID: string): Promise<XmlDocument | undefined>
  /** The moment for which dates are judged; absent: dates are not. */
  readonly at?: Date
  /** Kennung of the body that reads (T080 for others). */
  readonly reader?: string
  /** For times without a zone; default Europe/Berlin. */
  readonly timeZone?: string
  /** Moment for which the schema set is chosen; absent: when the message was created. */
  readonly setsAt?: Date
  /** For messages that do not say when they were created. */
  readonly now?: () => Date
  /** Layers to look at; absent: all. The schema is always judged, for the others stand on it. */
  readonly asked?: ReadonlySet<string>
}

function unreadable(bytes: Uint8Array, cause: unknown): XoevReport {
  if (!looksLikeXml(bytes))
    return { verdict: 'unchecked', findings: [{ id: 'xoev-schema.not-xml', severity: 'info' }], layers: { 'xoev-schema': 'unchecked' } }
  if (!(cause instanceof ProtektorError)) throw cause
  const finding: Finding = { id: cause.finding, severity: 'error', ...cause.place, detail: cause.message }
  return {
    verdict: 'invalid',
    findings: [finding],
    rueckweisung: cause.finding === 'xml.encoding' ? 'S001' : 'X000',
    layers: { 'xoev-schema': 'unchecked' },
  }
}

/** One warning for each file that is missing: a set without one of its standards asks for it in dozens of places. */
function noteMissing({ unresolved }: SchemaChoice, checking: Checking): void {
  const places = new Map<string, string[]>()
  for (const { file, namespace, location = namespace } of unresolved) {
    // from another folder the same file has another relative name
    const folder = `file:///${file}`
    const key = URL.canParse(location, folder) ? new URL(location, folder).href : location
    places.set(key, [...(places.get(key) ?? []), `${file} → ${location}`])
  }
  for (const [first, ...others] of places.values())
    checking.note(
      'xoev-schema.unresolved-import',
      undefined,
      others.length === 0 ? first : `${first} (places in all: ${others.length + 1})`,
    )
}

/** The engine passes over what is no Base64 inside of Base64; other judges and the readers of documents do not [XSD2 §3.2.16]. */
function judgeBase64(document: XmlDocument, types: SchemaTypes, checking: Checking): void {
  types.visit(document.root, (e, { builtIn }) => {
    if (builtIn === 'base64Binary' && /[^A-Za-z0-9+/= \t\r\n]/.test(textOf(e)))
      checking.note('xoev-schema.invalid', e, `Element '${e.local}': '…' is not a valid value of the atomic type 'xs:base64Binary'.`)
  })
}

async function judge(document: XmlDocument, choice: SchemaChoice, context: ContentContext, checking: Checking): Promise<void> {
  const from = checking.findings.length
  let result
  try {
    result = await validateWithPlaces(await context.validatorFor(choice.source), document)
  } catch (cause) {
    const known = cause instanceof ProtektorError && cause.finding === 'xoev-schema.set-broken'
    checking.note('xoev-schema.set-broken', undefined, known ? (cause.detail ?? cause.message) : String(cause))
    checking.layers['xoev-schema'] = 'error'
    return
  }
  if (result.verdict === 'error') {
    checking.note('xoev-schema.not-judged', undefined, result.problems[0]?.message)
    checking.layers['xoev-schema'] = 'error'
    return
  }
  for (const { message, xpath, line, column } of result.problems)
    checking.note('xoev-schema.invalid', { line, column, ...(xpath === undefined ? {} : { xpath }) }, masked(message))
  // fail-closed: an invalid verdict is an error even when the engine gave no reason
  if (result.verdict === 'invalid' && result.problems.length === 0) checking.note('xoev-schema.invalid', document.root)
  if (result.verdict === 'valid') judgeBase64(document, schemaTypesOf(choice.source), checking)
  checking.close('xoev-schema', from)
}

function emptyStrings(document: XmlDocument, types: SchemaTypes, profile: XoevProfile, checking: Checking): void {
  types.visit(document.root, (e, declaration) => {
    if (!declaration.simple || elementsOf(e).length > 0 || textOf(e).trim() !== '') return
    if (attributeOf(e, 'nil', 'http://www.w3.org/2001/XMLSchema-instance') !== undefined) return
    checking.note(declaration.mandatory && profile.rejectsContent ? 'xoev-head.empty-string' : 'xoev-head.empty-element', e)
  })
}

const MOST_SHOWN = 200
/** In English, as all details. */
const namespaceOf = ({ uri }: XmlElement): string =>
  uri === '' ? 'no namespace' : uri.length > MOST_SHOWN ? `${uri.slice(0, MOST_SHOWN)}…` : uri

/** Stages in the order of their codes; what is not named comes last. */
const STAGES: readonly ((id: string) => boolean)[] = [
  (id) => id === 'xoev-schema.unknown-standard',
  (id) => id === 'xoev-schema.invalid',
  (id) => id === 'xoev-head.reader' || id === 'rules.xprotektor-reader',
  (id) => id.startsWith('code-lists.'),
  (id) => id === 'xoev-head.empty-string',
]

function rejectionCode(findings: readonly Finding[], profile: XoevProfile | undefined): string | undefined {
  const failing = findings.filter((f) => f.severity === 'error' || f.id === 'xoev-schema.unknown-standard')
  const rank = (id: string): number => {
    const at = STAGES.findIndex((stage) => stage(id))
    return at < 0 ? STAGES.length : at
  }
  const first = failing.map((f) => f.id).sort((a, b) => rank(a) - rank(b))[0]
  const code = first === undefined ? undefined : xoevFinding(first)?.rueckweisung
  return code === 'S011' ? (profile?.codeListRejection.unknownCode ?? code) : code
}

/** The day on which the schema set must be in force. */
function dayThatCounts(head: XoevHead | undefined, context: ContentContext): string | undefined {
  const zone = context.timeZone ?? DEFAULT_TIME_ZONE
  const created = head?.erstellungszeitpunkt?.trim()
  // other years than these would leave what calendars can show
  const said = created !== undefined && /^(?!00)\d{4}-/.test(created) ? new Date(momentOf(created, zone) ?? created) : undefined
  const moment = context.setsAt ?? (said && !Number.isNaN(said.getTime()) ? said : context.now?.())
  return moment && dayIn(moment, zone)
}

/** Rules that come with the set; whether there are any. */
async function schematronOf(document: XmlDocument, choice: SchemaChoice, context: ContentContext, checking: Checking): Promise<boolean> {
  const { schematron } = choice
  if (schematron.length === 0) return false
  const failed = (file: string, detail: string): void => checking.fail('rules', 'rules.schematron-failed', `${file} ${detail}`)
  for (const { file, unusable } of schematron) if (unusable !== undefined) failed(file, unusable)
  const usable = schematron.filter(({ unusable }) => unusable === undefined)
  if (usable.length === 0) return true
  if (!context.schematron) {
    failed('', 'nothing here evaluates Schematron')
    return true
  }
  const { hits, failures } = await context.schematron.run(usable, document.text)
  for (const { file, severity, check, text, path } of hits) {
    const element = path.reduce<XmlElement | undefined>((at, index) => at && elementsOf(at)[index], document.root)
    // the thread reads with a parser of its own: where the two trees differ, nobody can say what was judged
    if (!element) failed(file, `${check}: its place is not in the document`)
    else checking.note(severity === 'error' ? 'rules.schematron' : 'rules.schematron-warning', element, `${check}: ${text}`)
  }
  for (const { file, check, reason } of failures) failed(file, `${check}: ${reason}`)
  return true
}

/** The request that an answer names, where the caller has it. */
async function requestOf(head: XoevHead | undefined, context: ContentContext): Promise<XmlDocument | undefined> {
  const named = head?.ursprungsnachricht?.nachrichtenUUID
  if (named === undefined || context.request || named === head?.nachrichtenUUID) return undefined
  return context.requestFor?.(named)
}

/** Checks one document: everything from the bytes to the rules of its standard. Never rejects because of the document. */
export async function checkContent(bytes: Uint8Array, context: ContentContext): Promise<XoevReport> {
  let document: XmlDocument
  try {
    document = await parseXmlInTurns(bytes, { limits: context.limits, frame: 'content', stage: 'xoev' }, context.turn)
  } catch (cause) {
    return unreadable(bytes, cause)
  }
  const { root } = document
  const checking = new Checking()
  const profile = profileFor(root.uri)
  const head = readHead(document)
  const asks = (layer: LayerId): boolean => context.asked?.has(layer) ?? true
  if (document.byteOrderMark) checking.note('xoev-schema.byte-order-mark', { line: 1, column: 1 })
  checking.run('xoev-schema', TEXT_RULES, { document })

  let day: string | undefined
  // calendars are dear: only where a set says from when until when it is in force
  const asking = {
    version: attributeOf(root, 'version'),
    get day() {
      return (day ??= dayThatCounts(head, context))
    },
  }
  const choice = context.schemas.forRoot(root.uri, root.local, asking) ?? context.schemas.knowsNamespace(root.uri, asking)
  if (choice && !isInForce(choice, asking)) checking.note('xoev-schema.not-in-force', root, asking.day)
  if (choice) {
    await judge(document, choice, context, checking)
    noteMissing(choice, checking)
  } else {
    checking.note('xoev-schema.unknown-standard', root, namespaceOf(root))
    checking.layers['xoev-schema'] = 'unchecked'
  }

  const { requestDocument } = context
  // a request that merely lies beside its answer is compared by its head; its scope counts where the caller vouches for it
  const named = requestDocument ?? (await requestOf(head, context))
  const request = context.request ?? (named && readHead(named))
  if (profile && asks('xoev-head')) {
    const from = checking.findings.length
    if (!head) {
      checking.note('xoev-head.missing', root)
      checking.run('xoev-head', [DEFAULT_NAMESPACE], { document, profile })
    } else {
      const { timeZone = DEFAULT_TIME_ZONE } = context
      const headContext = {
        codeLists: context.codeLists,
        ...(request ? { request } : {}),
        ...(context.reader === undefined ? {} : { reader: context.reader }),
        timeZone,
      }
      for (const one of checkHead(document, head, profile, headContext)) checking.note(one.id, one.element, one.detail)
      checking.run('xoev-head', HEAD_RULES, { document, head, profile, timeZone, ...(context.at ? { at: context.at } : {}) })
    }
    if (choice && checking.layers['xoev-schema'] === 'valid') emptyStrings(document, schemaTypesOf(choice.source), profile, checking)
    checking.close('xoev-head', from)
  }
  if (!profile && choice && asks('xoev-head'))
    for (const e of elementsOf(root)) if (/^nachrichtenkopf/i.test(e.local)) checking.note('xoev-head.unread', e)
  // codes and rules of a document that is not schema-valid say nothing new
  if (choice && checking.layers['xoev-schema'] === 'valid' && (asks('code-lists') || asks('rules'))) {
    let from = checking.findings.length
    const lenient = profile?.rejectsContent === false
    const types = schemaTypesOf(choice.source)
    const listsOn = context.at && dayIn(context.at, context.timeZone ?? DEFAULT_TIME_ZONE)
    for (const one of checkCodes(document, context.codeLists, context.codePolicy ?? DEFAULT_CODE_POLICY, types, listsOn))
      checking.note(
        lenient && one.id === 'code-lists.unknown-code' ? 'code-lists.doubtful-code' : one.id,
        one.element,
        one.version === undefined ? one.listUri : `${one.listUri} ${one.version}`,
      )
    checking.close('code-lists', from)
    from = checking.findings.length
    checking.run('rules', IDNR_RULES, { document, types, ...(head ? { head } : {}) })
    const isOurs = profile?.name === 'xprotektor' && head !== undefined
    if (isOurs) for (const one of checkXprotektorRules(document, head, request, requestDocument)) checking.note(one.id, one.element)
    const withRules = await schematronOf(document, choice, context, checking)
    if (isOurs || withRules || checking.findings.length > from) checking.close('rules', from)
  }
  const rueckweisung = rejectionCode(checking.findings, profile)
  const standard = head?.standard ?? choice?.standard
  const version = head?.version ?? choice?.version
  return {
    verdict: worst(Object.values(checking.layers)),
    ...(standard === undefined ? {} : { standard }),
    ...(version === undefined ? {} : { version }),
    messageType: root.local,
    ...(head ? { head } : {}),
    findings: checking.findings,
    ...(rueckweisung === undefined ? {} : { rueckweisung }),
    layers: checking.layers,
    document,
  }
}
