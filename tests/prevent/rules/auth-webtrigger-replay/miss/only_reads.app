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
import { createHmac, timingSafeEqual } from 'node:crypto';
export const hook = async (request) => {
  const mac = createHmac('sha256', process.env.SECRET).update(request.body).digest();
  if (!timingSafeEqual(Buffer.from(request.headers['x-signature'][0], 'hex'), mac)) return { statusCode: 401 };
  return { statusCode: 200, body: 'ok' };
};
