-- src/index.js --
import Resolver from '@forge/resolver';
import fs from 'fs';
const resolver = new Resolver();
resolver.define('page', ({ payload }) => fs.readFileSync(`./templates/${payload.name}.html`, 'utf8')); // HIT
export const handler = resolver.getDefinitions();
