// SPDX-License-Identifier: EUPL-1.2
/**
 * THE TABLE of all options of `protektor serve --config`. Each entry: check, default, unit, texts, example. `docs/config.md`
 * is generated from here. Key names are fixed; a new option needs a line in the CHANGELOG, a changed one an ADR. Not split, however
 * long: every option stands in one table (product.md).
 * @module
 */
import * as z from 'zod'
import { option } from './option.js'
import type { Bilingual } from './option.js'

const MIB = 1024 * 1024
const TIME_ZONE = 'Europe/Berlin'

const words = (de: string, en: string): Bilingual => ({ de, en })

const MAILBOX = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,119}$/)
const MAILBOX_WORDS = words(
  'Kleinbuchstaben, Ziffern und . _ : - (höchstens 120), nicht mit reply. beginnend',
  'lower-case letters, digits and . _ : - (120 at most), not beginning with reply.',
)
/** Names of peers, keyrings, participants. */
export const NAME = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
const NAME_WORDS = words('Buchstaben, Ziffern und . _ - (höchstens 64)', 'letters, digits and . _ - (64 at most)')

/** What looks like an address may be none all the same, for its port or its brackets. */
const url = (form: RegExp): z.ZodString => z.string().refine((value) => form.test(value) && URL.canParse(value))

