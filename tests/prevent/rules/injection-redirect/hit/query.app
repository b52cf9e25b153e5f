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
export const hook = async (request) => {
  const to = request.queryParameters.to[0];
  return { statusCode: 302, headers: { Location: [to] } }; // HIT
};
