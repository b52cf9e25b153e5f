-- src/index.ts --
const run = () => 1;
export { run as handler };
