-- src/index.js --
import Resolver from '@forge/resolver';
import fs from 'fs';
const resolver = new Resolver();
resolver.define('page', ({ payload }) => fs.readFileSync(`./pages/${Number(payload.page)}.html`, 'utf8'));
export const handler = resolver.getDefinitions();
