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
import { verify } from './verify';
export async function hook(request) {
  try {
    verify(request.headers['x-token'][0], await kvs.getSecret('hook'));
    await kvs.set('last', request.body);
  } catch (error) {
    return { statusCode: 403 };
  }
}
-- src/verify.js --
export const verify = (sent, known) => {
  if (sent !== known) throw new Error('invalid');
};
