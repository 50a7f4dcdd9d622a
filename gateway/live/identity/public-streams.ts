import type { Supergraph } from '#gateway/supergraph/supergraph.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';

/** `@tag(name: "public-stream")` on a `Subscription` field declares what `PUBLIC_SUBSCRIPTIONS` does in the settings. */
const TAG = 'public-stream';

/**
 * Whether a subscription's answer is declared not to depend on who asks. Such a stream is opened without any client
 * header and shared by all; one that is not declared is taken to depend.
 */
export function isPublicStream({ graphqlSchema }: Supergraph, rootField: string, live: LiveConfig): boolean {
  if (live.publicFields.has(rootField)) return true;
  const field = graphqlSchema.getSubscriptionType()?.getFields()[rootField];
  return (field?.astNode?.directives ?? []).some(({ name, arguments: values }) => {
    const value = values?.find((argument) => argument.name.value === 'name')?.value;
    return name.value === 'tag' && value?.kind === 'StringValue' && value.value === TAG;
  });
}
