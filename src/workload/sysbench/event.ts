import { UserError } from '../../errors.js';
import { didYouMean } from '../../plan/nearest.js';
import type { Protocol } from '../../plan/plan.js';
import type { Program, ProgramCommand, ScriptContext, Statement, Step } from '../program.js';
import type { Slots } from '../variables.js';
import type { OptionValues } from '../workload.js';
import { bulkClosing, bulkSteps } from './bulk.js';
import { type Settings, settingsOf } from './options.js';
import * as sql from './statements.js';
import { VARIABLE } from './statements.js';
import { C_GROUPS, drawText, PAD_GROUPS } from './text.js';
import { uniqueIds } from './unique.js';

/**
 * sysbench's events: a script is a list of groups of statements, each of which draws its table once, and its values for
 * each execution. What an option drops or repeats is decided when the program is built.
 */

export interface EventBuild {
  /** For messages. */
  readonly scriptName: string;
  /** Of the workload; what is absent has sysbench's default. */
  readonly options: OptionValues;
  readonly protocol: Protocol;
  readonly slots: Slots;
  /** Of the run: where in the sequence of unique ids it begins. */
  readonly seed: number;
}

/**
 * The program of one event.
 * @param groups names of groups of statements in order, see {@link GROUP_NAMES}
 * @throws UserError for a group that there is not, and for an option that the chosen sysbench lacks
 */
export function buildEvent(
  groups: readonly string[],
  build: EventBuild,
): Program & { readonly writes: boolean } {
  const builder = new EventBuilder(build, settingsOf(build.options));
  for (const group of checkedGroups(groups, build.scriptName)) {
    GROUPS[group].add(builder);
  }
  return builder.program();
}

/** How sysbench counts what an event sends. */
export interface EventCounts {
  readonly read: number;
  readonly write: number;
  readonly other: number;
}

/**
 * What one event counts in sysbench's report: a statement that returns rows is a read, one that changed rows a write,
 * anything else another. So it is as long as each update and delete finds its row, otherwise that is another, too. The
 * INSERT that bulk_insert sends once in many events is not in it.
 */
export function countsOf(groups: readonly string[], options: OptionValues): EventCounts {
  const settings = settingsOf(options);
  const counts = { read: 0, write: 0, other: 0 };
  for (const name of checkedGroups(groups, 'event')) {
    const group: Group = GROUPS[name];
    const { kind, times = () => 1 } = group;
    if (kind !== undefined) {
      counts[kind] += times(settings);
    }
  }
  return counts;
}

interface Group {
  readonly kind?: keyof EventCounts;
  /** How many statements it sends; absent for one. */
  readonly times?: (settings: Settings) => number;
  readonly add: (builder: EventBuilder) => void;
}

type Draws = (context: ScriptContext) => void;

/** Names as of sysbench's functions; a script of sysbench's has the plural where an option says how many there are. */
const GROUPS = {
  begin: transactionEnd(sql.BEGIN),
  commit: transactionEnd(sql.COMMIT),
  point_select: ofId(sql.POINT_SELECT, () => 1),
  point_selects: ofId(sql.POINT_SELECT, (settings) => settings.pointSelects),
  simple_ranges: ranges(sql.SIMPLE_RANGE, (settings) => settings.simpleRanges),
  sum_ranges: ranges(sql.SUM_RANGE, (settings) => settings.sumRanges),
  order_ranges: ranges(sql.ORDER_RANGE, (settings) => settings.orderRanges),
  distinct_ranges: ranges(sql.DISTINCT_RANGE, (settings) => settings.distinctRanges),
  index_updates: ofId(sql.INDEX_UPDATE, (settings) => settings.indexUpdates),
  non_index_updates: {
    kind: 'write',
    times: (settings) => settings.nonIndexUpdates,
    add: (builder) => {
      const [c, id] = [builder.c(), builder.id()];
      builder.repeat([sql.NON_INDEX_UPDATE], builder.settings.nonIndexUpdates, (context) => {
        c(context);
        id(context);
      });
    },
  },
  delete_inserts: {
    kind: 'write',
    times: (settings) => 2 * settings.deleteInserts,
    add: (builder) => {
      const [id, row] = [builder.id(), builder.row()];
      builder.repeat([sql.DELETE, sql.INSERT_AGAIN], builder.settings.deleteInserts, (context) => {
        id(context);
        row(context);
      });
    },
  },
  delete: ofId(sql.DELETE, () => 1),
  insert: { kind: 'write', add: addInsert },
  random_points: { kind: 'read', add: addRandomPoints },
  random_ranges: { kind: 'read', add: addRandomRanges },
  bulk_insert: { add: (builder) => builder.bulk() },
} as const satisfies Readonly<Record<string, Group>>;

