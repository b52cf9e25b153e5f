-- src/index.js --
import Resolver from '@forge/resolver';
import fs from 'fs';
import path from 'path';
const resolver = new Resolver();
resolver.define('page', ({ payload }) => fs.readFileSync(`./templates/${path.basename(payload.name)}`, 'utf8'));
export const handler = resolver.getDefinitions();
