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
import { Queue } from '@forge/events';
const queue = new Queue({ key: 'work' });
export const hook = async (request) => { // HIT
  await queue.push({ body: JSON.parse(request.body) });
};
