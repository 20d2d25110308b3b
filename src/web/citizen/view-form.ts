// SPDX-License-Identifier: EUPL-1.2
/**
 * Steps 1 and 2: what is wanted, and by whom.
 * @module
 */
import type { App, View } from './app.js'
import { changedKeys } from './changed-keys.js'
import { button, el, type Child } from '../dom.js'
import { dateOf, fill } from './language.js'
import type { Extent, Field, Kind } from './order.js'
import { EXTENT, formOf, mistakesOf, tidied } from './order.js'
import { actions, alert, demoBadge, heading, paragraph, preline } from './pieces.js'
import { CHOICE, EXTENTS, FIELD_NAMES, FORM, KINDS, MISTAKES, PAGE } from './texts.js'

function choiceOf(
  type: 'radio' | 'checkbox',
  id: string,
  name: string,
  isChecked: boolean,
  onChange: () => void,
  ...label: readonly Child[]
) {
  const input = el('input', { type, id, name, class: `kern-form-check__${type}`, checked: isChecked })
  input.addEventListener('change', onChange)
  return el('div', { class: 'kern-form-check' }, input, el('label', { class: 'kern-label', for: id }, ...label))
}

export const choice: View = (app, place) => {
  const { state } = app
  const kinds = (['certificate', 'disclosure'] as const satisfies readonly Kind[]).map((kind) => {
    const { name, hint } = KINDS[kind]
    const label = [app.t(name), el('span', { class: 'choice-hint' }, app.t(hint))]
    const choose = (): void => {
      state.kind = kind
      extents.toggleAttribute('disabled', kind !== 'certificate')
    }
    return choiceOf('radio', `kind-${kind}`, 'kind', state.kind === kind, choose, ...label)
  })
  const toggle = (one: Extent) => () => void (state.extent.delete(one) || state.extent.add(one))
  // disabled, not gone: nothing below it may move
  const extents = el(
    'fieldset',
    { class: 'kern-fieldset', disabled: state.kind !== 'certificate' },
    el('legend', { class: 'kern-label' }, app.t(CHOICE.extent)),
    el(
      'div',
      { class: 'kern-fieldset__body' },
      ...EXTENT.map((one) => choiceOf('checkbox', `extent-${one}`, one, state.extent.has(one), toggle(one), app.t(EXTENTS[one]))),
    ),
  )
  place.append(
    preline(app.t(PAGE.stepOf, { n: 1 })),
    heading(app.t(CHOICE.title)),
    paragraph(app.t(CHOICE.lead)),
    changedKeys(app) ?? '',
    el(
      'fieldset',
      { class: 'kern-fieldset' },
      el('legend', { class: 'kern-label kern-label--large' }, app.t(CHOICE.legend)),
      el('div', { class: 'kern-fieldset__body' }, ...kinds),
    ),
    extents,
    actions(button({ class: 'kern-btn kern-btn--primary' }, app.t(PAGE.next), () => app.show('form'))),
  )
}

const AUTOCOMPLETE: Readonly<Record<Field, string>> = {
  familienname: 'family-name',
  vornamen: 'given-name',
  tag: 'bday-day',
  monat: 'bday-month',
  jahr: 'bday-year',
  strasse: 'street-address',
  postleitzahl: 'postal-code',
}
const DIGITS: Readonly<Partial<Record<Field, number>>> = { tag: 2, monat: 2, jahr: 4, postleitzahl: 5 }

/** The date of birth counts as one, and is named as one. */
const nameOf = (app: App, field: Field): string => app.t(field === 'tag' ? FORM.birth : FIELD_NAMES[field])
const messageOf = (app: App, field: Field): string | undefined => {
  const mistake = app.state.mistakes.get(field)
  return mistake && fill(app.t(MISTAKES[mistake]), { field: nameOf(app, field) })
}

const errorOf = (id: string, message: string): HTMLParagraphElement =>
  el(
    'p',
    { class: 'kern-error', id },
    el('span', { class: 'kern-icon kern-icon--danger', 'aria-hidden': 'true' }),
    el('span', { class: 'kern-body' }, message),
  )

function inputOf(app: App, field: Field, describedBy: string | undefined, isWrong: boolean): HTMLInputElement {
  const digits = DIGITS[field]
  const width = digits === undefined ? '' : ` kern-form-input__input--width-${digits <= 2 ? 2 : 4}`
  const input = el('input', {
    class: `kern-form-input__input${isWrong ? ' kern-form-input__input--error' : ''}${width}`,
    id: field,
    name: field,
    type: 'text',
    autocomplete: AUTOCOMPLETE[field],
    maxlength: digits ?? 200,
    inputmode: digits === undefined ? undefined : 'numeric',
    'aria-required': 'true',
    'aria-invalid': isWrong ? 'true' : undefined,
    'aria-describedby': describedBy,
  })
  input.value = app.state.form[field]
  input.addEventListener('input', () => (app.state.form = { ...app.state.form, [field]: input.value }))
  return input
}

