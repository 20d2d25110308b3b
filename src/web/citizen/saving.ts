// SPDX-License-Identifier: EUPL-1.2
/**
 * What a citizen keeps: the answer as a page that stands alone.
 * @module
 */

const STYLE = `
body { font-family: sans-serif; line-height: 1.5; max-width: 45rem; margin: 2rem auto; padding: 0 1rem; color: #131525; background: #fff; }
dl > div { display: flex; flex-wrap: wrap; gap: 0 2rem; margin-bottom: .5rem; }
dt { font-weight: 600; width: 14rem; } dd { margin: 0; flex: 1 1 16rem; overflow-wrap: anywhere; }
.paper-demo { display: inline-block; border: 2px solid #bd0f09; color: #bd0f09; font-weight: 600; padding: 0 .5rem; }
`

/** A page of its own that shows `content`, without script. The browser's serialiser writes it, so text stays text (B1). */
export function standalone(content: Element, title: string, language: string): Uint8Array {
  const page = document.implementation.createHTMLDocument(title)
  page.documentElement.lang = language
  const charset = page.createElement('meta')
  charset.setAttribute('charset', 'utf-8')
  page.head.prepend(charset)
  page.body.append(page.importNode(content, true))
  // our own page policy forbids a style element even there; the style is a constant
  const html = page.documentElement.outerHTML.replace('</head>', () => `<style>${STYLE}</style></head>`)
  return new TextEncoder().encode(`<!doctype html>\n${html}\n`)
}
