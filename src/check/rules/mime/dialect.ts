// SPDX-License-Identifier: EUPL-1.2
/**
 * MIME dialects: how a package was written, where several ways are in use. All of them are read; the remarks say what a strict reader
 * might stumble over.
 * Specs: wire facts §1; osci-1.2 §7.5; [RFC2387], [RFC2045 §6].
 * @module
 */
import { headerValue } from '../../../mime/header.js'
import type { Part } from '../../../mime/parts.js'
import { STANDARD_ENCODINGS } from '../../../mime/transfer.js'
import type { MimeView, Rule } from '../rule.js'

const writtenType = ({ headers }: Part): string => (headerValue(headers, 'Content-Type') ?? '').toLowerCase()

const ENCODINGS: ReadonlySet<string> = new Set(['', ...STANDARD_ENCODINGS])

export const MIME_RULES: readonly Rule<MimeView>[] = [
  {
    id: 'mime.bare-envelope',
    severity: 'info',
    reference: 'osci-1.2 §7.5',
    de: 'Ein Umschlag ohne MIME: OSCI 1.2 sendet multipart/related.',
    en: 'An envelope without MIME: OSCI 1.2 sends multipart/related.',
    *run({ parts }) {
      if (parts.dialect === 'bare') yield {}
    },
  },
  {
    id: 'mime.header-in-http',
    severity: 'info',
    reference: 'wire facts §1',
    de: 'Der MIME-Kopf steht im HTTP-Kopf; die verbreitete Bibliothek schreibt ihn in den Rumpf.',
    en: 'The MIME header stands in the HTTP header; the common library writes it into the body.',
    *run({ parts }) {
      if (parts.dialect === 'http') yield {}
    },
  },
  {
    id: 'mime.boundary-name',
    severity: 'warning',
    reference: 'RFC 2045 §5.1; wire fact 2',
    de: 'Der Name des Parameters boundary ist nicht klein geschrieben: nach der Norm einerlei, die verbreitete Bibliothek findet ihn dann nicht und weist die Nachricht ab.',
    en: 'The name of the parameter boundary is not written in small letters: all one to the standard, and the common library does not find it and refuses the message.',
    *run({ parts }) {
      // what stands in HTTP's head it does not read at all
      if (parts.dialect === 'body' && parts.boundaryName !== undefined) yield { detail: parts.boundaryName }
    },
  },
  {
    id: 'mime.boundary-empty',
    severity: 'warning',
    reference: 'RFC 2046 §5.1.1',
    de: 'Die Trennzeile (boundary) ist leer: keine Zeile eines Teils darf dann mit zwei Strichen beginnen (die .NET-Bibliothek schreibt so jede responseToProcessDelivery).',
    en: 'The boundary is empty: no line of a part may begin with two dashes then (the .NET library writes each responseToProcessDelivery like this).',
    *run({ parts }) {
      if (parts.dialect !== 'bare' && parts.boundary === '') yield {}
    },
  },
  {
    id: 'mime.part-type',
    severity: 'warning',
    reference: 'RFC 2045 §5.1',
    de: 'Der Content-Type einer Anlage ist kein Medientyp (die .NET-Bibliothek schreibt „text“, wenn niemand einen nennt); gelesen wird sie als application/octet-stream.',
    en: 'The Content-Type of an attachment is no media type (the .NET library writes `text` when nobody names one); it is read as application/octet-stream.',
    *run({ parts }) {
      const strange = [...parts.attachments.values()].filter((part) => !writtenType(part).startsWith(part.contentType))
      if (strange.length > 0) yield { detail: `${strange.length} of ${parts.attachments.size} parts` }
    },
  },
  {
    id: 'mime.encoding-token',
    severity: 'info',
    reference: 'RFC 2045 §6.1; wire fact 5',
    de: 'Content-Transfer-Encoding nennt kein Wort der Norm (die verbreitete Bibliothek schreibt „8-bit“).',
    en: 'Content-Transfer-Encoding is no word of the standard (the common library writes `8-bit`).',
    *run({ parts }) {
      const strange = [parts.root, ...parts.attachments.values()].find(({ transferEncoding }) => !ENCODINGS.has(transferEncoding))
      if (strange) yield { detail: /^[\w-]{1,40}$/.test(strange.transferEncoding) ? strange.transferEncoding : 'not a token' }
    },
  },
  {
    id: 'mime.encoded-part',
    severity: 'info',
    reference: 'osci-1.2 §7.5, §11 DisableBase64',
    de: 'Ein Teil ist in Base64 geschrieben statt in seinen Bytes: ein Drittel größer.',
    en: 'A part is written in Base64 instead of its bytes: larger by a third.',
    *run({ parts }) {
      const encoded = [...parts.attachments.values()].filter(
        ({ contentType, transferEncoding }) => transferEncoding === 'base64' || contentType === 'text/base64',
      )
      if (encoded.length > 0) yield { detail: `${encoded.length} of ${parts.attachments.size} parts` }
    },
  },
]
