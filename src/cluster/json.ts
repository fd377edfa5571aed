/** Reading JSON that others wrote: every field may be missing or of another type than expected. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of an array; what is none is left out. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  const objects: JsonObject[] = [];
  for (const element of arrayOf(value)) {
    const object = objectOf(element);
    if (object !== null) {
      objects.push(object);
    }
  }
  return objects;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function flagOf(value: unknown): boolean {
  return value === true;
}
