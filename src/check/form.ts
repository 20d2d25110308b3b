// SPDX-License-Identifier: EUPL-1.2
/**
 * The form of `POST /v1/check`: what is to be checked, with whose keys, and what is wanted back.
 *
 *   file…  (keystore pin)…  trust…  format? lang? at? layers? include?
 *
 * The first `pin` belongs to the first `keystore`, and so on. Unknown fields are errors: a misspelt `trust` must not pass for none.
 * @module
 */
import { GATEWAY_LIMITS } from '../env.js'
import { HttpError, ProtektorError } from '../errors.js'
import { readForm, type FormField } from '../mime/form-data.js'
import { readMoment } from './moment.js'
import { isFormat, type FormatId } from './reports/formats.js'
import type { ReportLanguage } from './reports/report.js'
import { LAYERS, readLayers, type Layer } from './types.js'

export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** What a JSON answer may hold besides the report: texts of what was opened, and the report in the other forms. */
export const INCLUDES = ['layers', 'reports'] as const
type Include = (typeof INCLUDES)[number]

export interface CheckOrder {
  readonly files: readonly NamedBytes[]
  readonly keystores: readonly (NamedBytes & { readonly pin: string })[]
  /** PEM files. */
  readonly trust: readonly NamedBytes[]
  readonly format: FormatId
  readonly lang: ReportLanguage
  readonly at: Date | undefined
  /** Only these are looked at; undefined: all. */
  readonly layers: ReadonlySet<Layer> | undefined
  readonly include: ReadonlySet<Include>
}

export interface FormLimits {
  readonly files: number
  readonly keystores: number
}

const FIELDS = ['file', 'keystore', 'pin', 'trust', 'format', 'lang', 'at', 'layers', 'include'] as const
type Field = (typeof FIELDS)[number]

/** Trust anchors of one call; and of all else that may stand in a form beside files and keystores. */
const MAX_TRUST = 64
const MAX_NAME_CHARS = 255

const wrong = (finding: string, message: string): HttpError => new HttpError(400, finding, message)

function fieldsOf(body: Uint8Array, contentType: string, limits: FormLimits): readonly FormField[] {
  const mimeParts = limits.files + 2 * limits.keystores + MAX_TRUST + FIELDS.length
  try {
    return readForm(body, { ...GATEWAY_LIMITS, mimeParts }, contentType)
  } catch (cause) {
    if (!(cause instanceof ProtektorError)) throw cause
    throw new HttpError(400, 'check.form', `The form cannot be read: ${cause.message}`, { cause })
  }
}

function textOf({ name, bytes }: FormField): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new HttpError(400, 'check.form', `The field ${name} is not UTF-8.`, { cause })
  }
}

/** A file of one line ends with a break, which no PIN does. */
const pinOf = (field: FormField): string => textOf(field).replace(/\r?\n$/, '')

/** @throws {HttpError} 400 `check.…` */
export function readOrder(body: Uint8Array, contentType: string, limits: FormLimits): CheckOrder {
  const found = new Map<Field, FormField[]>(FIELDS.map((name) => [name, []]))
  for (const field of fieldsOf(body, contentType, limits)) {
    const list = found.get(field.name as Field)
    if (list === undefined) throw wrong('check.field', `There is no such field; known are ${FIELDS.join(', ')}.`)
    list.push(field)
  }
  const all = (name: Field): FormField[] => found.get(name) ?? []
  const named = (name: Field): NamedBytes[] =>
    all(name).map(({ fileName, bytes }, at) => ({ name: (fileName ?? `${name} ${at + 1}`).slice(0, MAX_NAME_CHARS), bytes }))
  const one = (name: Field): string | undefined => {
    const [first, second] = all(name)
    if (second !== undefined) throw wrong('check.field', `The field ${name} is given twice.`)
    return first === undefined ? undefined : textOf(first)
  }
  const files = named('file')
  if (files.length === 0) throw wrong('check.no-file', 'There is no file to check.')
  if (files.length > limits.files) throw wrong('check.too-many-files', `More than ${limits.files} files.`)
  const [keystores, pins] = [named('keystore'), all('pin').map(pinOf)]
  if (keystores.length > limits.keystores) throw wrong('check.too-many-keystores', `More than ${limits.keystores} keystores.`)
  if (keystores.length !== pins.length) throw wrong('check.pins', 'Every keystore needs its pin, in the same order.')
  const trust = named('trust')
  if (trust.length > MAX_TRUST) throw wrong('check.field', `More than ${MAX_TRUST} files of trust anchors.`)
  const format = one('format') ?? 'json'
  if (!isFormat(format)) throw wrong('check.format', 'There is no such format.')
  const lang = one('lang') ?? 'de'
  if (lang !== 'de' && lang !== 'en') throw wrong('check.lang', 'lang is de or en.')
  const moment = one('at')
  const at = moment === undefined ? undefined : readMoment(moment)
  if (moment !== undefined && at === undefined) throw wrong('check.at', 'at is an ISO time with zone, e.g. 2026-11-24T12:00:00Z.')
  const asked = one('layers')
  const layers = asked === undefined ? undefined : readLayers(asked)
  if (typeof layers === 'string') throw wrong('check.layers', `layers is a list of ${LAYERS.join(', ')}.`)
  const words = one('include')?.split(',') ?? []
  const include = words.map((word) => word.trim())
  if (include.some((word) => !(INCLUDES as readonly string[]).includes(word)) || (include.length > 0 && format !== 'json'))
    throw wrong('check.include', `include is a list of ${INCLUDES.join(', ')}, with format json only.`)
  return {
    files,
    keystores: keystores.map((keystore, index) => ({ ...keystore, pin: pins[index] ?? '' })),
    trust,
    format,
    lang,
    at,
    layers,
    include: new Set(include as Include[]),
  }
}
