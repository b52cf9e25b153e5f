-- .github/workflows/deploy.yml --
jobs:
  deploy:
    steps:
      - run: npm install -g @forge/cli@13.3.0
      - run: npx semantic-release@24.2.0
