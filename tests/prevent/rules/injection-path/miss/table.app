-- src/index.js --
import Resolver from '@forge/resolver';
import fs from 'fs';
const resolver = new Resolver();
const FILES = { a: 'a.html', b: 'b.html' };
resolver.define('page', () => fs.readFileSync(`./templates/${FILES.a}`, 'utf8'));
export const handler = resolver.getDefinitions();
