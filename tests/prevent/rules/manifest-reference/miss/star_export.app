-- src/index.js --
export * from './all';
-- src/all.js --
export default class A {}
export const handler = 1;
