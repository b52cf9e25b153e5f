-- manifest.yml --
app:
  id: x
  runtime: { name: nodejs22.x }
modules:
  webtrigger:
    - key: hook
      function: hook
  function:
    - key: hook
      handler: index.hook
-- src/index.js --
import { kvs } from '@forge/kvs';
export async function hook(request) {
  if (request.method !== 'POST') return { statusCode: 405 };
  if ((await kvs.get('mode')) === 'off') return { statusCode: 503 };
  await kvs.set('last', request.body);
}
