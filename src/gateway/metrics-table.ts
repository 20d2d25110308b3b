// SPDX-License-Identifier: EUPL-1.2
/**
 * Every figure that `/metrics` shows, beside those of the runtime (`process_`, `nodejs_`): one row each. Whoever adds a figure adds a row;
 * docs/metrics.md is generated from here.
 *
 * Label values are bounded: roles and outcomes, codes of OSCI and of HTTP, configured names. Never a reply mailbox, an id, a client's address
 * or a word of a peer's (threat model L1).
 * @module
 */
import type { GatewayFigures } from './figures.js'

interface Row {
  readonly name: string
  readonly labels: readonly string[]
  readonly en: string
  readonly de: string
}

export interface CountedRow extends Row {
  readonly kind: 'counter' | 'histogram' | 'gauge'
  /** Upper bounds in seconds; histograms only. */
  readonly buckets?: readonly number[]
}

/** 0.5 is the goal: an envelope for a waiting taker is gone before it. */
export const DWELL_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const
const SLOW_BUCKETS = [1, 10, 60, 300, 900, 1800, 3600] as const

/** Fed when something happens. */
export const COUNTED = {
  deliveries: {
    name: 'protektor_deliveries_total',
    kind: 'counter',
    labels: ['role', 'outcome'],
    en: 'What became of deliveries. Role `core`: envelopes, by outcome; the other roles: OSCI requests and ways out, by their end',
    de: 'Was aus Zustellungen wurde. Rolle `core`: Umschläge nach Ausgang; die anderen Rollen: OSCI-Aufträge und Wege hinaus nach ihrem Ende',
  },
  refusals: {
    name: 'protektor_refusals_total',
    kind: 'counter',
    labels: ['code'],
    en: 'Refusals, by OSCI feedback code (four digits) or HTTP status (three digits; core API included)',
    de: 'Ablehnungen nach OSCI-Rückmeldecode (vier Ziffern) oder HTTP-Status (drei Ziffern; auch der Kern-API)',
  },
  dwell: {
    name: 'protektor_dwell_seconds',
    kind: 'histogram',
    labels: [],
    buckets: DWELL_BUCKETS,
    en: 'Time of an envelope in the core: from put to hand-over, or to its deadline when nobody took it; slowPoller mailboxes apart',
    de: 'Zeit eines Umschlags im Kern: vom Einlegen bis zur Übergabe, oder bis zur Frist, wenn ihn niemand nahm; ohne slowPoller-Postfächer',
  },
  slowDwell: {
    name: 'protektor_slow_poller_dwell_seconds',
    kind: 'histogram',
    labels: [],
    buckets: SLOW_BUCKETS,
    en: 'The same for mailboxes marked slowPoller',
    de: 'Dasselbe für Postfächer mit slowPoller',
  },
  undecryptable: {
    name: 'protektor_undecryptable_total',
    kind: 'counter',
    labels: ['peer'],
    en: 'Failed decryptions, by configured peer; `unknown` where the sender is not proven',
    de: 'Gescheiterte Entschlüsselungen nach konfiguriertem Partner; `unknown`, wo der Absender nicht erwiesen ist',
  },
  slowPollers: {
    name: 'protektor_slow_poller_ttl_seconds',
    kind: 'gauge',
    labels: ['mailbox'],
    en: 'Life of envelopes in mailboxes marked slowPoller',
    de: 'Leben von Umschlägen in Postfächern mit slowPoller',
  },
} as const satisfies Readonly<Record<string, CountedRow>>

