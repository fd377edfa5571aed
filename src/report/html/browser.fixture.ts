import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Chromium without a screen, and without a word to anybody. The caller closes it. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    // A machine with labs on it may be slow to start one.
    timeout: 110_000,
    executablePath: process.env['PGHA_BENCH_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page, and what it did that it must not do. */
export interface WatchedPage {
  readonly page: Page;
  /** URLs that were asked for, the file itself first. */
  readonly requests: readonly string[];
  /** Errors of its program, messages of the console, dialogs. */
  readonly complaints: readonly string[];
}

export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(path).href);
  return { page, requests, complaints };
}
