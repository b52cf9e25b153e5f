-- src/index.js --
import sql from '@forge/sql';
import { page } from 'pg-page';
export const handler = () => sql.prepare(page);