export interface Reading {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadRow extends Row {
  read(figures: GatewayFigures, now: Date): readonly Reading[]
}

const one = (value: number, labels: Readonly<Record<string, string>> = {}): readonly Reading[] => [{ labels, value }]

/** Read from the running parts at each scrape. */
export const READ: readonly ReadRow[] = [
  {
    name: 'protektor_state',
    labels: ['state'],
    en: '1 for the state that holds: not-ready, ready, draining',
    de: '1 für den Zustand, der gilt: not-ready, ready, draining',
    read: ({ state }) => one(1, { state }),
  },
  {
    name: 'protektor_part_state',
    labels: ['part', 'name', 'state'],
    en: '1 for the state of each part: core, schemas, directory, dvdv, keyring, data (the disk). All but `ok` wants to be looked at',
    de: '1 für den Zustand jedes Teils: core, schemas, directory, dvdv, keyring, data (die Platte). Alles außer `ok` will angesehen werden',
    read: ({ parts }) => parts.map(({ part, name, state }) => ({ labels: { part, name, state }, value: 1 })),
  },
  {
    name: 'protektor_endpoint_mode',
    labels: ['endpoint', 'role', 'mode'],
    en: '1 for the mode of each OSCI address: blind, or terminating (the gateway opens content there)',
    de: '1 für den Modus jeder OSCI-Adresse: blind, oder terminating (das Gateway öffnet dort die Inhalte)',
    read: ({ endpoints }) => endpoints.map(({ path, role, mode }) => ({ labels: { endpoint: path, role, mode }, value: 1 })),
  },
  {
    name: 'protektor_configuration_warning',
    labels: ['key'],
    en: '1 for each key of the configuration that is warned of at the start: weak or legacy modes, what is unfit for production',
    de: '1 für jeden Schlüssel der Konfiguration, vor dem beim Start gewarnt wird: schwache oder veraltete Betriebsarten, für den Betrieb Ungeeignetes',
    read: ({ warnings }) => warnings.map((key) => ({ labels: { key }, value: 1 })),
  },
  {
    name: 'protektor_core_bytes',
    labels: [],
    en: 'Bytes held for envelopes, reservations included',
    de: 'Für Umschläge gehaltene Bytes, Reservierungen eingeschlossen',
    read: ({ core }) => one(core.bytes),
  },
  {
    name: 'protektor_core_bytes_max',
    labels: [],
    en: 'Bytes at which the core is full and answers 503',
    de: 'Bytes, bei denen der Kern voll ist und mit 503 antwortet',
    read: ({ core }) => one(core.maxBytes),
  },
  {
    name: 'protektor_core_envelopes',
    labels: [],
    en: 'Envelopes in the core: waiting, or being handed over',
    de: 'Umschläge im Kern: wartend oder in Übergabe',
    read: ({ core }) => one(core.envelopes),
  },
  {
    name: 'protektor_core_waiting',
    labels: ['mailbox'],
    en: 'Envelopes that wait, by configured mailbox; `reply`: all reply mailboxes together; `other`: mailboxes of other nodes',
    de: 'Wartende Umschläge je konfiguriertem Postfach; `reply`: alle Antwortpostfächer zusammen; `other`: Postfächer anderer Knoten',
    read: ({ core }) => Object.entries(core.waiting).map(([mailbox, value]) => ({ labels: { mailbox }, value })),
  },
  {
    name: 'protektor_core_waiters',
    labels: [],
    en: 'Takers that wait at this node',
    de: 'Abholer, die an diesem Knoten warten',
    read: ({ core }) => one(core.waiters),
  },
  {
    name: 'protektor_core_outcomes',
    labels: [],
    en: 'Outcome records that are kept',
    de: 'Aufbewahrte Nachweise über Ausgänge',
    read: ({ core }) => one(core.outcomes),
  },
  {
    name: 'protektor_certificate_expiry_seconds',
    labels: ['keyring', 'use'],
    en: 'Seconds until a certificate of ours expires, negative afterwards; by keyring, or listener for TLS',
    de: 'Sekunden bis zum Ablauf eines eigenen Zertifikats, danach negativ; nach Schlüsselbund, bei TLS nach Anschluss',
    read: ({ certificates }, now) =>
      certificates.map(({ keyring, use, notAfter }) => ({
        labels: { keyring, use },
        value: Math.round((Date.parse(notAfter) - now.getTime()) / 1000),
      })),
  },
  {
    name: 'protektor_schema_threads',
    labels: [],
    en: 'Threads that validate against XSD; they start when there is work',
    de: 'Threads, die gegen XSD prüfen; sie beginnen, wenn es Arbeit gibt',
    read: ({ schemaThreads }) => one(schemaThreads),
  },
]
