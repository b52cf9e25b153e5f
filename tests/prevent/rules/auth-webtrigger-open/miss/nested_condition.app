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
  const token = request.headers['x-token']?.[0];
  if (token && token === process.env.SECRET) {
    await kvs.set('last', request.body);
    return { statusCode: 204 };
  }
  return { statusCode: 401 };
}
