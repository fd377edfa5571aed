export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/** Block style; an undefined value leaves its key out. Texts are quoted wherever YAML could take them for something else. */
export function toYaml(value: { readonly [key: string]: Yaml | undefined }): string {
  return `${mapLines(value).join('\n')}\n`;
}

function mapLines(map: { readonly [key: string]: Yaml | undefined }): string[] {
  const lines: string[] = [];
  for (const [key, value] of Object.entries(map)) {
    if (value !== undefined) {
      lines.push(...entryLines(`${key}:`, value, '  '));
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

function entryLines(head: string, value: Yaml, indent: string): string[] {
  if (!isBlock(value)) {
    return [`${head} ${scalar(value)}`];
  }
  return [head, ...blockLines(value).map((line) => indent + line)];
}

function blockLines(value: Yaml): string[] {
  if (Array.isArray(value)) {
    return listLines(value);
  }
  return mapLines(value as { readonly [key: string]: Yaml | undefined });
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
