-- package.json --
{ "devDependencies": { "eslint": "9.0.0", "@forge/cli": "13.3.0" } }
-- .github/workflows/deploy.yml --
jobs:
  deploy:
    steps:
      - run: npm ci
      - run: npx eslint . && npx -p @forge/cli forge deploy
