// SPDX-License-Identifier: EUPL-1.2
/**
 * Where the parts usually come from that a schema package asks for and does not hold. Only for advice to people: what a reference means
 * is decided by catalogs and files alone.
 * Specs: xoev.md §2.1.
 * @module
 */

interface Origin {
  /** Tried on the namespace, then on the location. */
  readonly pattern: RegExp
  readonly de: string
  readonly en: string
}

const ORIGINS: readonly Origin[] = [
  {
    pattern: /^http:\/\/www\.osci\.de\/xinneres\//,
    de: 'XInneres-Basismodul (XRepository, KoSIT)',
    en: 'the XInneres base module (XRepository, KoSIT)',
  },
  {
    pattern: /^http:\/\/www\.osci\.de\/xmeld/,
    de: 'XMeld dieser Version (XRepository, KoSIT)',
    en: 'XMeld of this version (XRepository, KoSIT)',
  },
  {
    pattern: /^http:\/\/xoev\.de\/schemata\/basisnachricht\//,
    de: 'XÖV-Basisnachricht (XRepository, KoSIT)',
    en: 'the XÖV base message (XRepository, KoSIT)',
  },
  {
    pattern: /^http:\/\/xoev\.de\/schemata\/(?:code|genericode)\//,
    de: 'XÖV-Bibliothek, Datentyp Code (XRepository, KoSIT)',
    en: 'the XÖV library, data type Code (XRepository, KoSIT)',
  },
  {
    pattern: /^urn:xoev-de:kosit:xoev:datentyp:din-|^http:\/\/xoev\.de\/latinchars\//,
    de: 'XÖV-Bibliothek, Zeichensatz nach DIN 91379 (XRepository, KoSIT)',
    en: 'the XÖV library, character set of DIN 91379 (XRepository, KoSIT)',
  },
  {
    pattern: /^https?:\/\/(?:www\.)?xleitstelle\.de\/xbau\/kernmodul\//,
    de: 'XBau-Kernmodul (XLeitstelle)',
    en: 'the XBau core module (XLeitstelle)',
  },
  { pattern: /^https?:\/\/xoev\.de\/transport\/xta\//, de: 'XTA 2 (XRepository, KoSIT)', en: 'XTA 2 (XRepository, KoSIT)' },
  {
    pattern: /^http:\/\/www\.osci\.eu\/ws\//,
    de: 'OSCI 2, dem Paket XTA 2 beigelegt (KoSIT)',
    en: 'OSCI 2, in the package of XTA 2 (KoSIT)',
  },
  { pattern: /^https?:\/\/www\.opengis\.net\//, de: 'GML-Schemata (OGC)', en: 'the GML schemas (OGC)' },
  { pattern: /^https?:\/\/www\.w3\.org\//, de: 'ein Schema des W3C', en: 'a schema of the W3C' },
]

/** The package that usually holds what answers a reference; undefined: nobody we know. */
export function usualOrigin(namespace: string, location: string | undefined): { readonly de: string; readonly en: string } | undefined {
  return (
    ORIGINS.find(({ pattern }) => pattern.test(namespace)) ??
    ORIGINS.find(({ pattern }) => location !== undefined && pattern.test(location))
  )
}
