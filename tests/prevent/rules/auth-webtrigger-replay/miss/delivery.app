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
import { kvs } from '@forge/kvs';
export const hook = async (request) => {
  const mac = createHmac('sha256', process.env.SECRET).update(request.body).digest();
  const sent = Buffer.from(request.headers['x-signature'][0], 'hex');
  if (sent.length !== mac.length || !timingSafeEqual(sent, mac)) return { statusCode: 401 };
  const delivery = request.headers['x-github-delivery'][0];
  if (await kvs.get(`seen-${delivery}`)) return { statusCode: 200 };
  await kvs.set(`seen-${delivery}`, true);
};
