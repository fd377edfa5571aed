import type { Located } from './located.js';

/** A unit of systemd. */
export interface UnitFile {
  readonly path: string;
  /** `patroni.service`. */
  readonly name: string;
  /** All values of `Section.Key` in their order. */
  readonly values: ReadonlyMap<string, readonly Located<string>[]>;
}

/** Never throws; lines of no form that systemd knows are left out, as it does. */
export function parseUnitFile(path: string, text: string): UnitFile {
  const values = new Map<string, Located<string>[]>();
  let section = '';
  let open: { value: string; readonly line: number } | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const whole: string = (open?.value ?? '') + raw.trim();
    const line: number = open?.line ?? index + 1;
    open = null;
    if (whole === '' || /^[#;]/.test(whole)) {
      continue;
    }
    if (whole.endsWith('\\')) {
      open = { value: `${whole.slice(0, -1)} `, line };
      continue;
    }
    section = /^\[(.+)\]$/.exec(whole)?.[1] ?? section;
    const [, key = '', value = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(whole) ?? [];
    if (key !== '') {
      const name = `${section}.${key}`;
      values.set(name, [...(values.get(name) ?? []), { value, line }]);
    }
  }
  return { path, name: path.replace(/^.*\//, ''), values };
}

/** The last value, which is the one that holds for most keys. */
export function unitValue(unit: UnitFile, name: string): Located<string> | undefined {
  return unit.values.get(name)?.at(-1);
}
