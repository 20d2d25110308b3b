// SPDX-License-Identifier: EUPL-1.2
/**
 * Conventions of root element and head that no schema enforces. Real messages are sloppy here (xoev.md §15), so these are warnings.
 * What ties a message to its request, and the checks that need code lists, stand in head-rules.ts.
 * Specs: xoev.md §2.1, §3.1 to §3.4, §14.5.
 * @module
 */
import { attributeOf, elementsOf, type XmlElement } from '../../xml/tree.js'
import { follow } from '../header.js'
import { hasZone, momentOf } from '../time-zone.js'
import type { HeadView, RootView, RuleHit, XoevRule } from './rule.js'

/** Attributes of the G2G message type [xoev.md §3.1]. */
const ROOT_ATTRIBUTES = ['produkt', 'produkthersteller', 'standard', 'version'] as const
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const NIL_UUID = '00000000-0000-0000-0000-000000000000'
const DATE_TIME = /^-?(\d{4,6})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)?$/
/** Clocks differ. */
const TOLERATED_MS = 5 * 60 * 1000

/** Shape of what stands behind the prefix, where its directory fixes it [xoev.md §3.2, §3.5]. */
const SHAPES: Readonly<Record<string, { readonly form: RegExp; readonly words: string }>> = {
  ags: { form: /^\d{8}$/, words: 'ags: eight digits' },
}

const at = ({ document: { root }, profile }: HeadView, path: string): XmlElement => follow(root, path, profile, root.uri) ?? root

/** Where an answer names its request. */
function replyAt(view: HeadView): XmlElement {
  const { root } = view.document
  const paths = view.profile.replyPath.find((one) => follow(root, `${one.at}/${one.uuid}`, view.profile, root.uri))
  return paths ? at(view, paths.at) : root
}

/** In the hour that clocks show twice a time without zone is given the benefit of the doubt. */
function instantOf(time: string | undefined, { timeZone }: HeadView, twice: 'earlier' | 'later'): number | undefined {
  const zoned = time !== undefined && !hasZone(time) ? momentOf(time, timeZone, twice) : time?.trim()
  const instant = Date.parse(zoned ?? '')
  return Number.isNaN(instant) ? undefined : instant
}

/** JavaScript takes the 30th of February for the 2nd of March. The calendar repeats every 400 years. */
function isMoment(text: string): boolean {
  const [, year, month, day] = DATE_TIME.exec(text) ?? []
  if (year === undefined || Number.isNaN(Date.parse(text))) return false
  return Number(day) <= new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate()
}

/** Letters and digits only: `xmeld2511a` and `25.11a`, `xbau/2/6` and `2.6`. */
const bare = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Also the most frequent reason why no head is found: its elements are in the namespace of the message. */
export const DEFAULT_NAMESPACE: XoevRule<RootView> = {
  id: 'xoev-head.default-namespace',
  severity: 'warning',
  reference: 'xoev.md §3.3, §14.5',
  de: 'Ein Standard-Namensraum (xmlns="…") ist erklärt, wo Elemente ohne Namensraum stehen müssen.',
  en: 'A default namespace (xmlns="…") is declared where elements must be in no namespace.',
  *run({ document: { root }, profile }): Generator<RuleHit> {
    if (profile.defaultNamespace === 'tolerated') return
    // the first is enough: below it everything is meant the same way
    const declares = (e: XmlElement): boolean => e.namespaces.some(({ prefix, uri }) => prefix === '' && uri !== '')
    const stack = [root]
    for (let e = stack.pop(); e; e = stack.pop()) {
      if (declares(e)) {
        yield { element: e }
        return
      }
      for (const child of elementsOf(e).reverse()) stack.push(child)
    }
  },
}

