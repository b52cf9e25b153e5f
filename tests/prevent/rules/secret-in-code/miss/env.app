-- src/index.js --
const token = process.env.GITHUB_TOKEN;