const ORIGIN = url(/^https?:\/\/[^/?#@\s]+$/)
const ORIGIN_WORDS = words('http(s)://Rechner[:Port] ohne Pfad', 'http(s)://host[:port] without path')

/** Calls by fetch take no address with a user in it. */
const ADDRESS_WORDS = words('http(s)-Adresse ohne Benutzer', 'http(s) address without user')

const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max)
const text = (): z.ZodString => z.string().min(1).max(1024)

const pathTo = (de: string, en: string, example: string, file: 'file' | 'secret' = 'file'): z.ZodOptional<z.ZodString> =>
  option(text().optional(), { de, en, example, unit: 'path', file })

const paths = (de: string, en: string, example: string, file: 'file' | 'folder' = 'file'): z.ZodPrefault<z.ZodArray<z.ZodString>> =>
  option(z.array(text()).prefault([]), { de, en, example, unit: 'path', file })

/** A key of ours: a PKCS#12 file with its PIN file, or PEM key and certificate. Exactly one of the two forms. */
const keySource = () =>
  z
    .strictObject({
      pkcs12: pathTo('PKCS#12-Datei, Rechte 0600', 'PKCS#12 file, mode 0600', 'keys/cipher.p12', 'secret'),
      pinFile: pathTo(
        'Datei mit der PIN in der ersten Zeile, Rechte 0600',
        'file with the PIN in its first line, mode 0600',
        'keys/cipher.pin',
        'secret',
      ),
      key: pathTo('privater Schlüssel als PEM, Rechte 0600', 'private key as PEM, mode 0600', 'keys/cipher.key.pem', 'secret'),
      certificate: pathTo('Zertifikat zum privaten Schlüssel als PEM', 'certificate of the private key as PEM', 'keys/cipher.pem'),
    })
    .superRefine((value, context) => {
      const packed = value.pkcs12 !== undefined && value.pinFile !== undefined && value.key === undefined && value.certificate === undefined
      const plain = value.key !== undefined && value.certificate !== undefined && value.pkcs12 === undefined && value.pinFile === undefined
      if (packed || plain) return
      context.addIssue({
        code: 'custom',
        params: words(
          'entweder pkcs12 mit pinFile oder key mit certificate angeben',
          'give either pkcs12 with pinFile, or key with certificate',
        ),
      })
    })

const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/

/** `host:port`, or `{ address, tls }`. */
const listener = (fallback: string, de: string, en: string) =>
  option(
    z
      .preprocess(
        (value) => (typeof value === 'string' ? { address: value } : value),
        z.strictObject({
          address: option(
            z
              .string()
              .refine((value) => Number(ADDRESS.exec(value)?.[2] ?? '65536') <= 65535)
              .transform((value) => {
                const [, host = '', port = ''] = ADDRESS.exec(value) ?? []
                return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
              }),
            {
              ...words('Adresse und Port, wenn auch TLS angegeben wird', 'address and port, where TLS is given too'),
              example: '0.0.0.0:8443',
              expects: words('Rechner:Port', 'host:port'),
            },
          ),
          tls: option(keySource().optional(), {
            ...words('Schlüssel für TLS an dieser Adresse', 'key for TLS at this address'),
            example: '{ pkcs12: keys/tls.p12, pinFile: keys/tls.pin }',
          }),
        }),
      )
      .prefault(fallback),
    { de, en, example: fallback, expects: words('Rechner:Port oder { address, tls }', 'host:port or { address, tls }') },
  )

export const LAYERS_NEVER_TOLERATED = [
  'message-signature',
  'author-signature',
  'transport-encryption',
  'content-encryption',
  'certificates',
] as const

/** Names for the signature algorithms of outgoing messages. */
export const SENDING_SIGNATURES = [
  'rsa-pss-sha256',
  'rsa-pss-sha512',
  'rsa-sha256',
  'rsa-sha512',
  'ecdsa-sha256',
  'ecdsa-sha384',
  'ecdsa-sha512',
] as const

const peer = z.strictObject({
  name: option(NAME, {
    ...words('Name des Partners, so auch im Protokoll', 'name of the peer, also in the log'),
    example: 'intermediary-1',
    expects: NAME_WORDS,
  }),
  signatureCertificates: paths('seine Signaturzertifikate (PEM)', 'its signature certificates (PEM)', '[ peers/im-signature.pem ]'),
  roots: paths(
    'Wurzeln, unter denen sein Zertifikat stehen darf; nur zusammen mit role',
    'roots its certificate may stand under; only together with role',
    '[ ca.pem ]',
  ),
  role: option(z.enum(['intermediary', 'user']).optional(), {
    ...words('Rolle, in der ein Zertifikat unter roots auftreten darf', 'role that a certificate under roots may act in'),
    example: 'intermediary',
  }),
  signed: option(z.enum(['required', 'optional']).prefault('required'), {
    ...words('Auftragssignatur verlangt (sonst 9600)', 'message signature demanded (else 9600)'),
    example: 'required',
  }),
  encrypted: option(z.enum(['required', 'optional']).prefault('required'), {
    ...words('Transportverschlüsselung verlangt (sonst 9811)', 'transport encryption demanded (else 9811)'),
    example: 'required',
  }),
  verdictFirst: option(z.boolean().prefault(false), {
    ...words('in Rückmeldungen steht das Ergebnis zuerst statt zuletzt', 'the verdict stands first among the feedback entries, not last'),
    example: 'false',
  }),
  sending: z
    .strictObject({
      signature: option(z.enum(SENDING_SIGNATURES).prefault('rsa-pss-sha256'), {
        ...words(
          'Signaturverfahren für RSA-Schlüssel; EC-Schlüssel nehmen immer ecdsa zu ihrer Kurve',
          'signature algorithm for RSA keys; EC keys always take the ecdsa of their curve',
        ),
        example: 'rsa-sha256',
      }),
    })
    .prefault({}),
  legacy: z
    .strictObject({
      cbcContent: option(z.boolean().prefault(false), {
        ...words(
          'Inhaltsdaten mit AES-CBC annehmen (nur unter gültiger Signatur); was daran scheitert, ist immer T020 und wird nach 1,5 s beantwortet',
          'accept content with AES-CBC (only under a valid signature); whatever fails in it is T020, answered after 1.5 s',
        ),
        example: 'false',
      }),
      rsa15Content: option(z.boolean().prefault(false), {
        ...words(
          'Inhaltsdaten mit RSA 1.5 annehmen (nur unter gültiger Signatur); Fehler wie bei cbcContent',
          'accept content with RSA 1.5 (only under a valid signature); failures as with cbcContent',
        ),
        example: 'false',
      }),
      iv16Reading: option(z.boolean().prefault(true), {
        ...words('AES-GCM mit 16 Byte IV lesen', 'read AES-GCM with an IV of 16 bytes'),
        example: 'true',
      }),
    })
    .prefault({}),
  tolerate: option(z.array(z.string().regex(/^[a-z][a-z-]*\.[a-z0-9][a-z0-9.-]*$/)).prefault([]), {
    ...words(
      'Befunde, die bei diesem Partner nur Warnungen sind; nie aus einer Signatur-, Verschlüsselungs- oder Zertifikatsschicht',
      'findings that are only warnings for this peer; never of a signature, encryption or certificate layer',
    ),
    example: '[ osci-structure.schema-location ]',
    expects: words('Befund-Kennungen <schicht>.<regel>', 'finding ids <layer>.<rule>'),
  }),
})

const participant = z.strictObject({
  id: option(NAME, { ...words('Kennung des Teilnehmers', 'id of the participant'), example: 'register-1', expects: NAME_WORDS }),
  jwks: pathTo(
    'öffentliche Schlüssel (JWK Set): Umschläge und Ausweise',
    'public keys (JWK Set): envelopes and tokens',
    'peers/register-1.json',
  ),
  mailboxes: option(z.array(MAILBOX).prefault([]), {
    ...words('Postfächer, die ihm gehören', 'mailboxes that belong to it'),
    example: "[ 'ags:99001000' ]",
    expects: MAILBOX_WORDS,
  }),
  tls: paths('seine Zertifikate für gegenseitiges TLS', 'its certificates for mutual TLS', '[ peers/register-1.pem ]'),
})

const mailbox = z.strictObject({
  ttlSeconds: option(whole(1, 3600).prefault(10), {
    ...words('Lebensdauer eines Umschlags; über 60 nur mit slowPoller', 'life of an envelope; above 60 only with slowPoller'),
    unit: 'seconds',
    example: '10',
  }),
  handover: option(z.enum(['at-most-once', 'lease-and-confirm']).prefault('at-most-once'), {
    ...words(
      'Übergabe: höchstens einmal, oder Leihe mit Bestätigung; wechselt nur, solange im Postfach nichts liegt',
      'hand-over: at most once, or lease and confirm; changes only while nothing lies in the mailbox',
    ),
    example: 'at-most-once',
  }),
  leaseSeconds: option(whole(1, 60).prefault(5), {
    ...words('Dauer der Leihe (lease-and-confirm)', 'length of the lease (lease-and-confirm)'),
    unit: 'seconds',
    example: '5',
  }),
  slowPoller: option(z.boolean().prefault(false), {
    ...words('der Abholer kommt selten: ttlSeconds bis 3600', 'the taker comes rarely: ttlSeconds up to 3600'),
    example: 'false',
  }),
  // not even the smallest envelope has less
  maxBytes: option(whole(4096, 1024 * MIB).prefault(64 * MIB), {
    ...words('höchstens so viel liegt zugleich darin', 'this much may lie in it at a time'),
    unit: 'bytes',
    example: '67108864',
  }),
  maxCount: option(whole(1, 100_000).prefault(1000), {
    ...words('höchstens so viele Umschläge zugleich', 'this many envelopes at a time'),
    example: '1000',
  }),
  cipherCertificates: paths(
    'OSCI-Postfach: Verschlüsselungszertifikate des Empfängers (PEM), das geltende zuerst, frühere dahinter',
    'OSCI mailbox: cipher certificates of the addressee (PEM), the current one first, former ones behind it',
    '[ peers/addressee-cipher.pem ]',
  ),
})

const REDIS_URL = url(/^rediss?:\/\/([A-Za-z0-9._~-]+@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(\/\d{1,3})?$/)
const REDIS_WORDS = words(
  'redis://[Benutzer@]Rechner[:Port][/Nummer], mit TLS rediss://; das Kennwort steht nie darin',
  'redis://[user@]host[:port][/number], with TLS rediss://; the password never stands in it',
)

const redis = z.strictObject({
  url: option(REDIS_URL.optional(), {
    ...words('Adresse eines einzelnen Servers', 'address of a single server'),
    example: 'rediss://core@redis.example:6379',
    expects: REDIS_WORDS,
  }),
  urls: option(z.array(REDIS_URL).min(1).max(64).optional(), {
    ...words(
      'Adressen eines Clusters, wenigstens eine, alle mit demselben Benutzer und ohne Nummer',
      'addresses of a cluster, at least one, all with the same user and without number',
    ),
    example: '[ rediss://redis-1.example:6379, rediss://redis-2.example:6379 ]',
    expects: REDIS_WORDS,
  }),
  passwordFile: pathTo(
    'Datei mit dem Kennwort in der ersten Zeile, Rechte 0600; weist ein einzelner Server (url) es ab, wird sie neu gelesen',
    'file with the password in its first line, mode 0600; a single server (url) that refuses it makes it be read again',
    'keys/redis.password',
    'secret',
  ),
  prefix: option(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/)
      .prefault('protektor'),
    {
      ...words(
        'steht vor jedem Schlüssel; Knoten mit gleichem prefix sind ein Kern',
        'stands before every key; nodes with the same prefix are one core',
      ),
      example: 'protektor',
      expects: words('Kleinbuchstaben, Ziffern und . _ - (höchstens 32)', 'lower-case letters, digits and . _ - (32 at most)'),
    },
  ),
  node: option(NAME.optional(), {
    ...words('Name dieses Knotens', 'name of this node'),
    example: 'core-1',
    expects: NAME_WORDS,
    derived: words('Zufall bei jedem Start', 'chance at every start'),
  }),
})

const route = z.strictObject({
  addresseeCertificate: pathTo(
    'Verschlüsselungszertifikat des Empfängers (PEM)',
    'cipher certificate of the addressee (PEM)',
    'peers/addressee.pem',
  ),
  kennung: option(text().optional(), {
    ...words('Kennung des Lesers im geprüften Inhalt (nur terminating)', 'reader key in verified content (terminating only)'),
    example: 'ags:99001000',
  }),
  metadataReader: option(text().optional(), {
    ...words(
      'Leser in MessageMetaData; wählt nur, was erlaubt ist',
      'reader in MessageMetaData; chooses among what is allowed, never grants',
    ),
    example: 'ags:99001000',
  }),
  metadataService: option(text().optional(), {
    ...words(
      'Dienst in MessageMetaData (DVDV-Adresse der Dienstbeschreibung), allein oder zusammen mit metadataReader',
      'service in MessageMetaData (its DVDV service URI), alone or together with metadataReader',
    ),
    example: 'http://osci.de/xmeld33/xmeld33freieSuche.wsdl',
  }),
  mailbox: option(MAILBOX, { ...words('Zielpostfach', 'mailbox it leads to'), example: "'ags:99001000'", expects: MAILBOX_WORDS }),
})

const endpoint = z.strictObject({
  // names of dots alone would be steps up and down
  path: option(z.string().regex(/^\/osci\/(recipient|intermediary)(\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,64})?$/), {
    ...words('Pfad der Adresse, die der Partner anspricht', 'path of the address that the peer calls'),
    example: '/osci/recipient',
    expects: words('/osci/recipient[/NAME] oder /osci/intermediary[/NAME]', '/osci/recipient[/NAME] or /osci/intermediary[/NAME]'),
  }),
  role: option(z.enum(['passiveRecipient', 'intermediary']), {
    ...words('OSCI-Rolle', 'OSCI role'),
    example: 'passiveRecipient',
  }),
  mode: option(z.enum(['terminating', 'blind']).optional(), {
    ...words(
      'terminating: das Gateway öffnet den Inhalt und steht in der Ende-zu-Ende-Strecke; blind: der Inhalt bleibt verschlossen',
      'terminating: the gateway opens content and stands inside the end-to-end boundary; blind: content stays sealed',
    ),
    example: 'terminating',
    derived: words('blind für intermediary; für passiveRecipient anzugeben', 'blind for intermediary; to be given for passiveRecipient'),
  }),
  keys: option(NAME, { ...words('Name aus keyrings', 'name of a keyring'), example: 'town', expects: NAME_WORDS }),
  peers: option(z.array(NAME).min(1), {
    ...words('wer hier anrufen darf', 'who may call here'),
    example: '[ intermediary-1 ]',
    expects: words('Liste von Namen aus peers', 'list of names of peers'),
  }),
  routes: option(z.array(route).prefault([]), {
    ...words('nur passiveRecipient: Zustellregeln, die erste passende gilt', 'passiveRecipient only: routing rules, the first match holds'),
    example: "[ { addresseeCertificate: peers/addressee.pem, mailbox: 'ags:99001000' } ]",
  }),
  defaultMailbox: option(MAILBOX.optional(), {
    ...words(
      'nur passiveRecipient: Postfach, wenn keine Regel passt; fehlt es: 9805+9811',
      'passiveRecipient only: mailbox when no rule matches; without it: 9805+9811',
    ),
    example: "'ags:99001000'",
    expects: MAILBOX_WORDS,
  }),
  takeWithinSeconds: option(whole(1, 60).prefault(10), {
    ...words(
      'so lange darf das Register bis zur Abholung brauchen, höchstens ttlSeconds seines Postfachs',
      'the register must take within this time, or the ttlSeconds of its mailbox if that is less',
    ),
    unit: 'seconds',
    example: '10',
  }),
  answerWithinSeconds: option(whole(2, 300).prefault(20), {
    ...words(
      'so lange nach dem letzten Byte der Anfrage steht die Antwort; kleiner als die HTTP-Frist des Anrufers halten',
      'the answer stands this long after the last byte of the request; keep it below the HTTP timeout of the caller',
    ),
    unit: 'seconds',
    example: '20',
  }),
  unknownContent: option(z.enum(['refuse', 'pass']).prefault('refuse'), {
    ...words(
      'nur terminating: XÖV-Namensraum nicht eingerichtet: ablehnen (V000) oder ungeprüft weitergeben',
      'terminating only: XÖV namespace not configured: refuse (V000) or pass on unchecked',
    ),
    example: 'refuse',
  }),
  requireSealedContent: option(z.boolean().prefault(true), {
    ...words('nur blind: unverschlüsselten Inhalt ablehnen', 'blind only: refuse content that is not sealed'),
    example: 'true',
  }),
  dialogIdleSeconds: option(whole(10, 3600).prefault(900), {
    ...words('nur intermediary: so lange darf ein Dialog schweigen', 'intermediary only: a dialog may be silent for this long'),
    unit: 'seconds',
    example: '900',
  }),
  maxDialogs: option(whole(1, 1_000_000).prefault(10_000), {
    ...words('nur intermediary: offene Dialoge insgesamt', 'intermediary only: open dialogs in all'),
    example: '10000',
  }),
  maxDialogsPerClient: option(whole(1, 100_000).prefault(200), {
    ...words('nur intermediary: offene Dialoge eines Clients', 'intermediary only: open dialogs of one client'),
    example: '200',
  }),
  requireMessageId: option(z.boolean().prefault(false), {
    ...words(
      'nur intermediary: mediateDelivery ohne MessageId ablehnen (9800)',
      'intermediary only: refuse mediateDelivery without MessageId (9800)',
    ),
    example: 'false',
  }),
})

