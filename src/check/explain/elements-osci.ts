// SPDX-License-Identifier: EUPL-1.2
/**
 * What the elements of OSCI's own namespaces are for. Orders and certificate roles come from the message table (elements.ts). Data only.
 * @module
 */
import type { ElementWords } from './types.js'

/** Namespace of OSCI 1.2. */
export const OSCI_ELEMENTS: readonly ElementWords[] = [
  ['ControlBlock', 'elements', 'OSCI12 §3', 'Kontrollblock: verbindet Anfrage und Antwort (Challenge, Response) und die Nachrichten eines Dialogs (ConversationId, SequenceNumber).', 'Ties request and answer together (challenge, response), and the messages of a dialog (ConversationId, SequenceNumber).'],
  ['Challenge', 'text', 'OSCI12 §3.2', 'Zufallswert des Absenders; die Gegenseite muss ihn in ihrer nächsten Nachricht zurückgeben.', 'Random value of the sender; the other side must give it back in its next message.'],
  ['Response', 'text', 'OSCI12 §3.2', 'Der zurückgegebene Zufallswert der Gegenseite: zeigt, dass diese Nachricht zu deren voriger gehört.', 'The random value of the other side, given back: shows that this message belongs to its last one.'],
  ['ClientSignature', 'elements', 'OSCI12 §7.4', 'Auftragssignatur der anfragenden Seite über alle anderen Teile der Nachricht.', 'Message signature of the side that asks, over all other parts of the message.', 'folded'],
  ['SupplierSignature', 'elements', 'OSCI12 §7.4', 'Auftragssignatur der antwortenden Seite über alle anderen Teile der Nachricht.', 'Message signature of the side that answers, over all other parts of the message.', 'folded'],
  ['DesiredLanguages', 'elements', 'OSCI12 §6.7', 'Sprachen, in denen die Rückmeldungen gewünscht sind, die liebste zuerst.', 'Languages wanted for the texts of feedback, the favourite first.'],
  ['QualityOfTimestamp', 'elements', 'OSCI12 §6.5', 'Welche Art Zeitstempel der Intermediär in den Laufzettel setzen soll: für die Einreichung (creation) oder den Empfang (reception), einfach oder kryptographisch.', 'Which kind of time stamp the intermediary is to put on the process card: for creation or reception, plain or cryptographic.'],
  ['IntermediaryCertificates', 'elements', 'OSCI12 §5', 'Zertifikate des Intermediärs in dieser Nachricht.', 'Certificates of the intermediary in this message.'],
  ['NonIntermediaryCertificates', 'elements', 'OSCI12 §5', 'Zertifikate aller anderen Beteiligten: wer signiert, für wen verschlüsselt wird. Signaturen und Schlüssel verweisen über die Id hierher.', 'Certificates of everybody else: who signs, whom is encrypted for. Signatures and keys point here by Id.'],
  ['MessageId', 'message-id', 'OSCI12 §4', 'Kennung der Zustellung, vom Intermediär vergeben (auf der Leitung Base64).', 'Id of the delivery, given out by the intermediary (Base64 on the wire).'],
  ['MessageIdResponse', 'message-id', 'OSCI12 §4', 'Kennung, unter der die Antwortzustellung laufen soll.', 'Id that the delivery of the answer is to have.'],
  ['Subject', 'personal', 'OSCI12 §6.7', 'Betreff der Zustellung; der Intermediär kann ihn lesen.', 'Subject of the delivery; the intermediary can read it.'],
  ['ContentReceiver', 'elements', 'OSCI12 §2.7, §2.9', 'Adresse des passiven Empfängers, bei dem der Intermediär anrufen soll.', 'Address of the passive recipient that the intermediary is to call.'],
  ['Feedback', 'elements', 'OSCI12 §8', 'Rückmeldung der antwortenden Seite: was aus dem Auftrag wurde.', 'Feedback of the side that answers: what became of the request.'],
  ['Entry', 'elements', 'OSCI12 §8', 'Eine Rückmeldung: Code und Text.', 'One feedback: code and text.'],
  ['Code', 'feedback', 'OSCI12 §8', 'Code der Rückmeldung: 0… erledigt, 3… erledigt mit Warnung, 9… nicht erledigt.', 'Code of the feedback: 0… done, 3… done with a warning, 9… not done.'],
  ['Text', 'text', 'OSCI12 §8', 'Text der Rückmeldung in den Worten der Gegenseite.', 'Text of the feedback in the words of the other side.'],
  ['ProcessCardBundle', 'elements', 'OSCI12 §6.4', 'Laufzettel einer Zustellung mit ihrem Prüfprotokoll.', 'Process card of a delivery, with its inspection report.'],
  ['RequestProcessCardBundle', 'elements', 'OSCI12 §2.9', 'Laufzettel der Anfragezustellung.', 'Process card of the delivery that asked.'],
  ['ReplyProcessCardBundle', 'elements', 'OSCI12 §2.9', 'Laufzettel der Antwortzustellung.', 'Process card of the delivery that answers.'],
  ['procard', 'elements', 'OSCI12 §10', 'Laufzettel in der Schreibweise älterer Schemata.', 'Process card as older schemas spell it.'],
  ['ProcessCard', 'elements', 'OSCI12 §6.4', 'Laufzettel: wann die Zustellung einging, weitergegeben und empfangen wurde.', 'Process card: when the delivery was handed in, passed on and received.'],
  ['Creation', 'elements', 'OSCI12 §6.4', 'Zeitpunkt, zu dem der Intermediär die Zustellung annahm.', 'When the intermediary took the delivery.'],
  ['Forwarding', 'elements', 'OSCI12 §6.4', 'Zeitpunkt, zu dem der Intermediär sie weitergab.', 'When the intermediary passed it on.'],
  ['Reception', 'elements', 'OSCI12 §6.4', 'Zeitpunkt, zu dem ihr Empfang bestätigt war.', 'When its receipt was confirmed.'],
  ['Plain', 'text', 'OSCI12 §6.4', 'Zeit nach der Uhr des Intermediärs.', "Time by the intermediary's clock."],
  ['Cryptographic', 'octets', 'OSCI12 §6.4', 'Zeitstempel eines Zeitstempeldienstes.', 'Time stamp of a time-stamping authority.'],
  ['InspectionReport', 'elements', 'OSCI12 §6.6', 'Prüfprotokoll: was der Intermediär an den Zertifikaten fand.', 'Inspection report: what the intermediary found about the certificates.'],
  ['Inspection', 'elements', 'OSCI12 §6.6', 'Prüfung eines Zertifikats.', 'Inspection of one certificate.'],
  ['Timestamp', 'elements', 'OSCI12 §6.6', 'Wann das Zertifikat geprüft wurde.', 'When the certificate was inspected.'],
  ['X509SubjectName', 'subject', 'OSCI12 §6.6', 'Inhaber des geprüften Zertifikats.', 'Subject of the certificate inspected.'],
  ['X509IssuerName', 'subject', 'OSCI12 §6.6', 'Aussteller des geprüften Zertifikats.', 'Issuer of the certificate inspected.'],
  ['X509SerialNumber', 'text', 'OSCI12 §6.6', 'Seriennummer des geprüften Zertifikats, dezimal.', 'Serial number of the certificate inspected, decimal.'],
  ['CertType', 'elements', 'OSCI12 §6.6', 'Art des Zertifikats: fortgeschritten, qualifiziert, akkreditiert oder unbekannt.', 'Kind of certificate: advanced, qualified, accredited or unknown.'],
  ['MathResult', 'elements', 'OSCI12 §6.6', 'Stimmt die Signatur des Ausstellers?', "Does the issuer's signature hold?"],
  ['OfflineResult', 'elements', 'OSCI12 §6.6', 'Lag der Prüfzeitpunkt in der Gültigkeit des Zertifikats?', 'Was the certificate within its validity when inspected?'],
  ['OnlineResult', 'elements', 'OSCI12 §6.6', 'Auskunft über eine Sperrung; fehlt, wenn niemand gefragt wurde.', 'Whether it was revoked; absent where nobody was asked.'],
  ['OCSP', 'content', 'OSCI12 §6.6', 'Antwort des Auskunftsdienstes (OCSP).', 'Answer of the status service (OCSP).'],
  ['OSCP', 'content', 'OSCI12 §6.6', 'Antwort des Auskunftsdienstes; Schreibweise älterer Schemata.', 'Answer of the status service; the spelling of older schemas.'],
  ['CRL', 'text', 'OSCI12 §6.6', 'Stand der Sperrliste, in die gesehen wurde.', 'Date of the revocation list that was looked into.'],
  ['LDAP', 'content', 'OSCI12 §6.6', 'Antwort des Verzeichnisdienstes.', 'Answer of the directory.'],
  ['SelectionRule', 'elements', 'OSCI12 §9.5, §9.6', 'Welche Zustellungen oder Laufzettel gewünscht sind; leer: bei fetchDelivery die nächste, bei fetchProcessCard alle.', 'Which deliveries or process cards are wanted; empty: the next one for fetchDelivery, all for fetchProcessCard.'],
  ['ReceptionOfDelivery', 'text', 'OSCI12 §9', 'Auswahl: eingegangen seit diesem Zeitpunkt.', 'Selection: received since this moment.'],
  ['RecentModification', 'text', 'OSCI12 §9', 'Auswahl: geändert seit diesem Zeitpunkt.', 'Selection: changed since this moment.'],
  ['Quantity', 'elements', 'OSCI12 §2.6', 'Wie viele Laufzettel höchstens kommen sollen.', 'How many process cards may come at most.'],
  ['ContentPackage', 'elements', 'OSCI12 §6.1', 'Inhaltsdaten: Container, im Klartext oder verschlüsselt. Für den Intermediär undurchsichtig.', 'Content data: containers, in clear or encrypted. Opaque to the intermediary.', 'folded'],
  ['ContentContainer', 'elements', 'OSCI12 §6.1', 'Ein Container: Inhalte, die zusammengehören, mit den Signaturen ihrer Autoren.', 'A container: contents that belong together, with the signatures of their authors.'],
  ['Content', 'elements', 'OSCI12 §6.1', 'Ein Inhalt: Daten, ein Anhang (href) oder ein weiterer Container.', 'One content: data, an attachment (href) or another container.'],
  ['Base64Content', 'content', 'OSCI12 §6.1', 'Die Daten selbst, in Base64.', 'The data themselves, in Base64.'],
] // prettier-ignore

