import { hashOf, type Page, policyOf } from './page.ts';

const CDN = 'https://embeddable-sandbox.cdn.apollographql.com';
const FRAME = 'https://sandbox.embed.apollographql.com';
const SANDBOX_SCRIPT = `${CDN}/_latest/embeddable-sandbox.umd.production.min.js`;
/** Both are filled in from the address that the page was opened at. */
const SCRIPT = `
      const endpoint = new URL('/graphql', location.href);
      const subscriptions = new URL(endpoint);
      subscriptions.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
      document.getElementById('script').addEventListener('load', () => {
        document.getElementById('offline').hidden = true;
        new window.EmbeddedSandbox({
          target: '#sandbox',
          initialEndpoint: endpoint.href,
          initialSubscriptionEndpoint: subscriptions.href,
        });
      });
    `;

/**
 * Apollo Sandbox for browsers that open the endpoint. It comes from Apollo's CDN; until it is there, and where it never
 * comes, the top of the page says what works without it.
 */
export const SANDBOX: Page = {
  html: `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Apollo Sandbox</title>
    <style>
      html, body, #sandbox { height: 100%; margin: 0; }
      #sandbox iframe { height: 100%; width: 100%; border: none; }
      p { margin: 0; padding: 1em; font-family: sans-serif; }
    </style>
  </head>
  <body>
    <p id="offline">Apollo Sandbox is being loaded from the internet. <a href="/explorer">/explorer</a> works without it.</p>
    <noscript><p>Apollo Sandbox needs JavaScript.</p></noscript>
    <div id="sandbox"></div>
    <script id="script" async src="${SANDBOX_SCRIPT}"></script>
    <script>${SCRIPT}</script>
  </body>
</html>
`,
  policy: policyOf([
    `script-src ${CDN} ${hashOf(SCRIPT)}`,
    "style-src 'unsafe-inline'",
    `img-src data: https://apollo-server-landing-page.cdn.apollographql.com`,
    `frame-src ${FRAME}`,
    // The frame has this page ask the endpoint for it.
    "connect-src 'self'",
  ]),
};