type GroupName = keyof typeof GROUPS;

/** The groups that an event can have. */
export const GROUP_NAMES = Object.keys(GROUPS) as readonly GroupName[];

/** An event may come from a user's file, which no compiler has seen. */
function checkedGroups(groups: readonly string[], scriptName: string): readonly GroupName[] {
  if (groups.length === 0) {
    throw new UserError(`The event of ${scriptName} has no groups of statements.`, `There are ${known()}.`);
  }
  return groups.map((group) => {
    const found = GROUP_NAMES.find((name) => name === group);
    if (found === undefined) {
      throw new UserError(
        `The event of ${scriptName} names the group '${group}', which there is not.${didYouMean(String(group), GROUP_NAMES)}`,
        `There are ${known()}.`,
      );
    }
    return found;
  });
}

function known(): string {
  return GROUP_NAMES.join(', ');
}

function transactionEnd(template: sql.Template): Group {
  return {
    kind: 'other',
    times: (settings) => (settings.skipTransaction ? 0 : 1),
    add: (builder) => {
      if (!builder.settings.skipTransaction) {
        builder.once(template);
      }
    },
  };
}

/** One statement with the id of a row. */
function ofId(template: sql.Template, times: (settings: Settings) => number): Group {
  return {
    kind: template.verb === 'read' ? 'read' : 'write',
    times,
    add: (builder) => builder.repeat([template], times(builder.settings), builder.id()),
  };
}

function ranges(template: sql.Template, setting: (settings: Settings) => number): Group {
  const times = (settings: Settings): number => (settings.rangeSelects ? setting(settings) : 0);
  return {
    kind: 'read',
    times,
    add: (builder) => builder.repeat([template], times(builder.settings), builder.range()),
  };
}

function addInsert(builder: EventBuilder): void {
  const row = builder.row();
  if (builder.settings.autoInc) {
    builder.repeat([sql.INSERT], 1, row);
    return;
  }
  const id = builder.uniqueId();
  builder.repeat([sql.INSERT_WITH_ID], 1, (context) => {
    row(context);
    id(context);
  });
}

/**
 * A client's own part of the values of k. As in sysbench it begins at 0 and shares its last value with the first of
 * the next client.
 */
function drawFromSlice({ tableSize, draw }: Settings, context: ScriptContext): number {
  const { random, clientId, clients } = context;
  const length = tableSize / clients;
  const start = length * clientId;
  return draw(random, Math.floor(start), Math.floor(start + length));
}

function addRandomPoints(builder: EventBuilder): void {
  const { settings } = builder;
  const points = builder.points(settings.randomPoints);
  builder.repeat([sql.randomPoints(settings.randomPoints)], 1, (context) => {
    for (let i = 0; i < points.length; i++) {
      context.variables.setInteger(points[i] as number, drawFromSlice(settings, context));
    }
  });
}

function addRandomRanges(builder: EventBuilder): void {
  const { settings } = builder;
  const points = builder.points(2 * settings.numberOfRanges);
  builder.repeat([sql.randomRanges(settings.numberOfRanges)], 1, (context) => {
    for (let i = 0; i < points.length; i += 2) {
      const from = drawFromSlice(settings, context);
      context.variables.setInteger(points[i] as number, from);
      context.variables.setInteger(points[i + 1] as number, from + settings.delta);
    }
  });
}

/** Collects the statements and steps of one event. */
class EventBuilder {
  private readonly statements: Statement[] = [];
  private readonly steps: Step[] = [];
  private readonly commands: ProgramCommand[] = [];
  private closing: readonly Step[] | undefined;
  /** Number of the statement of the first table. */
  private readonly known = new Map<sql.Template, number>();
  private readonly drawTable: Step;
  private readonly tableIndex: (context: ScriptContext) => number;

  constructor(
    private readonly build: EventBuild,
    readonly settings: Settings,
  ) {
    const table = build.slots.of(VARIABLE.table);
    const { tables } = settings;
    this.drawTable = {
      op: 'compute',
      run: ({ variables, random }) => variables.setInteger(table, random.range(1, tables)),
    };
    this.tableIndex = ({ variables }) => variables.cell(table).number - 1;
  }