const outgoing = z.strictObject({
  mailbox: option(MAILBOX, {
    ...words('Postfach, aus dem Umschläge den Weg zu einem OSCI-Partner nehmen', 'mailbox whose envelopes leave to an OSCI party'),
    example: "'ags:99002000'",
    expects: MAILBOX_WORDS,
  }),
  organization: option(text(), {
    ...words('Organisationsschlüssel im Verzeichnis', 'key of the organisation in the directory'),
    example: 'ags:99002000',
  }),
  service: option(text(), {
    ...words('Dienst-URI im Verzeichnis', 'URI of the service in the directory'),
    example: 'urn:example:xprotektor:service:meldebescheinigung:1.0',
  }),
  keys: option(NAME, {
    ...words('Name aus keyrings: unsere Schlüssel als OSCI-Client', 'name of a keyring: our keys as OSCI client'),
    example: 'town',
  }),
  peer: option(NAME, {
    ...words('Name aus peers: Regeln für die Antworten dieses Partners', 'name of a peer: rules for the answers of this partner'),
    example: 'intermediary-2',
  }),
  answerWithinSeconds: option(whole(2, 110).prefault(20), {
    ...words('so lange wird auf die OSCI-Antwort gewartet', 'the OSCI answer is waited for this long'),
    unit: 'seconds',
    example: '20',
  }),
  metadata: option(z.boolean().prefault(false), {
    ...words(
      'schreibt MessageMetaData als eigenen Kopfblock, wenn Autor und Leser der Nachricht bekannt sind',
      'writes MessageMetaData as a header block of its own when author and reader of the message are known',
    ),
    example: 'true',
  }),
})

