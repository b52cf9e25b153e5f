-- src/index.js --
import Resolver from '@forge/resolver';
import fs from 'fs';
const resolver = new Resolver();
resolver.define('page', ({ context }) => fs.readFileSync(`./pages/${context.moduleKey}.html`, 'utf8'));
export const handler = resolver.getDefinitions();
