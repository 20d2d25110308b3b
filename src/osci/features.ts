// SPDX-License-Identifier: EUPL-1.2
/**
 * What we announce in FeatureDescription: the keys that the field knows, each with the library version that brought it (osci-1.2 §11).
 * @module
 */
import type { FeatureDescription } from './parts.js'

/** Features as a client has them; an intermediary adds its limits. */
export const OUR_FEATURES: FeatureDescription = {
  supportedFeatures: {
    features: [
      { key: 'DisableBase64', version: '1.2.0' },
      { key: 'OAEPEncryption', version: '1.6.0' },
      { key: 'SHA3HashAlgo', version: '1.6.3' },
      { key: 'GCMPaddingModus', version: '1.7.0' },
      { key: 'PartialMessageTransmission', version: '1.8.0' },
      { key: 'Support96Bit12ByteIV', version: '1.9.0' },
    ],
  },
}
