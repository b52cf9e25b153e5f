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
export { handle as hook } from './hooks/handle';
-- src/hooks/handle.js --
import { store } from '../store';
export async function handle(request) { // HIT
  return store(request.queryParameters.id[0]);
}
-- src/store.js --
import { kvs } from '@forge/kvs';
export const store = (id) => kvs.set(`seen-${id}`, true);
