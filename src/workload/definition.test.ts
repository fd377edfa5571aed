import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { checkDefinition } from './definition.js';

const SCRIPT = { name: 'a', weight: 1, route: 'rw', text: 'SELECT 1;' };
const GOOD = { name: 'mine', summary: 'what it does', schema: 'none', scripts: [SCRIPT] };
const OPTION = { name: 'rows', type: 'number', default: 1, summary: 'how many' };
const run = async () => undefined;

describe('checkDefinition', () => {
  it('lets through what is right', () => {
    const schema = { check: run, prepare: run, cleanup: run, beforeRun: run, tables: ['t'] };
    const options = [
      { ...OPTION, min: 0, max: 9, integer: true, alias: 'r', command: 'init' },
      { name: 'fast', type: 'boolean', default: false, summary: 's' },
      { name: 'kind', type: 'string', default: 'a', values: ['a', 'b'], summary: 's' },
    ];
    const scripts = [SCRIPT, { name: 'c', weight: 2, route: 'ro', run, writes: false }];
    const definition = { ...GOOD, aliases: ['m'], schema, options, scripts };
    expect(checkDefinition(definition, 'mine.js')).toBe(definition);
    const event = { name: 'b', weight: 0, route: 'ro', event: ['point_select'] };
    const ofSysbench = { ...GOOD, schema: 'sysbench', scripts: [event] };
    expect(checkDefinition(ofSysbench, 'mine.js')).toBe(ofSysbench);
  });

  it.each<[string, unknown, string]>([
    ['no export', undefined, 'mine.js: expected a workload as its default export, found none.'],
    ['a list', [], 'mine.js: the default export: expected an object, found an empty list.'],
    ['no name', { ...GOOD, name: undefined }, 'mine.js: name: expected a name of letters'],
    [
      'a name with a space',
      { ...GOOD, name: 'my own' },
      "mine.js: name: expected a name of letters, digits, - and _, found 'my own'.",
    ],
    ['no summary', { ...GOOD, summary: 3 }, 'mine.js: summary: expected a text, found 3.'],
    [
      'a field that there is not',
      { ...GOOD, script: [] },
      "mine.js: the default export: there is no field 'script'. Did you mean 'scripts'?",
    ],
    ['aliases', { ...GOOD, aliases: 'm' }, "mine.js: aliases: expected a list, found 'm'."],
    [
      'no schema',
      { ...GOOD, schema: undefined },
      'mine.js: schema: expected the name of a schema, or an object with check, prepare and cleanup, found nothing.',
    ],
    [
      'half a schema',
      { ...GOOD, schema: { check: run, prepare: run } },
      'mine.js: schema.cleanup: expected a function, found nothing.',
    ],
    [
      'beforeRun',
      { ...GOOD, schema: { check: run, prepare: run, cleanup: run, beforeRun: 1 } },
      'mine.js: schema.beforeRun',
    ],
    [
      'no scripts',
      { ...GOOD, scripts: [] },
      'mine.js: scripts: expected a list of at least one script, found an empty list.',
    ],
    ['a script', { ...GOOD, scripts: [null] }, 'mine.js: scripts[0]: expected an object, found null.'],
    [
      'a weight',
      { ...GOOD, scripts: [SCRIPT, { ...SCRIPT, name: 'b', weight: '1' }] },
      "mine.js: scripts[1].weight: expected a whole number of at least 0, found '1'.",
    ],
    ['a weight below 0', { ...GOOD, scripts: [{ ...SCRIPT, weight: -1 }] }, 'scripts[0].weight'],
    [
      'a route',
      { ...GOOD, scripts: [{ ...SCRIPT, route: 'r' }] },
      "mine.js: scripts[0].route: expected rw or ro, found 'r'.",
    ],
    [
      'no text',
      { ...GOOD, scripts: [{ ...SCRIPT, text: undefined }] },
      'mine.js: scripts[0]: expected exactly one of text, event and run, found none.',
    ],
    ['two kinds', { ...GOOD, scripts: [{ ...SCRIPT, event: ['begin'] }] }, 'found text and event.'],
    [
      'an event',
      { ...GOOD, scripts: [{ ...SCRIPT, text: undefined, event: [1] }] },
      'mine.js: scripts[0].event[0]: expected a text, found 1.',
    ],
    [
      'a function that does not say whether it writes',
      { ...GOOD, scripts: [{ ...SCRIPT, text: undefined, run }] },
      'mine.js: scripts[0].writes: expected true or false, found nothing.',
    ],
    [
      'a text that does',
      { ...GOOD, scripts: [{ ...SCRIPT, writes: true }] },
      'mine.js: scripts[0].writes: only a function needs it',
    ],
    [
      'a name twice',
      { ...GOOD, scripts: [SCRIPT, SCRIPT] },
      "scripts[1].name: expected another name for each script, found 'a' again.",
    ],
    [
      'a type',
      { ...GOOD, options: [{ ...OPTION, type: 'int' }] },
      "mine.js: options[0].type: expected number, boolean or string, found 'int'.",
    ],
    [
      'a default of another type',
      { ...GOOD, options: [{ ...OPTION, default: '1' }] },
      "mine.js: options[0].default, by its type: expected a number, found '1'.",
    ],
    [
      'a default that is too small',
      { ...GOOD, options: [{ ...OPTION, min: 2 }] },
      'mine.js: options[0].default: expected at least 2, by its min, found 1.',
    ],
    [
      'a default that is too large',
      { ...GOOD, options: [{ ...OPTION, max: 0 }] },
      'mine.js: options[0].default: expected at most 0, by its max, found 1.',
    ],
    [
      'a default with a fraction',
      { ...GOOD, options: [{ ...OPTION, integer: true, default: 1.5 }] },
      'mine.js: options[0].default: expected a whole number, by its integer, found 1.5.',
    ],
    [
      'a default that is none of its values',
      { ...GOOD, options: [{ ...OPTION, type: 'string', default: 'c', values: ['a', 'b'] }] },
      "mine.js: options[0].default: expected one of its values, a, b, found 'c'.",
    ],
    [
      'an event for tables that are not of sysbench',
      { ...GOOD, scripts: [{ ...SCRIPT, text: undefined, event: ['begin'] }] },
      "mine.js: scripts[0].event: expected one of sysbench's schemas beside it, found 'none'.",
    ],
    [
      'an alias',
      { ...GOOD, options: [{ ...OPTION, alias: 'rows' }] },
      'mine.js: options[0].alias: expected one letter',
    ],
    [
      'a command',
      { ...GOOD, options: [{ ...OPTION, command: 'lab' }] },
      'mine.js: options[0].command: expected init or run',
    ],
    [
      'a bound',
      { ...GOOD, options: [{ ...OPTION, min: '0' }] },
      'mine.js: options[0].min: expected a number',
    ],
  ])('says in a line what is wrong: %s', (_, definition, message) => {
    let thrown: unknown;
    try {
      checkDefinition(definition, 'mine.js');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect(String(thrown)).toContain(message);
    expect(String(thrown)).not.toContain('\n');
  });
});