/** Namespace of chunked transfer and features (2017). */
export const OSCI2017_ELEMENTS: readonly ElementWords[] = [
  ['FeatureDescription', 'elements', 'OSCI12 §11', 'Was die Gegenseite kann: Merkmale der Implementierung und Grenzen für Teilnachrichten.', 'What the other side can do: features of its implementation, and limits for chunks.'],
  ['SupportedFeatures', 'elements', 'OSCI12 §11', 'Liste der Merkmale.', 'The list of features.'],
  ['Feature', 'elements', 'OSCI12 §11', 'Ein Merkmal und die Version, seit der es da ist.', 'One feature, and the version that brought it.'],
  ['ChunkInformation', 'elements', 'OSCI12 §10.1', 'Welche Teilnachricht dies ist, wie groß sie und das Ganze sind, was schon da ist.', 'Which chunk this is, how large it and the whole are, what is there already.'],
  ['InfoOnly', 'elements', 'OSCI12 §10.1', 'Nur eine Nachfrage nach dem Stand; keine Teilnachricht.', 'Asks how far things are; brings no chunk.'],
  ['InsideFeedback', 'elements', 'OSCI12 §10.1', 'Rückmeldung zum Auftrag, der in den Teilnachrichten steckte.', 'Feedback to the request that was inside the chunks.'],
] // prettier-ignore

