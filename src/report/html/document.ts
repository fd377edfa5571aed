import { createHash } from 'node:crypto';
import type { Assets } from './assets.js';
import type { PageData } from './data.js';
import { type Child, fragment, h, jsonForScript, raw } from './element.js';

/** What differs between pages. */
export interface Page {
  readonly title: string;
  /** Links into the page, or to its tabs, at the top. */
  readonly navigation: Child;
  readonly main: Child;
  readonly data: PageData;
  readonly version: string;
}

/** A whole HTML file that needs nothing else: its style, its program and its data are in it. */
export function documentOf(
  { title, navigation, main, data, version }: Page,
  { script, style }: Assets,
): string {
  const page = fragment(
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: policyOf(script) }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('meta', { name: 'referrer', content: 'no-referrer' }),
      h('meta', { name: 'generator', content: `pgha-bench ${version}` }),
      h('title', {}, title),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('style', {}, raw(style)),
    ),
    h(
      'body',
      {},
      h('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
      h(
        'header',
        { class: 'top' },
        h('p', { class: 'brand' }, 'pgha-bench'),
        navigation,
        h('button', { type: 'button', class: 'theme', hidden: true }, 'Dark'),
      ),
      h('main', { id: 'main', tabindex: -1 }, main),
      h('footer', {}, `Made by pgha-bench ${version}. Every figure on this page comes from result.json.`),
      h('script', { type: 'application/json', id: 'data' }, raw(jsonForScript(data))),
      h('script', {}, raw(script)),
    ),
  );
  return `<!doctype html>\n<html lang="en">${page.html}</html>\n`;
}

/** Only the page's own program may run, whatever else got in; nothing may be asked for over the network. */
function policyOf(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
