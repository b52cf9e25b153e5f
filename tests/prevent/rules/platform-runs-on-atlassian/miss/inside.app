-- src/index.js --
export const handler = () => 1;
