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
  if (request.headers['x-token'][0] !== process.env.SECRET) return { statusCode: 401 }; // HIT
  await kvs.set('last', request.body);
}
