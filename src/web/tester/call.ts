// SPDX-License-Identifier: EUPL-1.2
/**
 * The one call of the page: everything that was chosen goes to the server it came from, as a form, and comes back as a report.
 * @module
 */
import type { Finding, Language, Report, Result } from '../report/model.js'

export interface Keystore {
  readonly file: File
  readonly pin: string
}

export interface Chosen {
  readonly files: readonly File[]
  readonly keystores: readonly Keystore[]
  readonly trust: readonly File[]
  /** As `datetime-local` gives it: without zone, or empty. */
  readonly at: string
  /** Empty: none. */
  readonly token: string
}

/** What the server opened or decoded on the way. */
export interface Opened {
  readonly document: 'unpacked' | 'decrypted' | 'content'
  readonly content: string | null
  readonly bytes: number
  readonly text: string | null
  readonly cut: boolean
}

/** A finding as the interface gives it: what it means stands in each. */
interface Told extends Finding {
  readonly reference: string
  readonly message: Readonly<Record<Language, string>>
}

export interface Answer extends Report {
  readonly results: readonly (Result & { readonly opened: readonly Opened[] })[]
  readonly reports: Readonly<Record<string, string>>
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
}

/** The server does not do it: its code, its own words, and what exactly, in English. */
export class Refusal extends Error {
  readonly code: string
  readonly detail: string
  constructor({ code = '', title = '', detail = '' }: Problem) {
    super(title)
    this.code = code
    this.detail = detail
  }
}

/** What keeps a call from leaving the browser: a file that is a folder, or that is not what it was when it was chosen. */
export async function unreadable({ files, keystores, trust }: Chosen): Promise<File | undefined> {
  for (const file of [...files, ...keystores.map((keystore) => keystore.file), ...trust]) {
    const isRead = await file
      .slice(0, 1)
      .arrayBuffer()
      .then(
        () => true,
        () => false,
      )
    if (!isRead) return file
  }
  return undefined
}

function answerOf(told: Omit<Answer, 'rows'>): Answer {
  const findings = told.results.flatMap((result) => result.findings as readonly Told[])
  return { ...told, rows: Object.fromEntries(findings.map(({ id, message, reference }) => [id, { ...message, reference }])) }
}

/** @throws {Refusal}; whatever the browser throws when nobody answers, or the call is aborted. */
export async function check(chosen: Chosen, language: Language, signal: AbortSignal): Promise<Answer> {
  const form = new FormData()
  for (const file of chosen.files) form.append('file', file)
  for (const { file, pin } of chosen.keystores) {
    form.append('keystore', file)
    form.append('pin', pin)
  }
  for (const file of chosen.trust) form.append('trust', file)
  if (chosen.at !== '') form.append('at', new Date(chosen.at).toISOString())
  form.append('lang', language)
  form.append('include', 'layers,reports')
  const headers = { 'Accept-Language': language, ...(chosen.token === '' ? {} : { Authorization: `Bearer ${chosen.token}` }) }
  const response = await fetch('../v1/check', { method: 'POST', body: form, headers, signal, cache: 'no-store' })
  if (response.ok) return answerOf((await response.json()) as Omit<Answer, 'rows'>)
  throw new Refusal((await response.json().catch(() => ({ detail: String(response.status) }))) as Problem)
}
