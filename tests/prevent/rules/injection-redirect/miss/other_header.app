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
export const hook = async (request) => ({
  statusCode: 200,
  headers: { 'X-Request': [request.queryParameters.id[0]] },
});
