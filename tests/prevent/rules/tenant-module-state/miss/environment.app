-- src/index.js --
import Resolver from '@forge/resolver';
let region;
const resolver = new Resolver();
resolver.define('x', () => { region = process.env.REGION; return region; });
export const handler = resolver.getDefinitions();
