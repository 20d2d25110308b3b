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
  row('certificates.no-answer-key', 'osci-1.2 §2.8; wire fact 27', '9500', 'Das Verschlüsselungszertifikat für die Antwort fehlt, oder es lässt sich nicht verwenden.', 'The cipher certificate for the answer is missing, or cannot be used.'),
  row('content-encryption.missing', 'Decisions "blind mode"', '9805', 'Der Endpunkt nimmt nur verschlossene Inhalte an.', 'The endpoint takes sealed content only.'),
  row('content-encryption.no-answer-key', 'Decisions "OSCI answer"', '9805', 'Kein Zertifikat ist da, für das der Inhalt der Antwort verschlüsselt werden könnte.', 'There is no certificate that the content of the answer could be encrypted for.'),
  row('osci-structure.empty-content', 'Decisions "feedback of the recipient role"', '9805', 'Die Zustellung enthält kein Dokument.', 'The delivery holds no document.'),
  row('osci-structure.several-containers', 'Decisions "OSCI answer"', '9805', 'Die Zustellung enthält mehr als einen Inhaltsdatencontainer.', 'The delivery holds more than one content container.'),
  row('policy.former-key', 'osci-1.2 §9.8', undefined, 'Der Auftrag ist für ein früheres Zertifikat von uns verschlüsselt.', 'The request is encrypted for a former certificate of ours.', 'info'),
  row('policy.unknown-addressee', 'Decisions "routing"', '9805', 'Für diesen Empfänger ist hier niemand eingetragen.', 'Nobody is registered here for this addressee.'),
  row('policy.no-register', 'Decisions "mailbox"', '9805', 'Für dieses Postfach ist kein Register mit Schlüssel eingetragen.', 'No register with a key is registered for this mailbox.'),
  row('policy.foreign-reply', 'Decisions "feedback of the recipient role"', '9810', 'Eine Antwort gehört nicht zu dieser Anfrage; sie wurde nicht zugestellt.', 'A reply does not belong to this request; it was not delivered.', 'warning'),
  row('policy.reply-package', 'Decisions "blind mode"', '9810', 'Das Inhaltsdatenpaket der Antwort ist nicht zulässig.', 'The content package of the reply is not acceptable.'),
  row('control-block.no-dialog', 'osci-1.2 §3.5', '9802', 'Dieser Auftrag verlangt einen expliziten Dialog.', 'This request needs an explicit dialog.'),
  row('control-block.unknown-dialog', 'osci-1.2 §3.7', '9400', 'Der Dialog ist unbekannt oder beendet.', 'The dialog is unknown or over.'),
  row('control-block.foreign-dialog', 'osci-1.2 §3.7; P2', '9400', 'Der Auftrag kommt nicht vom Client seines Dialogs.', 'The request does not come from the client of its dialog.'),
  row('certificates.client-cipher', 'osci-1.2 §9.3', '9501', 'Das Verschlüsselungszertifikat des Clients ist nicht verwendbar.', 'The cipher certificate of the client cannot be used.'),
  row('certificates.client-signature', 'osci-1.2 §9.3', '9700', 'Das Signaturzertifikat des Clients ist nicht verwendbar.', 'The signature certificate of the client cannot be used.'),
  row('certificates.delivery', 'osci-1.2 §9.3', '9706', 'Ein Zertifikat der Zustellung ist nicht verwendbar.', 'A certificate of the delivery cannot be used.'),
  row('certificates.no-addressee', 'osci-1.2 §2.7', '9811', 'Zur verschlüsselten Zustellung fehlt das Verschlüsselungszertifikat des Empfängers.', 'The encrypted delivery lacks the cipher certificate of its addressee.'),
  row('gateway.too-many-dialogs', 'P4', '9811', 'Zu viele Dialoge sind offen; bitte später erneut versuchen.', 'Too many dialogs are open; please try again later.'),
  row('gateway.message-id', 'osci-1.2 §4; P1', '9801', 'Die MessageId wurde hier nicht vergeben oder ist verbraucht.', 'The MessageId was not issued here, or is used up.'),
  row('gateway.reply-id', 'osci-1.2 §9.7', '9801', 'Die Antwort trägt nicht die MessageId, die für sie vergeben war.', 'The reply does not carry the MessageId that was issued for it.'),
  row('gateway.no-time-stamp', 'osci-1.2 §6.5', '9811', 'Ein kryptographischer Zeitstempel ist hier nicht zu haben; es wurde nichts gespeichert.', 'A cryptographic time stamp cannot be had here; nothing was stored.'),
  row('core.full', 'Decisions "limits"', '9811', 'Zur Zeit ist kein Platz; es wurde nichts gespeichert.', 'There is no room at the moment; nothing was stored.'),
  row('core.no-answer', 'Decisions "feedback of the recipient role"', '9810', 'Ob der Kern den Auftrag erhalten hat, ist nicht bekannt.', 'It is not known whether the core received the request.'),
  row('policy.no-mailbox', 'Decisions "mailbox"', '9811', 'Für das Verschlüsselungszertifikat des Empfängers gibt es hier kein Postfach.', 'There is no mailbox here for the cipher certificate of the addressee.'),
  row('policy.unknown-receiver', 'Decisions "routing"', '9811', 'Dieser ContentReceiver ist im Verzeichnis nicht eingetragen.', 'This ContentReceiver is not registered in the directory.'),
  row('policy.unidentified', 'osci-1.2 §3.2', '9811', 'In einem unverschlüsselten Dialog muss signieren, wer etwas abholen will.', 'In a dialog in clear whoever wants to fetch must sign.'),
  row('policy.no-delivery', 'osci-1.2 §9.5; P7', '9803', 'Keine Zustellung erfüllt die Auswahl.', 'No delivery meets the selection.'),
  row('policy.no-card', 'osci-1.2 §9.6; P7', '9804', 'Kein Laufzettel erfüllt die Auswahl.', 'No process card meets the selection.'),
  row('chunk.blob', 'osci-1.2 §10.2', '9905', 'Ein Paket kommt als genau ein Anhang.', 'A chunk comes as exactly one attachment.'),
  row('chunk.other-message', 'osci-1.2 §10.2', '9905', 'Die ganze Nachricht trägt eine andere MessageId.', 'The whole message carries another MessageId.'),
  row('policy.too-large', 'Decisions "limits"', '9811', 'Die Zustellung ist für ihren Empfänger zu groß.', 'The delivery is too large for its addressee.'),
  row('gateway.answer-too-late', 'osci-1.2 §9.7', '9811', 'Der Auftrag, auf den dies antwortet, wartet nicht mehr; es wurde nichts zugestellt.', 'The request that this answers waits no longer; nothing was delivered.'),
  row('policy.fetch-in-chunks', 'Decisions "limits"', '9811', 'Die Zustellung ist zu groß; sie ist mit partialFetchDelivery abzuholen.', 'The delivery is too large; fetch it with partialFetchDelivery.'),
  row('author-signature.missing', 'Decisions "peers"', '9810', 'Der Inhalt des Auftrags war signiert, der seiner Antwort ist es nicht (T010).', 'The content of the request was signed, that of its answer is not (T010).'),
  row('policy.not-an-outgoing-envelope', 'J3', undefined, 'Der Umschlag ist keiner, der diesen Weg hinaus nehmen darf (T020).', 'The envelope is none that may take this way out (T020).'),
  row('policy.not-entitled', 'xoev §10.1', undefined, 'Unser Zertifikat steht in keiner Kategorie, die den Dienst aufrufen darf (T070).', 'Our certificate is in none of the categories that may call the service (T070).'),
  row('policy.no-author-key', 'osci-1.2 §6.1', '9809', 'Der Dienst verlangt signierte Inhalte, aber der Schlüsselbund hat keinen Autorenschlüssel.', 'The service wants signed content, and the keyring has no author key.'),
  row('policy.content-package', 'Decisions "blind mode"', undefined, 'Der Umschlag enthält kein zulässiges Inhaltsdatenpaket (X000).', 'The envelope holds no acceptable content package (X000).'),
  row('policy.custom-headers', 'osci-1.2 §9.7', undefined, 'Die eigenen Kopfblöcke des Umschlags sind nicht zulässig (X000).', 'The custom headers of the envelope are not acceptable (X000).'),
  row('policy.expired-envelope', 'product.md "The core"', '9809', 'Der Umschlag war abgelaufen, bevor er hinausgehen konnte.', 'The envelope expired before it could leave.'),
  row('policy.repeated-envelope', 'P1', undefined, 'Dieser Umschlag ist schon einmal hinausgegangen (S100).', 'This envelope left before (S100).'),
  row('policy.refused-by-party', 'osci-1.2 §8', undefined, 'Der Partner hat schon vor der Zustellung abgelehnt.', 'The party refused before the delivery.'),
  row('xoev-head.repeated', 'Decisions "repeats"', '9805', 'Diese Nachricht wurde schon verarbeitet (S100).', 'This message was processed before (S100).'),
  row('chunk.repeated', 'osci-1.2 §10.2', '9900', 'Dieses Paket ist schon da.', 'This chunk is there already.'),
  row('chunk.number', 'osci-1.2 §10.2', '9901', 'Ein Paket mit dieser Nummer gibt es nicht.', 'There is no chunk of this number.'),
  row('chunk.too-large', 'osci-1.2 §10.5', '9902', 'Das Paket ist größer als erlaubt.', 'The chunk is larger than allowed.'),
  row('chunk.too-small', 'osci-1.2 §10.5', '9903', 'Das Paket ist kleiner als erlaubt.', 'The chunk is smaller than allowed.'),
  row('chunk.too-many', 'osci-1.2 §10.1', '9903', 'So viele Pakete hat keine Nachricht: die Pakete sind für sie zu klein.', 'No message has so many chunks: the chunks are too small for it.'),
  row('chunk.too-many-downloads', 'osci-1.2 §10.4', '9811', 'In diesem Dialog sind zu viele Abholungen in Paketen begonnen; bitte erst eine beenden.', 'Too many downloads in chunks are begun in this dialog; please finish one first.'),
  row('chunk.message-too-large', 'osci-1.2 §10.5', '9904', 'Die ganze Nachricht ist größer als erlaubt.', 'The whole message is larger than allowed.'),
  row('chunk.incomplete', 'osci-1.2 §10.1', '9905', 'Dem Paket fehlen Angaben zur ganzen Nachricht.', 'The chunk lacks what it has to say of the whole message.'),
  row('chunk.totals', 'osci-1.2 §10.1', '9905', 'Zahl und Größe der Pakete ergeben nicht die Größe der Nachricht.', 'Number and size of the chunks do not make the size of the message.'),
  row('chunk.bytes', 'osci-1.2 §10.5', '9905', 'Das Paket hat eine andere Länge, als es angibt.', 'The chunk has another length than it says.'),
  row('chunk.changed', 'osci-1.2 §10.5', '9905', 'Die Angaben weichen von denen des ersten Pakets ab.', 'What is said differs from what the first chunk said.'),
  row('chunk.certificates', 'osci-1.2 §10.5', '9905', 'Die Zertifikate weichen von denen des ersten Pakets ab.', 'The certificates differ from those of the first chunk.'),
  row('chunk.unknown-upload', 'osci-1.2 §10.5', '9905', 'Zu dieser Nachricht hat dieser Client keinen Upload begonnen.', 'This client has begun no upload of this message.'),
  row('chunk.too-many-uploads', 'threat model P8', '9811', 'Der Client hat zu viele Uploads begonnen.', 'The client has begun too many uploads.'),
] // prettier-ignore

const BY_ID: ReadonlyMap<string, GatewayFinding> = new Map(FINDINGS_GATEWAY.map((one) => [one.id, one]))

/** What may be told to a client about one of our own findings. */
export const findingTexts = (id: string): Pick<GatewayFinding, 'de' | 'en'> | undefined => BY_ID.get(id)
