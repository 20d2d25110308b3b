// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings that only the gateway raises: what a peer's policy, the routing or the register's reply did not allow.
 * @module
 */

export interface GatewayFinding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  /** First code of the answer. */
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

const row = (id: string, reference: string, feedback: string | undefined, de: string, en: string, severity: GatewayFinding['severity'] = 'error'): GatewayFinding => ({
  id,
  severity,
  reference,
  ...(feedback === undefined ? {} : { feedback }),
  de,
  en,
}) // prettier-ignore

export const FINDINGS_GATEWAY: readonly GatewayFinding[] = [
  row('message-signature.missing', 'osci-1.2 §8.5; G12', '9600', 'Der Endpunkt verlangt eine Auftragssignatur.', 'The endpoint demands a message signature.'),
  row('message-signature.unknown-signer', 'osci-1.2 §9.8; G9', '9601', 'Der Signierende ist kein Partner dieses Endpunkts.', 'The signer is none of the peers of this endpoint.'),
  row('transport-encryption.missing', 'threat model G12', '9811', 'Der Endpunkt verlangt Transportverschlüsselung.', 'The endpoint demands transport encryption.'),
  row('certificates.no-answer-key', 'osci-1.2 §2.8; wire fact 27', '9500', 'Zum verschlüsselten Auftrag fehlt das Zertifikat für die Antwort.', 'The encrypted request lacks the certificate for its answer.'),
  row('content-encryption.missing', 'Decisions "blind mode"', '9805', 'Der Endpunkt nimmt nur verschlossene Inhalte an.', 'The endpoint takes sealed content only.'),
  row('content-encryption.no-answer-key', 'Decisions "OSCI answer"', '9805', 'Kein Zertifikat ist da, für das der Inhalt der Antwort verschlüsselt werden könnte.', 'There is no certificate that the content of the answer could be encrypted for.'),
  row('osci-structure.empty-content', 'Decisions "feedback of the recipient role"', '9805', 'Die Zustellung enthält kein Dokument.', 'The delivery holds no document.'),
  row('osci-structure.several-containers', 'Decisions "OSCI answer"', '9805', 'Die Zustellung enthält mehr als einen Inhaltsdatencontainer.', 'The delivery holds more than one content container.'),
  row('policy.unknown-addressee', 'Decisions "routing"', '9805', 'Für diesen Empfänger ist hier niemand eingetragen.', 'Nobody is registered here for this addressee.'),
  row('policy.no-register', 'Decisions "mailbox"', '9805', 'Für dieses Postfach ist kein Register mit Schlüssel eingetragen.', 'No register with a key is registered for this mailbox.'),
  row('policy.foreign-reply', 'Decisions "feedback of the recipient role"', '9810', 'Eine Antwort gehört nicht zu dieser Anfrage; sie wurde nicht zugestellt.', 'A reply does not belong to this request; it was not delivered.', 'warning'),
  row('policy.reply-package', 'Decisions "blind mode"', '9810', 'Das Inhaltsdatenpaket der Antwort ist nicht zulässig.', 'The content package of the reply is not acceptable.'),
  row('xoev-head.repeated', 'Decisions "repeats"', '9805', 'Diese Nachricht wurde schon verarbeitet (S100).', 'This message was processed before (S100).'),
  row('chunk.repeated', 'osci-1.2 §10.2', '9900', 'Dieses Paket ist schon da.', 'This chunk is there already.'),
  row('chunk.number', 'osci-1.2 §10.2', '9901', 'Ein Paket mit dieser Nummer gibt es nicht.', 'There is no chunk of this number.'),
  row('chunk.too-large', 'osci-1.2 §10.5', '9902', 'Das Paket ist größer als erlaubt.', 'The chunk is larger than allowed.'),
  row('chunk.too-small', 'osci-1.2 §10.5', '9903', 'Das Paket ist kleiner als erlaubt.', 'The chunk is smaller than allowed.'),
  row('chunk.message-too-large', 'osci-1.2 §10.5', '9904', 'Die ganze Nachricht ist größer als erlaubt.', 'The whole message is larger than allowed.'),
  row('chunk.incomplete', 'osci-1.2 §10.1', '9905', 'Dem Paket fehlen Angaben zur ganzen Nachricht.', 'The chunk lacks what it has to say of the whole message.'),
  row('chunk.totals', 'osci-1.2 §10.1', '9905', 'Zahl und Größe der Pakete ergeben nicht die Größe der Nachricht.', 'Number and size of the chunks do not make the size of the message.'),
  row('chunk.bytes', 'osci-1.2 §10.5', '9905', 'Das Paket hat eine andere Länge, als es angibt.', 'The chunk has another length than it says.'),
  row('chunk.changed', 'osci-1.2 §10.5', '9905', 'Die Angaben weichen von denen des ersten Pakets ab.', 'What is said differs from what the first chunk said.'),
  row('chunk.certificates', 'osci-1.2 §10.5', '9905', 'Die Zertifikate weichen von denen des ersten Pakets ab.', 'The certificates differ from those of the first chunk.'),
  row('chunk.unknown-upload', 'osci-1.2 §10.5', '9905', 'Zu dieser Nachricht hat dieser Client keinen Upload begonnen.', 'This client has begun no upload of this message.'),
  row('chunk.too-many-uploads', 'threat model P8', '9811', 'Der Client hat zu viele Uploads begonnen.', 'The client has begun too many uploads.'),
] // prettier-ignore
