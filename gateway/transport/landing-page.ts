import type { ApolloServerPlugin } from '@apollo/server';

const SANDBOX_SCRIPT =
  'https://embeddable-sandbox.cdn.apollographql.com/_latest/embeddable-sandbox.umd.production.min.js';

/**
 * Apollo Sandbox for browsers that open the endpoint. Apollo Server's own landing page leaves the subscription endpoint
 * empty; this one fills in both from the address the page was opened at.
 */
export function landingPage(): ApolloServerPlugin {
  return {
    async serverWillStart() {
      return {
        async renderLandingPage() {
          return { html: renderSandbox() };
        },
      };
    },
  };
}

function renderSandbox(): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Apollo Sandbox</title>
    <style>
      html, body, #sandbox { height: 100%; margin: 0; }
    </style>
  </head>
  <body>
    <div id="sandbox">
      <noscript>Apollo Sandbox needs JavaScript.</noscript>
    </div>
    <p id="offline" hidden>Apollo Sandbox could not be loaded. <a href="/explorer">/explorer</a> works without a network.</p>
    <script src="${SANDBOX_SCRIPT}"></script>
    <script>
      const endpoint = new URL('/graphql', location.href);
      const subscriptions = new URL(endpoint);
      subscriptions.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
      if (window.EmbeddedSandbox) {
        new window.EmbeddedSandbox({
          target: '#sandbox',
          initialEndpoint: endpoint.href,
          initialSubscriptionEndpoint: subscriptions.href,
        });
      } else {
        document.getElementById('offline').hidden = false;
      }
    </script>
  </body>
</html>
`;
}