export const HEAD_RULES: readonly XoevRule<HeadView>[] = [
  {
    id: 'xoev-head.root-name',
    severity: 'warning',
    reference: 'XÖV-Basisnachricht; xoev.md §3.1',
    de: 'Das Wurzelelement heißt nicht gruppe.name.NNNN.',
    en: 'The root element is not named group.name.NNNN.',
    *run({ document: { root } }) {
      const parts = root.local.split('.')
      const number = parts.pop() ?? ''
      if (parts.length < 1 || !/^\d{4}$/.test(number) || !parts.every((part) => /^[A-Za-z][\w-]*$/.test(part))) yield { element: root }
    },
  },
  {
    id: 'xoev-head.root-attributes',
    severity: 'warning',
    reference: 'XÖV-Basisnachricht; xoev.md §3.1',
    de: 'Dem Wurzelelement fehlen Angaben (produkt, produkthersteller, standard, version), oder sie sind leer.',
    en: 'The root element lacks attributes (produkt, produkthersteller, standard, version), or they are empty.',
    *run({ document: { root }, profile }) {
      if (profile.rootAttributes === 'none') return
      const missing = ROOT_ATTRIBUTES.filter((name) => (attributeOf(root, name) ?? '').trim() === '')
      if (missing.length > 0) yield { element: root, detail: missing.join(', ') }
    },
  },
  {
    id: 'xoev-head.qualified-attribute',
    severity: 'warning',
    reference: 'xoev.md §3.1',
    de: 'Ein Attribut des Wurzelelements steht in einem Namensraum; alle diese Attribute haben keinen.',
    en: 'An attribute of the root element is in a namespace; none of these attributes is.',
    *run({ document: { root } }) {
      const names: readonly string[] = [...ROOT_ATTRIBUTES, 'produktversion', 'test']
      for (const { local, uri } of root.attributes) if (uri !== '' && names.includes(local)) yield { element: root, detail: local }
    },
  },
  {
    id: 'xoev-head.version-differs',
    severity: 'warning',
    reference: 'xoev.md §2.1, §3.1',
    de: 'Die Version im Attribut ist nicht die des Namensraums.',
    en: 'The version in the attribute is not that of the namespace.',
    *run({ document: { root }, profile }) {
      const version = attributeOf(root, 'version')
      if (profile.rootAttributes !== 'none' && version !== undefined && !bare(root.uri).endsWith(bare(version))) yield { element: root }
    },
  },
  DEFAULT_NAMESPACE,
  {
    id: 'xoev-head.test-value',
    severity: 'warning',
    reference: 'xoev.md §3.1',
    de: 'Das Attribut test sagt „nein“ oder nichts; schon sein Vorhandensein macht die Nachricht zur Testnachricht.',
    en: 'The attribute test says "no" or nothing; its mere presence makes the message a test message.',
    *run({ document: { root }, head }) {
      if (head.test !== undefined && /^(?:false|0|nein|no|)$/i.test(head.test.trim())) yield { element: root }
    },
  },
  {
    id: 'xoev-head.uuid-nil',
    severity: 'warning',
    reference: 'XÖV-Basisnachricht; RFC 9562 §5.9',
    de: 'Die nachrichtenUUID besteht nur aus Nullen.',
    en: 'The nachrichtenUUID consists of zeros only.',
    *run(view) {
      if (view.head.nachrichtenUUID?.trim() === NIL_UUID) yield { element: at(view, view.profile.uuidPath) }
    },
  },
  {
    id: 'xoev-head.created-form',
    severity: 'warning',
    reference: 'XÖV-Basisnachricht; XSD 1.0 dateTime',
    de: 'Der Erstellungszeitpunkt ist kein Zeitpunkt (JJJJ-MM-TTThh:mm:ss.fffZ).',
    en: 'The creation time is no date and time (YYYY-MM-DDThh:mm:ss.fffZ).',
    *run(view) {
      const created = view.head.erstellungszeitpunkt?.trim()
      if (created !== undefined && !isMoment(created)) yield { element: at(view, view.profile.createdPath) }
    },
  },
  {
    id: 'xoev-head.created-in-future',
    severity: 'warning',
    reference: 'XÖV-Basisnachricht',
    de: 'Der Erstellungszeitpunkt liegt nach dem Zeitpunkt der Prüfung.',
    en: 'The creation time is later than the moment of the check.',
    *run(view) {
      const created = instantOf(view.head.erstellungszeitpunkt, view, 'earlier')
      if (view.at !== undefined && created !== undefined && created > view.at.getTime() + TOLERATED_MS)
        yield { element: at(view, view.profile.createdPath) }
    },
  },
  {
    id: 'xoev-head.kennung-shape',
    severity: 'warning',
    reference: 'xoev.md §3.2, §3.5',
    de: 'Eine Kennung hat hinter ihrem Präfix nicht die Form, die ihr Verzeichnis verlangt (ags: acht Ziffern).',
    en: 'Behind its prefix a kennung does not have the form that its directory demands (ags: eight digits).',
    *run(view) {
      const { autor, leser } = view.head
      for (const [paths, kennung = ''] of [
        [view.profile.authorPath, autor?.kennung],
        [view.profile.readerPath, leser?.kennung],
      ] as const) {
        const colon = kennung.indexOf(':')
        const prefix = kennung.slice(0, Math.max(0, colon))
        const shape = Object.hasOwn(SHAPES, prefix) ? SHAPES[prefix] : undefined
        if (shape && !shape.form.test(kennung.slice(colon + 1)))
          yield { element: at(view, `${paths.at}/${paths.kennung}`), detail: shape.words }
      }
    },
  },
  {
    id: 'xoev-head.reply-uuid-form',
    severity: 'warning',
    reference: 'XÖV, Ursprungsnachricht; xoev.md §3.4',
    de: 'Die Ursprungsnachricht ist nicht mit einer UUID genannt.',
    en: 'The original message is not named by a UUID.',
    *run(view) {
      const named = view.head.ursprungsnachricht?.nachrichtenUUID
      if (named !== undefined && !UUID.test(named.trim())) yield { element: replyAt(view) }
    },
  },
  {
    id: 'xoev-head.reply-to-itself',
    severity: 'warning',
    reference: 'XÖV, Ursprungsnachricht; xoev.md §3.2',
    de: 'Die Antwort nennt sich selbst als Ursprungsnachricht; jede neue Nachricht hat eine neue UUID.',
    en: 'The answer names itself as the original message; every new message has a new UUID.',
    *run(view) {
      const { nachrichtenUUID, ursprungsnachricht } = view.head
      if (ursprungsnachricht && ursprungsnachricht.nachrichtenUUID === nachrichtenUUID) yield { element: replyAt(view) }
    },
  },
  {
    id: 'xoev-head.reply-too-early',
    severity: 'warning',
    reference: 'XÖV, Ursprungsnachricht; xoev.md §3.4',
    de: 'Die Antwort ist vor der Nachricht entstanden, auf die sie antwortet.',
    en: 'The answer was created before the message that it answers.',
    *run(view): Generator<RuleHit> {
      const own = instantOf(view.head.erstellungszeitpunkt, view, 'later')
      const asked = instantOf(view.head.ursprungsnachricht?.erstellungszeitpunkt, view, 'earlier')
      if (own !== undefined && asked !== undefined && own + TOLERATED_MS < asked) yield { element: replyAt(view) }
    },
  },
]