/** The whole tree. `z.output` of it is the typed configuration. */
export const OPTIONS = z.strictObject({
  listen: z
    .strictObject({
      public: listener('127.0.0.1:8080', 'öffentliche Adresse', 'public address'),
      admin: listener(
        '127.0.0.1:8081',
        'Adresse für Betrieb: /operator/, /metrics, /readyz',
        'address for operation: /operator/, /metrics, /readyz',
      ),
      tls: option(keySource().optional(), {
        ...words('Schlüssel für TLS an beiden Adressen', 'key for TLS at both addresses'),
        example: '{ pkcs12: keys/tls.p12, pinFile: keys/tls.pin }',
      }),
    })
    .prefault({}),
  publicUrl: option(ORIGIN.optional(), {
    ...words('Empfängerangabe der Ausweise; nie aus dem Host-Header', 'audience of tokens; never taken from the Host header'),
    example: 'https://gateway.example',
    expects: ORIGIN_WORDS,
    derived: words('http://127.0.0.1:8080, sonst aus listen.public', 'http://127.0.0.1:8080, else from listen.public'),
  }),
  dataDirectory: option(text().prefault('./data'), {
    ...words(
      'Laufzettel, benutzte Kennungen, Ausgänge; keine Inhalte. Für einen Prozess allein: ein zweiter wird abgewiesen',
      'process cards, used ids, outcomes; no content. For one process alone: a second one is refused',
    ),
    unit: 'path',
    example: './data',
  }),
  timeZone: option(
    z
      .string()
      .refine((zone) => {
        // asking for the first time loads the system's tables, which a start can do without
        if (zone === TIME_ZONE) return true
        try {
          return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
        } catch {
          return false
        }
      })
      .prefault(TIME_ZONE),
    {
      ...words('nur für Zeiten, die ohne Zone ankommen', 'only for times that come without a zone'),
      example: 'Europe/Berlin',
      expects: words('Name der IANA-Zeitzonen', 'name of the IANA time zones'),
    },
  ),
  core: z
    .strictObject({
      memory: option(z.strictObject({}).optional(), { ...words('Kern in diesem Prozess', 'core inside this process'), example: '{}' }),
      outcomeHours: option(whole(1, 24 * 30).prefault(24), {
        ...words(
          'so lange ist zu erfahren, was aus einem Umschlag wurde (ohne Inhalt, in dataDirectory/outcomes)',
          'for this long it can be asked what became of an envelope (without content, in dataDirectory/outcomes)',
        ),
        unit: 'hours',
        example: '24',
      }),
      redis: option(redis.optional(), {
        ...words('Kern in Redis oder Valkey, den mehrere Knoten teilen', 'core in Redis or Valkey, shared by several nodes'),
        example: '{ url: redis://127.0.0.1:6379 }',
      }),
      remote: option(
        z
          .strictObject({
            url: option(ORIGIN, {
              ...words('Adresse des Kerns', 'address of the core'),
              example: 'https://core.example',
              expects: ORIGIN_WORDS,
            }),
            urls: option(z.array(ORIGIN).max(16).prefault([]), {
              ...words(
                'weitere Knoten desselben Kerns; gefragt wird der nächste, wenn einer fort ist oder endet',
                'further nodes of the same core; the next one is asked when one is away or ends',
              ),
              example: '[ https://core-2.example ]',
              expects: ORIGIN_WORDS,
            }),
            audience: option(ORIGIN.optional(), {
              ...words('publicUrl des Kerns', 'publicUrl of the core'),
              example: 'https://core.example',
              expects: ORIGIN_WORDS,
              derived: words('die Adresse des Knotens, der gefragt wird', 'the address of the node that is asked'),
            }),
            participant: option(NAME, {
              ...words(
                'so heißt dieses Gateway dort; es weist sich mit dem Signaturschlüssel in dataDirectory aus (gateway.jwks.json)',
                'name of this gateway there; it proves itself by the signing key in dataDirectory (gateway.jwks.json)',
              ),
              example: 'gateway-1',
              expects: NAME_WORDS,
            }),
          })
          .optional(),
        {
          ...words(
            'Kern in einem anderen Protektor, über seine HTTP-Schnittstelle; /core/v1 gibt es dann nur dort',
            'core in another Protektor, over its HTTP interface; /core/v1 is then served there only',
          ),
          example: '{ url: https://core.example, participant: gateway-1 }',
        },
      ),
      longPolls: z
        .strictObject({
          perTarget: option(whole(1, 1000).prefault(4), {
            ...words(
              'so viele Aufrufe eines Teilnehmers warten zugleich an einem Postfach oder auf den Ausgang eines Umschlags; darüber 429',
              'this many calls of a participant wait at one mailbox, or for the outcome of one envelope; above it 429',
            ),
            example: '4',
          }),
          perParticipant: option(whole(1, 100_000).prefault(256), {
            ...words(
              'so viele Aufrufe eines Teilnehmers warten zugleich insgesamt; jede offene Frage braucht zwei',
              'this many calls of a participant wait at a time in all; each open question needs two',
            ),
            example: '256',
          }),
          total: option(whole(1, 100_000).prefault(1024), {
            ...words(
              'so viele Aufrufe warten an diesem Knoten; darüber 503. Unter http.maxConnections halten',
              'this many calls wait at this node; above it 503. Keep it below http.maxConnections',
            ),
            example: '1024',
          }),
        })
        .prefault({}),
      transfers: z
        .strictObject({
          minBytesPerSecond: option(whole(1, 1024 * MIB).prefault(16 * 1024), {
            ...words(
              'langsamer darf ein Umschlag weder gebracht (408) noch abgenommen werden (Verbindung getrennt, Ausgang unknown)',
              'an envelope may neither be brought (408) nor be taken off (connection cut, outcome unknown) more slowly',
            ),
            unit: 'bytes',
            example: '16384',
          }),
          graceSeconds: option(whole(1, 60).prefault(5), {
            ...words('so lange wird nicht gemessen', 'nothing is measured for this long'),
            unit: 'seconds',
            example: '5',
          }),
        })
        .prefault({}),
    })
    .prefault({ memory: {} }),
  limits: z
    .strictObject({
      messageBytes: option(whole(64 * 1024, 256 * MIB).prefault(32 * MIB), {
        ...words('größter OSCI-Körper, im Speicher', 'largest OSCI body, in memory'),
        unit: 'bytes',
        example: '33554432',
      }),
      xmlBytes: option(whole(16 * 1024, 64 * MIB).prefault(8 * MIB), {
        ...words('größtes Wurzel-XML und größtes XÖV-Dokument', 'largest root XML and largest XÖV document'),
        unit: 'bytes',
        example: '8388608',
      }),
      chunkKilobytes: option(z.tuple([whole(1, 16_384), whole(1, 65_536)]).prefault([16, 16_384]), {
        ...words('kleinste und größte Teilnachricht, die ein Intermediär annimmt', 'smallest and largest chunk that an intermediary takes'),
        unit: 'kilobytes',
        example: '[16, 16384]',
        expects: words('[kleinste, größte]', '[smallest, largest]'),
      }),
      chunkedMessageKilobytes: option(whole(16, 2_097_152).prefault(512_000), {
        ...words('größte Nachricht aus Teilen', 'largest message made of chunks'),
        unit: 'kilobytes',
        example: '512000',
      }),
      envelopeBytes: option(whole(64 * 1024, 33 * MIB).prefault(33 * MIB), {
        ...words(
          'größter Umschlag, den ein Teilnehmer ablegt (darüber 413); mehr als 33 MiB kennt das Format nicht',
          'largest envelope that a participant puts (above it 413); the format knows none above 33 MiB',
        ),
        unit: 'bytes',
        example: '34603008',
      }),
      coreBytes: option(whole(MIB, 64 * 1024 * MIB).prefault(256 * MIB), {
        ...words(
          'so viel hält der Kern insgesamt; darüber 503. Von einem Absender höchstens die Hälfte, jedoch wenigstens 128 MiB; darüber 429',
          'the core holds this much in all; above it 503. Of one sender at most half of it, yet 128 MiB at least; above it 429',
        ),
        unit: 'bytes',
        example: '268435456',
      }),
    })
    .prefault({}),
  soap: z
    .strictObject({
      faultStatus: option(z.literal([200, 500]).prefault(200), {
        ...words('HTTP-Status von SOAP-Fehlern', 'HTTP status of SOAP faults'),
        example: '200',
      }),
    })
    .prefault({}),
  http: z
    .strictObject({
      requestTimeoutSeconds: option(whole(1, 600).prefault(60), {
        ...words('so lange darf das Hochladen einer Anfrage dauern', 'the upload of a request may take this long'),
        unit: 'seconds',
        example: '60',
      }),
      headersTimeoutSeconds: option(whole(1, 120).prefault(10), {
        ...words('so lange dürfen die Kopfzeilen dauern', 'the header lines may take this long'),
        unit: 'seconds',
        example: '10',
      }),
      maxConnections: option(whole(1, 100_000).prefault(2048), {
        ...words('Verbindungen zugleich', 'connections at a time'),
        example: '2048',
      }),
      maxConnectionsPerPeer: option(whole(1, 100_000).prefault(512), {
        ...words('Verbindungen zugleich von einer Adresse', 'connections at a time from one address'),
        example: '512',
      }),
    })
    .prefault({}),
  allowSmallOwnKeys: option(z.boolean().prefault(false), {
    ...words('eigene RSA-Schlüssel mit 2048 bis 2999 Bit laden (Versuche)', 'load own RSA keys of 2048 to 2999 bits (tests)'),
    example: 'false',
  }),
  schemas: z
    .strictObject({
      directories: paths(
        'amtliche Schemasätze: ein Speicher (protektor schemas), oder Verzeichnisse mit OASIS-Katalog',
        'official schema sets: a store (protektor schemas), or directories with an OASIS catalog',
        '[ schemas/xmeld ]',
        'folder',
      ),
    })
    .prefault({}),
  check: z
    .strictObject({
      enabled: option(z.boolean().optional(), {
        ...words(
          'POST /v1/check und die Prüfseite /tester/: geöffnet wird nur mit Schlüsseln aus demselben Aufruf, nie mit denen des Gateways',
          'POST /v1/check and the tester page /tester/: opens with keys of the same call only, never with those of the gateway',
        ),
        example: 'false',
        derived: words(
          'true, wenn listen.public und publicUrl auf loopback zeigen oder tokenFile angegeben ist',
          'true when listen.public and publicUrl are on loopback, or tokenFile is given',
        ),
      }),
      tokenFile: pathTo(
        'Datei mit dem Zugangstoken (wenigstens 32 Zeichen) in der ersten Zeile, Rechte 0600; außerhalb von loopback verlangt',
        'file with the access token (32 characters at least) in its first line, mode 0600; demanded off loopback',
        'keys/check.token',
        'secret',
      ),
      requestBytes: option(whole(64 * 1024, 512 * MIB).prefault(128 * MIB), {
        ...words(
          'größter Aufruf, alle Dateien zusammen, und größter Bericht; so viel liegt vor und nach den Prüfungen auch insgesamt höchstens im Speicher',
          'largest call, all files together, and largest report; before and after the checks no more than this lies in memory in all',
        ),
        unit: 'bytes',
        example: '134217728',
      }),
      files: option(whole(1, 10_000).prefault(1000), { ...words('Dateien eines Aufrufs', 'files of one call'), example: '1000' }),
      keystores: option(whole(0, 64).prefault(16), { ...words('Schlüsseldateien eines Aufrufs', 'keystores of one call'), example: '16' }),
      threads: option(whole(1, 64).prefault(1), {
        ...words('so viele Aufrufe werden zugleich geprüft', 'this many calls are checked at a time'),
        example: '1',
      }),
      threadMegabytes: option(whole(128, 65_536).prefault(1024), {
        ...words(
          'JavaScript-Heap des Threads einer Prüfung (darüber 422) und jedes seiner Threads für Schema und Schematron (darüber Urteil »error«); die Schema-Engine nimmt dazu höchstens 1 GiB je Schemasatz',
          'JavaScript heap of the thread of a check (above it 422) and of each of its threads for schema and Schematron (above it verdict "error"); the schema engine takes 1 GiB more at most per schema set',
        ),
        unit: 'megabytes',
        example: '1024',
      }),
      timeLimitSeconds: option(whole(1, 600).prefault(60), {
        ...words('so lange darf ein Aufruf dauern; darüber 422', 'a call may take this long; above it 422'),
        unit: 'seconds',
        example: '60',
      }),
      waiting: option(whole(0, 1000).prefault(8), {
        ...words('so viele Aufrufe dürfen warten; darüber 503', 'this many calls may wait; above it 503'),
        example: '8',
      }),
      waitSeconds: option(whole(1, 300).prefault(30), {
        ...words('so lange darf ein Aufruf warten; danach 503', 'a call may wait this long; then 503'),
        unit: 'seconds',
        example: '30',
      }),
      requestsPerMinute: option(whole(1, 10_000).prefault(60), {
        ...words(
          'Aufrufe einer Adresse je Minute; darüber 429. Aufrufe ohne das Token zählen für sich',
          'calls of one address in a minute; above it 429. Calls without the token are counted apart',
        ),
        example: '60',
      }),
    })
    .prefault({}),
  keyrings: option(
    z
      .record(
        NAME,
        z.strictObject({
          cipher: option(keySource(), {
            ...words('öffnet die Transportverschlüsselung', 'opens transport encryption'),
            example: '{ pkcs12: keys/cipher.p12, pinFile: keys/cipher.pin }',
          }),
          signature: option(keySource(), {
            ...words('signiert unsere Nachrichten', 'signs our messages'),
            example: '{ pkcs12: keys/signature.p12, pinFile: keys/signature.pin }',
          }),
          reader: option(z.array(keySource()).prefault([]), {
            ...words('nur terminating: öffnet Inhalte', 'terminating only: opens content'),
            example: '[ { pkcs12: keys/reader.p12, pinFile: keys/reader.pin } ]',
          }),
          formerCiphers: option(z.array(keySource()).prefault([]), {
            ...words(
              'frühere Schlüssel von cipher oder reader: was für sie verschlüsselt ist, wird noch geöffnet; genannt wird nur das geltende Zertifikat',
              'former keys of cipher or reader: what is encrypted for them is still opened; only the current certificate is named',
            ),
            example: '[ { pkcs12: keys/cipher-2024.p12, pinFile: keys/cipher-2024.pin } ]',
          }),
          author: option(keySource().optional(), {
            ...words('nur terminating: signiert Inhalte von Antworten', 'terminating only: signs content of answers'),
            example: '{ pkcs12: keys/author.p12, pinFile: keys/author.pin }',
          }),
        }),
      )
      .prefault({}),
    { ...words('eigene Schlüssel, nach Namen', 'our keys, by name'), example: 'town: { cipher: …, signature: … }', expects: NAME_WORDS },
  ),
  peers: option(z.array(peer).prefault([]), { ...words('OSCI-Partner', 'OSCI peers'), example: '[ { name: intermediary-1, … } ]' }),
  participants: option(z.array(participant).prefault([]), {
    ...words('Teilnehmer am Kern', 'participants of the core'),
    example: '[ { id: register-1, jwks: peers/register-1.json } ]',
  }),
  mailboxes: option(z.record(MAILBOX, mailbox).prefault({}), {
    ...words('Postfächer, nach Adresse', 'mailboxes, by address'),
    example: "'ags:99001000': { ttlSeconds: 10 }",
    expects: MAILBOX_WORDS,
  }),
  endpoints: option(z.array(endpoint).prefault([]), {
    ...words('OSCI-Adressen', 'OSCI endpoints'),
    example: '[ { path: /osci/recipient, … } ]',
  }),
  outgoing: option(z.array(outgoing).prefault([]), {
    ...words('Wege hinaus: Postfächer von OSCI-Partnern', 'ways out: mailboxes of OSCI parties'),
    example: "[ { mailbox: 'ags:99002000', … } ]",
  }),
  directory: z
    .strictObject({
      file: pathTo(
        'Verzeichnis der Organisationen und Dienste (JSON oder YAML); Änderungen gelten ohne Neustart',
        'directory of organisations and services (JSON or YAML); changes hold without a restart',
        'directory.yaml',
      ),
      dvdv: option(
        z
          .strictObject({
            url: option(url(/^https?:\/\/[^\s?#@/]+(\/[^\s?#]*)?$/), {
              ...words('Basisadresse des DVDV2-REST-Dienstes', 'base address of the DVDV2 REST service'),
              example: 'http://127.0.0.1:9080/directory/',
              expects: ADDRESS_WORDS,
            }),
            network: option(
              z
                .string()
                .regex(/^[a-z]{1,20}$/)
                .prefault('internet'),
              {
                ...words('Netz, dessen Adressen gelten', 'network whose addresses hold'),
                example: 'internet',
                expects: words('Kleinbuchstaben (höchstens 20)', 'lower-case letters (20 at most)'),
              },
            ),
            timeoutSeconds: option(whole(1, 60).prefault(5), {
              ...words('längste Wartezeit je Abfrage', 'longest wait for one query'),
              unit: 'seconds',
              example: '5',
            }),
            cacheSeconds: option(whole(1, 86_400).prefault(3600), {
              ...words('so lange gilt ein Treffer', 'a hit holds this long'),
              unit: 'seconds',
              example: '3600',
            }),
            missSeconds: option(whole(1, 3600).prefault(60), {
              ...words('so lange gilt eine Fehlanzeige', 'a miss holds this long'),
              unit: 'seconds',
              example: '60',
            }),
            staleSeconds: option(whole(0, 604_800).prefault(86_400), {
              ...words(
                'so lange gilt ein alter Treffer weiter, wenn der Dienst nicht antwortet',
                'an old hit goes on holding this long when the service does not answer',
              ),
              unit: 'seconds',
              example: '86400',
            }),
          })
          .optional(),
        { ...words('DVDV2 über REST', 'DVDV2 over REST'), example: '{ url: http://127.0.0.1:9080/directory/ }' },
      ),
    })
    .prefault({}),
  trust: z
    .strictObject({
      roots: paths(
        'Wurzeln, unter denen Zertifikate anderer geprüft werden (Prüfbericht im Laufzettel)',
        'roots under which certificates of others are checked (inspection report of the process card)',
        '[ ca.pem ]',
      ),
      intermediates: paths('Zwischenzertifikate', 'intermediate certificates', '[ sub-ca.pem ]'),
      crls: paths(
        'Sperrlisten (DER oder PEM); neue in denselben Dateien gelten ohne Neustart',
        'revocation lists (DER or PEM); new ones in the same files hold without a restart',
        '[ ca.crl ]',
      ),
    })
    .prefault({}),
  timestamping: z
    .strictObject({
      url: option(url(/^https?:\/\/[^\s?#@/]+([/?][^\s#]*)?$/).optional(), {
        ...words(
          'Zeitstempeldienst (RFC 3161) für kryptographische Zeitstempel; ohne ihn: 9811',
          'time-stamping authority (RFC 3161) for cryptographic time stamps; without it: 9811',
        ),
        example: 'http://127.0.0.1:3180/tsa',
        expects: ADDRESS_WORDS,
      }),
      certificates: paths('Zertifikate des Dienstes (PEM)', 'certificates of the service (PEM)', '[ tsa.pem ]'),
      timeoutSeconds: option(whole(1, 30).prefault(5), {
        ...words('längste Wartezeit', 'longest wait'),
        unit: 'seconds',
        example: '5',
      }),
    })
    .prefault({}),
  processCards: z
    .strictObject({
      keepDays: option(whole(1, 3650).prefault(30), {
        ...words(
          'so lange bleibt ein Laufzettel, nachdem die Nachricht fort ist',
          'a process card stays this long after its message is gone',
        ),
        unit: 'days',
        example: '30',
      }),
      unusedIdHours: option(whole(1, 720).prefault(24), {
        ...words('so lange gilt eine vergebene, unbenutzte MessageId', 'an issued and unused MessageId holds this long'),
        unit: 'hours',
        example: '24',
      }),
    })
    .prefault({}),
  chunks: z
    .strictObject({
      idleMinutes: option(whole(1, 1440).prefault(15), {
        ...words(
          'so lange wartet ein begonnener Upload auf das nächste Paket',
          'an upload that has begun waits this long for its next chunk',
        ),
        unit: 'minutes',
        example: '15',
      }),
      answerWithinSeconds: option(whole(1, 110).prefault(30), {
        ...words(
          'so lange darf die Verarbeitung der ganzen Nachricht dauern, danach 3951 (ChunkMessageTimeout)',
          'processing the whole message may take this long, then 3951 (ChunkMessageTimeout)',
        ),
        unit: 'seconds',
        example: '30',
      }),
      maxUploadsPerClient: option(whole(1, 1000).prefault(8), {
        ...words('begonnene Uploads eines Clients', 'uploads that one client has begun'),
        example: '8',
      }),
      spoolKilobytes: option(whole(1024, 1_073_741_824).prefault(4_194_304), {
        ...words('so viel liegt verschlüsselt auf der Platte, insgesamt', 'this much lies encrypted on disk, in all'),
        unit: 'kilobytes',
        example: '4194304',
      }),
    })
    .prefault({}),
})
