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
  if (JSON.parse(request.body).type !== 'push') return { statusCode: 200 };
  await kvs.set('last', request.body);
}
