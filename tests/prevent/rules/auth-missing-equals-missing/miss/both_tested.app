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
  const secret = await kvs.getSecret('hook');
  const sent = request.headers['x-token']?.[0];
  if (!secret || !sent || sent !== secret) return { statusCode: 401 };
  await kvs.set('last', request.body);
}
