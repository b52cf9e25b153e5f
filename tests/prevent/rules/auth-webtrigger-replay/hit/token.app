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
const verify = async (request) => {
  const secret = await kvs.getSecret('hook');
  if (!secret || request.headers['x-token']?.[0] !== secret) throw new Error('denied');
};
export const hook = async (request) => { // HIT
  await verify(request);
  await kvs.set('last', JSON.parse(request.body));
};
