-- src/db.js --
const url = 'postgres://app:s8Hk2pLq9Wx@db.internal.net/prod'; // HIT
