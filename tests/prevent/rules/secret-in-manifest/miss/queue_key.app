-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  consumer: [{ key: 9vK2xQ7pLm4Rt8Wz1Ys6, queue: import-queue, function: run }]
  function: [{ key: run, handler: index.run }]
-- src/index.js --
export const run = () => 1;
