export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

interface YamlMap {
  readonly [key: string]: Yaml | undefined;
}

/**
 * Block style; an undefined value leaves its key out. Texts are quoted wherever YAML could take them for something else.
 * @param comments of one line, by the path of the key that they stand above, `bootstrap.dcs.ttl`; none within lists
 */
export function toYaml(value: YamlMap, comments: Readonly<Record<string, string>> = {}): string {
  return `${mapLines(value, '', comments).join('\n')}\n`;
}

function mapLines(map: YamlMap, above: string, comments: Readonly<Record<string, string>>): string[] {
  const lines: string[] = [];
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) {
      continue;
    }
    const path = above === '' ? key : `${above}.${key}`;
    if (comments[path] !== undefined) {
      lines.push(`# ${comments[path]}`);
    }
    if (isBlock(value)) {
      const inner = Array.isArray(value) ? listLines(value) : mapLines(value as YamlMap, path, comments);
      lines.push(`${key}:`, ...inner.map((line) => `  ${line}`));
    } else {
      lines.push(`${key}: ${scalar(value)}`);
    }
  }
  return lines;
}

function listLines(list: readonly Yaml[]): string[] {
  return list.flatMap((value) => {
    const lines = isBlock(value) ? blockLines(value) : [scalar(value)];
    return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
  });
}

function blockLines(value: Yaml): string[] {
  return Array.isArray(value) ? listLines(value) : mapLines(value as YamlMap, '', {});
}

function isBlock(value: Yaml): boolean {
  return typeof value === 'object' && Object.keys(value).length > 0;
}

function scalar(value: Yaml): string {
  if (typeof value === 'string') {
    return isPlain(value) ? value : JSON.stringify(value);
  }
  if (typeof value === 'object') {
    return Array.isArray(value) ? '[]' : '{}';
  }
  return String(value);
}

/** Words that YAML 1.1 reads as booleans or null would change their type: `off` is false. */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) && !/^(true|false|yes|no|on|off|y|n|null|nan|inf)$/i.test(text)
  );
}
