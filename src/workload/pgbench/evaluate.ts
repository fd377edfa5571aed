import { type ScriptContext, ScriptFailure } from '../program.js';
import { TEXT, UNSET, Value } from '../value.js';
import type { Evaluate } from './call.js';
import { type Fail, isTrue, typeText } from './coerce.js';
import type { Expression } from './expression.js';
import { isVolatile, lacksSeed, makeCall } from './functions.js';
import { locate, type ScriptSource } from './script-error.js';

/** What an expression needs to know of its script. */
export interface Scope {
  readonly source: ScriptSource;
  /** `debug(script=0,command=1)` */
  readonly debugLabel: string;
  slotOf(name: string, at: number): number;
}

/** Makes an expression into a closure, once at load; see {@link Evaluate} for what that may do. */
export function compileExpression(expression: Expression, scope: Scope): Evaluate {
  switch (expression.kind) {
    case 'null':
    case 'boolean':
    case 'integer':
    case 'double':
      return constant(expression);
    case 'variable':
      return variable(expression.name, expression.at, scope);
    case 'case':
      return caseOf(expression, scope);
    case 'call':
      return call(expression, scope);
  }
}

function constant(
  expression: Extract<Expression, { kind: 'null' | 'boolean' | 'integer' | 'double' }>,
): Evaluate {
  const value = new Value();
  if (expression.kind === 'null') {
    value.setNull();
  } else if (expression.kind === 'boolean') {
    value.setBoolean(expression.value);
  } else if (expression.kind === 'integer') {
    value.setBigInt(expression.value);
  } else {
    value.setDouble(expression.value);
  }
  return () => value;
}

function variable(name: string, at: number, scope: Scope): Evaluate {
  const slot = scope.slotOf(name, at);
  const fail = failAt(scope.source, at);
  const inVariable: Fail = (problem) => fail(`in variable "${name}" ${problem}`);
  return (context) => {
    const cell = context.variables.cell(slot);
    if (cell.kind === TEXT) {
      return cell.typed ?? typeText(cell, inVariable);
    }
    if (cell.kind === UNSET) {
      return fail(`the variable "${name}" is not set`);
    }
    return cell;
  };
}

function caseOf(expression: Extract<Expression, { kind: 'case' }>, scope: Scope): Evaluate {
  const arms = expression.arms.map(({ when, result }) => ({
    when: compileExpression(when, scope),
    result: compileExpression(result, scope),
  }));
  const otherwise = compileExpression(expression.otherwise, scope);
  return (context) => {
    for (const arm of arms) {
      if (isTrue(arm.when(context))) {
        return arm.result(context);
      }
    }
    return otherwise(context);
  };
}

function call(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Evaluate {
  const { name, at } = expression;
  const args = expression.args.map((arg) => compileExpression(arg, scope));
  if (lacksSeed(name, args.length)) {
    args.push(variable('default_seed', at, scope));
  }
  const evaluate = makeCall(name, args, { fail: failAt(scope.source, at), debugLabel: scope.debugLabel });
  return isConstant(expression) ? (folded(evaluate) ?? evaluate) : evaluate;
}

/** The value of an expression that needs no client, or undefined where it fails: it may stand in a branch that is never taken. */
function folded(evaluate: Evaluate): Evaluate | undefined {
  try {
    const value = new Value();
    value.assign(evaluate(NO_CLIENT));
    return () => value;
  } catch (error) {
    if (error instanceof ScriptFailure) {
      return undefined;
    }
    throw error;
  }
}

function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'variable':
      return false;
    case 'call':
      return (
        !isVolatile(expression.name) &&
        !lacksSeed(expression.name, expression.args.length) &&
        expression.args.every(isConstant)
      );
    case 'case':
      return (
        isConstant(expression.otherwise) &&
        expression.arms.every(({ when, result }) => isConstant(when) && isConstant(result))
      );
    default:
      return true;
  }
}

function failAt(source: ScriptSource, at: number): Fail {
  return (problem) => {
    const { line, column } = locate(source.text, at);
    throw new ScriptFailure(`${source.name}:${line}:${column}: ${problem}`);
  };
}

const NO_CLIENT: ScriptContext = {
  clientId: 0,
  clients: 1,
  get variables(): never {
    throw new Error('A constant expression asked for a variable.');
  },
  get random(): never {
    throw new Error('A constant expression asked for a random number.');
  },
};
