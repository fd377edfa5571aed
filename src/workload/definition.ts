import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import type { WorkloadDefinition, WorkloadOption } from './workload.js';

/** What a check looks at, and where it is, `mine.js: scripts[0]`. */
type Check = (value: unknown, where: string) => void;

/**
 * What a file of somebody's exports, as the definition that it should be: no compiler has seen it.
 * @throws UserError that names the file and the field, what was expected and what was found
 */
export function checkDefinition(value: unknown, file: string): WorkloadDefinition {
  if (value === undefined) {
    throw new UserError(`${file}: expected a workload as its default export, found none.`, SEE);
  }
  fields(value, `${file}: the default export`, {
    name: required(nameOf),
    summary: required(text),
    aliases: listOf(nameOf),
    options: listOf(option),
    schema: required(schema),
    scripts: required(scripts),
  });
  const definition = value as WorkloadDefinition;
  refuseForeignEvents(definition, file);
  return definition;
}

/** Statements of an event are for sysbench's tables, and have its options. */
function refuseForeignEvents({ schema, scripts }: WorkloadDefinition, file: string): void {
  const index = scripts.findIndex((script) => 'event' in script);
  if (index >= 0 && !(typeof schema === 'string' && schema.startsWith('sysbench'))) {
    const found = typeof schema === 'string' ? `'${schema}'` : 'one of its own';
    throw new UserError(
      `${file}: scripts[${index}].event: expected one of sysbench's schemas beside it, found ${found}.`,
      "Say schema: 'sysbench'.",
    );
  }
}

const SEE = 'docs/workloads.md has an example.';

export function wrong(where: string, expected: string, found: unknown): never {
  throw new UserError(`${where}: expected ${expected}, found ${shown(found)}.`, SEE);
}

function shown(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (typeof value === 'function') {
    return 'a function';
  }
  if (typeof value === 'object' && value !== null) {
    if (!Array.isArray(value)) {
      return 'an object';
    }
    return value.length === 0 ? 'an empty list' : 'a list';
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
}

interface Field {
  readonly check: Check;
  readonly required: boolean;
}

function required(check: Check): Field {
  return { check, required: true };
}

function optional(check: Check): Field {
  return { check, required: false };
}

function listOf(check: Check): Field {
  return optional((value, where) => {
    if (!Array.isArray(value)) {
      wrong(where, 'a list', value);
    }
    for (const [index, element] of value.entries()) {
      check(element, `${where}[${index}]`);
    }
  });
}

/** An object with these fields and no others. */
function fields(value: unknown, where: string, known: Readonly<Record<string, Field>>): void {
  const found = object(value, where);
  for (const name of Object.keys(found)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known);
      throw new UserError(
        `${where}: there is no field '${name}'.${didYouMean(name, names)}`,
        `It has ${names.join(', ')}.`,
      );
    }
  }
  for (const [name, field] of Object.entries(known)) {
    if (field.required || found[name] !== undefined) {
      field.check(found[name], inside(where, name));
    }
  }
}

/** `mine.js: name` for a field of the export, `mine.js: scripts[0].name` for one below. */
function inside(where: string, name: string): string {
  return where.endsWith(': the default export')
    ? where.replace('the default export', name)
    : `${where}.${name}`;
}

export function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong(where, 'an object', value);
  }
  return value as Readonly<Record<string, unknown>>;
}

const text: Check = (value, where) => {
  if (typeof value !== 'string' || value.trim() === '') {
    wrong(where, 'a text', value);
  }
};

/** It stands on command lines, in mixes and in names of folders. */
const nameOf: Check = (value, where) => {
  if (typeof value !== 'string' || !/^\w[\w.-]*$/.test(value)) {
    wrong(where, 'a name of letters, digits, - and _', value);
  }
};

const number: Check = (value, where) => {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    wrong(where, 'a number', value);
  }
};

const boolean: Check = (value, where) => {
  if (typeof value !== 'boolean') {
    wrong(where, 'true or false', value);
  }
};

