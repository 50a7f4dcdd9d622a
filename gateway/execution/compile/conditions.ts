// Compiling: `@skip` and `@include`, whose variables are known then.
import { Kind, type SelectionNode } from 'graphql';

/** Whether `@skip` and `@include` let the selection stand, with their variables known. */
export function included(
  { directives = [] }: SelectionNode,
  conditions: ReadonlyMap<string, boolean>,
): boolean {
  return directives.every((directive) => {
    const name = directive.name.value;
    if (name !== 'skip' && name !== 'include') return true;
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    const on =
      value?.kind === Kind.VARIABLE
        ? conditions.get(value.name.value)
        : value?.kind === Kind.BOOLEAN && value.value;
    return on === (name === 'include');
  });
}