function inputField(app: App, field: Field): HTMLDivElement {
  const message = messageOf(app, field)
  const id = `${field}-error`
  return el(
    'div',
    { class: `kern-form-input${message === undefined ? '' : ' kern-form-input--error'}` },
    el('label', { class: 'kern-label', for: field }, app.t(FIELD_NAMES[field])),
    inputOf(app, field, message && id, message !== undefined),
    message !== undefined && errorOf(id, message),
  )
}

function birthField(app: App): HTMLFieldSetElement {
  const message = messageOf(app, 'tag')
  const described = message === undefined ? 'birth-hint' : 'birth-hint birth-error'
  const parts = (['tag', 'monat', 'jahr'] as const).map((field) =>
    el(
      'div',
      { class: 'kern-form-input' },
      el('label', { class: 'kern-label', for: field }, app.t(FIELD_NAMES[field])),
      inputOf(app, field, described, message !== undefined),
    ),
  )
  return el(
    'fieldset',
    { class: `kern-fieldset${message === undefined ? '' : ' kern-fieldset--error'}` },
    el('legend', { class: 'kern-label' }, app.t(FORM.birth)),
    el('div', { class: 'kern-hint', id: 'birth-hint' }, app.t(FORM.birthHint)),
    el('div', { class: 'kern-fieldset__body kern-fieldset__body--horizontal' }, ...parts),
    message !== undefined && errorOf('birth-error', message),
  )
}

function suggestions(app: App): HTMLDivElement {
  const residents = (app.house?.about.residents ?? []).map(formOf)
  const options = residents.map(({ vornamen, familienname, jahr, monat, tag }, index) =>
    el('option', { value: index }, `${vornamen} ${familienname}, ${dateOf(`${jahr}-${monat}-${tag}`, app.state.language)}`),
  )
  const select = el(
    'select',
    { class: 'kern-form-input__select', id: 'suggestion', 'aria-describedby': 'suggestion-hint' },
    el('option', { value: '' }, app.t(FORM.choose)),
    ...options,
  )
  select.addEventListener('change', () => {
    const chosen = select.value === '' ? undefined : residents[Number(select.value)]
    if (chosen === undefined) return
    app.state.form = chosen
    for (const [field, value] of Object.entries(chosen)) {
      const input = document.getElementById(field)
      if (input instanceof HTMLInputElement) input.value = value
    }
  })
  return el(
    'div',
    { class: 'suggestion kern-form-input' },
    el('label', { class: 'kern-label', for: 'suggestion' }, app.t(FORM.suggestion), ' ', demoBadge()),
    el('div', { class: 'kern-hint', id: 'suggestion-hint' }, app.t(FORM.suggestionHint)),
    el('div', { class: 'kern-form-input__select-wrapper' }, select),
  )
}

function mistakeList(app: App): HTMLDivElement | undefined {
  const { mistakes } = app.state
  if (mistakes.size === 0) return undefined
  const links = [...mistakes.keys()].map((field) => {
    const link = el('a', { class: 'kern-link', href: `#${field}` }, messageOf(app, field))
    link.addEventListener('click', (event) => {
      event.preventDefault()
      document.getElementById(field)?.focus()
    })
    return el('li', {}, link)
  })
  const box = alert('danger', app.t(FORM.mistakes), el('ul', { class: 'kern-list kern-list--bullet' }, ...links))
  box.id = 'mistakes'
  box.tabIndex = -1
  return box
}

export const form: View = (app, place) => {
  const { state } = app
  const submit = (): void => {
    state.form = tidied(state.form)
    state.mistakes = mistakesOf(state.form, new Date())
    if (state.mistakes.size === 0) return app.show('review')
    app.draw()
    document.getElementById('mistakes')?.focus()
  }
  const fields = el(
    'form',
    { class: 'fields', novalidate: true },
    inputField(app, 'familienname'),
    inputField(app, 'vornamen'),
    birthField(app),
    inputField(app, 'strasse'),
    inputField(app, 'postleitzahl'),
    paragraph(`${app.t(FORM.place)}: ${app.house?.about.municipality.name ?? ''}`),
    actions(
      el('button', { type: 'submit', class: 'kern-btn kern-btn--primary' }, el('span', { class: 'kern-label' }, app.t(PAGE.next))),
      button({ class: 'kern-btn kern-btn--secondary' }, app.t(PAGE.back), () => app.show('choice')),
    ),
  )
  fields.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })
  place.append(
    preline(app.t(PAGE.stepOf, { n: 2 })),
    heading(app.t(FORM.title)),
    mistakeList(app) ?? '',
    paragraph(app.t(FORM.lead)),
    suggestions(app),
    fields,
  )
}
