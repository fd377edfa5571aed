import { describe, expect, it } from 'vitest';
import { parseHaproxyCheck } from './haproxy-check.js';

describe('--haproxy-check', () => {
  it("takes the words of HAProxy's own configuration, or pairs", () => {
    const settings = { 'haproxy.inter': '3s', 'haproxy.fall': 3, 'haproxy.rise': 2 };
    expect(parseHaproxyCheck('inter 3s fall 3 rise 2')).toEqual(settings);
    expect(parseHaproxyCheck('inter=3s,fall=3, rise=2')).toEqual(settings);
    expect(parseHaproxyCheck('fastinter 500')).toEqual({ 'haproxy.fastinter': '500' });
    expect(parseHaproxyCheck('downinter 1s timeout  check 5s fall 2')).toEqual({
      'haproxy.downinter': '1s',
      'haproxy.timeout_check': '5s',
      'haproxy.fall': 2,
    });
  });

  it.each([
    ['', 'found none'],
    ['intr 3s', "Did you mean 'inter'?"],
    ['inter', "expected a time behind inter, such as 500ms or 3s, found ''"],
    ['inter soon', "found 'soon'"],
    ['timeout 5s', 'fall, timeout check, each with its value'],
    ['timeout check', 'expected a time behind timeout_check'],
    ['fall 0', "expected a number of checks behind fall, found '0'"],
    ['rise 2s', "expected a number of checks behind rise, found '2s'"],
  ])("refuses '%s'", (text, message) => {
    expect(() => parseHaproxyCheck(text)).toThrow(message);
  });
});
