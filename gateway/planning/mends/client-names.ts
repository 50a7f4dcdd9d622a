// Mend of a defect of the planner (2.14.4): an alias of the client's that is also the name of a field which a `@key` or a
// `@requires` needs is merged with that field, and one of the two gets the other's value. A variable called
// `representations` clashes with the planner's own.
import { type DocumentNode, Kind, visit } from 'graphql';
import { argumentOf, directivesNamed, fieldsDefinitions, parseSelection } from './supergraph-document.ts';

export interface RenamedDocument {
  readonly document: DocumentNode;
  /** From the aliases made up here to the client's. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** From the client's variables to the names they got here. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Names of the fields that the gateway itself may need from subgraphs. */
export function neededNames(supergraph: DocumentNode): ReadonlySet<string> {
  const names = new Set(['__typename']);
  const collect = (fields: string | boolean | undefined): void => {
    if (typeof fields !== 'string') return;
    visit(parseSelection(fields), {
      Field({ name }) {
        names.add(name.value);
      },
    });
  };
  for (const type of fieldsDefinitions(supergraph)) {
    for (const directive of directivesNamed(type, 'join__type')) collect(argumentOf(directive, 'key'));
    for (const field of type.fields ?? []) {
      for (const directive of directivesNamed(field, 'join__field')) {
        collect(argumentOf(directive, 'requires'));
        collect(argumentOf(directive, 'provides'));
        // Of `contextArguments`, the selections are not looked into: whatever they reach counts as needed.
        if (directive.arguments?.some(({ name }) => name.value === 'contextArguments'))
          collectContexts(directive, collect);
      }
    }
  }
  return names;
}

function collectContexts(
  directive: Parameters<typeof argumentOf>[0],
  collect: (fields: string) => void,
): void {
  visit(directive, {
    ObjectField({ name, value }) {
      if (name.value === 'selection' && value.kind === Kind.STRING)
        collect(value.value.replace(/^\s*\{|\}\s*$/g, ''));
    },
  });
}

/** Gives clashing aliases and variables of the operation other names. */
export function renameClashes(document: DocumentNode, needed: ReadonlySet<string>): RenamedDocument {
  const taken = new Set<string>();
  visit(document, {
    Name({ value }) {
      taken.add(value);
    },
  });
  const fresh = (name: string): string => {
    let candidate = `${name.replace(/^__/, '')}__client`;
    while (taken.has(candidate) || needed.has(candidate)) candidate += '_';
    return candidate;
  };
  const aliases = new Map<string, string>();
  const variables = new Map<string, string>();
  const renamed = (map: Map<string, string>, name: string): string => {
    let other = map.get(name);
    if (other === undefined) map.set(name, (other = fresh(name)));
    return other;
  };
  const mended = visit(document, {
    Field(node) {
      const alias = node.alias?.value;
      if (alias === undefined || alias === node.name.value || !needed.has(alias)) return undefined;
      return { ...node, alias: { kind: Kind.NAME, value: renamed(aliases, alias) } };
    },
    Variable(node) {
      const { value } = node.name;
      if (value !== 'representations' && !value.startsWith('contextualArgument')) return undefined;
      return { ...node, name: { kind: Kind.NAME, value: renamed(variables, value) } };
    },
  });
  return {
    document: mended,
    clientNames: new Map([...aliases].map(([client, own]) => [own, client])),
    variables,
  };
}
