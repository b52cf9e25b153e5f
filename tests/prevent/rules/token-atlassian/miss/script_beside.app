-- scripts/import.js --
import axios from 'axios';
axios.get('https://api.atlassian.com/x', { headers: { Authorization: `Basic ${process.env.T}` } });
-- src/index.js --
export const handler = {};
