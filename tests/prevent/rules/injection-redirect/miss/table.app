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
const TARGETS = { docs: 'https://docs.example.com/', home: 'https://example.com/' };
export const hook = async () => ({ statusCode: 302, headers: { Location: [TARGETS.docs] } });
