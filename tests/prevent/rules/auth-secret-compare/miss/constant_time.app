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
import { createHmac, timingSafeEqual } from 'crypto';
import { kvs } from '@forge/kvs';
export async function hook(request) {
  const mac = createHmac('sha256', process.env.SECRET).update(request.body).digest();
  if (!timingSafeEqual(mac, Buffer.from(request.headers['x-signature'][0], 'hex'))) return { statusCode: 401 };
  await kvs.set('last', request.body);
}
