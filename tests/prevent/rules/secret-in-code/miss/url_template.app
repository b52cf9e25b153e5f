-- src/db.js --
const url = `postgres://${user}:${password}@${host}/prod`;
const doc = 'https://user:password@example.com/';
