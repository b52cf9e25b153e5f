-- src/index.js --
import Resolver from '@forge/resolver';
import api, { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('feedback', async ({ payload }) => {
  await fetch('https://api.postmarkapp.com/email', { // HIT
    method: 'POST',
    body: JSON.stringify({ To: 'team@example.com', HtmlBody: '<b>' + payload.text + '</b>' }),
  });
});
export const handler = resolver.getDefinitions();
