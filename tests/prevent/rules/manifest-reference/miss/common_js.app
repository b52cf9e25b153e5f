-- src/index.js --
const handler = () => 1;
module.exports = { handler };
