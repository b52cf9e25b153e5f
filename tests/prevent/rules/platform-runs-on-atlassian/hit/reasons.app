-- manifest.yml --
app: # HIT
  id: x
  runtime: { name: nodejs22.x }
modules:
  webtrigger: [{ key: hook, function: hook }]
  function: [{ key: hook, handler: index.hook }]
permissions:
  external:
    fetch:
      backend: [api.example.com]
-- src/index.js --
export const hook = () => ({ statusCode: 204 });
