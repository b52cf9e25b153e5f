-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  webtrigger:
    - key: hook
      function: hook
      response: { type: static, outputs: [{ key: ok, statusCode: 204 }] }
  function: [{ key: hook, handler: index.hook }]
-- src/index.js --
export const hook = () => ({ outputKey: 'ok' });
