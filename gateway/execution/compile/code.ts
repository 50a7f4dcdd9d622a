// Part of compiling an operation: JavaScript source is collected here and turned into functions once.

const GRAPHQL_NAME = /^[_A-Za-z][_0-9A-Za-z]*$/;

/** Names that every object answers to, own or not. They are legal GraphQL names, so they are read and written with care. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Source text of functions that call each other, and the values they refer to. Whatever text comes from outside enters
 * the source only as a checked GraphQL name or through `JSON.stringify`.
 */
export interface Program {
  /**
   * Adds a function and returns its name; functions of the same text are one. `write` gets the name, so that a function
   * can call itself, and names it nowhere else.
   */
  declare(write: (name: string) => string): string;
  /** Makes a value known to the source and returns its name. */
  constant(value: unknown): string;
  /** Compiles everything and returns the value of the expression. */
  link(expression: string): unknown;
}

/** Stands for a function's own name until it has one. No source contains it otherwise: it is no character of JavaScript's. */
const SELF = '\0';

export function createProgram(): Program {
  const sources: string[] = [];
  const functions = new Map<string, string>();
  const constants = new Map<unknown, string>();
  return {
    declare(write) {
      const text = write(SELF);
      let name = functions.get(text);
      if (name === undefined) {
        name = `f${functions.size}`;
        functions.set(text, name);
        sources.push(text.replaceAll(SELF, name));
      }
      return name;
    },
    constant(value) {
      let name = constants.get(value);
      if (name === undefined) constants.set(value, (name = `k${constants.size}`));
      return name;
    },
    link(expression) {
      const source = `"use strict";\n${sources.join('\n')}\nreturn ${expression};`;
      // oxlint-disable-next-line typescript/no-implied-eval, eslint/no-new-func -- see the docstring: nothing unchecked gets in
      const build = new Function('own', 'put', ...constants.values(), source) as (
        ...values: unknown[]
      ) => unknown;
      return build(own, put, ...constants.keys());
    },
  };
}

/** Source that reads an own property, `undefined` when there is none. */
export function read(object: string, key: string): string {
  return INHERITED.has(checked(key)) ? `own(${object}, ${JSON.stringify(key)})` : `${object}.${key}`;
}

/** Source of a statement that writes an own property. */
export function write(object: string, key: string, value: string): string {
  return checked(key) === '__proto__'
    ? `put(${object}, "__proto__", ${value});`
    : `${object}.${key} = ${value};`;
}

/** Source of one property of an object literal. */
export function property(key: string, value: string): string {
  // Only a computed `__proto__` makes a property; the plain one would set the prototype.
  return checked(key) === '__proto__' ? `["__proto__"]: ${value}` : `${key}: ${value}`;
}

export function checked(name: string): string {
  if (!GRAPHQL_NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no GraphQL name`);
  return name;
}

/** Source that tells whether the variable `typename` holds one of the names. */
export function isOneOf(program: Program, typename: string, names: readonly string[]): string {
  if (names.length === 0) return 'false';
  if (names.length <= 4) return `(${names.map((name) => `${typename} === "${checked(name)}"`).join(' || ')})`;
  return `${program.constant(new Set(names))}.has(${typename})`;
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

function put(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
}