  program(): Program & { readonly writes: boolean } {
    const { statements, steps, commands, closing } = this;
    const writes = statements.some(({ verb }) => verb === 'write');
    const program = { slots: this.build.slots.names, statements, steps, commands, writes };
    return closing === undefined ? program : { ...program, closing };
  }

  /** A statement without values. */
  once(template: sql.Template): void {
    this.push(template, this.steps.length);
  }

  /** The statements, so often, each time with new values; all of it in one table. */
  repeat(templates: readonly sql.Template[], times: number, draws: Draws): void {
    const compute: Step = { op: 'compute', run: draws };
    let from = this.steps.length;
    if (times > 0 && this.settings.tables > 1 && templates.some(sql.isOfTable)) {
      this.steps.push(this.drawTable);
    }
    for (let i = 0; i < times; i++) {
      this.steps.push(compute);
      for (const template of templates) {
        this.push(template, from);
        from = this.steps.length;
      }
    }
  }

  bulk(): void {
    const at = this.steps.length;
    this.commands.push({ step: at, line: 0, text: 'INSERT INTO sbtestN VALUES(…),(…),…' });
    const statement = this.firstOf(sql.BULK);
    this.steps.push(...bulkSteps(at, statement, this.build.slots));
    this.closing = bulkClosing(statement, this.build.slots);
  }

  // ---- what draws a value

  id(): Draws {
    const slot = this.build.slots.of(VARIABLE.id);
    const { draw, tableSize } = this.settings;
    return ({ variables, random }) => variables.setInteger(slot, draw(random, 1, tableSize));
  }

  range(): Draws {
    const from = this.build.slots.of(VARIABLE.id);
    const to = this.build.slots.of(VARIABLE.to);
    const { draw, tableSize, rangeSize } = this.settings;
    return ({ variables, random }) => {
      const id = draw(random, 1, tableSize);
      variables.setInteger(from, id);
      variables.setInteger(to, id + rangeSize - 1);
    };
  }

  c(): Draws {
    const slot = this.build.slots.of(VARIABLE.c);
    return ({ variables, random }) => drawText(variables.cell(slot), C_GROUPS, random);
  }

  /** All of a row but its id. */
  row(): Draws {
    const k = this.build.slots.of(VARIABLE.k);
    const pad = this.build.slots.of(VARIABLE.pad);
    const c = this.c();
    const { draw, tableSize } = this.settings;
    return (context) => {
      const { variables, random } = context;
      variables.setInteger(k, draw(random, 1, tableSize));
      c(context);
      drawText(variables.cell(pad), PAD_GROUPS, random);
    };
  }

  /** An id that no other client of the run takes: each counts in steps of the number of clients. */
  uniqueId(): Draws {
    const slot = this.build.slots.of(VARIABLE.id);
    const inserted = this.build.slots.of(VARIABLE.inserted);
    const idOf = uniqueIds(this.build.seed);
    return ({ variables, clientId, clients }) => {
      const count = variables.cell(inserted);
      variables.setInteger(slot, idOf(count.number * clients + clientId) - 2 ** 31);
      count.setInteger(count.number + 1);
    };
  }

  points(count: number): readonly number[] {
    return Array.from({ length: count }, (_, index) => this.build.slots.of(sql.pointVariable(index)));
  }

  // ---- statements

  /** @param from first step of the command */
  private push(template: sql.Template, from: number): void {
    const first = this.firstOf(template);
    const several = sql.isOfTable(template) && this.settings.tables > 1;
    const { text } = this.statements[first] as Statement;
    this.commands.push({ step: from, line: 0, text: several ? text.replace(/sbtest1/, 'sbtestN') : text });
    this.steps.push(
      several
        ? { op: 'sql_of', first, count: this.settings.tables, choose: this.tableIndex }
        : { op: 'sql', statement: first },
    );
  }

  private firstOf(template: sql.Template): number {
    const known = this.known.get(template);
    if (known !== undefined) {
      return known;
    }
    const first = this.statements.length;
    const build = { ...this.build, serverPrepared: this.settings.serverPrepared };
    const tables = sql.isOfTable(template) ? this.settings.tables : 1;
    for (let table = 1; table <= tables; table++) {
      this.statements.push(sql.statementOf(template, table, build));
    }
    this.known.set(template, first);
    return first;
  }
}
