// SPDX-License-Identifier: EUPL-1.2
/**
 * Ground floor: the one family of errors.
 *
 * An error names what was found (`finding`, `<layer>.<rule>`, a row of `check/findings.ts`), the stage that found it and,
 * where OSCI has one, the wire code (`feedback`). `message` is fit to show; `detail` goes to the log only.
 * @module
 */

/** Four-digit OSCI code, e.g. `9100`. */
export type FeedbackCode = string

/** The stages of the pipeline, outermost first. */
export type StageName = 'mime' | 'soap' | 'transport' | 'signature' | 'message' | 'content' | 'xoev' | 'envelope' | 'core'

/** A place in the original bytes. `line` and `column` count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line?: number
  readonly column?: number
  readonly xpath?: string
}

export interface ErrorOptionsOf extends Place {
  /** Offset in the bytes that were read, for whoever still has them to make a line of it. */
  readonly byte?: number
  readonly detail?: string
  readonly cause?: unknown
}

/** Everything we throw on purpose. `code` is stable: `ERR_` + finding in upper case. */
export class ProtektorError extends Error {
  readonly code: string
  readonly finding: string
  readonly detail: string | undefined
  byte: number | undefined
  place: Place

  constructor(finding: string, message: string, options: ErrorOptionsOf = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.finding = finding
    this.code = 'ERR_' + finding.toUpperCase().replace(/[.-]/g, '_')
    this.detail = options.detail
    this.byte = options.byte
    this.place = {
      ...(options.line === undefined ? {} : { line: options.line }),
      ...(options.column === undefined ? {} : { column: options.column }),
      ...(options.xpath === undefined ? {} : { xpath: options.xpath }),
    }
  }

  /** Where the thing at fault lies, for what was thrown without knowing. */
  placedAt(place: Place): this {
    if (this.place.xpath === undefined) this.place = { ...place, ...this.place }
    return this
  }

  /** The same by an offset in the bytes that were read. */
  atByte(byte: number | undefined): this {
    this.byte ??= byte
    return this
  }
}

/** An error with a code on the OSCI wire; the subclass fixes stage and default code. */
export class OsciError extends ProtektorError {
  readonly feedback: FeedbackCode
  readonly stage: StageName

  constructor(stage: StageName, feedback: FeedbackCode, finding: string, message: string, options: ErrorOptionsOf = {}) {
    super(finding, message, options)
    this.stage = stage
    this.feedback = feedback
  }
}

/** 9100: the bytes are no acceptable OSCI message (MIME, XML, frame). Layers `mime`, `xml`, `osci-structure`. */
export class StructureError extends OsciError {
  constructor(stage: StageName, finding: string, message: string, options?: ErrorOptionsOf) {
    super(stage, '9100', finding, message, options)
  }
}

/** 9300 and 98xx: the decrypted request is no valid order, or cannot be carried out. */
export class OrderError extends OsciError {
  constructor(finding: string, message: string, options: ErrorOptionsOf & { feedback?: FeedbackCode } = {}) {
    super('message', options.feedback ?? '9300', finding, message, options)
  }
}

/** 9400: control block does not fit the message or the dialog. */
export class DialogError extends OsciError {
  constructor(finding: string, message: string, options?: ErrorOptionsOf) {
    super('message', '9400', finding, message, options)
  }
}

/** 9200 not our key, 9202 everything after the private key was touched: one text, one code (threat model §6). */
export class TransportEncryptionError extends OsciError {
  constructor(feedback: '9200' | '9201' | '9202', finding: string, message: string, options?: ErrorOptionsOf) {
    super('transport', feedback, finding, message, options)
  }
}

/** 9600 missing, 9601 wrong, 9602 does not cover, 9603 the check failed. */
export class SignatureError extends OsciError {
  constructor(feedback: '9600' | '9601' | '9602' | '9603', finding: string, message: string, options?: ErrorOptionsOf) {
    super('signature', feedback, finding, message, options)
  }
}

/** 95xx, 97xx: a certificate cannot be used. */
export class CertificateError extends OsciError {
  constructor(feedback: FeedbackCode, finding: string, message: string, options?: ErrorOptionsOf) {
    super('signature', feedback, finding, message, options)
  }
}

/** Content (decryption, author signature, XÖV): never a wire code of its own; the role maps it (9805+9811). */
export class ContentError extends ProtektorError {
  /** Code of the XÖV rejection list, e.g. `X001`, `V000`, `T020`. */
  readonly rueckweisung: string
  constructor(rueckweisung: string, finding: string, message: string, options?: ErrorOptionsOf) {
    super(finding, message, options)
    this.rueckweisung = rueckweisung
  }
}

/** Configuration: one problem with key, file and line. */
export interface ConfigProblem {
  readonly key: string
  readonly file: string
  readonly line?: number
  readonly message: { readonly de: string; readonly en: string }
  readonly example?: string
}

/** All configuration problems at once. */
export class ConfigError extends ProtektorError {
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super('config.invalid', problems.map((p) => `${p.file}${p.line ? ':' + p.line : ''} ${p.key}: ${p.message.en}`).join('\n'))
    this.problems = problems
  }
}

/** An HTTP answer before OSCI begins, or of our own API (problem+json). */
export class HttpError extends ProtektorError {
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  constructor(status: number, finding: string, message: string, options: ErrorOptionsOf & { retryAfterSeconds?: number } = {}) {
    super(finding, message, options)
    this.status = status
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
