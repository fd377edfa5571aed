import { afterEach, describe, expect, it, vi } from 'vitest';
import { listenToKeys } from './keys.js';
import { View } from './view.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('listenToKeys', () => {
  it('shows the round of that number, past one that has no view', () => {
    vi.stubGlobal('HTMLElement', class {});
    const limits = { fromMs: 0, toMs: 100_000 };
    const views = [1, 3, null].map((round, index) => ({
      label: `view ${index}`,
      fromMs: index * 30_000,
      toMs: index * 30_000 + 20_000,
      round,
      askedAtMs: null,
    }));
    const view = new View(limits, limits);
    const section = new EventTarget();
    listenToKeys(section as HTMLElement, view, views, () => [0]);
    const shownAfter = (key: string) => {
      section.dispatchEvent(Object.assign(new Event('keydown'), { key }));
      return view.window.fromMs;
    };
    expect(shownAfter('3')).toBe(30_000);
    expect(shownAfter('2')).toBe(30_000);
    expect(shownAfter('1')).toBe(0);
  });
});