const functionOf: Check = (value, where) => {
  if (typeof value !== 'function') {
    wrong(where, 'a function', value);
  }
};

export function oneOf(...words: readonly string[]): Check {
  return (value, where) => {
    if (typeof value !== 'string' || !words.includes(value)) {
      wrong(where, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`, value);
    }
  };
}

const option: Check = (value, where) => {
  const types = { number, boolean, string: anyText };
  fields(value, where, {
    name: required(nameOf),
    type: required(oneOf(...Object.keys(types))),
    default: required((given, at) =>
      types[object(value, where)['type'] as keyof typeof types](given, `${at}, by its type`),
    ),
    summary: required(text),
    min: optional(number),
    max: optional(number),
    integer: optional(boolean),
    values: listOf(text),
    alias: optional(letter),
    command: optional(oneOf('init', 'run')),
  });
  refuseDefault(value as WorkloadOption, where);
};

/** What could not be given cannot be the default. */
function refuseDefault({ default: initial, min, max, integer, values }: WorkloadOption, where: string): void {
  const at = `${where}.default`;
  if (values !== undefined && !values.includes(String(initial))) {
    wrong(at, `one of its values, ${values.join(', ')}`, initial);
  }
  if (integer === true && !Number.isSafeInteger(initial)) {
    wrong(at, 'a whole number, by its integer', initial);
  }
  if (min !== undefined && Number(initial) < min) {
    wrong(at, `at least ${min}, by its min`, initial);
  }
  if (max !== undefined && Number(initial) > max) {
    wrong(at, `at most ${max}, by its max`, initial);
  }
}

const anyText: Check = (value, where) => {
  if (typeof value !== 'string') {
    wrong(where, 'a text', value);
  }
};

const letter: Check = (value, where) => {
  if (typeof value !== 'string' || !/^[A-Za-z]$/.test(value)) {
    wrong(where, 'one letter', value);
  }
};

/** Which names there are, the registry knows. */
const schema: Check = (value, where) => {
  if (typeof value === 'string') {
    return;
  }
  if (typeof value !== 'object' || value === null) {
    wrong(where, 'the name of a schema, or an object with check, prepare and cleanup', value);
  }
  // It may have whatever its functions need beside them.
  const found = object(value, where);
  for (const name of ['check', 'prepare', 'cleanup']) {
    functionOf(found[name], `${where}.${name}`);
  }
  if (found['beforeRun'] !== undefined) {
    functionOf(found['beforeRun'], `${where}.beforeRun`);
  }
};

const scripts: Check = (value, where) => {
  if (!Array.isArray(value) || value.length === 0) {
    wrong(where, 'a list of at least one script', value);
  }
  const names = new Set<unknown>();
  for (const [index, element] of value.entries()) {
    const at = `${where}[${index}]`;
    script(element, at);
    const { name } = element as { readonly name: string };
    if (names.has(name)) {
      throw new UserError(`${at}.name: expected another name for each script, found '${name}' again.`);
    }
    names.add(name);
  }
};

const script: Check = (value, where) => {
  const found = object(value, where);
  fields(value, where, {
    name: required(text),
    weight: required(weight),
    route: required(oneOf('rw', 'ro')),
    text: optional(text),
    event: listOf(text),
    run: optional(functionOf),
    writes: optional(boolean),
  });
  const kinds = ['text', 'event', 'run'].filter((kind) => found[kind] !== undefined);
  if (kinds.length !== 1) {
    const [first, second] = kinds;
    const both = first === undefined ? 'none' : `${first} and ${second}`;
    throw new UserError(`${where}: expected exactly one of text, event and run, found ${both}.`, SEE);
  }
  if (found['run'] !== undefined) {
    boolean(found['writes'], `${where}.writes`);
  } else if (found['writes'] !== undefined) {
    throw new UserError(
      `${where}.writes: only a function needs it, a ${kinds[0]} is read for it.`,
      'Leave it out.',
    );
  }
};

const weight: Check = (value, where) => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) {
    wrong(where, 'a whole number of at least 0', value);
  }
};
