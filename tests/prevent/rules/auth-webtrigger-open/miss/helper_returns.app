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
import crypto from 'crypto';
import { kvs } from '@forge/kvs';
const isValid = (body, signature) => {
  const mac = crypto.createHmac('sha256', process.env.SECRET).update(body).digest('hex');
  return crypto.timingSafeEqual(Buffer.from(mac), Buffer.from(signature));
};
export async function hook(request) {
  if (!isValid(request.body, request.headers['x-hub-signature'][0])) {
    return { statusCode: 401 };
  }
  await kvs.set('last', request.body);
}