/** SOAP 1.1; children of a fault have no namespace, though some write one. */
export const SOAP_ELEMENTS: readonly ElementWords[] = [
  ['Envelope', 'elements', 'SOAP11 §4', 'SOAP-Umschlag um die ganze Nachricht.', 'SOAP envelope around the whole message.'],
  ['Header', 'elements', 'SOAP11 §4.2', 'Kopfblöcke: alles, was der Intermediär lesen muss.', 'Header blocks: all that the intermediary must read.'],
  ['Body', 'elements', 'SOAP11 §4.3', 'Rumpf: der Auftrag oder die Inhaltsdaten.', 'Body: the order, or the content data.'],
  ['Fault', 'elements', 'SOAP11 §4.4', 'Fehlermeldung an Stelle einer Antwort: nie signiert, nie verschlüsselt.', 'A fault in place of an answer: never signed, never encrypted.'],
  ['faultcode', 'text', 'SOAP11 §4.4.1', 'Wer schuld ist: Client (die Anfrage) oder Server.', 'Whose fault it is: Client (the request) or Server.'],
  ['faultstring', 'text', 'SOAP11 §4.4', 'Fehlertext in den Worten der Gegenseite.', 'Text of the fault in the words of the other side.'],
  ['faultactor', 'text', 'SOAP11 §4.4', 'Welche Stelle den Fehler meldet.', 'Which station reports the fault.'],
  ['detail', 'elements', 'SOAP11 §4.4', 'Näheres: der Code der Rückmeldung.', 'Details: the code of the feedback.'],
] // prettier-ignore
