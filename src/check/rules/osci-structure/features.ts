// SPDX-License-Identifier: EUPL-1.2
/**
 * FeatureDescription: keys that the field knows, their form, and limits that do not contradict each other. Absence tells nothing.
 * Specs: osci-1.2 §10.5, §11.
 * @module
 */
import { OUR_FEATURES } from '../../../osci/features.js'
import { OSCI2017 } from '../../../osci/names.js'
import type { FeatureDescription } from '../../../osci/parts.js'
import type { Raised } from '../../types.js'
import { blockOf, type OsciView, type Rule } from '../rule.js'

const KNOWN: ReadonlySet<string> = new Set(OUR_FEATURES.supportedFeatures.features.map(({ key }) => key))

type Feature = FeatureDescription['supportedFeatures']['features'][number]

const featuresOf = (view: OsciView): readonly Feature[] => view.message.features?.supportedFeatures.features ?? []

const at = (view: OsciView, detail: string): Raised => ({ element: blockOf(view, 'FeatureDescription'), detail })

/** Keys come from outside: shown only in a form that is a name. */
const shown = (key: string): string => (/^[\w.-]{1,60}$/.test(key) ? key : 'not a name')

export const FEATURE_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.feature-unknown',
    severity: 'info',
    reference: 'osci-1.2 §11',
    de: 'Ein Merkmal (Feature) ist nicht bekannt; es wird übergangen.',
    en: 'A feature is not known; it is passed over.',
    *run(view) {
      for (const { key } of featuresOf(view)) if (!KNOWN.has(key)) yield at(view, shown(key))
    },
  },
  {
    id: 'osci-structure.feature-version',
    severity: 'warning',
    reference: 'osci-1.2 §11',
    de: 'Die Version eines Merkmals (Feature) hat nicht die Form Zahl.Zahl oder Zahl.Zahl.Zahl.',
    en: 'The version of a feature does not have the form number.number or number.number.number.',
    *run(view) {
      for (const { key, version } of featuresOf(view)) if (!/^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?$/.test(version)) yield at(view, shown(key))
    },
  },
  {
    id: 'osci-structure.feature-repeated',
    severity: 'warning',
    reference: 'osci-1.2 §11',
    de: 'Ein Merkmal (Feature) kommt zweimal vor.',
    en: 'A feature occurs twice.',
    *run(view) {
      const keys = featuresOf(view).map(({ key }) => key)
      for (const key of new Set(keys.filter((one, index) => keys.indexOf(one) < index))) yield at(view, shown(key))
    },
  },
  {
    id: 'osci-structure.feature-limits',
    severity: 'warning',
    reference: 'osci-1.2 §10.5',
    de: 'Die Grenzen widersprechen sich: MinChunkSize ≤ MaxChunkSize ≤ MaxMessageSize.',
    en: 'The limits contradict each other: MinChunkSize ≤ MaxChunkSize ≤ MaxMessageSize.',
    *run(view) {
      const { minChunkSizeKilobytes: min, maxChunkSizeKilobytes: max, maxMessageSizeKilobytes: whole } = view.message.features ?? {}
      // 0 means "not stated"
      const limits = [min, max, whole].filter((limit): limit is number => limit !== undefined && limit > 0)
      if (limits.some((limit, index) => index > 0 && limit < (limits[index - 1] ?? 0))) yield at(view, `${limits.join(' > ')} KB`)
    },
  },
  {
    id: 'osci-structure.feature-not-announced',
    severity: 'warning',
    reference: 'osci-1.2 §10, §11',
    de: 'Eine Paketnachricht, deren Absender PartialMessageTransmission nicht ankündigt.',
    en: 'A chunk message whose sender does not announce PartialMessageTransmission.',
    *run(view) {
      const keys = featuresOf(view).map(({ key }) => key)
      if (view.type.uri === OSCI2017 && keys.length > 0 && !keys.includes('PartialMessageTransmission'))
        yield at(view, 'PartialMessageTransmission')
    },
  },
]
