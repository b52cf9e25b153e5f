-- package.json --
{ "name": "a", "dependencies": { "left": "^1.0.0", "own": "workspace:*",
  "tag": "github:someone/tag#8f4b7f84864484a7bf31766abe9204da3cbe65b3" } }
-- .github/workflows/ci.yml --
jobs:
  a:
    steps:
      - run: npm ci
      - run: npm install -g @forge/cli@13
